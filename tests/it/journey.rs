//! Whole journeys, from the command line: pages, a login, a token, and the socket.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cli::{Served, ran, result};

const LOGIN: &str = "\
about: A user logs in and connects.
fresh: [video]
steps:
  - ana: { http: GET /login, save: { csrf: { css: \"input[name=_csrf_token]\", attribute: value } } }
  - ana:
      http: POST /login
      form: { _csrf_token: \"{{csrf}}\", \"user[email]\": ana@example.com, \"user[password]\": PASSWORD }
      answer: 302
  - ana: { http: \"GET /watch/{{video}}\", save: { token: { css: \"meta[name=SELECTOR]\", attribute: content } } }
  - ana: { connect: socket, params: { token: \"{{token}}\" } }
  - ana: { join: \"videos:{{video}}\" }
  - ana: { push: new_annotation, with: { body: hello, at: 1 } }
  - ana: { receive: new_annotation, with: { user: { username: ana@example.com } } }
";

/// Writes the login with these changes, and plays it by `check`.
fn checked(folder: &Path, changes: &[(&str, &str)]) -> (String, Option<i32>) {
    let usual = [("PASSWORD", "letmein"), ("SELECTOR", "user-token")];
    let all = changes.iter().chain(&usual);
    let source = all.fold(LOGIN.to_owned(), |source, (from, to)| source.replace(from, to));
    fs::write(folder.join("login.yaml"), source).unwrap();
    ran(folder, &["check", "login.yaml", "--out", "out"])
}

#[test]
fn a_journey_holds_over_both_transports() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = checked(folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    let verdicts: Vec<Value> = result(folder.path())["cases"].as_array().unwrap().clone();
    let transports: Vec<&Value> = verdicts.iter().map(|case| &case["transport"]).collect();
    assert_eq!(transports, ["websocket", "longpoll"], "{said}");
}

#[test]
fn a_fixture_of_a_journey_holds_the_answers_to_requests() {
    let folder = tempfile::tempdir().unwrap();
    checked(folder.path(), &[]);
    let args = [
        "check",
        "login.yaml",
        "--transport",
        "websocket",
        "--update",
        "missing",
        "--out",
        "out",
    ];
    let (said, code) = ran(folder.path(), &args);
    assert_eq!(code, Some(0), "{said}");
    let fixture = fs::read_to_string(folder.path().join("login.snap.new")).unwrap();
    assert!(
        fixture.contains("ana http\n  on http\n    200\n    302\n    200\n"),
        "{fixture}"
    );
}

#[test]
fn a_failure_names_the_user_the_step_and_what_came_instead() {
    for (change, told) in [
        (
            ("PASSWORD", "wrong"),
            ["status 302", "Invalid email or password", "login.yaml:6"],
        ),
        (
            ("\"{{csrf}}\"", "wrong"),
            ["403 invalid CSRF", "status 302", "login.yaml:6"],
        ),
        (
            ("SELECTOR", "nothing"),
            [
                "the selector meta[name=nothing] matches nothing",
                "ana@example.com",
                "login.yaml:9",
            ],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (said, code) = checked(folder.path(), &[change]);
        assert_eq!(code, Some(1), "{said}");
        for told in told {
            assert!(said.contains(told), "{told}: {said}");
        }
    }
}

#[test]
fn the_page_of_a_video_asks_for_a_login_first() {
    let folder = tempfile::tempdir().unwrap();
    let source = "about: A.\nsteps:\n  - ana: { http: GET /watch/7, answer: 302, answer-headers: { location: /login } }\n  \
                  - ana: { http: GET /watch/7, save: { title: { css: h1 }, html: { regex: \"Log in\" } } }\n";
    fs::write(folder.path().join("a.yaml"), source).unwrap();
    let (said, code) = ran(folder.path(), &["check", "a.yaml", "--out", "out"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn journeys_and_pages_are_played_as_load() {
    for (name, transport) in [
        ("journey", "websocket"),
        ("journey", "longpoll"),
        ("page", "websocket"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let args = [
            "load",
            name,
            "--transport",
            transport,
            "--sockets",
            "10",
            "--rate",
            "10",
            "--duration",
            "1s",
        ];
        let (said, code) = ran(folder.path(), &[&args[..], &["--out", "out"]].concat());
        let result = result(folder.path());
        let valid = result["generator"]["valid"] == true;
        assert_eq!(code, Some(if valid { 0 } else { 2 }), "{name}: {said}");
        assert_eq!(result["troubles"], serde_json::json!({}), "{said}");
        assert!(
            result["latency_us"]["http"]["count"].as_u64() >= Some(30),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_password_is_told_by_load_too() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    checked(folder.path(), &[("PASSWORD", "wrong")]);
    let args = [
        "load",
        "login.yaml",
        "--target",
        &served.target(),
        "--sockets",
        "3",
        "--duration",
        "1s",
    ];
    let (said, code) = ran(folder.path(), &[&args[..], &["--out", "out"]].concat());
    assert_ne!(code, Some(0), "{said}");
    assert!(
        said.contains("login.yaml:6") && said.contains("ana") && said.contains("Invalid email or password"),
        "{said}"
    );
}
