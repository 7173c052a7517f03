//! Long poll: the bodies of a server's answers, and the batches of a client.

use super::messages::messages;
use crate::protocol::{FrameKind, Vsn};
use crate::session::{AnswerPace, FirstPoll, LongPoll, Polled};
use crate::wire::longpoll::server::{Lines, Posted, read_line};
use crate::wire::longpoll::{push_binary, push_text};

/// Reads the input as a batch, and its lines as the answers that open a session and go on with it.
pub(super) fn long_poll(input: &[u8]) {
    batch(input);
    let mut bodies = input.split(|&byte| byte == b'\n');
    let opened = bodies.next().and_then(|body| LongPoll::begin(Vsn::V2, body).ok());
    let Some(FirstPoll::Open(mut session)) = opened else {
        return;
    };
    assert!(session.token().bytes().all(|byte| byte.is_ascii_graphic()));
    for body in bodies {
        session.queue(FrameKind::Text, b"[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
        if session.has_batch() {
            session.next_batch().expect("it has one");
        }
        let Ok(Polled::Messages(heard)) = session.polled(body, AnswerPace::AtOnce) else {
            return;
        };
        for message in heard {
            messages(message.as_bytes());
        }
        if session.posted(body).is_err() {
            return;
        }
    }
}

/// A batch that is read and written again holds the same messages.
fn batch(body: &[u8]) {
    let posted = read_batch(body);
    let mut again = Vec::new();
    for message in posted.iter().flatten() {
        match message {
            Posted::Text(text) => push_text(&String::from_utf8_lossy(text), &mut again),
            Posted::Binary(bytes) => push_binary(bytes, &mut again),
        }
    }
    let all_are_text = std::str::from_utf8(body).is_ok();
    // An empty message at the begin has no line of its own, and a carriage return at the end of a line is none of its bytes.
    let has_odd_lines = body.contains(&b'\r') || posted.first() == Some(&Some(Posted::Binary(Vec::new())));
    if all_are_text && !has_odd_lines && posted.iter().all(Option::is_some) {
        assert_eq!(posted, read_batch(&again));
    }
}

/// The messages of a batch; none for a line that is not a message.
fn read_batch(body: &[u8]) -> Vec<Option<Posted<'_>>> {
    let mut lines = Lines::START;
    std::iter::from_fn(|| lines.next(body))
        .map(|line| read_line(line).ok())
        .collect()
}
