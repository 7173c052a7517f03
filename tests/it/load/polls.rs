//! A swarm over long poll against the reference server: what it counts, which connections it uses, and what ends a session.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phxproof::Target;
use phxproof::internal::transport::Transport;
use phxproof::load::{self, LoadEvent, LoadResult, LoadSettings};
use phxproof::server::Server;

use crate::cli::longpoll::{Poll, answer, chunked, for_ever, serve as hostile_server};
use crate::middlebox::{Hindrance, Middlebox};

use super::{
    assert_all_right, count_mishaps, open, run, serve, serve_with, settings, settings_of, settings_of_own,
};

/// The same over long poll.
fn polled(settings: LoadSettings) -> LoadSettings {
    LoadSettings {
        target: settings.target.over(Transport::LongPoll),
        ..settings
    }
}

#[test]
fn an_echo_is_answered_again_and_again() {
    let server = serve();
    let result = run(&polled(settings(&server, "echo")));
    assert_eq!(
        (result.sockets.opened, result.sockets.joined, result.sockets.lost),
        (20, 20, 0)
    );
    assert!(result.messages.sent > 100, "{:?}", result.messages);
    assert_eq!(result.messages.sent, result.latency_us.reply.count);
    assert_all_right(&result);
    server.drain();
}

#[test]
fn connections_that_the_server_closes_behind_each_answer_are_made_again() {
    let server = serve();
    let middlebox = Middlebox::before(server.address(), Hindrance::None);
    let result = run(&LoadSettings {
        headers: vec![("Connection".to_owned(), "close".to_owned())],
        ..polled(settings_of(middlebox.address, "echo"))
    });
    assert!(result.messages.sent >= 20, "{:?}", result.messages);
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
    assert_all_right(&result);
    // Kept connections would be two for each socket.
    assert!(middlebox.connections() > 3 * 20, "{}", middlebox.connections());
    server.drain();
}

#[test]
fn a_broadcast_reaches_everybody_once() {
    let server = serve();
    let result = run(&LoadSettings {
        schedule: open(100.0, 300),
        ..polled(settings(&server, "fanout"))
    });
    assert_eq!(
        (
            result.messages.sent,
            result.counts.broadcasts,
            result.messages.expected
        ),
        (30, 600, 630)
    );
    assert_all_right(&result);
    server.drain();
}

#[test]
fn what_is_lost_doubled_or_swapped_is_counted_to_the_last() {
    count_mishaps(NonZeroU32::new(13), polled);
}

#[test]
fn messages_that_a_server_loses_between_two_polls_are_missing() {
    let server = serve_with(&["longpoll-loses-between-polls"]);
    let result = run(&LoadSettings {
        schedule: open(2000.0, 300),
        timeout: Duration::from_millis(500),
        ..polled(settings(&server, "fanout"))
    });
    assert!(result.messages.missing > 0, "{:?}", result.messages);
    server.drain();
}

#[test]
fn users_are_let_in_by_tokens_and_come_back_in_new_sessions() {
    let server = serve();
    let scenario = "about: Everybody is somebody.\nfresh: [video]\nsteps:\n  \
        - ana: { connect: socket, as: \"ana-{{video}}\" }\n  - ana: { join: \"videos:{{video}}\" }\n  \
        - ana: { push: new_annotation, with: { body: hi, at: 1 } }\n  \
        - ana: { receive: new_annotation, with: { user: { username: \"ana-{{video}}\" } } }\n  \
        - ana: cut\n";
    let result = run(&polled(settings_of_own(server.address(), scenario)));
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
    assert!(
        result.sockets.reconnects > 0 && result.messages.sent >= 20,
        "{:?}",
        result.sockets
    );
    assert!(result.troubles.is_empty(), "{:?}", result.troubles);
    server.drain();
}

#[test]
fn sockets_of_both_transports_meet_in_one_room() {
    let server = serve();
    let scenario = "about: Two transports.\nfresh: [room]\nsteps:\n  - ana: connect\n  \
                    - bea: { connect: socket, transport: longpoll }\n  \
                    - ana, bea: { join: \"lab:{{room}}\" }\n  \
                    - ana: { push: broadcast, with: { m: \"{{mark}}\" } }\n  \
                    - ana, bea: { receive: broadcasted }\n";
    let result = run(&LoadSettings {
        schedule: open(100.0, 200),
        ..settings_of_own(server.address(), scenario)
    });
    assert_eq!((result.messages.sent, result.counts.broadcasts), (20, 40));
    assert_all_right(&result);
    server.drain();
}

/// The run against a server that ends while it is under load.
fn run_until_the_server_is_gone(settings: &LoadSettings, server: &Server) -> LoadResult {
    let mut on_event = |event: LoadEvent<'_>| {
        if let LoadEvent::Second(second) = event
            && second.point.sent > 0
        {
            server.drain();
        }
    };
    load::run(settings, &mut on_event, &AtomicBool::new(false)).expect("a run")
}

#[test]
fn sessions_of_a_server_that_ends_are_lost() {
    let server = serve();
    let settings = LoadSettings {
        duration: Duration::from_secs(3),
        timeout: Duration::from_secs(1),
        ..polled(settings(&server, "echo"))
    };
    let result = run_until_the_server_is_gone(&settings, &server);
    assert_eq!(result.sockets.lost, 20, "{:?}", result.sockets);
    assert!(result.troubles.contains_key("refused"), "{:?}", result.troubles);
}

#[test]
fn a_refused_session_is_told_with_its_status() {
    let server = serve();
    let scenario = "about: A.\nsteps:\n  - ana: { connect: strict_socket }\n  - ana: { join: \"lab:a\" }\n";
    let result = run(&LoadSettings {
        timeout: Duration::from_millis(300),
        ..polled(settings_of_own(server.address(), scenario))
    });
    assert_eq!(result.sockets.opened, 0);
    assert!(result.troubles.contains_key("status"), "{:?}", result.troubles);
    assert!(
        result.first_answers["status"].starts_with("404"),
        "{:?}",
        result.first_answers
    );
    server.drain();
}

#[test]
fn what_is_not_long_poll_is_a_violation() {
    let server = serve_with(&["longpoll-opens-with-200"]);
    let result = run(&LoadSettings {
        timeout: Duration::from_millis(300),
        ..polled(settings(&server, "echo"))
    });
    assert_eq!(result.sockets.joined, 0);
    assert!(result.troubles.contains_key("protocol"), "{:?}", result.troubles);
    let told = &result.first_answers["protocol"];
    assert!(told.contains("expected 410 with a token, or a refusal"), "{told}");
    server.drain();
}

/// The first error of a swarm at a server that answers these polls in a hostile way.
fn told(hostile: Poll, act: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static) -> String {
    let target = Target::parse(&hostile_server(hostile, act)).expect("an address");
    let unreachable = SocketAddr::from(([127, 0, 0, 1], 1));
    let result = run(&LoadSettings {
        target,
        sockets: 2,
        timeout: Duration::from_secs(2),
        ..settings_of(unreachable, "idle")
    });
    result.first_answers.get("protocol").cloned().unwrap_or_default()
}

#[test]
fn hostile_answers_are_named_and_end_the_session() {
    for poll in [Poll::First, Poll::Later] {
        let head = told(poll, |tcp| {
            tcp.write_all(b"HTTP/1.1 200 OK\r\na: ")?;
            for_ever(tcp, b"bbbbbbbbbbbbbbbb")
        });
        assert_eq!(head, "the answer to a poll is not HTTP/1.1: the head is too long");
        let interim = told(poll, |tcp| {
            for_ever(tcp, b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n")
        });
        assert_eq!(
            interim,
            "the answer to a poll is not HTTP/1.1: its interim answers (1xx) do not end"
        );
        let size = told(poll, |tcp| {
            chunked(tcp)?;
            for_ever(tcp, b"1;aaaaaaaaaaaaaa")
        });
        assert_eq!(
            size,
            "the answer to a poll is not HTTP/1.1: the chunks of the body are not well-formed"
        );
        let coded = told(poll, |tcp| {
            answer(tcp, "content-encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0])
        });
        assert_eq!(
            coded,
            "the answer to a poll is not HTTP/1.1: its content-encoding was not asked for"
        );
        let nested = told(poll, |tcp| answer(tcp, "", &[b'['; 60_000]));
        assert!(
            nested.starts_with("the answer to a poll: it is not a long poll answer: "),
            "{nested}"
        );
    }
    let empty = told(Poll::Later, |tcp| {
        answer(tcp, "", br#"{"status":204,"token":"t","messages":[]}"#)
    });
    assert!(
        empty.contains("200 polls in a row were answered at once and without a message"),
        "{empty}"
    );
}
