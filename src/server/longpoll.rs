//! What a connection and the session that its long poll request is for tell each other. They may be on different shards.

use std::borrow::Cow;

use super::conduct::PollTimes;
use super::ids::{ConnectionId, SessionId};
use super::message::Encoded;
use crate::wire::longpoll::server::{Lines, NotBase64, Posted, read_line};
pub(crate) use token::SessionTokens;

mod token;

/// A session without a connection, as its token names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionKey {
    /// The shard that it is on.
    pub(crate) shard: u32,
    pub(crate) session: SessionId,
    /// Tells sessions apart that had the same place one after the other.
    pub(crate) serial: u64,
}

/// A connection that waits for the answer to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requester {
    /// The shard that it is on.
    pub(crate) shard: u32,
    pub(crate) connection: ConnectionId,
    /// Tells connections apart that had the same id one after the other.
    pub(crate) serial: u32,
}

/// A request to a session. It gets one answer, unless it is cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest {
    pub(crate) from: Requester,
    pub(crate) to: SessionKey,
    /// The times of the mount that was asked, which may be another than that of the session.
    pub(crate) times: PollTimes,
}

/// What is asked of a session.
#[derive(Debug)]
pub(crate) enum PollWork {
    /// The messages for the client, as soon as there are some.
    Poll,
    /// To handle these messages of the client.
    Publish(Batch<'static>),
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum PollOutcome {
    /// These are the messages for the client.
    Messages(Vec<Encoded>),
    /// There was no message.
    NoMessages,
    /// The client's messages were taken.
    Published,
    /// One of them was not taken in time.
    TimedOut,
    /// The session does not answer.
    Gone,
    /// The process of the request raised.
    Raised,
}

/// What one shard tells another about a request.
#[derive(Debug)]
pub(crate) enum PollNote {
    /// It is for a session there.
    Asks(SessionRequest, PollWork),
    /// This became of it.
    Answers(Requester, PollOutcome),
    /// Its connection has gone.
    Cancels(SessionRequest),
}

/// The messages in the body of a POST, and how far they were read.
#[derive(Clone, Debug)]
pub(crate) struct Batch<'b> {
    body: Cow<'b, [u8]>,
    next: Next,
    /// The most messages that count.
    left: usize,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    /// The next of several lines.
    Line(Lines),
    /// The whole body.
    Whole,
    Nothing,
}

impl<'b> Batch<'b> {
    /// A body with one message a line, of which no more than `limit` count.
    pub(crate) fn of_lines(body: impl Into<Cow<'b, [u8]>>, limit: Option<usize>) -> Self {
        Self {
            body: body.into(),
            next: Next::Line(Lines::START),
            left: limit.unwrap_or(usize::MAX),
        }
    }

    /// A body that is one text.
    pub(crate) fn of_one(body: impl Into<Cow<'b, [u8]>>) -> Self {
        Self {
            body: body.into(),
            next: Next::Whole,
            left: 1,
        }
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Option<Result<Posted<'_>, NotBase64>> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.next {
            Next::Line(lines) => lines.next(&self.body).map(read_line),
            Next::Whole => {
                self.next = Next::Nothing;
                Some(Ok(Posted::Text(&self.body)))
            }
            Next::Nothing => None,
        }
    }

    /// Whether a message that is still to come is neither a text nor base64.
    pub(crate) fn has_bad_base64(&self) -> bool {
        let mut rest = Batch {
            body: Cow::Borrowed(&*self.body),
            next: self.next,
            left: self.left,
        };
        while let Some(message) = rest.next() {
            if message.is_err() {
                return true;
            }
        }
        false
    }

    /// The same, with a body of its own.
    pub(crate) fn into_owned(self) -> Batch<'static> {
        Batch {
            body: Cow::Owned(self.body.into_owned()),
            next: self.next,
            left: self.left,
        }
    }
}
