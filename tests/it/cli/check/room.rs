//! The cases `room/*`: they check a channel of the user, which the command line describes by its topic and events.

use std::fs;

use serde_json::Value;

use crate::cli::{Served, assert_said, said};

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
