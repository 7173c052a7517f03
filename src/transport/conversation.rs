//! What is said on a WebSocket, without a socket: bytes in, [`Incoming`] out; [`Outgoing`] in, bytes out.
//! tungstenite puts messages together, checks their text and answers pings and close frames; what we send is encoded
//! here, as it may be illegal. It never decides what a message means.

use std::{fmt, io};

use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use super::wire::{End, Wire};
use super::{Ending, Incoming, Limits, Outgoing, RawFrame};

/// tungstenite's own buffers: what is larger is read in several steps, and pongs beyond that replace each other.
const BUFFER_BYTES: usize = 8 << 10;

/// The most that a control frame can carry (RFC 6455, 5.5).
const CONTROL_BYTES: usize = 125;

/// Both sides of a conversation on a WebSocket.
pub(super) struct Conversation {
    ws: Box<WebSocket<Wire>>,
    unsent_limit: usize,
    frames_sent: u32,
    closing: Closing,
    sending: Sending,
    over: Option<Ending>,
}

/// Whether a close frame went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    NotYet,
    CloseSent,
}

/// Whether the socket still takes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    Works,
    Broken(io::ErrorKind),
}

impl Conversation {
    pub(super) fn new(limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        Self {
            ws: Box::new(WebSocket::from_raw_socket(
                Wire::new(),
                Role::Client,
                Some(config),
            )),
            unsent_limit: limits.unsent_bytes,
            frames_sent: 0,
            closing: Closing::NotYet,
            sending: Sending::Works,
            over: None,
        }
    }

    /// Where bytes are put in and taken out.
    pub(super) fn wire(&mut self) -> &mut Wire {
        self.ws.get_mut()
    }

    /// Whether a message is on its way: part of one has arrived, or part of what is to be sent still waits here.
    pub(super) fn is_moving(&self) -> bool {
        let wire = self.ws.get_ref();
        self.over.is_none() && (wire.is_within() || wire.unsent() > 0)
    }

    /// Whether what is put can still reach the server.
    pub(super) const fn sending(&self) -> Sending {
        self.sending
    }

    /// The socket takes no more bytes. What arrived before is still told.
    pub(super) fn sending_broke(&mut self, kind: io::ErrorKind) {
        self.sending = Sending::Broken(kind);
        self.wire().discard_unsent();
    }

    /// We ended it.
    pub(super) fn cut(&mut self) {
        self.wire().discard_unsent();
        self.over = Some(Ending::Cut);
    }

    /// What the server did next, if it has arrived. The answer to it, if it needs one, waits to be sent.
    pub(super) fn read(&mut self) -> Option<Incoming> {
        if let Some(ending) = &self.over {
            return Some(Incoming::Closed(ending.clone()));
        }
        let incoming = match self.ws.read() {
            Ok(Message::Text(text)) => Incoming::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => Incoming::Binary(bytes.into()),
            Ok(Message::Pong(payload)) => Incoming::Pong(payload.into()),
            Ok(Message::Ping(payload)) => {
                self.answer();
                Incoming::Ping(payload.into())
            }
            Ok(Message::Close(_)) => {
                self.answer();
                self.close_sent();
                Incoming::Closed(read_close(self.ws.get_ref().close_payload()))
            }
            Ok(Message::Frame(_)) => return None, // only ever written
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => Incoming::Closed(self.ended_by(&error)),
        };
        Some(incoming)
    }

    /// tungstenite would write its answer only when it reads again. An error can only say that there is no room now;
    /// then it does so.
    fn answer(&mut self) {
        drop(self.ws.flush());
    }

    fn close_sent(&mut self) {
        self.closing = Closing::CloseSent;
        self.wire().drop_answers();
    }

    fn ended_by(&mut self, error: &Error) -> Ending {
        let reset_while_sending = self.sending == Sending::Broken(io::ErrorKind::ConnectionReset);
        let ending = match self.ws.get_ref().end() {
            _ if !ends_the_stream(error) => self.refuse(error),
            // The write was told of the reset; the kernel does not tell twice.
            Some(End::Eof) if reset_while_sending => Ending::Reset,
            Some(End::Eof) => Ending::Eof,
            Some(End::Reset) => Ending::Reset,
            Some(End::Illegal(illegal)) => {
                self.break_off(1002, format!("the server broke RFC 6455: {illegal}"))
            }
            None => self.refuse(error),
        };
        self.over = Some(ending.clone());
        ending
    }

    /// The server sent what tungstenite does not accept.
    fn refuse(&mut self, error: &Error) -> Ending {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                let sentence =
                    format!("the server sent a message of {size} bytes or more; the limit is {max_size}");
                self.break_off(1009, sentence)
            }
            Error::Utf8(_) => self.break_off(1007, "the server sent text that is not UTF-8".to_owned()),
            Error::Protocol(error) => self.break_off(1002, format!("the server broke RFC 6455: {error}")),
            error => self.break_off(1002, format!("the server broke RFC 6455: {error}")),
        }
    }

    /// Says goodbye to a server that broke the rules.
    fn break_off(&mut self, code: u16, sentence: String) -> Ending {
        if self.closing == Closing::NotYet {
            let frame = RawFrame::new(RawFrame::CLOSE, code.to_be_bytes()).encode(self.next_key());
            self.wire().put(&frame);
            self.close_sent();
        }
        Ending::Violation(sentence)
    }

    /// Encodes one thing to send; errors as in [`super::Connection::send`].
    pub(super) fn put(&mut self, outgoing: Outgoing) -> io::Result<()> {
        self.check_open(&outgoing)?;
        let frame = match outgoing {
            Outgoing::Cut => return Ok(()),
            Outgoing::Bytes(bytes) => return self.put_bytes(&bytes),
            Outgoing::Frame(frame) => frame,
            Outgoing::Text(text) => RawFrame::new(RawFrame::TEXT, text),
            Outgoing::Binary(bytes) => RawFrame::new(RawFrame::BINARY, bytes),
            Outgoing::Ping(payload) => control_frame(RawFrame::PING, payload)?,
            Outgoing::Close { code, reason } => control_frame(RawFrame::CLOSE, write_close(code, &reason)?)?,
        };
        let bytes = frame.encode(self.next_key());
        self.put_bytes(&bytes)?;
        if frame.opcode == RawFrame::CLOSE {
            self.close_sent();
        }
        Ok(())
    }

    fn check_open(&self, outgoing: &Outgoing) -> io::Result<()> {
        let refused = |why| Err(io::Error::new(io::ErrorKind::NotConnected, why));
        match (self.sending, &self.over, outgoing) {
            (Sending::Broken(kind), ..) => Err(kind.into()),
            (_, Some(Ending::Cut | Ending::Reset | Ending::Violation(_)), _) => {
                refused("the connection is over")
            }
            (_, _, Outgoing::Frame(_) | Outgoing::Bytes(_)) => Ok(()),
            _ if self.closing == Closing::CloseSent => {
                refused("a close frame was sent: no message can follow")
            }
            _ => Ok(()),
        }
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (unsent, limit) = (self.wire().unsent(), self.unsent_limit);
        if unsent + bytes.len() > limit {
            let why =
                format!("the server does not read: {unsent} bytes wait to be sent; the limit is {limit}");
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
        }
        self.wire().put(bytes);
        Ok(())
    }

    /// Another key for each frame, the same ones in each connection: a run can be repeated to the byte.
    fn next_key(&mut self) -> [u8; 4] {
        self.frames_sent = self.frames_sent.wrapping_add(1);
        self.frames_sent.wrapping_mul(0x9e37_79b9).to_be_bytes()
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("closing", &self.closing)
            .field("sending", &self.sending)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

/// Whether it only says that the stream ended, which the wire knows better.
const fn ends_the_stream(error: &Error) -> bool {
    matches!(
        error,
        Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    )
}

fn control_frame(opcode: u8, payload: Vec<u8>) -> io::Result<RawFrame> {
    if payload.len() > CONTROL_BYTES {
        let why = format!(
            "a control frame of {} bytes; expected at most {CONTROL_BYTES}",
            payload.len()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(RawFrame::new(opcode, payload))
}

fn write_close(code: Option<u16>, reason: &str) -> io::Result<Vec<u8>> {
    match code {
        Some(code) => Ok([&code.to_be_bytes(), reason.as_bytes()].concat()),
        None if reason.is_empty() => Ok(Vec::new()),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a close frame with a reason but without a code; expected both or none",
        )),
    }
}

/// tungstenite has seen to it that it is empty or has a code and a reason in UTF-8.
fn read_close(payload: &[u8]) -> Ending {
    let (code, reason) = match payload.split_first_chunk() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None => (None, payload),
    };
    Ending::CloseFrame {
        code,
        reason: String::from_utf8_lossy(reason).into_owned(),
    }
}

#[cfg(test)]
mod tests;
