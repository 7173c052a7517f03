//! A WebSocket connection without its socket: the session, the bytes that arrived, and the bytes that wait to be sent.
//! Both are bounded, whatever the server does.

use std::io;

use super::{Ending, Incoming, Limits, Outgoing};
use crate::session::{Output, SendError, WebSocket};
use crate::wire::websocket::{Coding, Received};

/// How much may wait to be sent before pongs have to wait, too. A server that floods pings and does not read
/// gets an answer to the last one only, as RFC 6455 allows.
const PONGS_WAIT_BEYOND: usize = 256 << 10;

/// A buffer that is empty keeps no more memory than this.
const KEPT_WHEN_EMPTY: usize = 256 << 10;

/// How the incoming side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server said that nothing more comes (FIN).
    Eof,
    /// The connection broke.
    Reset,
}

/// Both sides of a conversation on a WebSocket.
#[derive(Debug)]
pub(super) struct Conversation {
    session: WebSocket,
    limits: Limits,
    input: Input,
    outbox: Outbox,
    /// The answer to the last ping, while too much waits to be sent.
    late_pong: Vec<u8>,
    end: Option<End>,
    sending: Sending,
    over: Option<Ending>,
}

/// What arrived.
#[derive(Debug, Default)]
struct Input {
    bytes: Vec<u8>,
    taken: usize,
}

/// What is to be sent.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    frames: u32,
}

/// Whether the socket still takes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    Works,
    Broken(io::ErrorKind),
}

impl Output for Outbox {
    /// Another key for each frame, the same ones in each connection: a run can be repeated to the byte.
    fn key(&mut self) -> [u8; 4] {
        self.frames = self.frames.wrapping_add(1);
        self.frames.wrapping_mul(0x9e37_79b9).to_be_bytes()
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Outbox {
    fn unsent(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Forgets what was sent; large buffers are given back.
    fn tidy(&mut self) {
        if self.sent == self.bytes.len() {
            self.sent = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_WHEN_EMPTY);
        } else if self.sent >= self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// What is sent before the handshake is over, in frames. Nothing is agreed on yet, so nothing is compressed; what has no
/// frame is left out.
pub(super) fn early_frames(early: &[Outgoing]) -> Vec<u8> {
    let (mut session, mut outbox) = (WebSocket::default(), Outbox::default());
    for outgoing in early {
        let _ = session.send(outgoing, &mut outbox);
    }
    outbox.bytes
}

impl Conversation {
    pub(super) fn new(session: WebSocket, limits: &Limits) -> Self {
        Self {
            session,
            limits: *limits,
            input: Input::default(),
            outbox: Outbox::default(),
            late_pong: Vec::new(),
            end: None,
            sending: Sending::Works,
            over: None,
        }
    }

    /// Whether messages may be compressed.
    pub(super) fn coding(&self) -> Coding {
        self.session.coding()
    }

    /// Adds what arrived.
    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        let input = &mut self.input;
        input.bytes.drain(..std::mem::take(&mut input.taken));
        if input.bytes.is_empty() {
            input.bytes.shrink_to(KEPT_WHEN_EMPTY);
        }
        input.bytes.extend_from_slice(bytes);
    }

    /// Nothing more will arrive.
    pub(super) fn ended(&mut self, end: End) {
        self.end = Some(end);
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.outbox.unsent()
    }

    /// The next bytes to send.
    pub(super) fn to_send(&self) -> &[u8] {
        &self.outbox.bytes[self.outbox.sent..]
    }

    /// The socket took the first `count` bytes.
    pub(super) fn sent(&mut self, count: usize) {
        self.outbox.sent += count;
        self.outbox.tidy();
        if self.unsent() <= PONGS_WAIT_BEYOND {
            self.outbox.bytes.append(&mut self.late_pong);
        }
    }

    /// Whether a message is on its way: part of one has arrived, or part of what is to be sent still waits here.
    pub(super) fn is_moving(&self) -> bool {
        let unread = &self.input.bytes[self.input.taken..];
        self.over.is_none() && (self.unsent() > 0 || self.session.ends_within(unread))
    }

    /// Whether what is put can still reach the server.
    pub(super) const fn sending(&self) -> Sending {
        self.sending
    }

    /// The socket takes no more bytes. What arrived before is still told.
    pub(super) fn sending_broke(&mut self, kind: io::ErrorKind) {
        self.sending = Sending::Broken(kind);
        self.discard_unsent();
    }

    fn discard_unsent(&mut self) {
        self.outbox = Outbox::default();
        self.late_pong = Vec::new();
    }

    /// We ended it.
    pub(super) fn cut(&mut self) {
        self.discard_unsent();
        self.over = Some(Ending::Cut);
    }

    /// What the server did next, if it has arrived. The answer to it, if it needs one, waits to be sent.
    pub(super) fn read(&mut self) -> Option<Incoming> {
        if let Some(ending) = &self.over {
            return Some(Incoming::Closed(ending.clone()));
        }
        let mut rest = &self.input.bytes[self.input.taken..];
        let (waiting, before) = (self.outbox.unsent(), self.outbox.bytes.len());
        let received = self
            .session
            .next(&mut rest, self.limits.message_bytes, &mut self.outbox);
        self.input.taken = self.input.bytes.len() - rest.len();
        let incoming = match received {
            Ok(Some(received)) => incoming(received),
            Ok(None) => Incoming::Closed(self.end_below()?),
            Err(error) => Incoming::Closed(Ending::Violation(error.to_string())),
        };
        match &incoming {
            Incoming::Ping(_) if waiting > PONGS_WAIT_BEYOND => {
                self.late_pong = self.outbox.bytes.split_off(before);
            }
            Incoming::Closed(Ending::CloseFrame { .. }) => {}
            Incoming::Closed(ending) => self.over = Some(ending.clone()),
            _ => {}
        }
        // No pong follows a close frame.
        if let Incoming::Closed(_) = incoming {
            self.late_pong.clear();
        }
        if self.sending != Sending::Works {
            self.discard_unsent();
        }
        Some(incoming)
    }

    /// How the connection ended below the WebSocket, if it did.
    fn end_below(&self) -> Option<Ending> {
        let reset_while_sending = self.sending == Sending::Broken(io::ErrorKind::ConnectionReset);
        Some(match self.end? {
            // The write was told of the reset; the kernel does not tell twice.
            End::Eof if reset_while_sending => Ending::Reset,
            End::Eof => Ending::Eof,
            End::Reset => Ending::Reset,
        })
    }

    /// Encodes one thing to send; errors as in [`super::Connection::send`].
    pub(super) fn put(&mut self, outgoing: &Outgoing) -> io::Result<()> {
        if let Sending::Broken(kind) = self.sending {
            return Err(kind.into());
        }
        if let Some(Ending::Cut | Ending::Reset | Ending::Violation(_)) = self.over {
            return Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the connection is over",
            ));
        }
        let (unsent, limit) = (self.unsent(), self.limits.unsent_bytes);
        if unsent + outgoing.wire_len() > limit {
            let why =
                format!("the server does not read: {unsent} bytes wait to be sent; the limit is {limit}");
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
        }
        if outgoing.closes() {
            self.late_pong.clear();
        }
        self.session.send(outgoing, &mut self.outbox).map_err(|error| {
            let kind = match error {
                SendError::LongControl(_) | SendError::ReasonWithoutCode => io::ErrorKind::InvalidInput,
                SendError::Closing => io::ErrorKind::NotConnected,
            };
            io::Error::new(kind, error)
        })
    }
}

/// What arrived, owned. The session has seen to it that a close frame is empty, or has a code and a reason
/// in UTF-8.
fn incoming(received: Received<'_>) -> Incoming {
    match received {
        Received::Text(text) => Incoming::Text(text.into_owned()),
        Received::Binary(bytes) => Incoming::Binary(bytes.into_owned()),
        Received::Ping(payload) => Incoming::Ping(payload.to_vec()),
        Received::Pong(payload) => Incoming::Pong(payload.to_vec()),
        Received::Close(payload) => {
            let (code, reason) = match payload.split_first_chunk() {
                Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
                None => (None, payload),
            };
            Incoming::Closed(Ending::CloseFrame {
                code,
                reason: String::from_utf8_lossy(reason).into_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
