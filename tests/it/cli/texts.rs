//! Commands that only print, and everything that can be typed wrongly.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{assert_said, phxproof, said, said_anywhere};

#[test]
fn help_of_all_commands() {
    assert_said!(said_anywhere(&["--help"]));
    for command in [
        "check",
        "capacity",
        "list",
        "show",
        "schema",
        "explain",
        "serve",
        "report",
        "compare",
        "record",
        "completions",
    ] {
        insta::with_settings!({ snapshot_suffix => command }, {
            assert_said!(said_anywhere(&[command, "--help"]));
        });
    }
}

#[test]
fn what_is_typed_wrongly_is_wrong_usage() {
    let lines: [&[&str]; 19] = [
        &[],
        &["chek"],
        &["fuz"],
        &["check", "--levle", "wire"],
        &["check", "--level", "wires"],
        &["check", "--vsn", "3.0.0"],
        &["check", "--param", "token"],
        &["check", "--header", "token"],
        &["check", "--timeout", "5"],
        &["check", "--jobs", "0"],
        &["check", "--topic", "room:1", "--join-params", "{"],
        &["check", "--push", "ping={}"],
        &["check", "--exec", "true"],
        &["check", "--accept", "--update", "all"],
        &["check", "--profile", "phoenix-1.8.12-bandito"],
        &["list", "case"],
        &["serve", "--port", "65536"],
        &["serve", "--fault", "broadcast-skip-sender"],
        &["serve", "--profile", "phoenix-2"],
    ];
    assert_said!(lines.map(said_anywhere).join("\n"));
}

#[test]
fn targets_that_are_none_are_wrong_usage() {
    let targets = [
        "localhost:4000/socket",
        "staging",
        "ftp://localhost/socket",
        "http://localhost/socket",
        "HTTPS://localhost/socket",
        "ws://localhost:0/socket",
        "ws://localhost/socket?vsn=1.0.0",
        "ws://",
        "",
    ];
    assert_said!(
        targets
            .map(|target| said_anywhere(&["check", "--target", target]))
            .join("\n")
    );
}

#[test]
fn cases_that_are_none_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("broken.yaml"),
        "about: x\nsteps:\n  - ana: { recieve: a }\n  - ana: { jon: b }\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("web")).unwrap();
    let lines: [&[&str]; 10] = [
        &["check", "./web/"],
        &["check", "join/*", "--level", "presence,rumbl"],
        &["check", "join/okay"],
        &["check", "nothing/*"],
        &["check", "["],
        &["check", "join/ok", "--exclude", "join/*"],
        &["check", "missing.yaml"],
        &["check", "broken.yaml"],
        &["show", "join/okay"],
        &["explain", "join-replies"],
    ];
    assert_said!(lines.map(|line| said(folder.path(), line)).join("\n"));
}

#[test]
fn settings_that_do_not_parse_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("phxproof.toml"),
        "[check]\ntimeout = 5\njob = 2\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("other.toml"),
        "[targets.staging]\nurl = \"ws://127.0.0.1:9/socket\"\n",
    )
    .unwrap();
    let lines: [&[&str]; 4] = [
        &["check"],
        &["serve"],
        &["check", "--config", "missing.toml"],
        &["check", "--config", "other.toml", "--target", "stagin"],
    ];
    assert_said!(lines.map(|line| said(folder.path(), line)).join("\n"));
}

#[test]
fn version_profiles_and_explanations() {
    let lines: [&[&str]; 5] = [
        &["--version"],
        &["list", "profiles"],
        &["explain", "token-signed"],
        &["explain", "join/ok"],
        &["show", "join/ok"],
    ];
    assert_said!(lines.map(said_anywhere).join("\n"));
}

#[test]
fn a_rule_is_explained_with_the_cases_that_check_it() {
    assert!(said_anywhere(&["explain", "join-reply"]).contains("join/ok"));
}

#[test]
fn every_list_is_an_array_of_objects_with_what_was_promised() {
    let promised: [(&str, &[&str]); 7] = [
        ("cases", &["id", "about", "rules", "level", "transports", "vsn"]),
        (
            "rules",
            &["id", "about", "source", "since", "untestable", "unbroken"],
        ),
        ("client-rules", &["id", "about", "source", "since"]),
        ("faults", &["id", "about", "rules", "shown_by", "needs"]),
        ("profiles", &["id", "about"]),
        ("scenarios", &["id", "about"]),
        ("figures", &["id", "about"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (list, fields) in promised {
        let output = phxproof(folder.path(), &["list", list, "--format", "json"])
            .output()
            .unwrap();
        let objects: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let lines = phxproof(folder.path(), &["list", list]).output().unwrap().stdout;
        let lines = String::from_utf8(lines).unwrap().lines().count();
        // These two are shorter as text: what is alike shares a line there.
        let is_short = ["scenarios", "figures"].contains(&list) && lines < objects.len();
        assert!(lines == objects.len() || is_short, "{list}: {lines} lines");
        assert!(objects.len() > 3, "{list}");
        for object in objects {
            for field in fields {
                assert!(object.get(field).is_some(), "{list}: {field} in {object}");
            }
        }
    }
}

#[test]
fn a_scenario_of_the_swarm_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let output = phxproof(folder.path(), &["show", "idle"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("about: Everybody joins"), "{shown}");
}

#[test]
fn scenarios_are_listed_in_groups_and_what_can_be_loaded_comes_first() {
    let said = said_anywhere(&["list", "scenarios"]);
    assert!(said.lines().count() < 60, "{said}");
    let at = |text: &str| {
        said.find(text)
            .unwrap_or_else(|| panic!("{text} is not in {said}"))
    };
    let names = [
        "echo",
        "fanout",
        "herd",
        "idle",
        "journey",
        "page",
        "rumbl",
        "slow-consumer",
    ];
    for name in names {
        assert!(
            at(&format!("\n  {name} ")) < at("cases of check, by family"),
            "{name}"
        );
    }
    assert!(at("  join/*") > at("Can be loaded"));
    let output = phxproof(Path::new("."), &["list", "scenarios", "--format", "json"]);
    let output = { output }.output().unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |command: &'static str| all.iter().filter(move |it| it["command"] == command);
    let loads: Vec<&str> = of("load").filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(loads, names);
    assert!(of("check").count() > 250, "{all:?}");
    assert!(
        all.iter()
            .all(|it| it["id"].is_string() && it["about"].is_string())
    );
}

#[test]
fn what_is_shown_can_be_checked_and_the_schema_is_json() {
    let folder = tempfile::tempdir().unwrap();
    let schema = phxproof(folder.path(), &["schema"]).output().unwrap().stdout;
    assert!(
        serde_json::from_slice::<serde_json::Value>(&schema)
            .unwrap()
            .get("$schema")
            .is_some()
    );
    let scenario = phxproof(folder.path(), &["show", "join/ok"])
        .output()
        .unwrap()
        .stdout;
    fs::write(folder.path().join("mine.yaml"), scenario).unwrap();
    assert_said!(said(folder.path(), &["check", "mine.yaml"]));
}

#[test]
fn completions_know_the_commands_of_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            said_anywhere(&["completions", shell]).contains("join-params"),
            "{shell}"
        );
    }
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    assert!(!said_anywhere(&["check", "nope", "--color", "auto"]).contains('\u{1b}'));
    assert!(!said_anywhere(&["check", "nope", "--color", "never"]).contains('\u{1b}'));
    assert!(said_anywhere(&["check", "nope", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn a_pipe_that_nobody_reads_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = phxproof(folder.path(), &["list", "rules"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn no_color_is_heeded() {
    let folder = tempfile::tempdir().unwrap();
    let coloured = |no_color: bool| {
        let mut command = phxproof(folder.path(), &["check", "nope"]);
        command.env("CLICOLOR_FORCE", "1");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        command.output().unwrap().stderr.contains(&0x1b)
    };
    assert_eq!((coloured(false), coloured(true)), (true, false));
}

/// What bash offers for the last word of a line; nothing if there is no bash.
fn completed(words: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let script = phxproof(folder.path(), &["completions", "bash"])
        .output()
        .unwrap()
        .stdout;
    fs::write(folder.path().join("phxproof.bash"), script).unwrap();
    let line = format!(
        "source ./phxproof.bash; COMP_WORDS=({}); COMP_CWORD={}; _phxproof phxproof \"${{COMP_WORDS[COMP_CWORD]}}\" \
         \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words
            .iter()
            .map(|it| format!("'{it}'"))
            .collect::<Vec<_>>()
            .join(" "),
        words.len() - 1
    );
    let bash = Command::new("bash")
        .args(["--norc", "-c", &line])
        .current_dir(folder.path())
        .output();
    let output = bash.ok()?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn bash_completes_names_of_scenarios_cases_faults_rules_and_profiles() {
    for (words, expected) in [
        (&["phxproof", "load", "fan"][..], "fanout"),
        (&["phxproof", "check", "join/o"], "join/ok"),
        (
            &["phxproof", "check", "--profile", "phoenix-1.7"],
            "phoenix-1.7.21-cowboy",
        ),
        (&["phxproof", "serve", "--fault", "broadcast-l"], "broadcast-lost"),
        (&["phxproof", "explain", "refs-"], "refs-echoed"),
        (&["phxproof", "show", "slow"], "slow-consumer"),
        (&["phxproof", "list", "fig"], "figures"),
    ] {
        if let Some(offered) = completed(words) {
            assert!(offered.iter().any(|it| it == expected), "{words:?}: {offered:?}");
        }
    }
}
