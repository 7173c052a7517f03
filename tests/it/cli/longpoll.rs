//! Hostile long poll servers: `check` and `load` end, use little memory, and name the error.

use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use super::shown;
use crate::middlebox::read_request;

/// Which poll is answered in the hostile way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    First,
    /// Those of an open session.
    Later,
}

const OPENS: &str = r#"{"status":410,"token":"t","messages":[]}"#;
const TAKEN: &str = r#"{"status":200}"#;

/// The most memory that a command may have, in KiB: what a client keeps of an answer is a few megabytes.
const MOST_MEMORY: u32 = 2_000_000;

/// A server whose answers to such polls are written by `act`; a connection ends when it returns.
pub(crate) fn serve(
    hostile: Poll,
    act: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}/socket", listener.local_addr().unwrap());
    let act = Arc::new(act);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let act = Arc::clone(&act);
            // The client may go at any time.
            thread::spawn(move || drop(converse(tcp, hostile, &*act)));
        }
    });
    target
}

fn converse(
    mut tcp: TcpStream,
    hostile: Poll,
    act: &dyn Fn(&mut TcpStream) -> std::io::Result<()>,
) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    while let Some((head, _)) = read_request(&mut tcp)? {
        let head = head.to_ascii_lowercase();
        let poll = match head.contains("token=t ") {
            true => Poll::Later,
            false => Poll::First,
        };
        let body = match (head.starts_with("post "), poll) {
            (true, _) => TAKEN,
            (false, poll) if poll == hostile => {
                act(&mut tcp)?;
                continue;
            }
            (false, _) => OPENS,
        };
        answer(&mut tcp, "", body.as_bytes())?;
    }
    Ok(())
}

/// A command of the program that may not have more than [`MOST_MEMORY`].
fn bounded(folder: &Path, args: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_phxproof");
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -v {MOST_MEMORY} && exec \"$@\""),
            "sh",
            program,
        ])
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    shown(&output)
}

/// What `check` and `load` say of such a server.
fn told(
    hostile: Poll,
    act: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> [String; 2] {
    let target = serve(hostile, act);
    let folder = tempfile::tempdir().unwrap();
    let check = [
        "check",
        "heartbeat/ok",
        "--quiet",
        "--timeout",
        "20s",
        "--level",
        "wire",
        "--target",
        &target,
    ];
    let load = [
        "load",
        "idle",
        "--sockets",
        "2",
        "--duration",
        "1s",
        "--target",
        &target,
    ];
    [bounded(folder.path(), &check), bounded(folder.path(), &load)]
}

/// Both commands name the error, and end as they do where a server cannot be judged or fails.
#[track_caller]
fn assert_named([check, load]: &[String; 2], named: &str) {
    for said in [check, load] {
        assert!(said.contains(named), "{said}");
    }
    let is_told = check.ends_with("--- exit 1\n") || check.ends_with("--- exit 2\n");
    assert!(is_told, "{check}");
    assert!(load.ends_with("--- exit 2\n"), "{load}");
}

pub(crate) fn chunked(tcp: &mut TcpStream) -> std::io::Result<()> {
    tcp.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
}

pub(crate) fn for_ever(tcp: &mut TcpStream, piece: &[u8]) -> std::io::Result<()> {
    loop {
        tcp.write_all(piece)?;
    }
}

/// An answer to a poll, with more of a head.
pub(crate) fn answer(tcp: &mut TcpStream, head: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{head}\r\n");
    tcp.write_all(&[head.as_bytes(), body].concat())
}

#[test]
fn a_head_without_an_end() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| {
            tcp.write_all(b"HTTP/1.1 200 OK\r\na: ")?;
            for_ever(tcp, b"bbbbbbbbbbbbbbbb")
        });
        assert_named(&told, "the head is too long");
    }
}

#[test]
fn headers_without_an_end() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| {
            tcp.write_all(b"HTTP/1.1 200 OK\r\n")?;
            for_ever(tcp, b"a: b\r\n")
        });
        assert_named(&told, "too many headers");
    }
}

#[test]
fn a_flood_of_interim_answers() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| {
            for_ever(tcp, b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n")
        });
        assert_named(&told, "its interim answers (1xx) do not end");
    }
}

#[test]
fn chunks_without_an_end() {
    let chunk = [b"4000\r\n", &[b'['; 0x4000][..], b"\r\n"].concat();
    for (poll, limit) in [(Poll::First, "4259840"), (Poll::Later, "1114120")] {
        let chunk = chunk.clone();
        let told = told(poll, move |tcp| {
            chunked(tcp)?;
            for_ever(tcp, &chunk)
        });
        assert_named(&told, &format!("with more than {limit} bytes"));
    }
}

#[test]
fn the_size_of_a_chunk_without_an_end() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| {
            chunked(tcp)?;
            for_ever(tcp, b"1;aaaaaaaaaaaaaa")
        });
        assert_named(&told, "with an answer that is not whole");
    }
}

#[test]
fn json_without_an_end() {
    for poll in [Poll::First, Poll::Later] {
        for head in ["", "content-length: 1000000000000\r\n"] {
            let told = told(poll, move |tcp| {
                write!(
                    tcp,
                    "HTTP/1.1 200 OK\r\n{head}\r\n{{\"status\":200,\"messages\":["
                )?;
                for_ever(tcp, &[b'['; 0x4000])
            });
            assert_named(&told, "with more than ");
        }
    }
}

#[test]
fn json_that_is_nested_deeply() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| answer(tcp, "", &[b'['; 60_000]));
        assert_named(&told, "it is not a long poll answer: ");
    }
}

#[test]
fn a_body_in_a_coding_that_was_not_asked_for() {
    for poll in [Poll::First, Poll::Later] {
        let told = told(poll, |tcp| {
            answer(tcp, "content-encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0])
        });
        assert_named(&told, "with the content-encoding gzip, which was not asked for");
    }
}

#[test]
fn a_server_that_stops_sending_in_the_middle_of_an_answer() {
    let half = |tcp: &mut TcpStream, begin: &[u8]| {
        tcp.write_all(begin)?;
        tcp.shutdown(Shutdown::Write)?;
        // Until the client has gone.
        std::io::copy(tcp, &mut std::io::sink()).map(drop)
    };
    for poll in [Poll::First, Poll::Later] {
        let of_body = told(poll, move |tcp| {
            half(tcp, b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{")
        });
        assert_named(&of_body, "with an answer that is not whole");
        let of_head = told(poll, move |tcp| half(tcp, b"HTTP/1.1 20"));
        assert_named(&of_head, "ended the connection before it answered the poll");
    }
}

#[test]
fn polls_that_are_answered_at_once_without_a_message() {
    let told = told(Poll::Later, |tcp| {
        answer(tcp, "", br#"{"status":204,"token":"t","messages":[]}"#)
    });
    assert_named(
        &told,
        "200 polls in a row were answered at once and without a message",
    );
}
