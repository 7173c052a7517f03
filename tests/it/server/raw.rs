//! Sends raw bytes to the reference server: malformed requests and frames, and some that are cut short.

use std::io::{Read, Write};
use std::net::TcpStream;

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings};

const NOWHERE: &str = "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n";
const UPGRADE: &str = "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\
                       upgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A connection to a server of its own.
fn on<T>(profile: Profile, conversation: impl FnOnce(&mut TcpStream) -> T) -> T {
    let settings = ServerSettings {
        profile,
        ..ServerSettings::default()
    };
    let server = Server::start(&settings).expect("a free port");
    let mut stream = TcpStream::connect(server.address()).expect("it listens");
    let result = conversation(&mut stream);
    drop(stream);
    server.drain();
    server.join();
    result
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).expect("it reads");
}

/// All that comes up to this.
fn up_to(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).expect("more");
        seen.push(byte[0]);
    }
    String::from_utf8(seen).expect("text")
}

/// All that comes up to the end of the connection.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut seen = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut seen);
    seen
}

#[test]
fn bandit_closes_without_a_word_on_a_broken_request_behind_another() {
    let answers = |profile| {
        on(profile, |stream| {
            write(stream, format!("{NOWHERE}broken\r\n\r\n").as_bytes());
            let seen = String::from_utf8(rest(stream)).expect("text");
            seen.matches("HTTP/1.").count()
        })
    };
    assert_eq!(answers(Profile::BANDIT_1_8_12), 1);
    assert_eq!(answers(Profile::COWBOY_1_8_12), 2);
}

#[test]
fn a_request_is_answered_before_its_body_which_is_skipped_as_it_comes() {
    for profile in [Profile::BANDIT_1_8_12, Profile::COWBOY_1_8_12] {
        on(profile, |stream| {
            write(
                stream,
                b"POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n",
            );
            assert!(up_to(stream, "not found").starts_with("HTTP/1.1 404"));
            write(stream, b"ab");
            write(stream, format!("cde{NOWHERE}").as_bytes());
            assert!(up_to(stream, "not found").starts_with("HTTP/1.1 404"));
        });
    }
}

#[test]
fn bandit_skips_chunks_that_come_late() {
    on(Profile::BANDIT_1_8_12, |stream| {
        write(
            stream,
            b"POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        assert!(up_to(stream, "not found").starts_with("HTTP/1.1 404"));
        write(stream, b"2\r\nab\r\n3\r");
        write(stream, format!("\ncde\r\n0\r\n\r\n{NOWHERE}").as_bytes());
        assert!(up_to(stream, "not found").starts_with("HTTP/1.1 404"));
    });
}

#[test]
fn cowboy_ends_with_its_answer_where_too_much_body_would_follow() {
    on(Profile::COWBOY_1_8_12, |stream| {
        write(
            stream,
            b"POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 1000001\r\n\r\n",
        );
        assert!(String::from_utf8_lossy(&rest(stream)).ends_with("not found"));
    });
}

#[test]
fn cowboy_does_not_wait_for_the_end_of_a_text_that_is_none() {
    on(Profile::COWBOY_1_8_12, |stream| {
        write(stream, UPGRADE.as_bytes());
        assert!(up_to(stream, "\r\n\r\n").starts_with("HTTP/1.1 101"));
        // A key of noughts, and the begin of 50 bytes.
        write(stream, b"\x81\xb2\0\0\0\0ab\xff");
        assert_eq!(rest(stream), [0x88, 2, 0x03, 0xef]);
    });
}

#[test]
fn cowboy_remembers_half_a_character_of_the_fragment_before() {
    on(Profile::COWBOY_1_8_12, |stream| {
        write(stream, UPGRADE.as_bytes());
        assert!(up_to(stream, "\r\n\r\n").starts_with("HTTP/1.1 101"));
        write(stream, b"\x01\x83\0\0\0\0ab\xc3\x80\xb2\0\0\0\0a");
        assert_eq!(rest(stream), [0x88, 2, 0x03, 0xef]);
    });
}
