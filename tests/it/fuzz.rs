//! `fuzz` at the reference server: nothing is found where nothing is wrong, and each mistake is found, made small and played again.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::cli::{Served, free_address, phxproof, said};

/// A run with these flags: its `result.json` and its exit code.
fn fuzzed(folder: &Path, flags: &[&str]) -> (Value, Option<i32>) {
    let kept = ["--out", "out", "--quiet"];
    let args = [&["fuzz"], flags, &kept].concat();
    let output = phxproof(folder, &args).output().unwrap();
    let text = fs::read(folder.join("out/result.json")).unwrap();
    (serde_json::from_slice(&text).unwrap(), output.status.code())
}

/// Whether nothing is found at the reference server with these flags.
fn nothing_is_found(serve: &[&str], flags: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), serve);
    let target = server.target();
    let flags = [flags, &["--target", &target, "--seed", "5", "--timeout", "10s"]].concat();
    let (result, code) = fuzzed(folder.path(), &flags);
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(result["failures"].as_array().map(Vec::len), Some(0));
    assert!(result["messages"].as_u64().unwrap() > 100, "{result:#}");
}

#[test]
fn nothing_is_found_at_a_server_without_a_mistake() {
    nothing_is_found(&[], &["--cases", "250"]);
}

#[test]
fn nothing_is_found_where_the_server_does_what_phoenix_leaves_open() {
    nothing_is_found(&["--chance"], &["--cases", "150", "--focus", "lab"]);
}

#[test]
fn an_older_version_is_known_by_its_crashes() {
    nothing_is_found(&["--profile", "phoenix-1.7.21-cowboy"], &["--cases", "100"]);
}

#[test]
fn nothing_is_found_over_long_poll() {
    nothing_is_found(&[], &["--cases", "60", "--transport", "longpoll"]);
}

#[test]
fn nothing_is_found_where_tokens_name_no_user() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let target = server.target().replace("/socket", "/own_socket");
    let flags = ["--target", &target, "--param", "auth=letmein", "--timeout", "10s"];
    let said = said(
        folder.path(),
        &[&["fuzz", "--cases", "100", "--seed", "5"], &flags[..]].concat(),
    );
    assert!(said.contains("whispers and presences are left out"), "{said}");
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}

/// Whether a server with this fault fails by one of these properties, and whether the scenario that is left does the same for `check`, and
/// holds at a server without it.
fn is_found(fault: &str, properties: &[&str], focus: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Served::start(folder, &["--fault", fault]);
    let target = server.target();
    let flags = [
        "--target",
        &target,
        "--seed",
        "5",
        "--cases",
        "2000",
        "--focus",
        focus,
        "--fail-fast",
    ];
    let (result, code) = fuzzed(folder, &flags);
    assert_eq!(code, Some(1), "{fault}: {result:#}");
    let failure = &result["failures"][0];
    let property = failure["property"].as_str().unwrap();
    assert!(properties.contains(&property), "{fault}: {result:#}");
    assert!(failure["steps"].as_u64().unwrap() <= 8, "{fault}: {result:#}");
    assert!(failure["steps"].as_u64() <= failure["shrunk_from"].as_u64());
    let scenario = failure["scenario"].as_str().unwrap();
    let text = fs::read_to_string(folder.join(scenario)).unwrap();
    assert!(text.contains("--seed 5"), "{text}");
    let check = |target: &str| said(folder, &["check", scenario, "--target", target]);
    let again = check(&target);
    assert!(again.ends_with("--- exit 1\n"), "{fault}: {text}\n{again}");
    let correct = Served::start(folder, &[]);
    let held = check(&correct.target());
    assert!(held.ends_with("--- exit 0\n"), "{fault}: {text}\n{held}");
}

#[test]
fn a_count_that_is_shared_is_found() {
    is_found("counter-shared", &["as-predicted"], "lab");
}

#[test]
fn a_join_that_is_answered_wrongly_is_found() {
    is_found("join-params-flat", &["as-predicted"], "lab");
}

#[test]
fn a_reply_that_comes_twice_is_found() {
    is_found("reply-twice", &["nothing-twice"], "lab");
}

#[test]
fn a_malformed_message_that_is_passed_over_is_found() {
    is_found("malformed-passed-over", &["ends-for-a-reason"], "frames");
}

#[test]
fn a_presence_that_stays_is_found() {
    is_found(
        "hangup-keeps-channels",
        &["nothing-lost", "as-predicted"],
        "rumbl",
    );
}

#[test]
fn the_same_seed_makes_the_same_conversations() {
    let folder = tempfile::tempdir().unwrap();
    let covered = |seed: &str| {
        let (result, code) = fuzzed(
            folder.path(),
            &["--cases", "40", "--seed", seed, "--timeout", "10s"],
        );
        assert_eq!(code, Some(0), "{result:#}");
        (result["covered"].clone(), result["messages"].clone())
    };
    assert_eq!(covered("1"), covered("1"));
    assert_ne!(covered("1"), covered("2"));
}

/// The words of a run that ends with this exit code.
fn told(folder: &Path, flags: &[&str], code: i32) -> String {
    let told = said(folder, &[&["fuzz"], flags].concat());
    assert!(told.ends_with(&format!("--- exit {code}\n")), "{told}");
    told
}

#[test]
fn wrong_usage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = told(folder.path(), &["--target", "ws://203.0.113.7:4000/socket"], 64);
    assert!(elsewhere.contains("--yes"), "{elsewhere}");
    told(folder.path(), &["--cases", "5", "--for", "5s"], 64);
    let none = told(folder.path(), &["--cases", "0"], 64);
    assert!(none.contains("--cases 1 or more"), "{none}");
}

#[test]
fn a_server_that_lets_nobody_in_is_told_in_one_line() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [deaf.local_addr().unwrap(), free_address()] {
        let folder = tempfile::tempdir().unwrap();
        let target = format!("ws://{address}/socket");
        let told = told(folder.path(), &["--target", &target, "--out", "out"], 2);
        assert!(told.contains("lets no client in"), "{told}");
        assert!(told.lines().count() < 6, "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let absent = format!("ws://{}/socket", free_address());
    let told = told(folder.path(), &["--target", &absent, "--out", "out"], 2);
    assert!(told.contains("nothing listens"), "{told}");
}

#[test]
fn an_http_server_without_a_socket_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let target = server.target().replace("/socket", "/nowhere");
    let told = told(folder.path(), &["--target", &target, "--out", "out"], 2);
    assert!(told.contains("404") && !told.contains("(expected"), "{told}");
}

#[test]
fn a_folder_for_failures_that_cannot_be_made_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), "").unwrap();
    let told = told(folder.path(), &["--cases", "5", "--save", "taken/found"], 2);
    assert!(
        told.contains("taken/found") && !told.contains("covered"),
        "{told}"
    );
}

#[test]
fn failures_of_an_earlier_run_are_played_first_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let saved = || {
        let files = fs::read_dir(folder.join("found")).unwrap();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let run = |server: &Served, code| {
        let target = server.target();
        let flags = [
            "--target", &target, "--focus", "lab", "--seed", "5", "--cases", "60", "--save", "found",
        ];
        told(folder, &flags, code)
    };
    let wrong = Served::start(folder, &["--fault", "counter-shared"]);
    run(&wrong, 1);
    let first = saved();
    let again = run(&wrong, 1);
    assert!(
        again.contains("fails still") && again.contains("new conversation"),
        "{again}"
    );
    assert_eq!(saved(), first);
    // A mistake of another kind is another file.
    run(&Served::start(folder, &["--fault", "crash-untold"]), 1);
    assert!(saved().len() > first.len(), "{:?}", saved());
    let right = run(&Served::start(folder, &[]), 0);
    assert!(right.contains("none fails still"), "{right}");
    fs::write(folder.join("found").join(&first[1]), "steps: 5").unwrap();
    let damaged = run(&wrong, 64);
    assert!(damaged.contains(&first[1]), "{damaged}");
}

#[test]
fn a_server_that_is_gone_in_the_middle_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let target = server.target();
    let flags = ["fuzz", "--target", &target, "--for", "10m", "--out", "out"];
    let mut fuzzing = phxproof(folder.path(), &flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(fuzzing.stdout.take().unwrap());
    let mut told = String::new();
    stdout.read_line(&mut told).unwrap();
    drop(server);
    stdout.read_to_string(&mut told).unwrap();
    let code = fuzzing.wait().unwrap().code();
    assert!(told.contains("until the server was gone"), "{told}");
    assert!(matches!(code, Some(1 | 2)), "{told}");
    let result: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out/result.json")).unwrap()).unwrap();
    assert!(result["server_gone"].is_string(), "{result:#}");
}
