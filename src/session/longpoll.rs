//! The client's side of a long poll session: makes batches, and reads the answers to polls and batches. It behaves like
//! phoenix.js: one poll is always open, one batch is under way at a time, and further messages wait for the next batch.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Outgoing;
use crate::protocol::{FrameKind, Vsn};
use crate::wire::longpoll::{
    AnswerError, BATCH_TYPE, MOST_IN_A_BATCH, PollAnswer, is_line, push_binary, push_text, read_answer,
};

/// An open session. At rest it owns nothing but its token.
#[derive(Debug)]
pub struct LongPoll {
    token: Box<str>,
    vsn: Vsn,
    /// Messages that wait until the present batch is answered.
    waiting: VecDeque<Outgoing>,
    posting: Posting,
}

/// Whether a batch is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Posting {
    No,
    Yes,
}

/// How a server answered the first poll.
#[derive(Debug)]
pub enum FirstPoll {
    /// It opened a session.
    Open(LongPoll),
    /// It refused the session with this status.
    Refused(u16),
}

/// How a server answered a poll of an open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled<'b> {
    /// The messages that were waiting, in order; there may be none.
    Messages(Vec<Cow<'b, str>>),
    /// The session is over; the status that says so.
    Over(u16),
}

/// The body of a request that carries messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollBatch {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// The content type of a single message, whose text is the whole body. A server reads lines only in [`BATCH_TYPE`], and of
/// those only arrays as text: objects, as 1.0.0 has them, go alone.
const SINGLE_TYPE: &str = "application/json";

/// The size limit of a batch in bytes. Phoenix reads at most 8,000,000 bytes of a request.
const LARGEST_BATCH: usize = 4_000_000;

/// The statuses of answers.
const OK: u16 = 200;
const NO_CONTENT: u16 = 204;
const GONE: u16 = 410;

impl LongPoll {
    /// Reads the answer to the first poll, which has no token.
    ///
    /// # Errors
    /// If it is not a long poll answer, or opens a session without a token.
    pub fn begin(vsn: Vsn, body: &[u8]) -> Result<FirstPoll, BadAnswer> {
        let answer = read_answer(body)?;
        match (answer.status, answer.token) {
            (GONE, Some(token)) => Ok(FirstPoll::Open(Self {
                token: token.into(),
                vsn,
                waiting: VecDeque::new(),
                posting: Posting::No,
            })),
            (GONE, None) => Err(BadAnswer::NoToken),
            (OK | NO_CONTENT, _) => Err(BadAnswer::Unopened(answer.status)),
            (status, _) => Ok(FirstPoll::Refused(status)),
        }
    }

    /// The token that every request of the session carries.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Queues an encoded message for a later batch.
    pub fn queue(&mut self, kind: FrameKind, message: &[u8]) {
        self.waiting.push_back(match kind {
            FrameKind::Text => Outgoing::Text(String::from_utf8_lossy(message).into_owned()),
            FrameKind::Binary => Outgoing::Binary(message.to_vec()),
        });
    }

    /// Queues a message for a later batch.
    ///
    /// # Errors
    /// Long poll cannot carry it.
    pub fn send(&mut self, outgoing: Outgoing) -> Result<(), NoMessage> {
        match outgoing {
            Outgoing::Text(_) | Outgoing::Binary(_) => self.waiting.push_back(outgoing),
            _ => return Err(NoMessage),
        }
        Ok(())
    }

    /// Whether [`Self::next_batch`] has a batch.
    pub fn has_batch(&self) -> bool {
        self.posting == Posting::No && !self.waiting.is_empty()
    }

    /// How many bytes wait to be sent.
    pub fn unsent(&self) -> usize {
        self.waiting.iter().map(Outgoing::payload_len).sum()
    }

    /// Takes the next batch out of the queue, unless a batch is under way or the queue is empty. The batch is under way until
    /// [`Self::posted`] gets its answer.
    pub fn next_batch(&mut self) -> Option<PollBatch> {
        if self.posting == Posting::Yes {
            return None;
        }
        let first = self.waiting.pop_front()?;
        self.posting = Posting::Yes;
        if let Some(text) = self.alone(&first) {
            let body = text.as_bytes().to_vec();
            self.free();
            return Some(PollBatch {
                content_type: SINGLE_TYPE,
                body,
            });
        }
        let mut body = Vec::new();
        push(&first, &mut body);
        for _ in 1..MOST_IN_A_BATCH {
            match self.waiting.front() {
                Some(next) if self.alone(next).is_none() && fits(next, &body) => push(next, &mut body),
                _ => break,
            }
            self.waiting.pop_front();
        }
        self.free();
        Some(PollBatch {
            content_type: BATCH_TYPE,
            body,
        })
    }

    /// Gives the memory of an empty queue back.
    fn free(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    /// The text of a message that must be sent in a request of its own.
    fn alone<'o>(&self, outgoing: &'o Outgoing) -> Option<&'o str> {
        match outgoing {
            Outgoing::Text(text) if self.vsn == Vsn::V1 || !is_line(text) => Some(text),
            _ => None,
        }
    }

    /// Reads the answer to the batch that is under way. Returns the status that ended the session, if one did.
    ///
    /// # Errors
    /// If it is not a long poll answer.
    pub fn posted(&mut self, body: &[u8]) -> Result<Option<u16>, BadAnswer> {
        let answer = read_answer(body)?;
        self.posting = Posting::No;
        Ok((answer.status != OK).then_some(answer.status))
    }

    /// Reads the answer to a poll.
    ///
    /// # Errors
    /// If it is not a long poll answer.
    pub fn polled(body: &[u8]) -> Result<Polled<'_>, BadAnswer> {
        let PollAnswer { status, messages, .. } = read_answer(body)?;
        Ok(match status {
            OK | NO_CONTENT => Polled::Messages(messages),
            // The token of a 410 is that of another session, in which nothing is joined.
            status => Polled::Over(status),
        })
    }
}

/// Whether a message may follow in this batch. In base64 it is longer by a third.
fn fits(outgoing: &Outgoing, body: &[u8]) -> bool {
    body.len() + outgoing.payload_len() / 3 * 4 < LARGEST_BATCH
}

fn push(outgoing: &Outgoing, body: &mut Vec<u8>) {
    match outgoing {
        Outgoing::Text(text) => push_text(text, body),
        Outgoing::Binary(bytes) => push_binary(bytes, body),
        _ => {}
    }
}

/// The message cannot be carried by long poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("long poll carries text and binary messages only; frames are part of WebSocket")]
pub struct NoMessage;

/// An invalid long poll answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] AnswerError),
    /// It opens a session without a token.
    #[error("it opens a session (410), but has no token")]
    NoToken,
    /// It neither opens a session nor refuses one.
    #[error("its status is {0}; expected 410 with a token, or a refusal")]
    Unopened(u16),
}

#[cfg(test)]
mod tests {
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
        let polled = |body: &'static str| LongPoll::polled(body.as_bytes());
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
    fn a_batch_that_is_not_taken_ends_the_session() {
        let mut session = open(Vsn::V2);
        session.send(text("[1]")).unwrap();
        session.next_batch();
        assert_eq!(session.posted(br#"{"status":408}"#), Ok(Some(408)));
        assert_eq!(session.send(Outgoing::Ping(Vec::new())), Err(NoMessage));
    }
}
