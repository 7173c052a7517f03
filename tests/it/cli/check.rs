//! `check` from the command line to its results: what it prints, how it ends, and which files it writes.

mod cut_short;
mod exec;
mod fixtures;
mod own_authentication;
mod room;
mod unreachable;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Served, assert_said, said};

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
    assert_eq!(
        skipped,
        ["join/crash", "join/crash"],
        "over both transports: {result}"
    );
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
    assert!(said.contains("all held: 6 pass"), "{said}");
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

#[test]
fn an_application_that_takes_the_token_of_a_session_for_its_own_is_told_so_and_holds() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(folder.path(), &["check", "longpoll/expired-poll"]);
    assert!(said.contains("all held: 1 pass"), "{said}");
    assert!(said.contains("reads a connect param `token`"), "{said}");
    let result = result(folder.path());
    let message = result["cases"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("must open one without it"), "{result}");
}

/// The flag offers compression on each connection, also on those of the cases that are about an offer of their own or none.
#[test]
fn a_run_that_offers_compression_accuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    for target in [
        served.target(),
        served.target().replace("/socket", "/compressed_socket"),
    ] {
        let cases = [
            "compress/*",
            "frames/reserved-bits",
            "handshake/compression-offered",
        ];
        let flags = [
            "--compress",
            "--exclude",
            "*drain*",
            "--target",
            &target,
            "--out",
            "results",
        ];
        let said = said(folder.path(), &[&["check"], &cases[..], &flags].concat());
        assert!(said.contains("all held: "), "{said}");
    }
}

#[test]
fn a_server_may_name_its_clients_as_it_likes() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let param = format!("token={}", served.token("zoe"));
    let said = said(
        folder.path(),
        &[
            "check",
            "videos/*",
            "v1/videos",
            "--param",
            &param,
            "--target",
            &target,
        ],
    );
    assert!(said.contains("all held: "), "{said}");
}
