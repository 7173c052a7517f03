//! Fixtures beside a scenario of the user: `--update` writes them, `--accept` accepts them, and those of other clients are refused.

use std::fs;

use crate::cli::{assert_said, said};

const GREETING: &str = r#"
about: Who greets is heard by all.
fresh: [room]
given:
  - ana, bea, cid: connect
  - ana: { join: "lab:{{room}}" }
  - bea: { join: "lab:{{room}}" }
  - cid: { join: "lab:{{room}}" }
steps:
  - ana: { push: broadcast, with: { text: hi } }
  - ana, bea, cid: { receive: broadcasted, with: { text: hi } }
"#;

#[test]
fn a_fixture_of_somebody_else_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = "---\nsource: greeting.yaml\n---\nana\n  + open\nzoe\n  + open\n";
    fs::write(folder.path().join("greeting.yaml"), GREETING).unwrap();
    fs::write(folder.path().join("greeting.snap"), fixture).unwrap();
    assert_said!(said(folder.path(), &["check", "greeting.yaml"]));
}

#[test]
fn a_fixture_that_differs_is_told_at_once_and_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("greeting.snap");
    fs::write(folder.path().join("greeting.yaml"), GREETING).unwrap();
    let check = |more: &[&str]| {
        said(
            folder.path(),
            &[&["check", "greeting.yaml", "--out", "here"], more].concat(),
        )
    };
    let missing = check(&["--update", "missing"]);
    let accepted = check(&["--accept"]);
    let fixture = fs::read_to_string(&path).unwrap();
    fs::write(&path, fixture.replace(r#"{"text":"hi"}"#, r#"{"text":"ho"}"#)).unwrap();
    let all = check(&["--update", "all", "--timeout", "10m"]);
    assert_said!([missing, accepted, all].join("\n"));
}
