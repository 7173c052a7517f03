//! A run of `check` that ends before its last case: at a signal, at `--max-time`, or at the first failure.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::result;
use crate::cli::{Served, phxproof, shown, terminate};

fn verdicts(result: &Value) -> Vec<(&str, &str)> {
    let cases = result["cases"].as_array().unwrap().iter();
    cases
        .map(|case| (case["id"].as_str().unwrap(), case["verdict"].as_str().unwrap()))
        .collect()
}

/// Plays a case that waits, and then `join/ok`.
const ONE_AFTER_THE_OTHER: [&str; 7] = [
    "check",
    "waits.yaml",
    "join/ok",
    "--transport",
    "websocket",
    "--jobs",
    "1",
];

/// Writes a scenario that takes 50 seconds.
fn write_waits(folder: &Path) {
    let scenario = "about: It waits.\nsteps:\n  - ana: connect\n  - ana: { receive-nothing: 50s }\n";
    fs::write(folder.join("waits.yaml"), scenario).unwrap();
}

/// Waits until a process that blocks on this pipe reads from it, and gives it the text.
fn feed(pipe: &Path, text: &str, before: impl FnOnce()) {
    // Opening it to write waits for the reader.
    let mut file = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    before();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_signal_while_the_scenarios_are_read_ends_the_run_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("slow.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = phxproof(folder.path(), &["check", "slow.yaml", "join/ok"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    feed(&pipe, "about: Nothing.\nsteps: [ana: connect]\n", || {
        terminate(&child)
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    let result = result(folder.path());
    assert_eq!(result["cut_short"], true);
    let verdicts = verdicts(&result);
    assert!(!verdicts.is_empty() && verdicts.iter().all(|(_, it)| *it == "not-run"));
}

#[test]
fn the_first_signal_ends_a_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    write_waits(folder.path());
    let mut child = phxproof(folder.path(), &ONE_AFTER_THE_OTHER)
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

#[test]
fn cases_that_no_longer_fit_into_the_time_of_a_run_are_not_run() {
    let folder = tempfile::tempdir().unwrap();
    write_waits(folder.path());
    let output = phxproof(folder.path(), &ONE_AFTER_THE_OTHER)
        .args(["--max-time", "8s"])
        .output()
        .unwrap();
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
        "--transport",
        "websocket",
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
