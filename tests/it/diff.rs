//! `diff` of two reference servers: their known differences, only those, and each as a scenario that `check` plays.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Served, free_address, phxproof, said};

/// A `diff` of these servers: its `result.json` and its exit code.
fn compared(folder: &Path, servers: [&str; 2], flags: &[&str]) -> (Value, Option<i32>) {
    let kept = ["--seed", "5", "--out", "out", "--quiet"];
    let args = [&["diff"], &servers[..], flags, &kept].concat();
    let output = phxproof(folder, &args).output().unwrap();
    let text = fs::read(folder.join("out/result.json")).unwrap();
    (serde_json::from_slice(&text).unwrap(), output.status.code())
}

/// The rules that the differences of two profiles touch.
fn rules(a: &str, b: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (result, code) = compared(folder.path(), [a, b], &["--cases", "300", "--focus", "lab"]);
    assert_eq!(code, Some(1), "{result:#}");
    assert_eq!(result["command"], "diff");
    assert_eq!(result["other"]["profile"], b);
    let failures = result["failures"].as_array().unwrap();
    let mut rules: Vec<String> = failures
        .iter()
        .map(|failure| failure["rules"][0].as_str().unwrap().to_owned())
        .collect();
    rules.sort();
    rules
}

#[test]
fn a_server_does_not_differ_from_its_like() {
    let folder = tempfile::tempdir().unwrap();
    let profile = "phoenix-1.8.12-bandit";
    let (result, code) = compared(
        folder.path(),
        [profile, profile],
        &["--cases", "150", "--timeout", "10s"],
    );
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(result["failures"].as_array().map(Vec::len), Some(0));
}

#[test]
fn two_versions_differ_by_what_changed_between_them() {
    let rules = rules("phoenix-1.8.12-bandit", "phoenix-1.8.9-bandit");
    assert_eq!(
        rules,
        ["crash-reason", "leave-null-join-ref", "null-join-ref-accepted"]
    );
}

#[test]
fn a_difference_is_a_scenario_that_holds_at_one_server_and_not_at_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (a, b) = (
        Served::start(folder, &[]),
        Served::start(folder, &["--fault", "counter-shared"]),
    );
    let (a, b) = (a.target(), b.target());
    let flags = ["--cases", "400", "--focus", "lab", "--fail-fast"];
    let (result, code) = compared(folder, [&a, &b], &flags);
    assert_eq!(code, Some(1), "{result:#}");
    let failure = &result["failures"][0];
    assert_eq!(failure["property"], "other-content", "{result:#}");
    let scenario = failure["scenario"].as_str().unwrap();
    let check = |target: &str| said(folder, &["check", scenario, "--target", target]);
    let (at_a, at_b) = (check(&a), check(&b));
    assert!(at_a.ends_with("--- exit 0\n"), "{at_a}");
    assert!(at_b.ends_with("--- exit 1\n"), "{at_b}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let absent = format!("ws://{}/socket", free_address());
    let told = said(
        folder.path(),
        &["diff", &server.target(), &absent, "--out", "out"],
    );
    assert!(told.contains(&format!("{absent} lets no client in")), "{told}");
    assert!(told.ends_with("--- exit 2\n"), "{told}");
}

#[test]
fn wrong_usage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let one = said(folder.path(), &["diff", "ws://127.0.0.1:1/socket"]);
    assert!(one.contains("<URL-B>") && one.ends_with("--- exit 64\n"), "{one}");
    let two_ways = ["diff", "ws://127.0.0.1:1/socket", "http://127.0.0.1:2/socket"];
    let mixed = said(folder.path(), &two_ways);
    assert!(
        mixed.contains("--transport") && mixed.ends_with("--- exit 64\n"),
        "{mixed}"
    );
    let misspelt = said(
        folder.path(),
        &["diff", "phoenix-1.8.12-bandi", "phoenix-1.8.12-bandit"],
    );
    assert!(misspelt.contains("did you mean"), "{misspelt}");
    let unknown = said(folder.path(), &["diff", "phoenix-1.8.12-bandit", "staging"]);
    assert!(
        unknown.contains("staging") && unknown.ends_with("--- exit 64\n"),
        "{unknown}"
    );
    let elsewhere = said(
        folder.path(),
        &["diff", "phoenix-1.8.12-bandit", "ws://203.0.113.7:4000/socket"],
    );
    assert!(
        elsewhere.contains("--yes") && elsewhere.ends_with("--- exit 64\n"),
        "{elsewhere}"
    );
}
