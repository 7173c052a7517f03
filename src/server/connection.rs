//! One connection, before and after it was upgraded. At rest it owns no buffers: input that was whole is gone, and so
//! is output that the kernel took.

use mio::net::TcpStream;

use super::conduct::{CutPoll, PollTimes};
use super::http::{Asked, Body, Form, Login, Poll};
use super::longpoll::{SessionKey, SessionRequest};
use super::sessions::Sessions;
use super::websocket::WebSocket;
use crate::clock::Time;
use crate::stream::SocketStream;

/// A connection.
pub(crate) struct Connection {
    pub(crate) stream: SocketStream<TcpStream>,
    pub(crate) stage: Stage,
    /// Input that is not whole yet, or that must wait while a join blocks the connection.
    pub(crate) input: Vec<u8>,
    /// Output that the kernel did not take. While there is some, nothing is read and the session's mailbox is not looked
    /// at, as a process that is blocked in `send` does neither.
    pub(crate) backlog: Option<Box<Backlog>>,
    /// When the connection has been silent for too long.
    pub(crate) deadline: Time,
    /// The earliest alarm that is set for it.
    pub(crate) alarm: Time,
    /// Tells connections apart that had the same id one after the other.
    pub(crate) serial: u32,
    pub(crate) unread: Unread,
}

/// Whether the kernel may hold input that nobody read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    Nothing,
    Something,
}

/// How far a connection is.
pub(crate) enum Stage {
    /// Waits for a request, behind what is left of the last one's body.
    Http(Before, Body),
    /// Reads the body of a long poll POST.
    Body(Box<Posting>),
    /// Waits for the answer to a long poll request.
    Waiting(Box<Waiting>),
    /// Was upgraded.
    WebSocket(WebSocket),
    /// Was answered or hung up on, and is closed once that is written. It has no session any more.
    Closing,
}

/// What a connection saw before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    /// Another request, and its answer.
    Answered,
}

/// A POST of whose body not all was read.
pub(crate) struct Posting {
    pub(crate) of: PostOf,
    pub(crate) asked: Asked,
    /// The part of the body that is still to come.
    pub(crate) rest: Body,
    pub(crate) bytes: Vec<u8>,
}

impl Posting {
    /// A POST of whose body nothing was read.
    pub(crate) const fn new(of: PostOf, asked: Asked, body: Body) -> Self {
        Self {
            of,
            asked,
            rest: body,
            bytes: Vec::new(),
        }
    }
}

/// The purpose of a POST.
pub(crate) enum PostOf {
    /// Messages of a long poll session.
    Messages {
        key: SessionKey,
        times: PollTimes,
        form: Form,
    },
    /// A login.
    Login(Login),
}

/// A long poll request that has no answer yet.
pub(crate) struct Waiting {
    pub(crate) request: SessionRequest,
    pub(crate) asked: Asked,
    /// What a poll needs for its answer; none: it is a POST.
    pub(crate) poll: Option<Poll>,
    /// What of the request's body is still to come.
    pub(crate) rest: Body,
    pub(crate) cut: CutPoll,
}

/// No more than about so many bytes are read behind a request that has no answer yet.
const READ_AHEAD: usize = 64 << 10;

/// Output that waits.
pub(crate) struct Backlog {
    pub(crate) bytes: Vec<u8>,
    pub(crate) written: usize,
    /// When the kernel took something last.
    pub(crate) since: Time,
}

impl Connection {
    /// A connection that was just accepted.
    pub(crate) const fn new(stream: SocketStream<TcpStream>, serial: u32, deadline: Time) -> Self {
        Self {
            stream,
            stage: Stage::Http(Before::Nothing, Body::NONE),
            input: Vec::new(),
            backlog: None,
            deadline,
            alarm: deadline,
            serial,
            unread: Unread::Nothing,
        }
    }

    /// Whether the process behind it is stuck: in `send`, in a join or in a request.
    pub(crate) fn is_blocked(&self, sessions: &Sessions) -> bool {
        self.backlog.is_some()
            || match &self.stage {
                Stage::WebSocket(websocket) => sessions.is_joining(websocket.session),
                Stage::Waiting(waiting) => waiting.cut == CutPoll::GoesOn || self.input.len() > READ_AHEAD,
                Stage::Http(..) | Stage::Body(_) | Stage::Closing => false,
            }
    }

    /// The long poll request that it waits for the answer to.
    pub(crate) fn waiting(&self) -> Option<&Waiting> {
        match &self.stage {
            Stage::Waiting(waiting) => Some(waiting),
            _ => None,
        }
    }

    /// The same, to change it.
    pub(crate) fn waiting_mut(&mut self) -> Option<&mut Waiting> {
        match &mut self.stage {
            Stage::Waiting(waiting) => Some(waiting),
            _ => None,
        }
    }

    /// Its WebSocket, once it was upgraded.
    pub(crate) const fn websocket(&self) -> Option<&WebSocket> {
        match &self.stage {
            Stage::WebSocket(websocket) => Some(websocket),
            Stage::Http(..) | Stage::Body(_) | Stage::Waiting(_) | Stage::Closing => None,
        }
    }

    /// The same, to change it.
    pub(crate) const fn websocket_mut(&mut self) -> Option<&mut WebSocket> {
        match &mut self.stage {
            Stage::WebSocket(websocket) => Some(websocket),
            Stage::Http(..) | Stage::Body(_) | Stage::Waiting(_) | Stage::Closing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_small() {
        assert!(
            size_of::<Connection>() <= 104,
            "a connection takes {} bytes",
            size_of::<Connection>()
        );
    }
}
