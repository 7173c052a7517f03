//! `init`: what it writes works against a server, and nothing that exists is replaced in silence.

use std::fs;

use super::{Served, said};

#[test]
fn what_it_writes_is_played_against_the_server_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let flags = [
        "init",
        "--target",
        &target,
        "--topic",
        "lab:one",
        "--push",
        "echo={\"a\":1}",
    ];
    let init = said(folder.path(), &flags);
    assert!(init.ends_with("--- exit 0\n"), "{init}");
    let check = said(
        folder.path(),
        &[
            "check",
            "join/*",
            "phxproof/first.yaml",
            "--profile",
            "phoenix-1.8.12-bandit",
        ],
    );
    assert!(
        check.contains("own files") && check.ends_with("--- exit 0\n"),
        "{check}"
    );
    let closed = ["--sockets", "1", "--rate", "max", "--duration", "1s"];
    let load = said(
        folder.path(),
        &[&["load", "phxproof/first.yaml"], &closed[..]].concat(),
    );
    assert!(load.contains("held        errors<1%"), "{load}");
    assert!(load.ends_with("--- exit 0\n"), "{load}");
}

#[test]
fn it_replaces_files_only_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("phxproof.toml"), "seed = 1\n").unwrap();
    let refused = said(folder.path(), &["init"]);
    assert!(refused.contains("phxproof.toml exists already"), "{refused}");
    assert!(refused.ends_with("--- exit 64\n"), "{refused}");
    assert!(!folder.path().join("phxproof").exists(), "something was written");
    let forced = said(folder.path(), &["init", "--force"]);
    assert!(forced.ends_with("--- exit 0\n"), "{forced}");
    let text = fs::read_to_string(folder.path().join("phxproof.toml")).unwrap();
    assert!(text.contains("topic = \"room:lobby\""), "{text}");
}

#[test]
fn what_cannot_be_a_target_or_a_topic_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for flags in [
        ["--target", "nowhere"],
        ["--topic", "room:{{nobody}}"],
        ["--push", "ping"],
    ] {
        let refused = said(folder.path(), &[&["init"][..], &flags].concat());
        assert!(refused.ends_with("--- exit 64\n"), "{flags:?}: {refused}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
