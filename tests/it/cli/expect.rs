//! Known deviations in `phxproof.toml`: a run fails only for what is new, and an expectation that nothing meets is told.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Served, assert_said, said};

const KNOWN: &str = r#"
[[expect]]
case = "broadcast/*"
verdict = "fail"
reason = "the sender hears nothing, issue 12"
"#;

/// What `check` of a server whose broadcasts leave out the sender says with these settings.
fn checked(folder: &Path, settings: &str, cases: &[&str]) -> String {
    fs::write(folder.join("phxproof.toml"), settings).unwrap();
    let served = Served::start(folder, &["--fault", "broadcast-skips-sender"]);
    let target = served.target();
    let args = [
        "check",
        "--profile",
        "phoenix-1.8.12-bandit",
        "--out",
        "r",
        "--target",
        &target,
    ];
    said(folder, &[&args[..], cases].concat())
}

#[test]
fn what_is_known_does_not_fail_the_run_and_is_told_in_every_report() {
    let folder = tempfile::tempdir().unwrap();
    let stale = "\n[expect.\"join/ok\"]\nverdict = \"fail\"\nreason = \"long mended\"\n";
    let said = checked(folder.path(), KNOWN, &["broadcast/all", "join/ok"]);
    assert_said!(said);
    let text = fs::read_to_string(folder.path().join("r/result.json")).unwrap();
    let result: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(result["exit_code"], 0);
    assert_eq!(
        (&result["summary"]["fail"], &result["summary"]["known"]),
        (&1.into(), &1.into())
    );
    assert_eq!(result["cases"][0]["known"], "the sender hears nothing, issue 12");
    let junit = fs::read_to_string(folder.path().join("r/junit.xml")).unwrap();
    assert!(
        junit.contains("known fail: the sender hears nothing, issue 12"),
        "{junit}"
    );
    let said = checked(folder.path(), stale, &["join/ok"]);
    assert!(
        said.contains("`join/ok` was expected to be fail and passes: remove the entry"),
        "{said}"
    );
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}

#[test]
fn what_is_not_known_fails_the_run_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let other = KNOWN.replace("broadcast/*", "presences/*");
    let said = checked(folder.path(), &other, &["broadcast/all"]);
    assert!(said.contains("expect: no case is named `presences/*`"), "{said}");
    assert!(said.ends_with("--- exit 1\n"), "{said}");
    let longpoll = KNOWN.replace("verdict", "transport = \"longpoll\"\nverdict");
    let said = checked(folder.path(), &longpoll, &["broadcast/all"]);
    assert!(said.ends_with("--- exit 1\n"), "{said}");
}

#[test]
fn a_mistake_in_an_expectation_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let wrong =
        "[[expect]]\ncase = \"join/[\"\nverdict = \"pass\"\nreason = \" \"\nwhy = \"x\"\n[[expect]]\n";
    fs::write(folder.path().join("phxproof.toml"), wrong).unwrap();
    assert_said!(said(folder.path(), &["check", "join/ok"]));
}
