//! What `check` says before the first case: nothing listens at the target, what listens is not Phoenix, or it starts later.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use super::result;
use crate::cli::{assert_said, free_address, phxproof, said, shown};

#[test]
fn an_unreachable_server_is_undecided_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    assert_said!(said(folder.path(), &["check", "--target", &target]));
    let result = result(folder.path());
    assert_eq!(
        (&result["exit_code"], &result["target"]),
        (&2.into(), &target.into())
    );
    assert!(result["trouble"].as_str().unwrap().contains("nothing listens"));
}

#[test]
fn a_web_server_without_phoenix_is_undecided_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}/socket", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head
                .next()
                .is_some_and(|line| !line.unwrap_or_default().is_empty())
            {}
            let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nNot Found";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    assert_said!(said(folder.path(), &["check", "--target", &target]));
}

#[test]
fn a_server_that_starts_later_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let target = format!("ws://{address}/socket/websocket?vsn=2.0.0");
    let args = ["check", "join/ok", "--wait-for", "60s", "--target", &target];
    let check = phxproof(folder.path(), &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let port = address.port().to_string();
    let mut server = phxproof(folder.path(), &["serve", "--port", &port])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = check.wait_with_output().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(shown(&output).contains("all held: 1 pass"), "{}", shown(&output));
}

#[test]
fn a_server_that_never_starts_is_undecided_with_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let args = ["check", "join/ok", "--wait-for", "200ms", "--target", &target];
    assert_said!(said(folder.path(), &args));
}

#[test]
fn the_first_look_escapes_what_it_was_given_as_every_case_does() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}/socket", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        BufReader::new(stream).lines().next().unwrap().unwrap()
    });
    said(
        folder.path(),
        &["check", "--target", &target, "--param", "token=a+b&c d"],
    );
    assert_eq!(
        asked.join().unwrap(),
        "GET /socket/websocket?vsn=2.0.0&token=a%2Bb%26c%20d HTTP/1.1"
    );
}
