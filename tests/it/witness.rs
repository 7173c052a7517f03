//! `check --witness`: phoenix.js plays cases that failed, and tells what breaks in it. Most of it needs Node and the packages of
//! `tests/phoenix_js`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use phxproof::Target;
use phxproof::conformance::TestimonyKind;
use phxproof::conformance::internal::{CheckSettings, NoHost, built_in};
use phxproof::internal::witness::{PhoenixJs, Witness, WitnessNetwork};
use serde_json::Value;

use crate::cli::{phxproof, said};
use crate::load::serve_with;
use crate::phoenix_js::{can_play, folder};

/// phoenix.js plays one case of so many; each needs a Node process.
const ONE_OF: usize = 5;

fn package() -> PathBuf {
    folder().join("node_modules/phoenix-1.8.12")
}

#[test]
fn on_a_correct_server_nothing_breaks() {
    if !can_play() {
        return;
    }
    let server = serve_with(&[]);
    let target = Target::parse(&format!("ws://{}/socket", server.address())).unwrap();
    let cases: Vec<_> = built_in().iter().step_by(ONE_OF).map(Arc::clone).collect();
    let client = PhoenixJs::find(&package()).unwrap();
    let witness = Witness::new(
        client,
        WitnessNetwork::default(),
        CheckSettings::new(target, Vec::new()),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let heard = runtime.block_on(witness.hear(&cases, &NoHost, |_| {}));
    let count = |kind| heard.iter().filter(|it| it.kind == kind).count();
    let told = cases.iter().zip(&heard);
    let broken = told.filter(|(_, it)| it.kind == TestimonyKind::Breaks);
    let broken: Vec<_> = broken.map(|(case, it)| (&case.id, &it.told)).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert!(count(TestimonyKind::Unnoticed) * 4 >= cases.len(), "{heard:?}");
}

/// The testimony of phoenix.js on the one case that is checked on a server with a fault.
fn told_of(fault: &str, case: &str) -> String {
    let server = serve_with(&[fault]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("ws://{}/socket", server.address());
    let witness = format!("--witness={}", package().display());
    let args = [
        "check", case, "--target", &url, &witness, "--out", "out", "--quiet",
    ];
    let output = phxproof(folder.path(), &args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{fault}: {output:?}");
    let result = std::fs::read(folder.path().join("out/result.json")).unwrap();
    let result: Value = serde_json::from_slice(&result).unwrap();
    let testimony = &result["cases"][0]["witness"];
    let sentence = format!("{} {}", testimony["kind"], testimony["told"]).replace('"', "");
    let printed = String::from_utf8_lossy(&output.stdout).replace("\n            ", " ");
    assert!(printed.contains("witness   phoenix.js 1.8.12: "), "{printed}");
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("witness: phoenix.js 1.8.12: "));
    sentence
}

#[test]
fn phoenix_js_tells_what_breaks_in_it() {
    if !can_play() {
        return;
    }
    let expected = [
        (
            "crash-untold",
            "crash/told-within-a-second",
            "breaks its channel does not get `phx_error` within 1s",
        ),
        (
            "disconnect-with-1000",
            "lifetime/disconnect",
            "breaks its socket is closed with 1000 (normal closure); it does not connect again",
        ),
        (
            "leave-unanswered",
            "leave/ok",
            "unnoticed it plays all steps and notices nothing",
        ),
        (
            "reply-foreign-join-ref",
            "events/replies",
            "breaks the push `echo` times out after 10 s: it drops the reply, whose join_ref is not that of the join",
        ),
        (
            "v1-join-ref-leaks",
            "v1/conversation",
            "not-playable it cannot play this: it speaks 2.0.0 only",
        ),
    ];
    let told: Vec<_> = std::thread::scope(|scope| {
        let plays = expected.map(|(fault, case, _)| (fault, case, scope.spawn(move || told_of(fault, case))));
        plays
            .into_iter()
            .map(|(fault, case, play)| (fault, case, play.join().unwrap()))
            .collect()
    });
    let told: Vec<_> = told
        .iter()
        .map(|(fault, case, told)| (*fault, *case, told.as_str()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn without_the_package_or_node_it_says_so() {
    if Command::new("node").arg("--version").output().is_ok() {
        let folder = tempfile::tempdir().unwrap();
        insta::assert_snapshot!(said(folder.path(), &["check", "join/ok", "--witness=."]));
    }
    let folder = tempfile::tempdir().unwrap();
    let args = ["check", "join/ok", "--witness"];
    let output = phxproof(folder.path(), &args).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("`node` cannot be started"), "{told}");
}

#[test]
fn settings_that_phoenix_js_does_not_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "check",
        "join/ok",
        "--witness",
        "--resolve",
        "example.com:443:127.0.0.1",
    ];
    insta::assert_snapshot!(said(folder.path(), &args));
}
