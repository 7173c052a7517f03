//! `load` as a process that the system stops for a while: what is lost then is not the server's loss.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::result;
use crate::cli::{Served, phxproof};

/// Returns when the server closes a connection whose client sends nothing: after 2 s at this mount.
fn wait_for_a_silent_client_to_be_cut(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "GET /fast_socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    // What comes next is its close frame, or the end.
    let _ = stream.read(&mut [0]).unwrap();
}

/// Loads a mount, is stopped for some four seconds, and goes on: what it said, and its result.
fn stopped_meanwhile(mount: &str) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target().replace("/socket", mount);
    let address = served.address();
    let args = [
        "load",
        "idle",
        "--target",
        &target,
        "--sockets",
        "20",
        "--heartbeat",
        "1s",
        "--duration",
        "9s",
        "--out",
        "out",
    ];
    let mut child = phxproof(folder.path(), &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    stdout.read_line(&mut said).unwrap();
    assert!(said.starts_with("loading "), "{said}");
    wait_for_a_silent_client_to_be_cut(address);
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::STOP).unwrap();
    wait_for_a_silent_client_to_be_cut(address);
    wait_for_a_silent_client_to_be_cut(address);
    kill_process(id, Signal::CONT).unwrap();
    stdout.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    (said, result(folder.path()))
}

#[test]
fn connections_that_were_lost_while_this_process_was_stopped_are_not_the_servers_losses() {
    let (said, result) = stopped_meanwhile("/fast_socket");
    assert!(
        said.contains("20 connections were lost while this process was late"),
        "{said}"
    );
    let counts = &result["counts"];
    assert_eq!(
        (&counts["lost"], &counts["lost_by_late_heartbeat"]),
        (&20.into(), &20.into()),
        "{said}"
    );
    assert!(result["idle_cut"].is_null(), "{said}");
}

#[test]
fn a_process_that_was_stopped_says_that_its_timers_were_late() {
    let (said, result) = stopped_meanwhile("/socket");
    assert!(
        said.contains("timers of its sockets (heartbeats and time-outs) more than 1 s late"),
        "{said}"
    );
    assert_eq!(result["counts"]["lost"], 0, "{said}");
}
