//! `serve --judge`: phoenix.js holds what it promises, and each known mistake of other clients is told.

mod client;

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;

use client::{Client, Mistake};
use tokio::sync::oneshot;

use super::{Served, said};
use crate::phoenix_js::{can_play, folder};

/// A judge that waits less long than it does for clients of people.
fn judge(folder: &tempfile::TempDir) -> Served {
    Served::start(folder.path(), &["--judge", "--timeout", "4s"])
}

/// Reads what the judge says until it has led so many clients through all situations: what each of them broke, as
/// `RULE: SITUATION`.
fn broken(judge: &mut Served, clients: usize) -> BTreeMap<String, Vec<String>> {
    let mut broken = BTreeMap::new();
    let mut over = 0;
    while over < clients {
        let mut line = String::new();
        assert_ne!(
            judge.stdout.read_line(&mut line).unwrap(),
            0,
            "it ended: {broken:?}"
        );
        let (name, said) = line.split_once(": ").unwrap();
        let told: &mut Vec<String> = broken.entry(name.to_owned()).or_default();
        if let Some(verdict) = said.strip_prefix("broken ") {
            let (rule_and_situation, _) = verdict.split_once(": expected ").unwrap();
            told.push(rule_and_situation.to_owned());
        }
        if said.contains(" held, ") {
            over += 1;
        }
    }
    broken
}

/// Each mistake that the clients of others had, and what is told of it.
const MISTAKES: [(Mistake, &[&str]); 8] = [
    (Mistake::Nothing, &[]),
    (
        Mistake::OwnsOlderCloses,
        &["client-drops-foreign-join-ref: late-close"],
    ),
    (
        Mistake::NeverRejoinsAfterAnError,
        &["client-rejoin-backoff: error"],
    ),
    (
        Mistake::StaysAwayOn1000,
        &["client-reconnects-on-1000: close-1000"],
    ),
    (
        Mistake::ReconnectsInAStorm,
        &["client-reconnect-backoff: refused"],
    ),
    (Mistake::ReusesRefs, &["client-refs-grow: always"]),
    (
        Mistake::RejoinsLeftTopics,
        &[
            "client-left-stays-left: always",
            "client-left-stays-left: channel-closed",
        ],
    ),
    (Mistake::IgnoresSilence, &["client-heartbeat-timeout: silence"]),
];

/// All clients side by side, until the other end of the channel is dropped.
fn live(address: SocketAddr, ended: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        for (mistake, _) in MISTAKES {
            tokio::spawn(Client::new(address, mistake).live());
        }
        assert!(ended.await.is_err(), "it is never sent to");
    });
}

#[test]
fn each_known_mistake_of_other_clients_is_told_and_a_correct_client_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let mut judge = judge(&folder);
    let address = judge.address();
    let (alive, ended) = oneshot::channel::<()>();
    let clients = thread::spawn(move || live(address, ended));
    let told = broken(&mut judge, MISTAKES.len());
    let expected: BTreeMap<_, Vec<_>> = MISTAKES
        .iter()
        .map(|(mistake, told)| {
            (
                format!("{mistake:?}"),
                told.iter().map(|it| (*it).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(told, expected);
    drop(alive);
    clients.join().unwrap();
    assert_eq!(judge.terminate(), Some(1));
    let summary = judge.rest();
    assert!(summary.contains("\nReusesRefs: "), "{summary}");
    assert!(
        summary.contains("\n  broken client-refs-grow: always: expected a ref above"),
        "{summary}"
    );
}

#[test]
fn a_judge_without_clients_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut judge = judge(&folder);
    assert_eq!(judge.terminate(), Some(2));
    assert_eq!(judge.rest(), "");
    assert!(judge.stderr().contains("with the connect param client=NAME"));
}

#[test]
fn flags_of_the_reference_server_are_refused_beside_judge() {
    let folder = tempfile::tempdir().unwrap();
    let refused = [
        &["--fault", "broadcast-lost"][..],
        &["--chance"],
        &["--store", "a.db"],
        &["--shards", "2"],
        &["--profile", "phoenix-1.8.12-bandit"],
        &["--tls"],
    ];
    for flags in refused {
        let told = said(folder.path(), &[&["serve", "--judge"], flags].concat());
        assert!(told.contains(&format!("without {}", flags[0])), "{told}");
        assert!(told.ends_with("--- exit 64\n"), "{told}");
    }
    std::fs::write(folder.path().join("phxproof.toml"), "[serve]\nshards = 2\n").unwrap();
    let told = said(folder.path(), &["serve", "--judge"]);
    assert!(
        told.contains("without the key `shards` of the settings file"),
        "{told}"
    );
    let told = said(folder.path(), &["serve", "--timeout", "5s"]);
    assert!(
        told.contains("--judge beside it") && told.ends_with("--- exit 64\n"),
        "{told}"
    );
}

/// A client in Node; ended when dropped.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn phoenix_js_holds_what_it_promises() {
    if !can_play() {
        return;
    }
    let folder_of_judge = tempfile::tempdir().unwrap();
    let mut judge = judge(&folder_of_judge);
    // Before 1.8.16 phoenix.js stays away when it was closed with 1000.
    let on_1000 = "client-reconnects-on-1000: close-1000";
    let versions: [(&str, &[&str]); 3] = [("1.7.21", &[on_1000]), ("1.8.12", &[on_1000]), ("1.8.16", &[])];
    let clients = versions.map(|(version, _)| {
        Node(
            Command::new("node")
                .arg("judged.mjs")
                .args([format!("phoenix-{version}"), judge.target()])
                .current_dir(folder())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    });
    let told = broken(&mut judge, clients.len());
    for (version, expected) in versions {
        assert_eq!(told[&format!("phoenix-{version}")], expected, "{version}");
    }
    assert_eq!(judge.terminate(), Some(1));
}
