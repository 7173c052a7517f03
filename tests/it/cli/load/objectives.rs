//! `load --objective`: the figures that it can name, and what a run says that missed it or did not measure it.

use std::path::Path;

use serde_json::Value;

use super::{load, result};
use crate::cli::{assert_said, phxproof, said_anywhere};

#[test]
fn an_objective_that_is_missed_makes_it_fall_short() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = load(
        folder.path(),
        &[
            "echo",
            "--sockets",
            "5",
            "--rate",
            "max",
            "--duration",
            "300ms",
            "--objective",
            "reply.max<1us",
        ],
    );
    assert_eq!(code, Some(1), "{said}");
    let result = result(folder.path());
    assert_eq!(result["objectives"][0]["held"], false);
    assert_eq!(
        (&result["model"], &result["lateness_us"]),
        (&"closed".into(), &Value::Null)
    );
}

#[test]
fn a_run_ends_with_the_first_failure_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["echo", "--sockets", "5", "--rate", "max", "--duration", "1h"];
    let objective = ["--objective", "reply.p99<1us", "--abort-on-fail"];
    let (said, code) = load(folder.path(), &[&args[..], &objective].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the objective reply.p99<1us was missed"), "{said}");
    assert_eq!(result(folder.path())["cut_short"], true);
}

#[test]
fn what_was_not_measured_is_neither_held_nor_missed() {
    let folder = tempfile::tempdir().unwrap();
    let line = [
        "idle",
        "--sockets",
        "3",
        "--duration",
        "300ms",
        "--objective",
        "broadcast.p95<1s",
    ];
    let (said, code) = load(folder.path(), &line);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the objective broadcast.p95<1s was not measured") && !said.contains("missed"),
        "{said}"
    );
    let objective = &result(folder.path())["objectives"][0];
    assert_eq!(
        (&objective["value"], &objective["held"]),
        (&Value::Null, &false.into())
    );
}

#[test]
fn an_objective_that_cannot_be_understood_says_what_would_be() {
    assert_said!(
        ["foo.p99<5ms", "reply.p99<5", "mising<1%"]
            .map(|text| said_anywhere(&["load", "echo", "--objective", text]))
            .join("\n")
    );
}

#[test]
fn all_that_can_be_measured_is_listed_and_each_name_can_be_an_objective() {
    assert_said!(said_anywhere(&["list", "figures"]));
    let output = phxproof(Path::new("."), &["list", "figures", "--format", "json"])
        .output()
        .unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(all.len() > 60 && all.iter().all(|it| it["about"].is_string()));
    let ids: Vec<&str> = all.iter().filter_map(|it| it["id"].as_str()).collect();
    for id in [
        "reply.p95",
        "connect.max",
        "lateness.p999",
        "messages.missing",
        "errors",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
    // A scenario of only a name is refused last of all, so that every objective was understood before.
    let limits = ids.iter().map(|id| {
        if id.contains(".p") || id.contains(".m") && !id.contains("messages") {
            format!("{id}<1s")
        } else {
            format!("{id}<1")
        }
    });
    let limits: Vec<String> = limits.flat_map(|it| ["--objective".to_owned(), it]).collect();
    let line: Vec<&str> = ["load", "nothing-of-that-name"]
        .into_iter()
        .chain(limits.iter().map(String::as_str))
        .collect();
    let said = said_anywhere(&line);
    assert!(said.contains("no scenario is named"), "{said}");
}
