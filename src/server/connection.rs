//! One TCP connection, before and after it was upgraded. At rest it owns no buffers: input that was whole is gone, and so
//! is output that the kernel took.

use mio::net::TcpStream;

use super::http::Body;
use super::sessions::Sessions;
use super::websocket::WebSocket;
use crate::clock::Time;

/// A connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
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

/// Output that waits.
pub(crate) struct Backlog {
    pub(crate) bytes: Vec<u8>,
    pub(crate) written: usize,
    /// When the kernel took something last.
    pub(crate) since: Time,
}

impl Connection {
    /// A connection that was just accepted.
    pub(crate) const fn new(stream: TcpStream, serial: u32, deadline: Time) -> Self {
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

    /// Whether the process behind it is stuck: in `send` or in a join.
    pub(crate) fn is_blocked(&self, sessions: &Sessions) -> bool {
        self.backlog.is_some()
            || self
                .websocket()
                .is_some_and(|websocket| sessions.is_joining(websocket.session))
    }

    /// Its WebSocket, once it was upgraded.
    pub(crate) const fn websocket(&self) -> Option<&WebSocket> {
        match &self.stage {
            Stage::WebSocket(websocket) => Some(websocket),
            Stage::Http(..) | Stage::Closing => None,
        }
    }

    /// The same, to change it.
    pub(crate) const fn websocket_mut(&mut self) -> Option<&mut WebSocket> {
        match &mut self.stage {
            Stage::WebSocket(websocket) => Some(websocket),
            Stage::Http(..) | Stage::Closing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_small() {
        assert!(
            size_of::<Connection>() <= 88,
            "a connection takes {} bytes",
            size_of::<Connection>()
        );
    }
}
