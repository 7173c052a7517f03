//! `check` against the reference server, against one that breaks a promise, and against what is no Phoenix at all.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use serde_json::Value;

use super::{Served, assert_said, free_address, phxproof, said, shown, terminate};

/// The fields of `result.json` in the only folder of results.
fn result(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(results(folder).join("result.json")).unwrap()).unwrap()
}

fn results(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder.join("reports")).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    only
}

#[test]
fn the_reference_server_holds_all_that_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    assert_said!(said(
        folder.path(),
        &[
            "check",
            "join/ok",
            "leave/ok",
            "lifetime/disconnect",
            "lifetime/restart"
        ]
    ));
    let result = result(folder.path());
    assert_eq!(
        (&result["schema"], &result["exit_code"], &result["cut_short"]),
        (&1.into(), &0.into(), &false.into())
    );
    assert_eq!(result["profile"], "phoenix-1.8.12-bandit");
    assert_eq!(
        result["summary"]["pass"].as_u64(),
        result["cases"].as_array().map(|cases| cases.len() as u64)
    );
    let results = results(folder.path());
    assert!(
        fs::read_to_string(results.join("junit.xml"))
            .unwrap()
            .contains("<testcase name=\"join/ok\"")
    );
    let frames = fs::read_to_string(results.join("frames/join/ok.jsonl")).unwrap();
    let lines: Vec<Value> = frames
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["case"], &lines[0]["vsn"]),
        (&"join/ok".into(), &"2.0.0".into())
    );
    assert!(
        lines
            .iter()
            .any(|line| line["dir"] == "<" && line["text"].is_string())
    );
}

#[test]
fn a_server_that_breaks_a_promise_falls_short() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "token-signature-unchecked"]);
    let target = served.target();
    assert_said!(said(
        folder.path(),
        &[
            "check",
            "handshake/bad-token",
            "handshake/signed-token",
            "handshake/tampered-token",
            "lifetime/disconnect",
            "lifetime/restart",
            "--target",
            &target
        ]
    ));
    let result = result(folder.path());
    assert_eq!(
        (&result["exit_code"], &result["summary"]["fail"]),
        (&1.into(), &1.into())
    );
    let cases = result["cases"].as_array().unwrap();
    let failed = cases.iter().find(|case| case["verdict"] == "fail").unwrap();
    assert_eq!(failed["rules"][0], "token-signed");
    assert!(
        results(folder.path())
            .join(failed["frames"].as_str().unwrap())
            .exists()
    );
}

#[test]
fn a_quiet_run_says_one_line_and_writes_where_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_said!(said(
        folder.path(),
        &["check", "join/ok", "--quiet", "--out", "here", "--seed", "7"]
    ));
    let result: Value =
        serde_json::from_slice(&fs::read(folder.path().join("here/result.json")).unwrap()).unwrap();
    assert_eq!(result["seed"], 7);
    assert!(!folder.path().join("reports").exists());
}

#[test]
fn a_fixture_of_somebody_else_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = "---\nsource: greeting.yaml\n---\nana\n  + open\nzoe\n  + open\n";
    fs::write(folder.path().join("greeting.yaml"), GREETING).unwrap();
    fs::write(folder.path().join("greeting.snap"), fixture).unwrap();
    assert_said!(said(folder.path(), &["check", "greeting.yaml"]));
}

#[test]
fn a_fixture_that_differs_is_told_at_once_and_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("greeting.snap");
    fs::write(folder.path().join("greeting.yaml"), GREETING).unwrap();
    let check = |more: &[&str]| {
        said(
            folder.path(),
            &[&["check", "greeting.yaml", "--out", "here"], more].concat(),
        )
    };
    let missing = check(&["--update", "missing"]);
    let accepted = check(&["--accept"]);
    let fixture = fs::read_to_string(&path).unwrap();
    fs::write(&path, fixture.replace(r#"{"text":"hi"}"#, r#"{"text":"ho"}"#)).unwrap();
    let all = check(&["--update", "all", "--timeout", "10m"]);
    assert_said!([missing, accepted, all].join("\n"));
}

const GREETING: &str = r#"
about: Who greets is heard by all.
fresh: [room]
given:
  - ana, bea, cid: connect
  - ana: { join: "lab:{{room}}" }
  - bea: { join: "lab:{{room}}" }
  - cid: { join: "lab:{{room}}" }
steps:
  - ana: { push: broadcast, with: { text: hi } }
  - ana, bea, cid: { receive: broadcasted, with: { text: hi } }
"#;

#[test]
fn an_unreachable_server_is_undecided_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    assert_said!(said(folder.path(), &["check", "--target", &target]));
    let result = result(folder.path());
    assert_eq!(
        (&result["exit_code"], &result["target"]),
        (&2.into(), &target.into())
    );
    assert!(result["trouble"].as_str().unwrap().contains("nothing listens"));
}

#[test]
fn a_web_server_without_phoenix_is_undecided_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}/socket", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head
                .next()
                .is_some_and(|line| !line.unwrap_or_default().is_empty())
            {}
            let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nNot Found";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    assert_said!(said(folder.path(), &["check", "--target", &target]));
}

#[test]
fn a_server_that_starts_later_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket/websocket?vsn=2.0.0");
    let args = ["check", "join/ok", "--wait-for", "60s", "--target", &target];
    let check = phxproof(folder.path(), &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let port = address.port().to_string();
    let mut server = phxproof(folder.path(), &["serve", "--port", &port])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = check.wait_with_output().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(shown(&output).contains("all held: 1 pass"), "{}", shown(&output));
}

#[test]
fn a_server_that_never_starts_is_undecided_with_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let args = ["check", "join/ok", "--wait-for", "200ms", "--target", &target];
    assert_said!(said(folder.path(), &args));
}

#[test]
fn the_first_look_escapes_what_it_was_given_as_every_case_does() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}/socket", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        BufReader::new(stream).lines().next().unwrap().unwrap()
    });
    said(
        folder.path(),
        &["check", "--target", &target, "--param", "token=a+b&c d"],
    );
    assert_eq!(
        asked.join().unwrap(),
        "GET /socket/websocket?vsn=2.0.0&token=a%2Bb%26c%20d HTTP/1.1"
    );
}

#[test]
fn what_could_hurt_others_is_left_out_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    said(folder.path(), &["check", "join/ok", "join/crash", "--safe"]);
    let result = result(folder.path());
    let skipped: Vec<&Value> = result["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["verdict"] == "skipped")
        .map(|case| &case["id"])
        .collect();
    assert_eq!(skipped, ["join/crash"], "{result}");
}

#[test]
fn results_that_cannot_be_written_are_said_and_the_run_is_undecided() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    assert_said!(said(
        folder.path(),
        &["check", "join/ok", "--quiet", "--out", "file/in"]
    ));
}

#[test]
fn a_command_is_started_restarted_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket");
    // A shell that stays in between: SIGTERM must reach the server, not the shell alone.
    let command = format!(
        "{} serve --port {{port}} --store annotations.sqlite; true",
        env!("CARGO_BIN_EXE_phxproof")
    );
    let said = said(
        folder.path(),
        &[
            "check",
            "join/ok",
            "lifetime/restart",
            "--target",
            &target,
            "--exec",
            &command,
        ],
    );
    assert!(said.contains("all held: 2 pass"), "{said}");
    let log = fs::read_to_string(results(folder.path()).join("server.log")).unwrap();
    assert_eq!(log.matches("listening on").count(), 2, "{log}");
    assert!(std::net::TcpStream::connect(address).is_err(), "it is stopped");
}

#[test]
fn a_command_that_ends_at_once_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket");
    let command = "echo no database at $PORT; exit 3";
    let said = said(
        folder.path(),
        &["check", "--target", &target, "--exec", command, "--out", "here"],
    );
    assert_said!(said.replace(&address.port().to_string(), "PORT"));
}

#[test]
fn a_port_that_somebody_has_is_not_taken_for_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let args = [
        "check",
        "--target",
        &served.target(),
        "--exec",
        "sleep 600",
        "--out",
        "here",
    ];
    assert_said!(said(folder.path(), &args));
}

#[test]
fn the_first_signal_ends_a_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "about: It waits.\nsteps:\n  - ana: connect\n  - ana: { receive-nothing: 50s }\n";
    fs::write(folder.path().join("waits.yaml"), scenario).unwrap();
    let mut child = phxproof(folder.path(), &["check", "waits.yaml", "join/ok", "--jobs", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut opening = String::new();
    while !opening.ends_with("\n\n") {
        assert_ne!(stdout.read_line(&mut opening).unwrap(), 0, "{opening}");
    }
    terminate(&child);
    stdout.read_to_string(&mut opening).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        opening.contains("undecided, as the run was cut short"),
        "{opening}{}",
        shown(&output)
    );
    assert_eq!(output.status.code(), Some(2));
    let result = result(folder.path());
    assert_eq!(
        (&result["cut_short"], &result["exit_code"]),
        (&true.into(), &2.into())
    );
    assert_eq!(
        verdicts(&result),
        [("join/ok", "not-run"), ("waits.yaml", "undecided")]
    );
    assert_eq!(
        (&result["summary"]["not_run"], &result["summary"]["undecided"]),
        (&1.into(), &1.into())
    );
}

fn verdicts(result: &Value) -> Vec<(&str, &str)> {
    let cases = result["cases"].as_array().unwrap().iter();
    cases
        .map(|case| (case["id"].as_str().unwrap(), case["verdict"].as_str().unwrap()))
        .collect()
}

#[test]
fn cases_that_no_longer_fit_into_the_time_of_a_run_are_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "about: It waits.\nsteps:\n  - ana: connect\n  - ana: { receive-nothing: 50s }\n";
    fs::write(folder.path().join("waits.yaml"), scenario).unwrap();
    let args = [
        "check",
        "waits.yaml",
        "join/ok",
        "--jobs",
        "1",
        "--max-time",
        "8s",
    ];
    let output = phxproof(folder.path(), &args).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    let result = result(folder.path());
    assert_eq!(
        verdicts(&result),
        [("join/ok", "not-run"), ("waits.yaml", "undecided")]
    );
    let message = result["cases"][0]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "the run had taken 8s (--max-time) before this case began"
    );
}

#[test]
fn cases_after_the_first_failure_are_not_run_and_the_failure_counts() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "token-signature-unchecked"]);
    let args = [
        "check",
        "handshake/tampered-token",
        "join/ok",
        "--jobs",
        "1",
        "--fail-fast",
        "--target",
        &served.target(),
    ];
    let output = phxproof(folder.path(), &args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert_eq!(
        verdicts(&result(folder.path())),
        [("handshake/tampered-token", "fail"), ("join/ok", "not-run")]
    );
}

#[test]
fn a_short_timeout_accuses_nobody_who_was_asked_to_sleep_for_longer() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "check",
        "isolation/two-sleepers",
        "events/reply-later",
        "isolation/slow-join",
        "--timeout",
        "1s",
    ];
    let said = said(folder.path(), &args);
    assert!(said.contains("all held: 3 pass"), "{said}");
}

/// A slip in what the command line says of a room.
fn slip(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let always = [
        "check",
        "room/*",
        "--timeout",
        "1s",
        "--out",
        "here",
        "--target",
        &target,
    ];
    let said = said(folder.path(), &[&always, args].concat());
    let result = fs::read(folder.path().join("here/result.json")).unwrap();
    let result: Value = serde_json::from_slice(&result).unwrap();
    assert_eq!(result["exit_code"], 2, "{said}");
    assert_eq!(result["cases"].as_array().unwrap().len(), 0, "{said}");
    // On a busy machine waits are longer.
    match said.split_once("nothing came within ") {
        Some((before, rest)) => {
            let (_, after) = rest.split_once('\n').unwrap();
            format!("{before}nothing came within TIME\n{after}")
        }
        None => said,
    }
}

#[test]
fn a_room_that_is_not_as_the_command_line_says_is_the_users_to_mend() {
    let ping = ["--topic", "lab:a", "--push", "ack={}"];
    let slips = [
        slip(&["--topic", "nobody:lobby", "--push", "ack={}"]),
        slip(&["--topic", "lab:a", "--join-params", r#"{"deny":"members only"}"#]),
        slip(&["--topic", "lab:a", "--join-params", r#"{"crash":true}"#]),
        slip(&["--topic", "lab:a", "--push", "ignore={}"]),
        slip(&["--topic", "lab:a", "--push", "crash={}"]),
        slip(&[&ping[..], &["--other-topic", "nobody:else"]].concat()),
    ];
    assert_said!(slips.join("\n"));
}

#[test]
fn a_room_that_is_as_the_command_line_says_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let args = [
        "check",
        "room/refs",
        "--topic",
        "lab:a",
        "--push",
        "echo_error={}",
        "--other-topic",
        "lab:b",
        "--target",
        &target,
    ];
    let said = said(folder.path(), &args);
    assert!(said.contains("all held: 1 pass"), "{said}");
}

#[test]
fn settings_of_a_project_name_its_targets() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let settings = format!(
        "target = \"local\"\n[check]\ncases = [\"join/ok\"]\nout = \"here\"\n[targets.local]\nurl = \"{}\"\nprofile = \"phoenix-1.8.12-bandit\"\n",
        served.target()
    );
    fs::write(folder.path().join("phxproof.toml"), settings).unwrap();
    assert_said!(said(folder.path(), &["check"]));
}
