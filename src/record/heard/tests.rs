//! Which connections belong to one actor, and what is kept of them.

use super::*;

fn asks(token: &str) -> OpeningRequest {
    OpeningRequest {
        transport: Transport::WebSocket,
        vsn: Vsn::V2,
        params: vec![("token".to_owned(), token.to_owned())],
        headers: Vec::new(),
        agent: "test".to_owned(),
    }
}

fn actors(heard: &Heard) -> Vec<(usize, u32)> {
    heard.links.iter().map(|link| (link.actor, link.number)).collect()
}

#[test]
fn a_client_that_connects_again_is_the_same_actor() {
    let mut heard = Heard::default();
    let first = heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    heard.open(Time::ZERO, asks("b"), HeardWhat::Opened);
    heard.hear(Time::ZERO, HeardWhat::Cut(first));
    heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    assert_eq!(actors(&heard), [(0, 1), (1, 1), (0, 2)]);
    heard.hear(Time::ZERO, HeardWhat::Cut(2));
    // With a new token it is told by what it asks for beside that.
    heard.open(Time::ZERO, asks("c"), HeardWhat::Opened);
    assert_eq!(actors(&heard)[3], (0, 3));
    assert_eq!(heard.all_notes(), [""; 0]);
}

#[test]
fn of_several_clients_that_ask_for_the_same_none_is_taken() {
    let mut heard = Heard::default();
    for _ in 0..2 {
        heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    }
    heard.hear(Time::ZERO, HeardWhat::Cut(0));
    heard.hear(Time::ZERO, HeardWhat::Cut(1));
    heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    assert_eq!(actors(&heard), [(0, 1), (1, 1), (2, 1)]);
    assert!(
        heard.all_notes()[0].starts_with("1 connections may be"),
        "{:?}",
        heard.all_notes()
    );
}

#[test]
fn after_the_end_of_a_link_only_the_answer_to_its_close_frame_counts() {
    let mut heard = Heard::default();
    heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    let end = [
        HeardWhat::ClientClosed(0, Some(1000)),
        HeardWhat::Came(0, Said::Text("late".to_owned())),
        HeardWhat::ServerClosed(0, Some(1000)),
        HeardWhat::ServerClosed(0, Some(1001)),
        HeardWhat::Cut(0),
    ];
    for what in end {
        heard.hear(Time::ZERO, what);
    }
    assert_eq!(heard.events.len(), 4);
}

#[test]
fn a_full_recording_says_so() {
    let mut heard = Heard::default();
    heard.open(Time::ZERO, asks("a"), HeardWhat::Opened);
    for _ in 0..MOST_EVENTS + 5 {
        heard.hear(Time::ZERO, HeardWhat::Sent(0, Said::Text(String::new())));
    }
    assert_eq!(heard.events.len(), MOST_EVENTS);
    assert!(
        heard.all_notes()[0].contains("6 more passed"),
        "{:?}",
        heard.all_notes()
    );
}
