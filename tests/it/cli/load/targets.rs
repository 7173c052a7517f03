//! Servers that `load` finds, starts or watches: `--exec`, `--server-pid`, one that is not there, one that refuses the join.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::{assert_held, load, result};
use crate::cli::{Served, free_address};

#[test]
fn a_server_of_ones_own_is_started_watched_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let free = free_address();
    let target = format!("ws://{free}/socket");
    let command = format!("{} serve --port {{port}}", env!("CARGO_BIN_EXE_phxproof"));
    let (said, code) = load(
        folder.path(),
        &[
            "idle",
            "--target",
            &target,
            "--exec",
            &command,
            "--sockets",
            "5",
            "--duration",
            "300ms",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    assert!(TcpListener::bind(free).is_ok(), "it still listens");
    let log = fs::read_to_string(folder.path().join("out/server.log")).unwrap();
    assert!(log.contains("listening on"), "{log}");
    #[cfg(target_os = "linux")]
    assert!(result(folder.path())["server"]["rss_bytes_peak"].as_u64() > Some(0));
}

#[test]
fn a_server_on_this_machine_is_watched_by_its_pid() {
    let folder = tempfile::tempdir().unwrap();
    // Over IPv6, where this machine has it.
    let host = match TcpListener::bind("[::1]:0") {
        Ok(_) => "::1",
        Err(_) => "127.0.0.1",
    };
    let mut server = Served::start(folder.path(), &["--host", host]);
    let (target, pid) = (server.target(), server.child.id().to_string());
    let line = [
        "echo",
        "--target",
        &target,
        "--server-pid",
        &pid,
        "--sockets",
        "4",
    ];
    let (said, code) = load(folder.path(), &[&line[..], &["--duration", "300ms"]].concat());
    assert_held(folder.path(), &said, code);
    #[cfg(target_os = "linux")]
    assert!(result(folder.path())["server"]["rss_bytes_peak"].as_u64() > Some(0));
    server.terminate();
}

#[test]
fn where_nobody_listens_nothing_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let (said, code) = load(
        folder.path(),
        &["idle", "--target", &target, "--sockets", "3", "--duration", "1h"],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nothing listens at 127.0.0.1:"), "{said}");
    let result = result(folder.path());
    assert_eq!(
        (&result["sockets"]["opened"], &result["exit_code"]),
        (&0.into(), &2.into())
    );
    assert!(
        result["trouble"]
            .as_str()
            .is_some_and(|it| it.contains("nothing listens"))
    );
}

#[test]
fn a_join_that_is_refused_is_told_before_the_load_with_the_servers_reason() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let (said, code) = load(
        folder.path(),
        &[
            "echo",
            "--target",
            &target,
            "--duration",
            "1h",
            "--topic",
            "nobody:lobby",
        ],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the join of nobody:lobby was refused") && said.contains("unmatched topic"),
        "{said}"
    );
    assert!(said.contains("next") && !said.contains("loading"), "{said}");
}

#[test]
fn the_reference_server_and_a_target_are_loaded_over_the_transport_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let echo = ["echo", "--sockets", "5", "--duration", "300ms", "--transport"];
    let (said, code) = load(folder.path(), &[&echo[..], &["longpoll"]].concat());
    assert_held(folder.path(), &said, code);
    let target = |folder: &Path| result(folder)["target"].as_str().unwrap_or_default().to_owned();
    assert!(target(folder.path()).starts_with("http://"), "{said}");
    let mut server = Served::start(folder.path(), &[]);
    let own = server.target().replace("ws://", "http://");
    let line = [&echo[..], &["websocket", "--target", &own]].concat();
    let (said, code) = load(folder.path(), &line);
    assert_held(folder.path(), &said, code);
    assert_eq!(target(folder.path()), server.target(), "{said}");
    server.terminate();
}
