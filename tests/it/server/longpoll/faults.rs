//! Each fault of long poll shows in a conversation that a server without it has as expected.

use std::thread;

use phxproof::server::{Server, ServerSettings, faults};

use super::client::{FAST, JOIN, JOINED, SLOW, Session, ask};
use super::{Seen, expect, on, requests, sessions};

/// A fault, and the conversation that goes wrong on a server with it.
type Shown = (&'static str, fn(&Server) -> Seen);

/// Faults of long poll.
const SHOWN: [Shown; 18] = [
    ("longpoll-opens-with-200", opens_with_410),
    ("longpoll-newest-first", sessions::messages_come_in_order),
    ("longpoll-repeats-last", sessions::messages_come_in_order),
    ("longpoll-loses-between-polls", loses_nothing_between_polls),
    ("longpoll-never-wakes", sessions::a_message_wakes_the_poll),
    ("longpoll-empty-at-once", sessions::an_empty_poll_waits),
    ("longpoll-never-expires", sessions::a_silent_session_expires),
    ("longpoll-status-in-http", requests::refusals_are_in_the_body),
    ("longpoll-cached", requests::nothing_is_stored),
    ("longpoll-header-ignored", requests::the_header_wins),
    ("longpoll-query-wins", requests::the_header_wins),
    ("longpoll-token-unsigned", requests::forged_tokens_open_nothing),
    ("longpoll-batch-unlimited", sessions::a_hundred_count),
    ("longpoll-batch-of-one", sessions::messages_come_in_order),
    ("longpoll-batch-reversed", sessions::messages_come_in_order),
    (
        "longpoll-bad-base64-passed-over",
        sessions::bad_base64_is_an_error,
    ),
    (
        "longpoll-slow-dispatch-unnoticed",
        sessions::a_slow_join_is_a_timeout,
    ),
    (
        "longpoll-content-type-required",
        requests::a_content_type_is_optional,
    ),
];

fn opens_with_410(server: &Server) -> Seen {
    let opened = ask(server, &format!("GET {SLOW}"), &[], None);
    expect(opened.told(), 410)
}

fn loses_nothing_between_polls(server: &Server) -> Seen {
    let session = Session::open(server, FAST);
    expect(session.post(&[JOIN]).told(), 200)?;
    expect(session.poll().brought(), (200, vec![JOINED.to_owned()]))
}

#[test]
fn each_fault_of_long_poll_shows_in_a_conversation() {
    let unseen: Vec<_> = thread::scope(|scope| {
        let plays = SHOWN.map(|(id, conversation)| {
            scope.spawn(move || {
                let fault = faults::find(id).expect("a fault of that name");
                let settings = ServerSettings {
                    faults: vec![fault],
                    ..ServerSettings::default()
                };
                // A conversation that goes wrong may break off.
                let play = thread::spawn(move || on(&settings, conversation));
                matches!(play.join(), Ok(Ok(()))).then_some(id)
            })
        });
        plays
            .into_iter()
            .filter_map(|play| play.join().expect("no play panics"))
            .collect()
    });
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn each_conversation_is_as_expected_without_a_fault() {
    for (id, conversation) in SHOWN {
        on(&ServerSettings::default(), conversation).unwrap_or_else(|seen| panic!("{id}: {seen}"));
    }
}
