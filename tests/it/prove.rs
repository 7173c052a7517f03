//! `prove` at the reference server: what holds is proved, and each kind of fault is told by its own experiment.

mod presence;
mod recovery;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Served, phxproof, said};

/// A run at a server with these flags of `serve`: its `result.json` and its exit code.
fn proved(experiments: &[&str], serve: &[&str], sockets: &str) -> (Value, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), serve);
    let target = server.target();
    let flags = ["--target", &target, "--sockets", sockets, "--max-time", "20s"];
    run(folder.path(), experiments, &flags)
}

/// A run of these experiments with these flags: its `result.json` and its exit code.
fn run(folder: &Path, experiments: &[&str], flags: &[&str]) -> (Value, Option<i32>) {
    let kept = ["--seed", "7", "--out", "out", "--quiet"];
    let args = [&["prove"], experiments, flags, &kept].concat();
    let output = phxproof(folder, &args).output().unwrap();
    let text = fs::read(folder.join("out/result.json")).unwrap();
    let result = serde_json::from_slice(&text).unwrap();
    shows_all(folder, &result);
    (result, output.status.code())
}

/// Checks that the page has each claim, needs no other file, and is rendered again as it was.
fn shows_all(folder: &Path, result: &Value) {
    let path = folder.join("out/report.html");
    let page = fs::read_to_string(&path).unwrap();
    let experiments = result["experiments"].as_array().unwrap();
    let claims = experiments.iter().flat_map(|it| it["claims"].as_array().unwrap());
    for claim in claims {
        let verdict = claim["verdict"].as_str().unwrap();
        let heading = format!(
            "<em class=\"v {verdict}\">{verdict}</em> {}</h3>",
            claim["claim"].as_str().unwrap()
        );
        assert!(page.contains(&heading), "{heading}");
    }
    assert!(page.contains("--seed 7 --out out"), "{page}");
    for foreign in ["<script", "src=", "<link", "url(", "https://"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    fs::remove_file(&path).unwrap();
    let said = said(folder, &["report", "out"]);
    assert_eq!(
        said,
        "$ phxproof report out\nwrote report.html in out/\n--- exit 0\n"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), page);
}

/// The experiment of this name.
fn experiment<'r>(result: &'r Value, name: &str) -> &'r Value {
    let all = result["experiments"].as_array().unwrap();
    all.iter().find(|it| it["name"] == name).unwrap()
}

/// The claims with this verdict, each by its first words.
fn claims(experiment: &Value, verdict: &str) -> Vec<String> {
    let all = experiment["claims"].as_array().unwrap();
    let of_verdict = all.iter().filter(|it| it["verdict"] == verdict);
    of_verdict
        .map(|it| it["claim"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether one of the claims begins like this.
fn is_among(claims: &[String], begin: &str) -> bool {
    claims.iter().any(|claim| claim.starts_with(begin))
}

/// A correct server never fails; on a busy machine times may be undecided.
#[test]
fn a_correct_server_falls_short_in_nothing() {
    let (result, code) = proved(&["isolation", "concurrency", "delivery"], &[], "24");
    for name in ["isolation", "concurrency", "delivery"] {
        let experiment = experiment(&result, name);
        assert_eq!(claims(experiment, "fail"), [""; 0], "{experiment:#}");
    }
    assert_eq!(experiment(&result, "delivery")["verdict"], "pass", "{result:#}");
    assert!(matches!(code, Some(0 | 2)), "{code:?}");
    let messages = &result["messages"];
    assert!(messages["expected"].as_u64().unwrap() > 1_000, "{messages}");
    assert_eq!(messages["missing"], 0, "{messages}");
}

#[test]
fn a_broadcast_that_is_lost_now_and_then_breaks_delivery_and_names_its_receiver() {
    let (result, code) = proved(
        &["delivery", "isolation"],
        &["--fault", "broadcast-lost", "--one-in", "500"],
        "24",
    );
    assert_eq!(code, Some(1));
    let delivery = experiment(&result, "delivery");
    let failed = claims(delivery, "fail");
    assert!(
        failed[0].starts_with("Exactly those who have joined"),
        "{failed:?}"
    );
    let named = &delivery["claims"][0]["named"][0];
    assert!(named.as_str().unwrap().contains("never came; it"), "{named}");
    // Broadcasts are lost without trouble, too.
    let isolation = experiment(&result, "isolation");
    assert_eq!(claims(isolation, "fail"), [""; 0], "{isolation:#}");
}

#[test]
fn a_crash_that_is_told_to_neighbours_breaks_isolation() {
    let (result, code) = proved(&["isolation"], &["--fault", "crash-takes-neighbour"], "24");
    assert_eq!(code, Some(1));
    let failed = claims(experiment(&result, "isolation"), "fail");
    assert!(is_among(&failed, "No untouched conversation"), "{failed:?}");
}

#[test]
fn a_lock_for_all_breaks_concurrency() {
    let (result, code) = proved(&["concurrency"], &["--fault", "lock-for-all"], "24");
    assert_eq!(code, Some(1));
    let failed = claims(experiment(&result, "concurrency"), "fail");
    assert!(
        is_among(&failed, "Conversations that sleep at once"),
        "{failed:?}"
    );
}

#[test]
fn experiments_are_refused_where_they_prove_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], why: &str| {
        let output = phxproof(folder.path(), args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(why), "{said}");
    };
    refused(&["prove", "isolation", "--sockets", "3"], "3 sockets are too few");
    refused(
        &["prove", "isolation", "--max-time", "1s"],
        "cannot be made in 1s",
    );
    refused(
        &["prove", "isolation", "--target", "ws://phoenix.example/socket"],
        "add --yes if its owner agrees",
    );
    refused(
        &["prove", "isolation", "--server-pid", "4194999"],
        "no process has the pid",
    );
}

#[test]
fn nobody_listening_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let target = format!("ws://{address}/socket");
    let output = phxproof(folder.path(), &["prove", "all", "--target", &target])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no socket could be opened"), "{said}");
}
