//! `check --repeat`: how often each case runs, and that a failure in a later run is reported.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Served, said};

fn cases(folder: &Path) -> Vec<Value> {
    let text = fs::read(folder.join("here/result.json")).unwrap();
    let result: Value = serde_json::from_slice(&text).unwrap();
    result["cases"].as_array().unwrap().clone()
}

#[test]
fn each_case_runs_as_often_as_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let told = said(
        folder.path(),
        &[
            "check",
            "join/ok",
            "lifetime/restart",
            "--repeat",
            "3",
            "--out",
            "here",
        ],
    );
    assert!(told.contains("all held: 3 pass (3 runs of each), in "), "{told}");
    for case in cases(folder.path()) {
        assert_eq!(
            (&case["verdict"], &case["runs"]),
            (&"pass".into(), &3.into()),
            "{case}"
        );
    }
}

#[test]
fn a_failure_that_is_rare_is_found_and_its_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "broadcast-lost", "--one-in", "50"]);
    let told = said(
        folder.path(),
        &[
            "check",
            "broadcast/all",
            "join/ok",
            "--target",
            &served.target(),
            "--repeat",
            "50",
            "--timeout",
            "1s",
            "--out",
            "here",
        ],
    );
    let cases = cases(folder.path());
    assert_eq!(
        (&cases[0]["verdict"], &cases[1]["verdict"], &cases[1]["runs"]),
        (&"fail".into(), &"pass".into(), &50.into()),
        "{told}"
    );
    let run = cases[0]["runs"].as_u64().unwrap();
    assert!((2..50).contains(&run), "{run}");
    assert!(
        told.contains(&format!("run {run} of this case, after {} that passed", run - 1)),
        "{told}"
    );
    assert!(told.ends_with("--- exit 1\n"), "{told}");
}

#[test]
fn a_case_whose_time_is_over_between_two_runs_says_how_many_passed() {
    let folder = tempfile::tempdir().unwrap();
    let told = said(
        folder.path(),
        &[
            "check",
            "join/ok",
            "--repeat",
            "100000",
            "--max-time",
            "2s",
            "--out",
            "here",
        ],
    );
    let cases = cases(folder.path());
    let runs = cases[0]["runs"].as_u64().unwrap();
    assert_eq!(cases[0]["verdict"], "undecided", "{told}");
    assert!(runs > 0, "{told}");
    assert!(told.contains(&format!("after {runs} that passed")), "{told}");
    assert!(told.ends_with("--- exit 2\n"), "{told}");
}
