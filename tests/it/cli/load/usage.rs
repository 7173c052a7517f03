//! What `load` refuses before it opens a socket: arguments, shares, scenarios and targets that make no load.

use std::fs;

use super::{load, result};
use crate::cli::{assert_said, said, said_anywhere};

#[test]
fn nonsense_is_wrong_usage() {
    for args in [
        ["--sockets", "0"],
        ["--sockets", "-5"],
        ["--rate", "-5"],
        ["--duration", "-5s"],
        ["--arrivals", "-5/s"],
        ["--rate", "0"],
        ["--duration", "0s"],
        ["--shards", "0"],
        ["--arrivals", "0/s"],
        ["--heartbeat", "0s"],
        ["--objective", "reply.p99"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (said, code) = load(folder.path(), &["echo", args[0], args[1]]);
        assert_eq!(code, Some(64), "{args:?}: {said}");
        let is_told = said.contains("expected") && !said.contains("unexpected argument");
        assert!(is_told, "{args:?}: {said}");
        assert!(!folder.path().join("out").exists(), "{args:?}");
    }
}

#[test]
fn more_sockets_than_there_can_be_are_refused_with_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = load(folder.path(), &["idle", "--sockets", "4000M"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ask for") || said.contains("raise"), "{said}");
    assert_eq!(result(folder.path())["sockets"]["opened"], 0);
}

#[test]
fn shares_that_nobody_can_have_are_wrong_usage() {
    let lines: [&[&str]; 4] = [
        &["load", "echo=0", "idle"],
        &["load", "echo=much"],
        &["load", "echo=100", "idle=1", "--sockets", "50"],
        &["load", "echo=2", "idel"],
    ];
    assert_said!(lines.map(said_anywhere).join("\n"));
}

#[test]
fn sockets_that_would_all_listen_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let listeners_first = "about: A.\nshared: [hall]\nsteps:\n  - bea, ana: connect\n  \
                           - bea, ana: { join: \"lab:{{hall}}\" }\n  - ana: { push: echo }\n\
                           load: { roles: { bea: 9 } }\n";
    fs::write(folder.path().join("late.yaml"), listeners_first).unwrap();
    let lines: [&[&str]; 2] = [
        &["load", "late.yaml", "--sockets", "9"],
        &["load", "late.yaml=1", "echo=9", "--sockets", "50"],
    ];
    assert_said!(lines.map(|line| said(folder.path(), line)).join("\n"));
}

#[test]
fn what_a_scenario_cannot_mean_to_a_swarm_is_wrong_usage() {
    assert_said!(said_anywhere(&["load", "idle", "--rate", "10"]));
    let folder = tempfile::tempdir().unwrap();
    let restart = "about: A.\nsteps:\n  - ana: connect\n  - restart: kill\n";
    fs::write(folder.path().join("restart.yaml"), restart).unwrap();
    assert_said!(said(folder.path(), &["load", "restart.yaml"]));
    let saved = "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  \
                 - ana: { push: echo, with: { n: 1 }, save: { n: /n } }\n";
    fs::write(folder.path().join("saved.yaml"), saved).unwrap();
    assert_said!(said(folder.path(), &["load", "saved.yaml", "--topic", "room:1"]));
}

#[test]
fn who_would_be_loaded_with_how_much_is_said_before() {
    assert_said!(said_anywhere(&[
        "load",
        "echo",
        "--target",
        "ws://192.0.2.1:4000/socket",
        "--sockets",
        "5k",
        "--rate",
        "200",
        "--duration",
        "1m"
    ]));
}

#[test]
fn a_scenario_that_there_is_not_is_wrong_usage() {
    assert_said!(said_anywhere(&["load", "ecoh"]));
}
