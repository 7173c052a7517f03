//! An open WebSocket: whole messages in, messages and hand-made frames out. tungstenite reads; what we send is
//! encoded here, as it may be illegal. It never decides what a message means or what to do when it ends.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use super::Limits;
use super::raw::RawFrame;
use super::wire::{End, Wire};

/// tungstenite's own buffer; what is larger than that is read in several steps.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// What the server did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message.
    Text(String),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A ping; the pong has been sent.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The conversation ended. After a close frame, wait once more to see how the connection ended below it;
    /// after any other ending the same is said again at once.
    Closed(Ending),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By a close frame; it has been answered unless it was the answer to ours.
    CloseFrame {
        /// The code as it was sent, even one that must not be; none if the frame was empty.
        code: Option<u16>,
        /// What was said beside it.
        reason: String,
    },
    /// The server ended the TCP connection in order (FIN). That is an ending without a close frame
    /// unless one came before.
    Eof,
    /// The connection broke: by a reset (RST), or because the network failed.
    Reset,
    /// The server broke RFC 6455, or sent more than the limit allows; the sentence says how.
    /// A close frame with 1002, 1007 or 1009 was sent, and nothing more is read.
    Violation(String),
    /// We cut the connection.
    Cut,
}

/// What can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping; at most 125 bytes.
    Ping(Vec<u8>),
    /// A close frame.
    Close {
        /// The code; without it the frame is empty.
        code: Option<u16>,
        /// At most 123 bytes; needs a code.
        reason: String,
    },
    /// A frame made by hand, allowed at any time. One with the opcode of a close frame counts as our close frame.
    Frame(RawFrame),
    /// These bytes as they are, without a frame around them, allowed at any time.
    Bytes(Vec<u8>),
    /// Ends the TCP connection at once without a close frame, as the kernel does for a process that died: by a
    /// FIN after what the kernel had taken, or by a RST if something from the server was not read yet.
    Cut,
}

/// An open WebSocket connection. Dropping it cuts it.
pub struct Connection {
    tcp: Option<TcpStream>,
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
enum Sending {
    Works,
    Broken(io::ErrorKind),
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("closing", &self.closing)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection on a socket that has been upgraded; `early` is what the server sent right after its answer.
    pub(super) fn new(tcp: TcpStream, early: &[u8], limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(READ_BUFFER_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        Self {
            tcp: Some(tcp),
            ws: Box::new(WebSocket::from_raw_socket(
                Wire::new(early),
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

    /// Waits for what the server does next, and meanwhile sends what still waits to be sent.
    /// Dropped half-way, it loses nothing.
    pub async fn next(&mut self) -> Incoming {
        loop {
            self.send_what_fits();
            if let Some(incoming) = self.read() {
                return incoming;
            }
            poll_fn(|cx| self.poll_exchange(cx)).await;
        }
    }

    /// Hands over one thing to send. What the kernel does not take at once waits in memory and is sent while
    /// [`Self::next`] waits; so this never waits for the server.
    ///
    /// # Errors
    /// `InvalidInput`: no such control frame can exist. `NotConnected`: the connection is over, or a close frame
    /// was sent and this is a message. `OutOfMemory`: more would wait to be sent than [`Limits::unsent_bytes`].
    /// Anything else comes from the socket; [`Self::next`] then still says what arrived before, and how it ended.
    pub async fn send(&mut self, outgoing: Outgoing) -> io::Result<()> {
        if outgoing == Outgoing::Cut {
            self.end(Ending::Cut);
            return Ok(());
        }
        self.check_open(&outgoing)?;
        let (bytes, closing) = self.encode(outgoing)?;
        let wire = self.ws.get_mut();
        if wire.unsent() + bytes.len() > self.unsent_limit {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!(
                    "the server does not read: {} bytes wait to be sent",
                    wire.unsent()
                ),
            ));
        }
        wire.put(&bytes);
        if closing == Closing::CloseSent {
            self.close_sent();
        }
        self.send_what_fits();
        match self.sending {
            Sending::Works => Ok(()),
            Sending::Broken(kind) => Err(kind.into()),
        }
    }

    fn check_open(&self, outgoing: &Outgoing) -> io::Result<()> {
        let refused = |why| Err(io::Error::new(io::ErrorKind::NotConnected, why));
        match (self.sending, outgoing) {
            _ if self.tcp.is_none() => refused("the connection is over"),
            (Sending::Broken(kind), _) => Err(kind.into()),
            (_, Outgoing::Frame(_) | Outgoing::Bytes(_)) => Ok(()),
            _ if self.closing == Closing::CloseSent => {
                refused("a close frame was sent: no message can follow")
            }
            _ => Ok(()),
        }
    }

    /// The bytes to send, and whether a close frame is among them.
    fn encode(&mut self, outgoing: Outgoing) -> io::Result<(Vec<u8>, Closing)> {
        let frame = match outgoing {
            Outgoing::Text(text) => RawFrame::new(RawFrame::TEXT, text),
            Outgoing::Binary(bytes) => RawFrame::new(RawFrame::BINARY, bytes),
            Outgoing::Ping(payload) => control_frame(RawFrame::PING, payload)?,
            Outgoing::Close { code, reason } => control_frame(RawFrame::CLOSE, close_payload(code, reason)?)?,
            Outgoing::Frame(frame) => frame,
            Outgoing::Bytes(bytes) => return Ok((bytes, Closing::NotYet)),
            Outgoing::Cut => return Ok((Vec::new(), Closing::NotYet)),
        };
        let closing = match frame.opcode {
            RawFrame::CLOSE => Closing::CloseSent,
            _ => Closing::NotYet,
        };
        Ok((frame.encode(self.next_key()), closing))
    }

    /// Another key for each frame, the same ones in each connection: a run can be repeated to the byte.
    fn next_key(&mut self) -> [u8; 4] {
        self.frames_sent = self.frames_sent.wrapping_add(1);
        self.frames_sent.wrapping_mul(0x9e37_79b9).to_be_bytes()
    }

    /// What can be said without waiting.
    fn read(&mut self) -> Option<Incoming> {
        if let Some(ending) = &self.over {
            return Some(Incoming::Closed(ending.clone()));
        }
        let incoming = match self.ws.read() {
            Ok(Message::Text(text)) => Incoming::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => Incoming::Binary(bytes.into()),
            Ok(Message::Pong(payload)) => Incoming::Pong(payload.into()),
            Ok(Message::Ping(payload)) => {
                self.send_answer();
                Incoming::Ping(payload.into())
            }
            Ok(Message::Close(_)) => {
                self.send_answer();
                self.close_sent();
                Incoming::Closed(close_frame(self.ws.get_ref().close_payload()))
            }
            Ok(Message::Frame(_)) => return None, // only ever written
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => Incoming::Closed(self.ended_by(&error)),
        };
        Some(incoming)
    }

    /// tungstenite's answer goes out now: it would wait for the next reading.
    fn send_answer(&mut self) {
        // An error here can only say that the answer has to wait; reading tries again.
        drop(self.ws.flush());
        self.send_what_fits();
    }

    fn close_sent(&mut self) {
        self.closing = Closing::CloseSent;
        self.ws.get_mut().drop_answers();
    }

    fn ended_by(&mut self, error: &Error) -> Ending {
        let ending = match (error, self.ws.get_ref().end()) {
            (Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed, Some(End::Reset)) => {
                Ending::Reset
            }
            (_, Some(_)) if self.sending == Sending::Broken(io::ErrorKind::ConnectionReset) => Ending::Reset,
            (_, Some(End::Eof)) => Ending::Eof,
            (_, Some(End::Reset)) => Ending::Reset,
            (error, None) => {
                let (code, sentence) = violation(error);
                self.refuse(code);
                Ending::Violation(sentence)
            }
        };
        self.over = Some(ending.clone());
        ending
    }

    /// Says goodbye to a server that broke the rules, if the kernel takes it at once.
    fn refuse(&mut self, code: u16) {
        if self.closing == Closing::NotYet {
            let frame = RawFrame::new(RawFrame::CLOSE, code.to_be_bytes()).encode(self.next_key());
            self.ws.get_mut().put(&frame);
            self.close_sent();
            self.send_what_fits();
        }
    }

    fn end(&mut self, ending: Ending) {
        self.tcp = None;
        self.ws.get_mut().discard_unsent();
        self.over = Some(ending);
    }

    fn send_what_fits(&mut self) {
        let Some(tcp) = &self.tcp else { return };
        let wire = self.ws.get_mut();
        while wire.unsent() > 0 {
            match tcp.try_write(wire.to_send()) {
                Ok(count) => wire.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.sending = Sending::Broken(error.kind());
                    wire.discard_unsent();
                }
            }
        }
    }

    /// Sends what waits and reads a piece; ready once something was read.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(tcp) = &mut self.tcp else {
            return Poll::Ready(());
        };
        let wire = self.ws.get_mut();
        while wire.unsent() > 0 {
            match Pin::new(&mut *tcp).poll_write(cx, wire.to_send()) {
                Poll::Pending => break,
                Poll::Ready(Ok(count)) => wire.sent(count),
                Poll::Ready(Err(error)) => {
                    self.sending = Sending::Broken(error.kind());
                    wire.discard_unsent();
                }
            }
        }
        let mut piece = [0; READ_BUFFER_BYTES];
        let mut piece = ReadBuf::new(&mut piece);
        match ready!(Pin::new(tcp).poll_read(cx, &mut piece)) {
            Ok(()) if piece.filled().is_empty() => wire.ended(End::Eof),
            Ok(()) => wire.arrived(piece.filled()),
            Err(_) => wire.ended(End::Reset),
        }
        Poll::Ready(())
    }
}

fn control_frame(opcode: u8, payload: Vec<u8>) -> io::Result<RawFrame> {
    if payload.len() > 125 {
        let why = format!("a control frame of {} bytes; expected at most 125", payload.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(RawFrame::new(opcode, payload))
}

fn close_payload(code: Option<u16>, reason: String) -> io::Result<Vec<u8>> {
    match code {
        Some(code) => Ok([&code.to_be_bytes(), reason.as_bytes()].concat()),
        None if reason.is_empty() => Ok(Vec::new()),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a close frame with a reason but without a code; expected both or none",
        )),
    }
}

fn close_frame(payload: &[u8]) -> Ending {
    let (code, reason) = match payload.split_first_chunk() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None => (None, payload),
    };
    Ending::CloseFrame {
        code,
        reason: String::from_utf8_lossy(reason).into_owned(),
    }
}

/// The code of the close frame that refuses it, and the sentence that tells it.
fn violation(error: &Error) -> (u16, String) {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => (
            1009,
            format!("the server sent a message of {size} bytes or more; the limit is {max_size}"),
        ),
        Error::Utf8(_) => (1007, "the server sent text that is not UTF-8".to_owned()),
        Error::Protocol(error) => (1002, format!("the server broke RFC 6455: {error}")),
        error => (1002, format!("the server broke RFC 6455: {error}")),
    }
}
