//! `compare`, and `report` of a run of `load`: two real runs, which are made longer by repeating what they measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{assert_said, phxproof, said, shown};

/// A short run in which every push waits so long for its reply. In a closed model it is never too late.
fn loaded(folder: &Path, out: &str, sleeps_ms: u32, more: &[&str]) {
    let push = format!("sleep={{\"ms\": {sleeps_ms}}}");
    let args = [
        "load",
        "echo",
        "--topic",
        "lab:one",
        "--push",
        &push,
        "--sockets",
        "2",
        "--rate",
        "max",
        "--duration",
        "1s",
        "--out",
        out,
        "--quiet",
    ];
    let output = phxproof(folder, &[&args, more].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

/// Makes thirty seconds with the replies of the first one that has any.
fn lengthen(folder: &Path, out: &str) {
    let path = folder.join(out).join("histograms.hlog");
    let log = fs::read_to_string(&path).unwrap();
    let replies = log.lines().find(|line| line.starts_with("Tag=reply,")).unwrap();
    let [tag, _, rest] = replies.splitn(3, ',').collect::<Vec<_>>()[..] else {
        panic!("{replies}");
    };
    let mut longer: String = log
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    for start in 0..30 {
        let _ = writeln!(longer, "{tag},{start}.000,{rest}");
    }
    fs::write(path, longer).unwrap();
}

/// The `result.json` of the command, its exit code, and its output.
fn compared(folder: &Path, args: &[&str]) -> (Value, i32, String) {
    let args = [&["compare"], args, &["--out", "both"]].concat();
    let output = phxproof(folder, &args).output().unwrap();
    let json = fs::read(folder.join("both/result.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    let code = output.status.code().unwrap();
    assert_eq!(json["exit_code"], code);
    (json, code, shown(&output))
}

#[test]
fn two_runs_are_compared_with_confidence() {
    let folder = tempfile::tempdir().unwrap();
    for (out, sleeps_ms) in [("fast", 10), ("slow", 60)] {
        loaded(folder.path(), out, sleeps_ms, &[]);
        lengthen(folder.path(), out);
    }
    let (json, code, said) = compared(folder.path(), &["fast", "slow", "--fail-if", "reply.p50>+10ms"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("shown       reply.p50>+10ms: the difference is "),
        "{said}"
    );
    assert_eq!(json["conditions"][0]["verdict"], "shown");
    assert_eq!(json["timings"][0]["figure"], "reply.p50");
    assert_eq!(json["timings"][0]["verdict"], "slower");
    for name in [
        "target",
        "profile",
        "started_at",
        "duration_ms",
        "seed",
        "cut_short",
        "version",
    ] {
        assert!(json.get(name).is_some(), "{name}");
    }
    let page = fs::read_to_string(folder.path().join("both/report.html")).unwrap();
    assert!(
        page.contains("a condition is shown") && page.contains("slower: reply.p50"),
        "{page}"
    );

    let (json, code, said) = compared(folder.path(), &["slow", "fast", "--fail-if", "reply.p50>+10%"]);
    assert_eq!(
        (code, &json["conditions"][0]["verdict"]),
        (0, &"excluded".into()),
        "{said}"
    );
    assert!(said.contains("faster: reply.p50"), "{said}");

    let markdown = said_of(folder.path(), "markdown");
    assert!(
        markdown.contains("| reply.p50 | ") && markdown.contains(" | slower |"),
        "{markdown}"
    );
    let json: Value = serde_json::from_str(&said_of(folder.path(), "json")).unwrap();
    assert_eq!(json["command"], "compare");
}

fn said_of(folder: &Path, format: &str) -> String {
    let args = ["compare", "fast", "slow", "--out", "both", "--format", format];
    let output = phxproof(folder, &args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn short_runs_and_runs_with_other_settings_decide_nothing() {
    let folder = tempfile::tempdir().unwrap();
    loaded(folder.path(), "short", 10, &[]);
    let (_, code, said) = compared(folder.path(), &["short", "short", "--fail-if", "reply.p50>+10%"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("reply: not enough data; measured in "), "{said}");
    loaded(folder.path(), "more", 10, &["--heartbeat", "5s"]);
    for out in ["short", "more"] {
        lengthen(folder.path(), out);
    }
    let (json, code, said) = compared(folder.path(), &["short", "more", "--fail-if", "reply.p50>+1s"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("    heartbeat   30s -> 5s\n"), "{said}");
    assert!(
        said.contains("reply.p50>+1s: the runs differ in heartbeat"),
        "{said}"
    );
    assert_eq!(json["settings"][0]["name"], "heartbeat");
}

#[test]
fn what_cannot_be_compared_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    loaded(folder.path(), "run", 1, &[]);
    fs::create_dir(folder.path().join("checked")).unwrap();
    let result = r#"{"schema": 1, "command": "check"}"#;
    fs::write(folder.path().join("checked/result.json"), result).unwrap();
    let lines: [&[&str]; 6] = [
        &["compare", "run"],
        &["compare", "run", "nowhere"],
        &["compare", "run", "checked"],
        &["compare", "run", "run", "--out", "run"],
        &["compare", "run", "run", "--fail-if", "reply.p99>10%"],
        &["report", "run", "run"],
    ];
    assert_said!(lines.map(|line| said(folder.path(), line)).join("\n"));
}

#[test]
fn the_reports_of_a_load_are_rendered_again() {
    let folder = tempfile::tempdir().unwrap();
    loaded(folder.path(), "run", 1, &[]);
    let names = ["report.html", "junit.xml"];
    let before = names.map(|name| fs::read_to_string(folder.path().join("run").join(name)).unwrap());
    for name in names {
        fs::remove_file(folder.path().join("run").join(name)).unwrap();
    }
    assert_eq!(
        said(folder.path(), &["report", "run"]),
        "$ phxproof report run\nwrote report.html and junit.xml in run/\n--- exit 0\n"
    );
    let after = names.map(|name| fs::read_to_string(folder.path().join("run").join(name)).unwrap());
    // Charts are drawn from times in milliseconds, so what is drawn may move by the tenth of a pixel.
    let is_drawn = |line: &str| {
        ["<path", "<circle", "<rect", "<text"]
            .iter()
            .any(|it| line.contains(it))
    };
    let texts = |page: &str| -> Vec<String> {
        let lines = page.lines().filter(|line| !is_drawn(line));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(texts(&after[0]), texts(&before[0]));
    assert_eq!(
        after[0].matches("<svg").count(),
        before[0].matches("<svg").count()
    );
    assert!(after[1].contains("<testsuite name=\"run\""), "{}", after[1]);
}
