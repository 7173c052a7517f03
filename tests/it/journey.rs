//! Whole journeys, from the command line: pages, a login, a token, and the socket.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cli::{Served, phxproof, ran, result};

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

/// The fixture that `check` writes for `login.yaml`, which holds.
fn new_fixture(folder: &Path) -> String {
    let check = "check login.yaml --transport websocket --update missing --out out";
    let (said, code) = run(folder, check);
    assert_eq!(code, Some(0), "{said}");
    fs::read_to_string(folder.join("login.snap.new")).unwrap()
}

/// Runs phxproof with arguments that hold no blanks.
fn run(folder: &Path, args: &str) -> (String, Option<i32>) {
    let args: Vec<&str> = args.split(' ').collect();
    ran(folder, &args)
}

#[test]
fn a_fixture_of_a_journey_holds_the_answers_to_requests() {
    let folder = tempfile::tempdir().unwrap();
    checked(folder.path(), &[]);
    let fixture = new_fixture(folder.path());
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
        let load =
            format!("load {name} --transport {transport} --sockets 10 --rate 10 --duration 1s --out out");
        let (said, code) = run(folder.path(), &load);
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
    let target = served.target();
    let load = format!("load login.yaml --target {target} --sockets 3 --duration 1s --out out");
    let (said, code) = run(folder.path(), &load);
    assert_ne!(code, Some(0), "{said}");
    assert!(
        said.contains("login.yaml:6") && said.contains("ana") && said.contains("Invalid email or password"),
        "{said}"
    );
}

const USERS: &str = "\
about: Users of a file log in.
users: { from: users.csv, order: ORDER }
generated: { text: sentence, nick: name, id: uuid, at: { number: [0, 90000] } }
fresh: [video]
steps:
  - ana: { http: GET /login, save: { csrf: { css: \"input[name=_csrf_token]\", attribute: value } } }
  - ana:
      http: POST /login
      form: { _csrf_token: \"{{csrf}}\", \"user[email]\": \"{{user.email}}\", \"user[password]\": \"{{user.COLUMN}}\" }
      answer: 302
  - ana: { http: \"GET /watch/{{video}}\", save: { token: { css: \"meta[name=user-token]\", attribute: content } } }
  - ana: { connect: socket, params: { token: \"{{token}}\" } }
  - ana: { join: \"videos:{{video}}\" }
  - ana: { push: new_annotation, with: { body: \"{{nick}} {{text}} {{id}}\", at: \"{{at}}\" } }
  - ana:
      receive: new_annotation
      with: { user: { username: \"{{ana.email}}\" }, body: \"{{nick}} {{text}} {{id}}\", at: \"{{at}}\" }
load: { sockets: 2, rate: 5, duration: 1s }
";

/// A folder with two users, and the scenario with these changes.
fn with_users(users: &str, changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let all = changes
        .iter()
        .chain(&[("ORDER", "sequential"), ("COLUMN", "password")]);
    let source = all.fold(USERS.to_owned(), |source, (from, to)| source.replace(from, to));
    fs::write(folder.path().join("login.yaml"), source).unwrap();
    fs::write(folder.path().join("users.csv"), users).unwrap();
    folder
}

const TWO: &str = "email,password\nana@example.com,letmein\nbea@example.com,letmein\n";

#[test]
fn users_of_a_file_log_in_and_say_what_was_made_up() {
    let folder = with_users(TWO, &[]);
    let fixture = new_fixture(folder.path());
    assert!(
        fixture.contains("\"body\":\"{{nick}} {{text}} {{id}}\""),
        "{fixture}"
    );
    let (said, code) = run(folder.path(), "load login.yaml --out out --sockets 3");
    let result = result(folder.path());
    let valid = result["generator"]["valid"] == true;
    assert_eq!(code, Some(if valid { 0 } else { 2 }), "{said}");
    assert!(
        said.contains("users.csv has 2 users for 3: each is used up to 2 times"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_the_users_is_told_before_a_run() {
    let (said, code) = ran(
        with_users(TWO, &[("COLUMN", "pasword")]).path(),
        &["check", "login.yaml"],
    );
    assert_eq!(code, Some(64), "{said}");
    for told in [
        "users.csv has no column `pasword`",
        "login.yaml:9",
        "did you mean `password`?",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let folder = with_users(TWO, &[("ORDER", "unique")]);
    let (said, code) = ran(folder.path(), &["load", "login.yaml", "--sockets", "3"]);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("users.csv has 2 users, and 3 are needed"), "{said}");
    let (said, code) = run(folder.path(), "load login.yaml --sockets 2 --out out");
    assert_ne!(code, Some(64), "{said}");
    fs::remove_file(folder.path().join("users.csv")).unwrap();
    let (said, code) = ran(folder.path(), &["check", "login.yaml"]);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("cannot read users.csv"), "{said}");
}

#[test]
fn a_failure_tells_which_user_of_the_file_it_was() {
    let folder = with_users("email,password\nana@example.com,wrong\n", &[]);
    let (said, code) = ran(folder.path(), &["check", "login.yaml", "--out", "out"]);
    assert_eq!(code, Some(1), "{said}");
    for told in [
        "ana is user 1 of users.csv",
        "Invalid email or password",
        "login.yaml:8",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn a_secret_gets_into_no_file_and_no_line() {
    const SECRET: &str = "s3cret & \"quoted\"";
    let source = "about: A secret.\nfresh: [room]\nsteps:\n  \
                  - ana: { connect: socket, params: { key: \"{{env.PHXPROOF_TEST_KEY}}\" } }\n  \
                  - ana: { join: \"lab:{{room}}\", with: { key: \"{{env.PHXPROOF_TEST_KEY}}\" } }\n  \
                  - ana: { push: echo, with: { key: \"{{env.PHXPROOF_TEST_KEY}}\" }, reply: { ok: { key: EXPECTED } } }\n";
    for (expected, verdict) in [("\"{{env.PHXPROOF_TEST_KEY}}\"", 0), ("other", 1)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), source.replace("EXPECTED", expected)).unwrap();
        let args = ["check", "a.yaml", "--update", "missing", "--out", "out"];
        let output = phxproof(folder.path(), &args)
            .env("PHXPROOF_TEST_KEY", SECRET)
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(verdict), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
        let mut files = 0;
        each_file(folder.path(), &mut |path, text| {
            files += 1;
            assert!(!text.contains("s3cret"), "{path}: {text}");
        });
        assert!(files > 4, "{files} files");
        let frames = fs::read_to_string(folder.path().join("out/frames/a.jsonl")).unwrap();
        assert!(frames.contains("{{env.PHXPROOF_TEST_KEY}}"), "{frames}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), source.replace("EXPECTED", "other")).unwrap();
    let (said, code) = run(folder.path(), "check a.yaml");
    assert_eq!(code, Some(64), "{said}");
    assert!(
        said.contains("the environment variable `PHXPROOF_TEST_KEY` is not set"),
        "{said}"
    );
}

#[test]
fn a_secret_in_a_request_a_binary_message_and_a_load_gets_into_no_file_and_no_line() {
    const SECRET: &str = "open-sesame";
    let login = LOGIN.replace("ana@example.com", "\"{{env.PHXPROOF_TEST_KEY}}\"");
    let login = login.replace("SELECTOR", "user-token");
    let binary = "about: A secret.\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{env.PHXPROOF_TEST_KEY}}\" }\n  \
                  - ana: { push: echo, binary: \"01\", reply: error }\n";
    for (source, args, verdict) in [
        (login.replace("PASSWORD", "letmein"), "check a.yaml --out out", 0),
        (login.replace("PASSWORD", "wrong"), "check a.yaml --out out", 1),
        (
            login.replace("PASSWORD", "wrong"),
            "load a.yaml --sockets 2 --duration 1s --out out",
            2,
        ),
        (binary.to_owned(), "check a.yaml --out out", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), &source).unwrap();
        let args: Vec<&str> = args.split(' ').collect();
        let output = phxproof(folder.path(), &args)
            .env("PHXPROOF_TEST_KEY", SECRET)
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(verdict), "{said}");
        assert!(!said.contains(SECRET), "{said}");
        each_file(folder.path(), &mut |path, text| {
            assert!(!text.contains(SECRET), "{path}: {text}");
        });
    }
}

#[test]
fn a_load_of_pages_that_nobody_gets_tells_why() {
    let folder = tempfile::tempdir().unwrap();
    let page = include_str!("../../scenarios/load/page.yaml").replace("letmein", "wrong");
    fs::write(folder.path().join("page.yaml"), page).unwrap();
    let load = "load page.yaml --sockets 3 --rate 3 --duration 1s --out out";
    let (said, code) = run(folder.path(), load);
    assert_eq!(code, Some(2), "{said}");
    for told in [
        "the first error: page.yaml:",
        "ana: ",
        "status 302",
        "Invalid email or password",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

/// Shows each file below a folder.
fn each_file(folder: &Path, look: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else {
            let text = fs::read(&path).unwrap();
            look(&path.display().to_string(), &String::from_utf8_lossy(&text));
        }
    }
}
