//! Tests of settings files: which setting wins, and the messages for mistakes.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use serde_json::json;

use super::super::args::{self, Check, Command};
use super::*;

fn settings(source: &str) -> SettingsFile {
    SettingsFile::parse(Path::new("phxproof.toml"), source).unwrap_or_else(|error| panic!("{error}"))
}

fn problems(source: &str) -> String {
    SettingsFile::parse(Path::new("phxproof.toml"), source)
        .unwrap_err()
        .to_string()
}

fn typed(flags: &[&str]) -> Check {
    let line = ["phxproof", "check"].into_iter().chain(flags.iter().copied());
    match args::Cli::try_parse_from(line).unwrap().command {
        Command::Check(check) => *check,
        other => unreachable!("{other:?}"),
    }
}

const PROJECT: &str = r#"
target = "staging"
seed = 7
params = { token = "top" }

[check]
cases = ["join/*"]
timeout = "10s"
level = ["wire", "room"]
jobs = 2
safe = false

[targets.staging]
url = "ws://10.0.0.7:4000/socket"
params = { token = "abc", locale = "de" }
topic = "room:lobby"
join-params = { user = { id = 1 }, tags = ["a", 2, true] }
push = { ping = { n = 1.5 } }
safe = true

[targets.local]
url = "ws://127.0.0.1:4000/socket"

[serve]
port = 0
fault = ["broadcast-skips-sender"]
"#;

#[test]
fn a_named_target_stands_for_its_url_and_what_belongs_to_it() {
    let check = settings(PROJECT).check(typed(&[])).unwrap();
    assert_eq!(check.target.target.as_deref(), Some("ws://10.0.0.7:4000/socket"));
    assert_eq!(check.target.params.len(), 2);
    assert!(
        check
            .target
            .params
            .contains(&("token".to_owned(), "abc".to_owned()))
    );
    assert_eq!(check.room.topic.as_deref(), Some("room:lobby"));
    assert_eq!(
        check.room.join_params,
        Some(json!({ "user": { "id": 1 }, "tags": ["a", 2, true] }))
    );
    assert_eq!(check.room.push, Some(("ping".to_owned(), json!({ "n": 1.5 }))));
    assert_eq!((check.safe, check.no_safe), (true, false));
    assert_eq!(check.timeout, Some(Duration::from_secs(10)));
    assert_eq!(
        (check.cases, check.results.seed, check.jobs),
        (vec!["join/*".to_owned()], Some(7), Some(2))
    );
}

#[test]
fn a_push_may_be_spelled_as_the_flag_is() {
    let check = |push: &str| settings(&format!("[check]\npush = '{push}'\n")).check(typed(&[]));
    assert_eq!(
        check(r#"echo={"a": 1}"#).unwrap().room.push,
        Some(("echo".to_owned(), json!({ "a": 1 })))
    );
    let wrong = problems("[check]\npush = \"echo\"\n");
    assert!(
        wrong.contains("an event and its payload, as in 'ping={}'"),
        "{wrong}"
    );
}

#[test]
fn what_is_typed_wins() {
    let flags = [
        "--target",
        "local",
        "--param",
        "token=typed",
        "--no-safe",
        "--seed",
        "8",
        "leave/ok",
    ];
    let check = settings(PROJECT).check(typed(&flags)).unwrap();
    assert_eq!(check.target.target.as_deref(), Some("ws://127.0.0.1:4000/socket"));
    assert_eq!(check.target.params, [("token".to_owned(), "typed".to_owned())]);
    assert_eq!(check.room.topic, None);
    assert_eq!((check.safe, check.no_safe), (false, true));
    assert_eq!(
        (check.cases, check.results.seed),
        (vec!["leave/ok".to_owned()], Some(8))
    );
}

#[test]
fn a_url_needs_no_name() {
    let check = settings(PROJECT)
        .check(typed(&["--target", "ws://a/socket"]))
        .unwrap();
    assert_eq!(check.target.target.as_deref(), Some("ws://a/socket"));
    assert_eq!(check.room.topic, None);
}

#[test]
fn serve_has_a_section_of_its_own() {
    let serve = settings(PROJECT).serve(Serve {
        port: Some(4001),
        ..Serve::default()
    });
    assert_eq!(
        (serve.port, serve.faults),
        (Some(4001), vec!["broadcast-skips-sender".to_owned()])
    );
}

#[test]
fn a_name_that_is_near_another_is_told() {
    let error = settings(PROJECT)
        .check(typed(&["--target", "stagin"]))
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(error);
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    insta::assert_snapshot!(problems(
        r#"
sead = 7
[check]
jobs = "many"
timeout = "5"
level = ["wire", "labb"]
retries = 101
strict = "yes"
params = { token = 1 }
push = { a = 1, b = 2 }
[targets.staging]
topic = "room:lobby"
[targets]
other = 1
[targets.third]
url = "localhost:4000"
"#
    ));
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    insta::assert_snapshot!(problems("target = \"ws://a/socket\"\n[check\njobs = 1\n"));
}
