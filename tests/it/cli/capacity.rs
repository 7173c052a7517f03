//! `capacity` from the command line to its results: the answer on a server with a planted limit, and the exit codes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::{Served, free_address, phxproof, ran, result, said_anywhere, terminate};

/// Trials so short that a search takes seconds. Medians, so that a busy machine does not look like a slow server.
const SHORT: [&str; 8] = [
    "--trial",
    "200ms",
    "--soak",
    "300ms",
    "--seed",
    "7",
    "--objective",
    "reply.p50<150ms",
];

/// A search with its results in `out`: what it said, and how it ended.
fn capacity(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let args = [&["capacity"], args, &["--out", "out"]].concat();
    ran(folder, &args)
}

/// Whether other tests kept the generator from being on time, so that nothing was decided.
fn is_undecided(result: &Value, code: Option<i32>) -> bool {
    let undecided = |step: &Value| step["held"].is_null();
    code == Some(2) && result["steps"].as_array().unwrap().iter().any(undecided)
}

#[test]
fn a_planted_limit_is_found_and_every_trial_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "slow-above=12"]);
    let target = served.target();
    let (said, code) = capacity(folder.path(), &[&SHORT[..], &["--target", &target]].concat());
    let result = result(folder.path());
    let answer = &result["capacity"];
    assert_eq!(
        (&result["command"], &result["schema"]),
        (&"capacity".into(), &1.into())
    );
    assert_eq!(answer["unit"], "sockets");
    assert!(answer["value"].as_u64() <= Some(12), "{said}");
    for step in result["steps"].as_array().unwrap() {
        let few = step["load"].as_u64() <= Some(12);
        assert_eq!(step["sockets"], step["load"], "{step}");
        let held = &step["held"];
        assert!(held.is_null() || *held == few, "{step}");
        assert!(step["rate"].is_f64() && step["latency_us"]["reply"]["count"].is_u64());
    }
    if is_undecided(&result, code) {
        return;
    }
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        (&answer["value"], &answer["upper"]),
        (&12.into(), &13.into()),
        "{said}"
    );
    assert_eq!(
        (&answer["limited_by"], &answer["soak"]),
        (&"latency".into(), &"held".into())
    );
    assert!(said.contains("found: 12 sockets held, 13 did not"), "{said}");
    assert_eq!(result["sockets"]["joined"], 12);
    assert_eq!(result["objectives"][0]["held"], true);
    assert_eq!(result["cut_short"], false);
}

#[test]
fn a_server_that_does_not_hold_one_socket_falls_short() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--fault", "slow-above=0"]);
    let target = served.target();
    let (said, code) = capacity(
        folder.path(),
        &[&SHORT[..], &["--target", &target, "--max", "4"]].concat(),
    );
    let result = result(folder.path());
    assert_eq!(result["capacity"]["value"], Value::Null);
    if is_undecided(&result, code) {
        return;
    }
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fell short: not even 1 socket held"), "{said}");
    assert!(
        said.contains("the objective reply.p50<150ms was missed"),
        "{said}"
    );
}

#[test]
fn an_objective_that_this_load_never_measures_ends_the_search_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["--max", "20", "--trial", "400ms", "--objective", "rejoin.p99<1s"];
    let (said, code) = capacity(folder.path(), &line);
    assert_eq!(code, Some(2), "{said}");
    let sentence = "nothing was measured for the objective rejoin.p99<1s, so no trial can decide it";
    if said.contains(sentence) {
        assert!(said.contains("connect, join, reply"), "{said}");
        let result = result(folder.path());
        let all = result["steps"].as_array().unwrap();
        let late = all
            .iter()
            .filter(|it| it["reasons"].as_array().unwrap().len() > 1);
        assert_eq!(all.len(), 1 + late.count(), "{said}");
    } else {
        // Other tests kept the generator from being on time.
        assert!(said.contains("this process was late"), "{said}");
    }
}

#[test]
fn each_dimension_is_searched_up_to_the_load_that_was_asked_for() {
    for (by, objective, unit) in [
        ("sockets", "reply.p50<5s", "sockets"),
        ("joins", "join.p50<5s", "joins a second"),
        ("rate", "reply.p50<5s", "messages a second"),
        ("fanout", "broadcast.p50<5s", "subscribers of a topic"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let line = [
            "--by",
            by,
            "--max",
            "20",
            "--trial",
            "400ms",
            "--soak",
            "400ms",
            "--objective",
            objective,
        ];
        let (said, code) = capacity(folder.path(), &line);
        let result = result(folder.path());
        assert_eq!(result["capacity"]["unit"], unit, "{said}");
        if is_undecided(&result, code) {
            continue;
        }
        assert_eq!(code, Some(0), "{said}");
        let answer = &result["capacity"];
        assert_eq!(
            (&answer["value"], &answer["limited_by"]),
            (&20.into(), &"max".into())
        );
        assert_eq!(result["profile"], "phoenix-1.8.12-bandit");
    }
}

#[test]
fn a_search_that_is_interrupted_writes_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = phxproof(
        folder.path(),
        &[
            "capacity",
            "--max",
            "50",
            "--soak",
            "1h",
            "--max-time",
            "5h",
            "--out",
            "out",
        ],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.trim_start().starts_with("1  search"))
    });
    terminate(&child);
    // The pipe stays open until it has ended.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{rest:?}");
    let result = result(folder.path());
    assert_eq!(
        (&result["cut_short"], &result["exit_code"]),
        (&true.into(), &2.into())
    );
    assert!(
        rest.last().is_some_and(|it| it.starts_with("results in")),
        "{rest:?}"
    );
}

#[test]
fn arguments_without_a_search_are_wrong_usage() {
    let lines: [&[&str]; 5] = [
        &["capacity", "--sockets", "5"],
        &["capacity", "--by", "rate", "--rate", "5"],
        &["capacity", "--max", "0"],
        &[
            "capacity",
            "--target",
            "ws://192.0.2.1:4000/socket",
            "--max",
            "10",
        ],
        &["capacity", "--exec", "true"],
    ];
    let said: Vec<String> = lines.iter().map(|line| said_anywhere(line)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_address_without_a_listener_is_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let (said, code) = capacity(folder.path(), &["--target", &target]);
    assert_eq!(code, Some(2), "{said}");
    let result = result(folder.path());
    assert_eq!(
        (&result["exit_code"], &result["capacity"]),
        (&2.into(), &Value::Null)
    );
    assert!(result["trouble"].is_string(), "{result}");
}
