//! `report`: runs of `check` whose reports are rendered again, and runs that are compared. `--format github`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Served, phxproof, said, shown};

/// Plays one case on a server with this fault, or without one.
fn checked(folder: &Path, out: &str, fault: Option<&str>) {
    let faults: Vec<&str> = fault.map_or(Vec::new(), |fault| vec!["--fault", fault]);
    let served = Served::start(folder, &faults);
    let args = [
        "check",
        "join/push-stale-join-ref",
        "heartbeat/ok",
        "--out",
        out,
        "--target",
        &served.target(),
    ];
    let output = phxproof(folder, &args).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(i32::from(fault.is_some())),
        "{}",
        shown(&output)
    );
}

#[test]
fn results_of_an_earlier_run_are_overwritten_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let check = || said(folder.path(), &["check", "heartbeat/ok", "--out", "out"]);
    let note = "out/ has the results of an earlier run, which are overwritten";
    assert!(!check().contains(note));
    let again = check();
    assert!(again.contains(note) && again.contains("--- exit 0"), "{again}");
}

#[test]
fn the_reports_of_a_run_are_rendered_again_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    checked(folder.path(), "bad", Some("stale-join-ref-served"));
    let read = |name: &str| fs::read_to_string(folder.path().join("bad").join(name)).unwrap();
    let names = ["report.html", "junit.xml", "summary.md"];
    let before = names.map(read);
    for name in names {
        fs::remove_file(folder.path().join("bad").join(name)).unwrap();
    }
    assert_eq!(
        said(folder.path(), &["report", "bad"]),
        "$ phxproof report bad\nwrote report.html, junit.xml and summary.md in bad/\n--- exit 0\n"
    );
    let after = names.map(read);
    assert_eq!(after[0], before[0]);
    assert_eq!(after[2], before[2]);
    assert!(before[0].contains("<em>\"phx_join\"</em>"), "{}", before[0]);
}

#[test]
fn runs_are_compared_case_by_case() {
    let folder = tempfile::tempdir().unwrap();
    checked(folder.path(), "good", None);
    checked(folder.path(), "bad", Some("stale-join-ref-served"));
    assert_eq!(
        said(folder.path(), &["report", "good", "bad", "--out", "both"]),
        "$ phxproof report good bad --out both\n\
         1 of 2 cases differ between 2 runs; both/report.html shows them\n--- exit 0\n"
    );
    let both = folder.path().join("both");
    let result: Value = serde_json::from_slice(&fs::read(both.join("result.json")).unwrap()).unwrap();
    assert_eq!(
        result["differences"],
        serde_json::json!(["join/push-stale-join-ref"])
    );
    let page = fs::read_to_string(both.join("report.html")).unwrap();
    assert!(
        page.contains("<a href=\"../bad/report.html#join/push-stale-join-ref\">fail</a>"),
        "{page}"
    );
}

#[test]
fn folders_that_hold_no_whole_run_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("load")).unwrap();
    fs::write(
        folder.path().join("load/result.json"),
        r#"{"schema": 1, "command": "load"}"#,
    )
    .unwrap();
    let told = [
        said(folder.path(), &["report", "nowhere"]),
        said(folder.path(), &["report", "load"]),
        said(folder.path(), &["report", "load", "nowhere"]),
        said(folder.path(), &["report", "load", "--out", "x"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let own = "about: A join is refused.\nlevel: lab\nfresh: [room]\nsteps:\n  - ana: connect\n  \
               - ana: { join: \"lab:{{room}}\", reply: { error: {} } }\n";
    fs::write(folder.path().join("mine.yaml"), own).unwrap();
    let step = folder.path().join("step.md");
    let output = phxproof(
        folder.path(),
        &["check", "mine.yaml", "--format", "github", "--out", "proof"],
    )
    .env("GITHUB_STEP_SUMMARY", &step)
    .output()
    .unwrap();
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let muted = text
        .lines()
        .next()
        .unwrap()
        .strip_prefix("::stop-commands::")
        .unwrap();
    let commands = &text[text.find(&format!("\n::{muted}::\n")).unwrap()..];
    assert!(
        commands.contains("\n::error file=mine.yaml,line=6,col=10,title=mine.yaml::"),
        "{text}"
    );
    let summary = fs::read_to_string(step).unwrap();
    assert_eq!(
        summary,
        fs::read_to_string(folder.path().join("proof/summary.md")).unwrap()
    );
    assert!(
        summary.contains("fell short") && summary.contains("<code>mine.yaml</code>"),
        "{summary}"
    );
}
