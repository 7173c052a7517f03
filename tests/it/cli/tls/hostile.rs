//! Servers and clients that send something else than a TLS handshake.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{assert_undecided, check, served};
use crate::certificates::accept;
use crate::cli::said;

/// The output of `check`, which must end by itself, for a server that acts like this after the greeting of the client.
fn hostile(act: impl Fn(&mut TcpStream) + Send + 'static) -> String {
    let address = accept(move |mut tcp| {
        let _ = tcp.read(&mut [0; 4096]);
        act(&mut tcp);
    });
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), "a.test", address, &[])
}

/// A record of the handshake with this content.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 3], &length[..], content].concat()
}

#[test]
fn a_handshake_message_without_an_end_is_not_gathered_for_ever() {
    let said = hostile(|tcp| {
        // A ServerHello of 16 MB.
        let start = record(&[&[2, 0xff, 0xff, 0xff][..], &[0; 1000]].concat());
        let more = record(&[0; 16_000]);
        let _ = tcp.write_all(&start);
        while tcp.write_all(&more).is_ok() {}
    });
    assert_undecided(&said, "it sent a message that is too long");
}

#[test]
fn empty_records_without_an_end_are_not_read_for_ever() {
    let said = hostile(|tcp| while tcp.write_all(&record(&[])).is_ok() {});
    assert_undecided(&said, "InvalidEmptyPayload");
}

#[test]
fn garbage_in_the_place_of_a_greeting_is_told() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[0x5a; 3000]));
    });
    assert_undecided(&said, "it sent a message that is too long");
}

#[test]
fn a_handshake_that_never_goes_on_ends_at_the_deadline() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[2, 0, 0, 100])[..7]);
        // Until the client has gone.
        let _ = tcp.read(&mut [0; 16]);
    });
    assert_undecided(&said, "did not accept the connection within");
}

#[test]
fn a_server_that_ends_its_half_in_the_middle_of_a_record_is_told() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[2, 0, 0, 100])[..7]);
        let _ = tcp.shutdown(std::net::Shutdown::Write);
        let _ = tcp.read(&mut [0; 16]);
    });
    assert_undecided(&said, "it ended the connection during the handshake");
}

#[test]
fn the_server_ends_what_is_no_tls_and_goes_on_serving() {
    let folder = tempfile::tempdir().unwrap();
    let (served, flags) = served(folder.path());
    let address = served.target().replace("wss://", "").replace("/socket", "");
    // A handshake message of an unknown type is not answered by an alert.
    for (garbage, alert) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], &[21, 3, 3, 0, 2, 2, 50][..]),
        (&record(&[0x5a; 3000]), &[]),
        (&[0; 70_000], &[21, 3, 3, 0, 2, 2, 50]),
    ] {
        let mut tcp = TcpStream::connect(&address).unwrap();
        let _ = tcp.write_all(garbage);
        let mut answer = Vec::new();
        let _ = tcp.read_to_end(&mut answer);
        assert_eq!(answer, alert);
    }
    let plain = served.target().replace("wss://", "ws://");
    let said_of_plain = said(
        folder.path(),
        &["check", "join/ok", "--quiet", "--target", &plain],
    );
    assert_undecided(&said_of_plain, "speaks TLS; use wss://");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let well = said(
        folder.path(),
        &[&["check", "join/ok", "--quiet"][..], &flags].concat(),
    );
    assert!(well.ends_with("--- exit 0\n"), "{well}");
}
