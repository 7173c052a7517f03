//! `--beam`: the results have the figures of an Erlang VM. A message says so if nobody answers, something else does, or the
//! VM dies.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use super::{ran, result};

/// An answer of Erlang 25 with Phoenix 1.8.12 under load.
const RECORDED: &str = include_str!("../../../src/beam/recorded.json");

/// A port that answers each question with this line, so many times; then it is closed. Returns its address.
fn answering(line: &'static str, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut left = times;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let questions = BufReader::new(stream.try_clone().unwrap()).lines();
            for question in questions.map_while(Result::ok) {
                assert_eq!(question, "stats");
                if left == 0 {
                    return;
                }
                left -= 1;
                writeln!(stream, "{}", line.trim()).unwrap();
            }
        }
    });
    address
}

fn load(folder: &Path, beam: &str) -> (String, Option<i32>) {
    let args = [
        "load",
        "echo",
        "--sockets",
        "5",
        "--rate",
        "20",
        "--duration",
        "4s",
        "--out",
        "out",
        "--beam",
        beam,
    ];
    ran(folder, &args)
}

#[test]
fn the_figures_of_the_vm_are_in_all_results_of_a_load() {
    let folder = tempfile::tempdir().unwrap();
    let (said, _) = load(folder.path(), &answering(RECORDED, usize::MAX));
    assert!(
        said.contains("Erlang VM") && said.contains(" % at work, "),
        "{said}"
    );
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let told = &result(folder.path())["beam"];
    assert!(
        told["answers"].as_u64() > Some(0) && told["unanswered"] == 0,
        "{told}"
    );
    assert_eq!(told["processes_max"], recorded["processes"]);
    assert_eq!(told["memory_bytes_max"], recorded["memory"]["total"]);
    assert_eq!(told["longest_mailbox"]["name"], recorded["mailboxes"][0]["name"]);
    let file = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let series = file("series.csv");
    let mut lines = series.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heads = lines.next().unwrap();
    let place = heads.iter().position(|head| *head == "beam_processes").unwrap();
    let processes = recorded["processes"].to_string();
    assert!(lines.any(|cells| cells[place] == processes), "{series}");
    let page = file("report.html");
    assert!(page.contains("The Erlang VM of the server") && page.contains("Erlang VM: memory"));
}

#[test]
fn a_vm_that_dies_has_a_note_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    // One answer before the run, and one in it.
    let (said, code) = load(folder.path(), &answering(RECORDED, 2));
    let result = result(folder.path());
    assert_eq!(result["beam"]["answers"], 1, "{said}");
    assert!(result["beam"]["unanswered"].as_u64() > Some(0), "{said}");
    assert_eq!(result["messages"]["sent"], 80);
    assert!(code == Some(0) || result["generator"]["valid"] == false, "{said}");
    assert!(said.contains("(--beam) gave no figures for"), "{said}");
    assert!(said.contains("nobody answers there"), "{said}");
}

#[test]
fn nobody_and_something_else_are_refused_before_the_run() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let other = answering("HTTP/1.1 400 Bad Request", usize::MAX);
    let later = answering(r#"{"phxproof_beam":2}"#, usize::MAX);
    for (beam, why) in [
        (closed, "nobody answers there: "),
        (
            other,
            "is not PhxproofBeam: it answers \"HTTP/1.1 400 Bad Request\"",
        ),
        (later, "this phxproof reads version 1"),
    ] {
        for command in [
            &["load", "echo"][..],
            &["capacity"],
            &["prove", "delivery", "--sockets", "20"],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (said, code) = ran(
                folder.path(),
                &[command, &["--out", "out", "--beam", &beam]].concat(),
            );
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(why) && said.contains("phxproof_beam.ex"), "{said}");
            let result = result(folder.path());
            assert!(result["trouble"].as_str().unwrap().contains(why), "{result}");
        }
    }
}

#[test]
fn a_vm_of_another_machine_is_not_asked_without_yes() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["load", "echo"][..], &["capacity"], &["prove", "delivery"]] {
        let (said, code) = ran(folder.path(), &[command, &["--beam", "192.0.2.1:9400"]].concat());
        assert_eq!(code, Some(64), "{said}");
        assert!(
            said.contains("192.0.2.1:9400 of --beam is not on this machine") && said.contains("--yes"),
            "{said}"
        );
    }
    let (said, code) = ran(folder.path(), &["load", "echo", "--beam", "9400"]);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("expected HOST:PORT"), "{said}");
}

#[test]
fn capacity_has_the_figures_of_each_trial_and_prove_has_them_over_time() {
    let beam = answering(RECORDED, usize::MAX);
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "capacity", "--max", "20", "--trial", "2s", "--soak", "2s", "--out", "out", "--beam", &beam,
    ];
    let (said, _) = ran(folder.path(), &args);
    let searched = result(folder.path());
    let steps = searched["steps"].as_array().unwrap();
    let told = |step: &Value| step["beam"]["answers"].as_u64() > Some(0);
    assert!(steps.iter().any(told), "{said}");
    assert!(steps[0]["server"]["threads"].as_u64() > Some(0), "{searched}");
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("The Erlang VM of the server"));

    let folder = tempfile::tempdir().unwrap();
    let beam = answering(RECORDED, usize::MAX);
    let args = [
        "prove",
        "concurrency",
        "--sockets",
        "20",
        "--max-time",
        "20s",
        "--out",
        "out",
        "--beam",
        &beam,
    ];
    let (said, _) = ran(folder.path(), &args);
    let proved = result(folder.path());
    assert!(proved["beam"]["answers"].as_u64() > Some(1), "{said}");
    let pictures = proved["server_pictures"].as_array().unwrap().iter();
    let titles: Vec<&str> = pictures.map(|it| it["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Memory of the server"), "{titles:?}");
    assert!(titles.contains(&"Erlang VM: memory"), "{titles:?}");
}
