//! What a client sends and receives over an open connection, whatever carries it.

use super::RawFrame;

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
    /// The server broke RFC 6455, or sent more than the limit allows; a whole sentence about the server says how.
    /// A close frame with 1002, 1007 or 1009 was sent, and nothing more is read.
    Violation(String),
    /// A long poll request was answered with a status that ends the session.
    Status {
        /// The request.
        of: PollRequest,
        /// The status in the body of its answer, or that of an HTTP answer without such a body.
        status: u16,
    },
    /// A long poll request had no answer; a whole sentence says why.
    NoAnswer(String),
    /// We cut the connection.
    Cut,
}

/// A kind of long poll request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollRequest {
    /// It asks for messages.
    Poll,
    /// It carries messages.
    Batch,
}

impl PollRequest {
    /// Its HTTP method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Poll => "GET",
            Self::Batch => "POST",
        }
    }

    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Batch => "batch",
        }
    }
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
    /// These, by one write.
    Together(Vec<Outgoing>),
    /// Ends the TCP connection at once without a close frame, as the kernel does for a process that died: by a
    /// FIN after what the kernel had taken, or by a RST if something from the server was not read yet.
    Cut,
}

impl Outgoing {
    /// Whether it is our close frame.
    pub(crate) fn closes(&self) -> bool {
        match self {
            Self::Close { .. } => true,
            Self::Frame(frame) => frame.opcode == RawFrame::CLOSE,
            Self::Together(all) => all.iter().any(Self::closes),
            Self::Text(_) | Self::Binary(_) | Self::Ping(_) | Self::Bytes(_) | Self::Cut => false,
        }
    }

    /// How many bytes of payload it has.
    pub fn payload_len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Bytes(bytes) => bytes.len(),
            Self::Close { reason, .. } => reason.len(),
            Self::Frame(frame) => frame.payload.len(),
            Self::Together(all) => all.iter().map(Self::payload_len).sum(),
            Self::Cut => 0,
        }
    }

    /// The most bytes that it takes on the wire.
    pub(crate) fn wire_len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Together(all) => all.iter().map(Self::wire_len).sum(),
            other => other.payload_len() + LONGEST_HEADER,
        }
    }
}

/// The header of a masked frame takes at most so many bytes.
const LONGEST_HEADER: usize = 14;
