//! The client's side of a long poll session: makes batches, and reads the answers to polls and batches. It behaves like
//! phoenix.js: one poll is always open, one batch is under way at a time, and further messages wait for the next batch.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

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
    /// How many polls in a row the server answered at once and without a message.
    empty: u16,
}

/// Whether a server waited before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerPace {
    /// It answered within [`LongPoll::AT_ONCE`].
    AtOnce,
    /// It answered later.
    Waited,
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
    /// The server ended the session with this status.
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

/// A session ends after so many answers in a row that came at once and without a message.
const MOST_EMPTY: u16 = 200;

/// The statuses of answers.
const OK: u16 = 200;
const NO_CONTENT: u16 = 204;
const GONE: u16 = 410;

impl LongPoll {
    /// How long a server may take to answer a request, with the time to connect, as in phoenix.js. A server answers a poll
    /// after its window, which is ten seconds unless an application says otherwise.
    pub const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

    /// A server without messages keeps a poll open for its window, which is longer than this.
    pub const AT_ONCE: Duration = Duration::from_millis(50);

    /// Reads the answer to the first poll, which has no token.
    ///
    /// # Errors
    /// If it is not a long poll answer, or opens a session without a token that a header can carry.
    pub fn begin(vsn: Vsn, body: &[u8]) -> Result<FirstPoll, BadAnswer> {
        let answer = read_answer(body)?;
        match (answer.status, answer.token) {
            (GONE, Some(token)) if !is_header_value(&token) => Err(BadAnswer::Token),
            (GONE, Some(token)) => Ok(FirstPoll::Open(Self {
                token: token.into(),
                vsn,
                waiting: VecDeque::new(),
                posting: Posting::No,
                empty: 0,
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
            Outgoing::Together(all) => return all.into_iter().try_for_each(|one| self.send(one)),
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
    /// If it is not a long poll answer, or one of too many that came at once and without a message.
    pub fn polled<'b>(&mut self, body: &'b [u8], pace: AnswerPace) -> Result<Polled<'b>, BadAnswer> {
        let PollAnswer { status, messages, .. } = read_answer(body)?;
        let is_empty = pace == AnswerPace::AtOnce && messages.is_empty();
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        Ok(match status {
            OK | NO_CONTENT if self.empty >= MOST_EMPTY => return Err(BadAnswer::EmptyAtOnce),
            OK | NO_CONTENT => Polled::Messages(messages),
            // The token of a 410 is that of another session, in which nothing is joined.
            status => Polled::Over(status),
        })
    }
}

/// Whether a header can carry a token as it is. Another one could end the head of a request early.
fn is_header_value(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
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
    /// It opens a session with a token that no header can carry.
    #[error(
        "it opens a session (410), but a header cannot carry its token; expected visible ASCII characters"
    )]
    Token,
    /// The server does not wait for messages.
    #[error("{MOST_EMPTY} polls in a row were answered at once and without a message")]
    EmptyAtOnce,
    /// It neither opens a session nor refuses one.
    #[error("its status is {0}; expected 410 with a token, or a refusal")]
    Unopened(u16),
}

#[cfg(test)]
mod tests;
