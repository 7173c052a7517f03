//! Workers of a real Locust master. It needs Python and the packages of `tests/locust/requirements.txt`, which `.ci/run`
//! installs; without them the tests say so and are skipped.

mod cluster; // a master and its workers as processes

use std::fs;
use std::path::Path;

use phxproof::server::Server;
use serde_json::Value;

use crate::load::serve_with;
use cluster::{Cluster, can_play, free_port, phxproof};

/// The paths in `result.json` of figures that are sums over the workers.
const SUMS: [&str; 13] = [
    "/sockets/asked",
    "/sockets/opened",
    "/sockets/joined",
    "/messages/sent",
    "/messages/received",
    "/messages/expected",
    "/counts/replies",
    "/counts/broadcasts",
    "/counts/bytes_in",
    "/counts/rounds",
    "/latency_us/reply/count",
    "/latency_us/join/count",
    "/latency_us/broadcast/count",
];

/// A number in a `result.json`, by its path.
fn number(result: &Value, path: &str) -> u64 {
    let value = result
        .pointer(path)
        .unwrap_or_else(|| panic!("{path} is missing"));
    value.as_u64().unwrap_or_else(|| panic!("{path} is {value}"))
}

fn result(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("result.json")).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
}

/// The encoded histograms of a log with their tags, sorted.
fn histograms(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("histograms.hlog")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("Tag="));
    let mut all: Vec<String> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{} {}", cells[0], cells[cells.len() - 1])
        })
        .collect();
    all.sort();
    all
}

/// A server, and a cluster at it whose locustfile is written with these flags; none without Locust.
fn set_up(scenarios: &[&str], flags: &[&str]) -> Option<(Server, Cluster)> {
    if !can_play() {
        return None;
    }
    let server = serve_with(&[]);
    let cluster = Cluster::new(&server, scenarios);
    cluster.write_locustfile(flags);
    Some((server, cluster))
}

#[test]
fn what_a_master_merges_is_the_sum_of_what_its_workers_measured() {
    let Some((server, mut cluster)) = set_up(&["echo", "rumbl"], &["--objective", "reply.p99<60s"]) else {
        return;
    };
    cluster.master(2, 30, &["-t", "4s", "--json"]);
    cluster.worker("one", &[]);
    cluster.worker("two", &[]);
    let (code, told) = cluster.ends();
    let merged = result(&cluster.folder("merged"));
    let parts = [result(&cluster.folder("one")), result(&cluster.folder("two"))];
    for path in SUMS {
        let sum: u64 = parts.iter().map(|part| number(part, path)).sum();
        assert_eq!(number(&merged, path), sum, "{path}");
    }
    assert_eq!(number(&merged, "/sockets/joined"), 30);
    assert!(number(&merged, "/messages/sent") > 0);
    let most = |path: &str| parts.iter().map(|part| number(part, path)).max().unwrap();
    assert_eq!(
        number(&merged, "/latency_us/reply/max"),
        most("/latency_us/reply/max")
    );
    let mut sum = [
        histograms(&cluster.folder("one")),
        histograms(&cluster.folder("two")),
    ]
    .concat();
    sum.sort();
    assert_eq!(histograms(&cluster.folder("merged")), sum);
    assert!(cluster.folder("merged").join("report.html").exists());
    // A busy machine may leave it undecided.
    let expected = (Some("worker"), Some(i64::from(code)));
    assert_eq!(
        (merged["command"].as_str(), merged["exit_code"].as_i64()),
        expected,
        "{told}"
    );
    // stdout belongs to Locust.
    let stdout = cluster.stdout();
    let is_json = serde_json::from_str::<Value>(&stdout).is_ok_and(|it| it.is_array());
    assert!(is_json, "{stdout}");
    server.drain();
}

#[test]
fn an_objective_that_is_missed_over_all_workers_fails_the_master() {
    let Some((server, mut cluster)) = set_up(&["echo"], &["--objective", "reply.p99<1us"]) else {
        return;
    };
    cluster.master(1, 5, &["-t", "2s"]);
    cluster.worker("one", &[]);
    let (code, told) = cluster.ends();
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("the objective reply.p99<1us was missed"), "{told}");
    server.drain();
}

#[test]
fn users_of_a_killed_worker_come_back_on_the_others_and_one_that_comes_late_gets_its_part() {
    let Some((server, mut cluster)) = set_up(&["echo"], &[]) else {
        return;
    };
    cluster.master(2, 20, &["--enable-rebalancing"]);
    cluster.worker("one", &[]);
    cluster.worker("two", &[]);
    cluster.master_says(r#"All users spawned: {"echo": 20}"#);
    // The master has its measurements so far.
    let killed = cluster.await_messages_of("two");
    cluster.kill("two");
    cluster.master_says("failed to send heartbeat, setting state to missing");
    cluster.master_says(r#"All users spawned: {"echo": 20}"#);
    cluster.worker("three", &[]);
    cluster.worker_says("three", "10 sockets have come: 10 of echo");
    cluster.worker_says("one", "10 sockets have come: 10 of echo");
    cluster.stop_master();
    let (code, told) = cluster.ends();
    let merged = result(&cluster.folder("merged"));
    let why = merged["generator"]["why_invalid"].as_str().unwrap();
    assert!(
        why.starts_with(&format!("{killed}: it was not heard of after ")),
        "{why}"
    );
    assert_eq!(
        (code, merged["verdict"].as_str()),
        (2, Some("undecided")),
        "{told}"
    );
    let (one, three) = (result(&cluster.folder("one")), result(&cluster.folder("three")));
    // Ten at first, ten more for the killed worker; then ten went to the new one.
    assert_eq!(
        (number(&one, "/sockets/joined"), number(&three, "/sockets/joined")),
        (20, 10)
    );
    let told_before = cluster.last_message_of(&killed);
    assert_eq!(
        number(&merged, "/sockets/joined"),
        30 + number(&told_before, "/sockets/joined")
    );
    assert_eq!(
        (
            number(&merged, "/sockets/lost"),
            number(&merged, "/messages/missing")
        ),
        (0, 0)
    );
    server.drain();
}

#[test]
fn a_worker_survives_a_master_that_restarts() {
    let Some((server, mut cluster)) = set_up(&["echo"], &[]) else {
        return;
    };
    cluster.master(1, 5, &[]);
    cluster.worker("one", &[]);
    cluster.master_says(r#"All users spawned: {"echo": 5}"#);
    cluster.kill_master();
    cluster.worker_says("one", "the connection to the Locust master ended");
    cluster.master(1, 7, &["-t", "3s"]);
    let (code, told) = cluster.ends();
    assert_eq!(number(&result(&cluster.folder("one")), "/sockets/joined"), 5);
    let merged = result(&cluster.folder("merged"));
    assert_eq!(merged["exit_code"].as_i64(), Some(code.into()), "{told}");
    assert_eq!(number(&merged, "/sockets/joined"), 7);
    let second = result(&cluster.folder("one").join("test-2"));
    assert_eq!(
        number(&merged, "/messages/sent"),
        number(&second, "/messages/sent")
    );
    server.drain();
}

#[test]
fn what_a_worker_does_not_have_or_understand_is_named() {
    let Some((server, mut cluster)) = set_up(&["echo"], &[]) else {
        return;
    };
    cluster.locustfile(include_str!("worker/odd_locustfile.py"));
    cluster.master(1, 9, &["-t", "3s"]);
    cluster.worker("one", &["--sockets", "4"]);
    let (_, told) = cluster.ends();
    for what in [
        "a message of the Locust master cannot be understood: it is not msgpack: ",
        "the Locust master ordered 2 users of `Chat`, which this worker does not have: it plays echo",
        "the Locust master ordered 7 users, and this worker plays at most 4 (--sockets)",
    ] {
        assert!(
            cluster.said("one").contains(what),
            "{what}\n{}",
            cluster.said("one")
        );
        assert!(told.contains(what), "the master does not know: {what}\n{told}");
    }
    assert_eq!(number(&result(&cluster.folder("one")), "/sockets/joined"), 4);
    server.drain();
}

#[test]
fn without_a_phxproof_the_raw_messages_are_kept_and_can_be_merged_later() {
    let Some((server, mut cluster)) = set_up(&["echo"], &[]) else {
        return;
    };
    cluster.env("PHXPROOF", "/nowhere/phxproof");
    cluster.master(1, 3, &["-t", "2s"]);
    cluster.worker("one", &[]);
    let (code, told) = cluster.ends();
    let folder = cluster.folder("merged");
    assert!(
        told.contains("cannot run /nowhere/phxproof") && told.contains("the raw messages are in"),
        "{told}"
    );
    assert!(code == 2 && !folder.join("result.json").exists());
    let merge = phxproof(&["worker", "--merge", folder.to_str().unwrap()]);
    assert_eq!(
        merge.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&merge.stdout)
    );
    assert_eq!(number(&result(&folder), "/sockets/joined"), 3);
    server.drain();
}

#[test]
fn a_worker_without_a_master_says_where_it_looked() {
    let closed = format!("127.0.0.1:{}", free_port());
    let nobody = phxproof(&[
        "worker",
        "--locust",
        &closed,
        "--wait-for-master",
        "100ms",
        "echo",
    ]);
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert_eq!(nobody.status.code(), Some(2), "{said}");
    assert!(
        said.contains(&format!("no Locust master answers at {closed}: ")),
        "{said}"
    );
    let server = serve_with(&[]);
    let other = server.address().to_string();
    let other = phxproof(&["worker", "--locust", &other, "--wait-for-master", "100ms", "echo"]);
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(2), "{said}");
    assert!(said.contains("is no Locust master"), "{said}");
    server.drain();
}

#[test]
fn a_mistake_on_the_command_line_is_told_before_anything_is_opened() {
    for (typed, what) in [
        (
            &["--locust", "a b", "echo"][..],
            "expected the host and port of a Locust master",
        ),
        (
            &["--locust", "127.0.0.1:5557", "ecco"],
            "no scenario is named `ecco`",
        ),
        (&["--locust", "127.0.0.1:5557"], "SCENARIO"),
        (&["echo"], "--locust"),
        (
            &["--locust", "127.0.0.1:5557", "crash/crash"],
            "can only be played step by step",
        ),
        (
            &[
                "--locust",
                "127.0.0.1:5557",
                "echo",
                "--target",
                "ws://192.0.2.1/socket",
            ],
            "--yes",
        ),
    ] {
        let output = phxproof(&[&["worker"], typed].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{typed:?}: {said}");
        assert!(said.contains(what), "{typed:?}: {said}");
    }
}
