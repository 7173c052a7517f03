//! Puts the messages of a server together from its frames, within a limit. It finds what RFC 6455 forbids a server; it does
//! not answer anything.

use std::borrow::Cow;

use super::{CloseError, Coding, Header, InflateError, Inflater, Opcode, Part, Violation};

/// The most fragments of one message: of empty fragments no limit in bytes would ever be reached.
const MOST_FRAGMENTS: u32 = 20_000;

/// A whole message, or a control frame. What came in one frame is borrowed from the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<'b> {
    /// A text message.
    Text(Cow<'b, str>),
    /// A binary message.
    Binary(Cow<'b, [u8]>),
    /// A ping.
    Ping(&'b [u8]),
    /// A pong.
    Pong(&'b [u8]),
    /// A close frame with this payload, which is not judged yet.
    Close(&'b [u8]),
}

/// What a server sent that a client must not accept, as a whole sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A header that nobody may send.
    #[error("the server broke RFC 6455: {0}")]
    Header(#[from] Violation),
    /// Only clients mask (RFC 6455, 5.1).
    #[error("the server broke RFC 6455: a frame from the server is masked")]
    Masked,
    /// A continuation without a first frame (5.4).
    #[error("the server broke RFC 6455: a continuation frame continues no message")]
    NothingToContinue,
    /// A new message between the fragments of another one (5.4).
    #[error("the server broke RFC 6455: a message begins before the last fragment of the message before it")]
    Interrupted,
    /// Fragments that never become a message: legal, but without an end.
    #[error("the server sent a message in more than {MOST_FRAGMENTS} fragments, and it is not at its end")]
    Endless,
    /// A frame after the close frame (5.5.1).
    #[error("the server broke RFC 6455: a frame came after the close frame")]
    AfterClose,
    /// The payload of a close frame is not valid.
    #[error("the server broke RFC 6455: {0}")]
    Close(CloseError),
    /// A text message, or the reason of a close frame, is not UTF-8 (8.1).
    #[error("the server sent text that is not UTF-8")]
    NotText,
    /// A compressed message that cannot be decompressed (RFC 7692, 7.2.2).
    #[error("the server broke RFC 7692: a compressed message cannot be decompressed")]
    NotDeflate,
    /// A compressed message that refers further back than the agreed window (RFC 7692, 7.1.2).
    #[error("the server broke RFC 7692: {0}")]
    BeyondWindow(InflateError),
    /// A message longer than the limit; its size as far as it is known.
    #[error("the server sent a message of {size} bytes or more; the limit is {limit}")]
    TooLong {
        /// The bytes that were announced or came.
        size: u64,
        /// The limit.
        limit: usize,
    },
}

impl FrameError {
    /// The code of the close frame that answers it.
    pub const fn close_code(&self) -> u16 {
        match self {
            Self::NotText | Self::NotDeflate | Self::BeyondWindow(_) => 1007,
            Self::TooLong { .. } => 1009,
            Self::Header(_)
            | Self::Masked
            | Self::NothingToContinue
            | Self::Interrupted
            | Self::Endless
            | Self::AfterClose
            | Self::Close(_) => 1002,
        }
    }
}

/// The fragments of a message that is not at its end. Between messages it owns no memory.
#[derive(Debug, Default)]
pub struct Assembly(Option<Box<Fragments>>);

#[derive(Debug)]
struct Fragments {
    /// Text or binary.
    kind: Opcode,
    coding: Coding,
    bytes: Vec<u8>,
    /// How much of a text is known to be UTF-8; a character may still be incomplete behind it.
    checked: usize,
    /// How many continuations came.
    continued: u32,
}

impl Assembly {
    /// Whether `input`, which follows what was taken so far, ends within a message or a frame.
    pub fn ends_within(&self, mut input: &[u8]) -> bool {
        let mut begun = self.0.is_some();
        while let Some(header) = Header::parse(input) {
            let length = usize::try_from(header.length).unwrap_or(usize::MAX);
            let Some(rest) = input.get(header.header_len().saturating_add(length)..) else {
                return true;
            };
            if !header.opcode.is_control() {
                begun = header.part == Part::More;
            }
            input = rest;
        }
        begun || !input.is_empty()
    }

    /// How many bytes of fragments are kept.
    pub fn kept(&self) -> usize {
        self.0.as_ref().map_or(0, |fragments| fragments.bytes.len())
    }

    /// Takes frames from the front of `input` until there is a whole message or a control frame; none if the input ends
    /// before that, and then `input` is the begin of a frame. A frame is judged as soon as its header is there. With an
    /// `inflater` messages may be compressed.
    ///
    /// # Errors
    /// If a server must not send this, or if a message is longer than `limit`.
    #[inline]
    pub fn next<'b>(
        &mut self,
        input: &mut &'b [u8],
        limit: usize,
        mut inflater: Option<&mut Inflater>,
    ) -> Result<Option<Received<'b>>, FrameError> {
        let coding = match inflater {
            Some(_) => Coding::Deflate,
            None => Coding::Plain,
        };
        while let Some(header) = Header::parse(input) {
            let size = self.check(&header, limit, coding)?;
            let start = header.header_len();
            let Some(payload) = input[start..].get(..size) else {
                break;
            };
            *input = &input[start + size..];
            let Some(added) = self.add(&header, payload)? else {
                continue;
            };
            let (kind, coding, bytes) = match added {
                Added::Control(received) => return Ok(Some(received)),
                Added::Message(kind, coding, bytes) => (kind, coding, bytes),
            };
            let bytes = match (coding, inflater.as_deref_mut()) {
                (Coding::Deflate, Some(inflater)) => Cow::Owned(inflate(inflater, &bytes, limit)?),
                _ => bytes,
            };
            return message(kind, bytes).map(Some);
        }
        Ok(None)
    }

    /// Judges a header; returns the length of the payload.
    #[inline]
    fn check(&self, header: &Header, limit: usize, coding: Coding) -> Result<usize, FrameError> {
        if header.mask.is_some() {
            return Err(FrameError::Masked);
        }
        if let Some(violation) = header.violation_with(coding) {
            return Err(violation.into());
        }
        let before = match (&self.0, header.opcode) {
            (None, Opcode::Continuation) => return Err(FrameError::NothingToContinue),
            (Some(_), Opcode::Text | Opcode::Binary) => return Err(FrameError::Interrupted),
            (Some(begun), Opcode::Continuation) if begun.continued == MOST_FRAGMENTS => {
                return Err(FrameError::Endless);
            }
            (Some(begun), Opcode::Continuation) => begun.bytes.len(),
            _ => 0,
        };
        let room = limit.saturating_sub(before);
        match usize::try_from(header.length) {
            Ok(length) if length <= room || header.opcode.is_control() => Ok(length),
            _ => Err(FrameError::TooLong {
                size: header.length.saturating_add(before as u64),
                limit,
            }),
        }
    }

    /// Adds a whole frame, whose header was judged.
    #[inline]
    fn add<'b>(&mut self, header: &Header, payload: &'b [u8]) -> Result<Option<Added<'b>>, FrameError> {
        let coding = match header.reserved {
            Header::COMPRESSED => Coding::Deflate,
            _ => Coding::Plain,
        };
        Ok(match header.opcode {
            Opcode::Ping => Some(Added::Control(Received::Ping(payload))),
            Opcode::Pong => Some(Added::Control(Received::Pong(payload))),
            Opcode::Close => Some(Added::Control(Received::Close(payload))),
            Opcode::Continuation | Opcode::Reserved(_) => self.proceed(header.part, payload)?,
            kind @ (Opcode::Text | Opcode::Binary) if header.part == Part::Last => {
                Some(Added::Message(kind, coding, Cow::Borrowed(payload)))
            }
            kind @ (Opcode::Text | Opcode::Binary) => {
                let mut begun = Fragments {
                    kind,
                    coding,
                    bytes: payload.to_vec(),
                    checked: 0,
                    continued: 0,
                };
                begun.check_text()?;
                self.0 = Some(Box::new(begun));
                None
            }
        })
    }

    fn proceed<'b>(&mut self, part: Part, payload: &[u8]) -> Result<Option<Added<'b>>, FrameError> {
        let begun = self.0.as_mut().ok_or(FrameError::NothingToContinue)?;
        begun.bytes.extend_from_slice(payload);
        begun.continued += 1;
        begun.check_text()?;
        let whole = self.0.take_if(|_| part == Part::Last);
        Ok(whole.map(|whole| Added::Message(whole.kind, whole.coding, Cow::Owned(whole.bytes))))
    }
}

/// What a frame completed.
enum Added<'b> {
    Control(Received<'b>),
    /// A message as it was sent, compressed or not.
    Message(Opcode, Coding, Cow<'b, [u8]>),
}

fn inflate(inflater: &mut Inflater, bytes: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    inflater.read(bytes, limit).map_err(|error| match error {
        InflateError::Broken => FrameError::NotDeflate,
        InflateError::BeyondWindow { .. } => FrameError::BeyondWindow(error),
        InflateError::TooLong(limit) => FrameError::TooLong {
            size: limit as u64 + 1,
            limit,
        },
    })
}

impl Fragments {
    /// Text is judged as it comes, so that a server that stops after a bad fragment is not taken for a slow one. What is
    /// compressed is judged when it is whole.
    fn check_text(&mut self) -> Result<(), FrameError> {
        if self.kind != Opcode::Text || self.coding == Coding::Deflate {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(FrameError::NotText),
        }
        Ok(())
    }
}

#[inline]
fn message(kind: Opcode, bytes: Cow<'_, [u8]>) -> Result<Received<'_>, FrameError> {
    if kind == Opcode::Binary {
        return Ok(Received::Binary(bytes));
    }
    let text = match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    };
    text.map(Received::Text).ok_or(FrameError::NotText)
}

#[cfg(test)]
mod tests;
