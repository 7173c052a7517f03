//! Walks over the frames that arrive, before tungstenite sees them. Two things would be lost otherwise: tungstenite
//! lets lengths pass that are written in too many bytes, and puts 1002 in the place of close codes that must not
//! be sent. It never decides what follows from what it saw.

use crate::protocol::websocket::{Header, Opcode, Part, Violation};

/// The longest header: two bytes, a length of eight, a key of four.
const LONGEST_HEADER: usize = 14;

/// Why a header is none that a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Illegal {
    /// Nobody may send it.
    #[error("{0}")]
    Header(Violation),
    /// Only clients mask (RFC 6455, 5.1).
    #[error("a frame from the server is masked")]
    Masked,
    /// Pieces that never become a message: legal, but without an end.
    #[error("a message came in more than {MOST_FRAGMENTS} fragments and is not at its end")]
    Endless,
}

/// More pieces than this no server makes of a message; of empty ones no limit of bytes would ever be reached.
const MOST_FRAGMENTS: u32 = 20_000;

/// Where in the stream of frames we are.
#[derive(Default)]
pub(super) struct FrameWatch {
    header: Vec<u8>,
    within: Within,
    left: u64,
    close: Option<Vec<u8>>,
    fragments: u32,
    message: Message,
}

/// Whether a message has begun that is not at its end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Message {
    #[default]
    Whole,
    Begun,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Header,
    Payload,
    /// The payload of the first close frame.
    Close,
}

impl FrameWatch {
    /// Whether the bytes so far end within a message or a frame.
    pub(super) fn is_within(&self) -> bool {
        self.within != Within::Header || !self.header.is_empty() || self.message == Message::Begun
    }

    /// The payload of the first close frame, as far as it came.
    pub(super) fn close_payload(&self) -> &[u8] {
        self.close.as_deref().unwrap_or_default()
    }

    /// How many of the next bytes are fine, and what is wrong with the frame after them.
    pub(super) fn see(&mut self, bytes: &[u8]) -> (usize, Option<Illegal>) {
        let mut seen = 0;
        while seen < bytes.len() {
            let rest = &bytes[seen..];
            if self.within == Within::Header {
                match self.see_header(rest) {
                    Ok(count) => seen += count,
                    Err(illegal) => return (seen, Some(illegal)),
                }
            } else {
                seen += self.see_payload(rest);
            }
        }
        (seen, None)
    }

    fn see_header(&mut self, bytes: &[u8]) -> Result<usize, Illegal> {
        let before = self.header.len();
        self.header
            .extend_from_slice(&bytes[..bytes.len().min(LONGEST_HEADER - before)]);
        let Some(header) = Header::parse(&self.header) else {
            return Ok(self.header.len() - before);
        };
        if header.mask.is_some() {
            return Err(Illegal::Masked);
        }
        if let Some(violation) = header.violation() {
            return Err(Illegal::Header(violation));
        }
        self.fragments = match header.opcode {
            Opcode::Continuation => self.fragments + 1,
            Opcode::Text | Opcode::Binary => 0,
            _ => self.fragments,
        };
        if self.fragments > MOST_FRAGMENTS {
            return Err(Illegal::Endless);
        }
        if !header.opcode.is_control() {
            self.message = match header.part {
                Part::Last => Message::Whole,
                Part::More => Message::Begun,
            };
        }
        self.header.clear();
        self.left = header.length;
        self.within = match header.opcode {
            Opcode::Close if self.close.is_none() => {
                self.close = Some(Vec::new());
                Within::Close
            }
            _ => Within::Payload,
        };
        if self.left == 0 {
            self.within = Within::Header;
        }
        Ok(header.header_len() - before)
    }

    fn see_payload(&mut self, bytes: &[u8]) -> usize {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let payload = &bytes[..left.min(bytes.len())];
        if let (Within::Close, Some(close)) = (self.within, &mut self.close) {
            close.extend_from_slice(payload);
        }
        self.left -= payload.len() as u64;
        if self.left == 0 {
            self.within = Within::Header;
        }
        payload.len()
    }
}
