//! `check --exec`: the command that starts the server under test, its restarts, and its end.

use std::fs;

use super::results;
use crate::cli::{Served, assert_said, free_address, said};

#[test]
fn a_command_is_started_restarted_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket");
    // A shell that stays in between: SIGTERM must reach the server, not the shell alone.
    let command = format!(
        "{} serve --port {{port}} --store annotations.sqlite; true",
        env!("CARGO_BIN_EXE_phxproof")
    );
    let said = said(
        folder.path(),
        &[
            "check",
            "join/ok",
            "lifetime/restart",
            "--target",
            &target,
            "--exec",
            &command,
        ],
    );
    assert!(said.contains("all held: 2 pass"), "{said}");
    let log = fs::read_to_string(results(folder.path()).join("server.log")).unwrap();
    assert_eq!(log.matches("listening on").count(), 2, "{log}");
    assert!(std::net::TcpStream::connect(address).is_err(), "it is stopped");
}

#[test]
fn a_command_that_ends_at_once_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket");
    let command = "echo no database at $PORT; exit 3";
    let said = said(
        folder.path(),
        &["check", "--target", &target, "--exec", command, "--out", "here"],
    );
    assert_said!(said.replace(&address.port().to_string(), "PORT"));
}

#[test]
fn a_port_that_somebody_has_is_not_taken_for_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let args = [
        "check",
        "--target",
        &served.target(),
        "--exec",
        "sleep 600",
        "--out",
        "here",
    ];
    assert_said!(said(folder.path(), &args));
}
