//! `serve`: its first line, its end, and what keeps it from starting.

use std::fs;
use std::io::Read;
use std::net::TcpListener;

use super::{Served, assert_said, said};

#[test]
fn the_first_line_says_where_it_listens_and_sigterm_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--store", "annotations.sqlite"]);
    assert!(
        served.first_line.starts_with("listening on http://127.0.0.1:"),
        "{}",
        served.first_line
    );
    assert_eq!(served.terminate(), Some(0));
    assert_eq!(served.rest(), "");
    let target = served.target();
    let page = served
        .first_line
        .trim()
        .trim_start_matches("listening on ")
        .to_owned();
    assert_eq!(
        served.stderr(),
        format!("try: phxproof check --target {target}\nor open {page}/ in two windows of a browser\n")
    );
    assert!(folder.path().join("annotations.sqlite").exists());
}

#[test]
fn with_chance_it_says_its_seed_and_at_its_end_how_often_what_is_left_open_happened() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--chance", "--seed", "7"]);
    assert_eq!(served.terminate(), Some(0));
    let mut told = String::new();
    let stderr = served.child.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut told).unwrap();
    assert!(told.contains("by seed 7\n"), "{told}");
    let of_nothing = told.lines().filter(|line| line.starts_with("  0 of 0 ")).count();
    assert_eq!(of_nothing, 9, "{told}");
}

#[test]
fn a_seed_without_chance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = said(folder.path(), &["serve", "--port", "0", "--seed", "7"]);
    assert!(refused.contains("--chance beside it"), "{refused}");
    assert!(refused.contains("exit 64"), "{refused}");
}

#[test]
fn what_keeps_it_from_starting_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    fs::write(
        folder.path().join("notes.txt"),
        "these are notes, and no database\n",
    )
    .unwrap();
    let lines: [&[&str]; 6] = [
        &["serve", "--host", "nowhere.invalid"],
        &["serve", "--port", "0", "--store", "notes.txt"],
        &["serve", "--port", "0", "--store", "missing/annotations.sqlite"],
        &["serve", "--port", "0", "--store", "."],
        &["serve", "--port", "0", "--one-in", "1000"],
        &[
            "serve",
            "--port",
            "0",
            "--fault",
            "broadcast-lost",
            "--one-in",
            "0",
        ],
    ];
    let in_use = said(folder.path(), &["serve", "--port", &port]).replace(&port, "PORT");
    assert_said!(format!(
        "{in_use}\n{}",
        lines.map(|line| said(folder.path(), line)).join("\n")
    ));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing half written"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("notes.txt"))
            .unwrap()
            .lines()
            .count(),
        1
    );
}
