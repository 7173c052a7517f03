//! An open connection, whatever carries it.

use std::io;

use super::{Coding, Incoming, Outgoing, longpoll, websocket};

/// An open connection. Dropping it cuts it.
#[derive(Debug)]
pub struct Connection(Carrier);

#[derive(Debug)]
enum Carrier {
    WebSocket(websocket::Connection),
    LongPoll(Box<longpoll::Session>),
}

impl From<websocket::Connection> for Connection {
    fn from(connection: websocket::Connection) -> Self {
        Self(Carrier::WebSocket(connection))
    }
}

impl From<longpoll::Session> for Connection {
    fn from(session: longpoll::Session) -> Self {
        Self(Carrier::LongPoll(Box::new(session)))
    }
}

impl Connection {
    /// Waits for what the server does next, and meanwhile sends what still waits to be sent.
    /// Dropped half-way, it loses nothing.
    pub async fn next(&mut self) -> Incoming {
        loop {
            if let Some(incoming) = self.advance().await {
                return incoming;
            }
        }
    }

    /// As [`Self::next`], but also returns, with nothing, each time that bytes have moved in either direction.
    pub async fn advance(&mut self) -> Option<Incoming> {
        match &mut self.0 {
            Carrier::WebSocket(connection) => connection.advance().await,
            Carrier::LongPoll(session) => session.advance().await,
        }
    }

    /// How messages are coded: long poll has no compression of its own.
    pub fn coding(&self) -> Coding {
        match &self.0 {
            Carrier::WebSocket(connection) => connection.coding(),
            Carrier::LongPoll(_) => Coding::Plain,
        }
    }

    /// Whether a message is on its way in either direction: part of it has moved, and part of it has not.
    pub fn is_moving(&self) -> bool {
        match &self.0 {
            Carrier::WebSocket(connection) => connection.is_moving(),
            Carrier::LongPoll(session) => session.is_moving(),
        }
    }

    /// Hands over one thing to send. What the kernel does not take at once waits in memory and is sent while
    /// [`Self::next`] waits; so this never waits for the server.
    ///
    /// # Errors
    /// `InvalidInput`: no such control frame can exist, or the transport has no frames. `NotConnected`: the connection is
    /// over, or a close frame was sent and this is a message. `OutOfMemory`: more would wait to be sent than
    /// [`Limits::unsent_bytes`](super::Limits::unsent_bytes). Anything else comes from the socket; [`Self::next`] then still
    /// says what arrived before, and how it ended.
    pub async fn send(&mut self, outgoing: Outgoing) -> io::Result<()> {
        match &mut self.0 {
            Carrier::WebSocket(connection) => connection.send(outgoing).await,
            Carrier::LongPoll(session) => session.send(outgoing),
        }
    }
}
