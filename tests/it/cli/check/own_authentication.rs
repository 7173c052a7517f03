//! A mount with an authentication of its own is not judged by the tokens that it never offered. A mount that offers them and
//! does not keep to them fails.

use serde_json::Value;

use super::result;
use crate::cli::{Served, assert_said, phxproof, said};
use crate::middlebox::{Hindrance, Middlebox};

/// The param that such a mount asks for.
const PASSWORD: [&str; 2] = ["--param", "auth=letmein"];

/// The target of that mount, here or where a middlebox listens.
fn own(target: &str) -> String {
    target.replace("/socket", "/own_socket")
}

/// The target of a middlebox before a server.
fn behind(served: &Served, hindrance: Hindrance) -> String {
    let middlebox = Middlebox::before(served.address(), hindrance);
    format!("ws://{}/socket", middlebox.address)
}

/// The result of a check with these arguments.
fn checked(args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = phxproof(folder.path(), &[&["check"], args].concat())
        .output()
        .unwrap();
    assert!(output.status.code().is_some());
    result(folder.path())
}

#[test]
fn cases_about_tokens_are_skipped_where_the_mount_does_not_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = own(&served.target());
    let cases = [
        "handshake/bad-token",
        "handshake/old-token",
        "join/ok",
        "lifetime/disconnect",
        "longpoll/refused-token",
        "presence/join",
    ];
    let args = [&["check"], &cases[..], &["--target", &target], &PASSWORD].concat();
    assert_said!(said(folder.path(), &args));
}

#[test]
fn a_correct_server_without_the_pages_of_tokens_holds() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let websocket = own(&behind(&served, Hindrance::HidesTokens));
    let families = [
        "broadcast/*",
        "handshake/*",
        "lifetime/*",
        "longpoll/*",
        "presence/*",
    ];
    for target in [websocket.replace("ws:", "http:"), websocket] {
        let result = checked(&[&families[..], &["--target", &target], &PASSWORD].concat());
        let cases = result["cases"].as_array().unwrap();
        let judged_wrongly = cases
            .iter()
            .find(|case| case["verdict"] != "pass" && case["verdict"] != "skipped");
        assert_eq!((&result["exit_code"], judged_wrongly), (&0.into(), None));
        let is_passed = |id: &str| {
            cases
                .iter()
                .any(|case| case["id"] == id && case["verdict"] == "pass")
        };
        assert!(is_passed("broadcast/all") && is_passed("handshake/unknown-param"));
        let of_signed = cases.iter().find(|case| case["id"] == "handshake/signed-token");
        let of_signed = of_signed.unwrap();
        assert_eq!(of_signed["verdict"], "skipped");
        assert!(
            of_signed["message"].as_str().unwrap().contains("gives no tokens"),
            "{of_signed}"
        );
    }
}

#[test]
fn a_mount_that_takes_bad_tokens_fails_whatever_else_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "bad-token-as-none"]);
    let plain = served.target();
    let gate = behind(&served, Hindrance::WantsHeader);
    for (target, given) in [
        (&plain, &[][..]),
        (&plain, &["--param", "locale=en"]),
        (&gate, &["--header", "x-gate: open"]),
    ] {
        let result = checked(&[&["handshake/bad-token", "--target", target], given].concat());
        assert_eq!(result["summary"]["fail"], 1, "{given:?}: {}", result["summary"]);
    }
}

#[test]
fn a_mount_of_its_own_authentication_fails_for_everything_else() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "replies-swapped"]);
    let target = own(&served.target());
    let result = checked(&[&["broadcast/*", "--target", &target][..], &PASSWORD].concat());
    assert_eq!(result["exit_code"], 1, "{}", result["summary"]);
}
