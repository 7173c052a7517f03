//! Connections through an HTTP proxy.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{assert_undecided, check, check_trusting, server};
use crate::certificates::{Authority, accept};
use crate::cli::{phxproof, shown};

/// A proxy that notes the address that each client asks for, and answers with `status`; with 200 it connects.
pub(super) fn proxy(status: u16) -> (SocketAddr, Receiver<String>) {
    proxy_with(move |_| status)
}

/// The same with a status for each connection, by its number.
pub(super) fn proxy_with(
    status: impl Fn(usize) -> u16 + Send + Sync + 'static,
) -> (SocketAddr, Receiver<String>) {
    let (noted, asked) = channel();
    let accepted = AtomicUsize::new(0);
    let address = accept(move |mut tcp| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let port: u16 = head
            .lines()
            .next()
            .and_then(|line| line.split([':', ' ']).nth(2)?.parse().ok())
            .unwrap();
        noted.send(head).unwrap();
        let status = status(accepted.fetch_add(1, Ordering::Relaxed));
        tcp.write_all(format!("HTTP/1.1 {status} As asked\r\n\r\n").as_bytes())
            .unwrap();
        if status == 200 {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            relay(&tcp, &server);
        }
    });
    (address, asked)
}

fn relay(client: &TcpStream, server: &TcpStream) {
    let copy = |from: &TcpStream, to: &TcpStream| {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
    };
    copy(client, server);
    copy(server, client);
}

#[test]
fn a_proxy_that_was_asked_for_passes_the_connection_on() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["a.test"], |_| ()));
    let (proxy, asked) = proxy(200);
    let url = format!("http://me:secret@{proxy}");
    let said = check_trusting(&authority, "a.test", address, &["--proxy", &url]);
    assert_undecided(&said, "answered the upgrade with 404");
    let head = asked.recv().unwrap();
    let place = format!("a.test:{}", address.port());
    assert_eq!(
        head,
        format!(
            "CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
        )
    );
}

#[test]
fn a_proxy_that_refuses_is_told() {
    let (proxy, _asked) = proxy(407);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{proxy}");
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let said = check(folder.path(), "a.test", nobody, &["--proxy", &url]);
    assert_undecided(
        &said,
        "refused to pass the connection on, with 407; give a user and a password",
    );
}

#[test]
fn a_proxy_of_the_environment_is_used_for_others_only() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["a.test"], |_| ()));
    let (proxy, asked) = proxy(403);
    let folder = tempfile::tempdir().unwrap();
    let file = authority.write(folder.path());
    let target = format!("wss://a.test:{}/socket", address.port());
    let run = |resolve: &str, no_proxy: &str| {
        let output = phxproof(
            folder.path(),
            &["check", "join/ok", "--quiet", "--target", &target],
        )
        .args(["--resolve", resolve, "--cacert", file.to_str().unwrap()])
        .env("HTTPS_PROXY", format!("http://{proxy}"))
        .env("NO_PROXY", no_proxy)
        .output();
        shown(&output.unwrap())
    };
    let here = format!("a.test:{}:127.0.0.1", address.port());
    assert_undecided(&run(&here, ""), "answered the upgrade with 404");
    assert!(
        asked.try_recv().is_err(),
        "the proxy was asked for a loopback target"
    );
    // This machine, by an address that is not one of loopback.
    let there = format!("a.test:{}:0.0.0.0", address.port());
    assert_undecided(&run(&there, ""), "refused to pass the connection on, with 403");
    assert!(asked.recv().unwrap().starts_with("CONNECT a.test:"));
    assert_undecided(
        &run(&there, "example.test, a.test"),
        "answered the upgrade with 404",
    );
    assert!(
        asked.try_recv().is_err(),
        "the proxy was asked for a server of NO_PROXY"
    );
}
