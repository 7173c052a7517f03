//! `load` with scenarios of one's own: too few sockets, channels that do not reply, and what is refused.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{phxproof, result, shown};

const START: &str =
    "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n";

/// Runs a command on a scenario of these steps: what it said, and how it ended.
fn play(folder: &Path, command: &str, steps: &str, args: &[&str]) -> (String, Option<i32>) {
    fs::write(folder.join("own.yaml"), format!("{START}{steps}")).unwrap();
    let args = [&[command, "own.yaml", "--out", "out", "--seed", "7"], args].concat();
    let output = phxproof(folder, &args).output().unwrap();
    (shown(&output), output.status.code())
}

#[test]
fn a_swarm_with_too_few_sockets_says_how_many_it_wants_and_counts_every_send() {
    let folder = tempfile::tempdir().unwrap();
    let steps = "  - ana: { push: echo }\n  - sleep: 1s\n";
    let args = ["--sockets", "20", "--rate", "50", "--duration", "2s"];
    let (said, code) = play(folder.path(), "load", steps, &args);
    assert_eq!(code, Some(2), "{said}");
    let result = result(folder.path());
    assert_eq!(result["counts"]["due"], 100);
    let number = |value: &Value| value.as_u64().unwrap();
    let (sent, never) = (
        number(&result["counts"]["sent"]),
        number(&result["counts"]["dropped"]),
    );
    assert_eq!(
        (sent + never, result["shortage"]["had"].as_u64()),
        (100, Some(20))
    );
    assert!(
        number(&result["shortage"]["sockets"]) >= 50,
        "{}",
        result["shortage"]
    );
    assert!(
        number(&result["waited_us"]["count"]) >= sent,
        "{}",
        result["waited_us"]
    );
}

#[test]
fn a_channel_that_does_not_reply_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let ignored = ["--sockets", "4", "--rate", "20", "--duration", "500ms"];
    let (said, _) = play(folder.path(), "load", "  - ana: { push: ignore }\n", &ignored);
    assert!(
        said.contains("no push of `ignore` was ever answered (10 sent)"),
        "{said}"
    );
    assert_eq!(result(folder.path())["messages"]["missing"], 0);
    let typed = [&ignored[..], &["--push", "ignore={}", "--push-reply", "none"]].concat();
    let (said, _) = play(folder.path(), "load", "  - ana: { push: echo }\n", &typed);
    assert!(!said.contains("ever answered"), "{said}");
    assert_eq!(result(folder.path())["messages"]["missing"], 0);
}

#[test]
fn an_event_that_crashes_its_channel_is_not_taken_for_one_without_a_reply() {
    let folder = tempfile::tempdir().unwrap();
    let crashing = ["--sockets", "20", "--rate", "5", "--duration", "1s"];
    let typed = [&crashing[..], &["--push", "nix={}"]].concat();
    let (said, code) = play(folder.path(), "load", "  - ana: { push: echo }\n", &typed);
    assert_eq!(code, Some(1), "{said}");
    let note = "no push of `nix` was ever answered (5 sent): channels crashed meanwhile";
    assert!(said.contains(note) && !said.contains("reply: none"), "{said}");
}

#[test]
fn what_cannot_be_sent_or_expected_is_wrong_usage_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = "  - ana: { push: echo, binary: \"01 02\" }\n";
    let (said, code) = play(folder.path(), "load", bytes, &["--vsn", "1.0.0"]);
    assert!(code == Some(64) && said.contains("own.yaml:6:10"), "{said}");
    let mark = "  - ana: { receive: broadcasted, with: { body: \"{{mark}}\" } }\n";
    for command in ["check", "load"] {
        let (said, code) = play(folder.path(), command, mark, &[]);
        assert!(code == Some(64) && said.contains("own.yaml:6:"), "{said}");
        assert!(said.contains("a mark stands only in what is pushed"), "{said}");
    }
}
