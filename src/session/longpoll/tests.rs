//! Tests of a long poll session: how it begins, its batches, and the answers to polls.

use super::*;

fn open(vsn: Vsn) -> LongPoll {
    match LongPoll::begin(vsn, br#"{"messages":[],"status":410,"token":"t"}"#) {
        Ok(FirstPoll::Open(session)) => session,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Outgoing {
    Outgoing::Text(text.to_owned())
}

fn body(session: &mut LongPoll) -> String {
    let batch = session.next_batch().expect("something waits");
    String::from_utf8(batch.body).unwrap()
}

/// The bodies of all batches, if the server takes each of them.
fn sent(session: &mut LongPoll) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Some(batch) = session.next_batch() {
        bodies.push(batch.body);
        session.posted(br#"{"status":200}"#).unwrap();
    }
    bodies
}

#[test]
fn the_first_answer_opens_a_session_or_refuses_it() {
    assert_eq!(open(Vsn::V2).token(), "t");
    let begin = |body: &str| LongPoll::begin(Vsn::V2, body.as_bytes());
    assert!(matches!(begin(r#"{"status":403}"#), Ok(FirstPoll::Refused(403))));
    assert!(matches!(begin(r#"{"status":410}"#), Err(BadAnswer::NoToken)));
    for token in ["", "a\\r\\nHost: b", "a b", "\u{e9}"] {
        let answer = format!(r#"{{"status":410,"token":"{token}"}}"#);
        assert!(matches!(begin(&answer), Err(BadAnswer::Token)), "{answer}");
    }
    assert!(matches!(
        begin(r#"{"status":200,"messages":[]}"#),
        Err(BadAnswer::Unopened(200))
    ));
    assert!(matches!(begin("<html>"), Err(BadAnswer::Unreadable(_))));
}

#[test]
fn one_batch_is_under_way_and_the_rest_waits_for_the_next_in_order() {
    let mut session = open(Vsn::V2);
    session.send(text("[1]")).unwrap();
    session.send(Outgoing::Binary(vec![0])).unwrap();
    assert_eq!(body(&mut session), "[1]\nAA==");
    session.send(text("[2]")).unwrap();
    assert!(!session.has_batch());
    assert_eq!((session.next_batch(), session.unsent()), (None, 3));
    assert_eq!(session.posted(br#"{"status":200}"#), Ok(None));
    assert!(session.has_batch());
    assert_eq!(body(&mut session), "[2]");
    assert_eq!(session.next_batch(), None);
}

#[test]
fn more_than_a_hundred_messages_are_split() {
    let mut session = open(Vsn::V2);
    for _ in 0..250 {
        session.queue(FrameKind::Text, b"[]");
    }
    let batches = sent(&mut session);
    let lines = batches
        .iter()
        .map(|body| body.split(|byte| *byte == b'\n').count());
    assert_eq!(lines.collect::<Vec<_>>(), [100, 100, 50]);
}

#[test]
fn a_batch_ends_before_it_is_longer_than_a_server_reads() {
    let mut session = open(Vsn::V2);
    for _ in 0..3 {
        session.send(Outgoing::Binary(vec![0; 2_000_000])).unwrap();
    }
    let sizes: Vec<usize> = sent(&mut session).iter().map(Vec::len).collect();
    assert_eq!(sizes, [2_666_668, 2_666_668, 2_666_668]);
}

#[test]
fn what_is_not_a_line_goes_alone() {
    let mut session = open(Vsn::V1);
    for _ in 0..2 {
        session.send(text("{}")).unwrap();
    }
    let batch = session.next_batch().unwrap();
    assert_eq!((batch.content_type, &*batch.body), (SINGLE_TYPE, &b"{}"[..]));
    let mut session = open(Vsn::V2);
    session.send(text("[1]")).unwrap();
    session.send(text("[\n2]")).unwrap();
    assert_eq!(body(&mut session), "[1]");
    session.posted(br#"{"status":200}"#).unwrap();
    assert_eq!(session.next_batch().unwrap().content_type, SINGLE_TYPE);
}

#[test]
fn a_poll_brings_messages_in_order_or_the_end() {
    let mut session = open(Vsn::V2);
    let mut polled = |body: &'static str| session.polled(body.as_bytes(), AnswerPace::AtOnce);
    let messages =
        |texts: &[&'static str]| Polled::Messages(texts.iter().map(|text| (*text).into()).collect());
    assert_eq!(
        polled(r#"{"status":204,"messages":[],"token":"t"}"#),
        Ok(messages(&[]))
    );
    assert_eq!(
        polled(r#"{"status":200,"messages":["a","b"],"token":"t"}"#),
        Ok(messages(&["a", "b"]))
    );
    assert_eq!(
        polled(r#"{"status":410,"messages":[],"token":"u"}"#),
        Ok(Polled::Over(410))
    );
}

#[test]
fn a_server_that_does_not_wait_for_messages_is_told() {
    let mut session = open(Vsn::V2);
    let empty = br#"{"status":204,"messages":[]}"#;
    for _ in 1..MOST_EMPTY {
        assert!(session.polled(empty, AnswerPace::AtOnce).is_ok());
    }
    assert!(session.polled(empty, AnswerPace::Waited).is_ok());
    for _ in 1..MOST_EMPTY {
        assert!(session.polled(empty, AnswerPace::AtOnce).is_ok());
    }
    assert_eq!(
        session.polled(empty, AnswerPace::AtOnce),
        Err(BadAnswer::EmptyAtOnce)
    );
}

#[test]
fn a_batch_that_is_not_taken_ends_the_session() {
    let mut session = open(Vsn::V2);
    session.send(text("[1]")).unwrap();
    session.next_batch();
    assert_eq!(session.posted(br#"{"status":408}"#), Ok(Some(408)));
    assert_eq!(session.send(Outgoing::Ping(Vec::new())), Err(NoMessage));
}
