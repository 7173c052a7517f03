//! Reads the WebSocket messages of one direction beside the bytes that are passed on, within limits.

use std::borrow::Cow;

use super::heard::Said;
use crate::wire::websocket::{
    Assembly, BeyondWindow, Direction, FrameError, Header, Inflater, Received, mask, parse_close,
};

/// The longest message that is recorded, in bytes: that is what a play of any scenario accepts.
pub(super) const LONGEST_MESSAGE: usize = 256 << 10;

/// The side that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// A message or a close that a side sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FrameContent {
    Message(Said),
    /// A close frame with this code, if it has one.
    Close(Option<u16>),
}

/// The frames that were read; or those before an error in this direction, with the error.
pub(super) type ReadFrames = Result<Vec<FrameContent>, (Vec<FrameContent>, String)>;

/// The frames of one direction.
#[derive(Debug)]
pub(super) struct FrameReader {
    side: Side,
    /// The bytes of a frame that is not whole.
    pending: Vec<u8>,
    assembly: Assembly,
    inflater: Option<Inflater>,
    state: ReaderState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReaderState {
    Reading,
    /// The rest is not read: it came after a close frame, or it cannot be read.
    Done,
}

impl FrameReader {
    /// Reads what this side sends; `compression` is what was agreed on for its messages.
    pub(super) fn new(side: Side, compression: Option<Direction>) -> Self {
        Self {
            side,
            pending: Vec::new(),
            assembly: Assembly::default(),
            inflater: compression.map(|direction| Inflater::new(direction, BeyondWindow::Read)),
            state: ReaderState::Reading,
        }
    }

    /// Takes bytes, and returns what was sent whole with them.
    ///
    /// # Errors
    /// Why this direction cannot be read any further, once.
    pub(super) fn read(&mut self, bytes: &[u8]) -> ReadFrames {
        let mut found = Vec::new();
        if self.state == ReaderState::Done {
            return Ok(found);
        }
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let (plain, rest) = match self.side {
            Side::Server => (Cow::Borrowed(pending.as_slice()), &[][..]),
            Side::Client => match unmasked(&pending) {
                Ok((plain, rest)) => (Cow::Owned(plain), rest),
                Err(why) => return Err((found, self.give_up(why))),
            },
        };
        let mut input = &*plain;
        loop {
            match self
                .assembly
                .next(&mut input, LONGEST_MESSAGE, self.inflater.as_mut())
            {
                Ok(Some(received)) => match content(received) {
                    Some(content) => {
                        let closes = matches!(content, FrameContent::Close(_));
                        found.push(content);
                        if closes {
                            self.state = ReaderState::Done;
                            return Ok(found);
                        }
                    }
                    None => continue,
                },
                Ok(None) => break,
                Err(error) => {
                    let why = self.give_up(self.reason(&error));
                    return Err((found, why));
                }
            }
        }
        self.pending = [input, rest].concat();
        Ok(found)
    }

    fn give_up(&mut self, why: String) -> String {
        self.state = ReaderState::Done;
        self.assembly = Assembly::default();
        why
    }

    fn reason(&self, error: &FrameError) -> String {
        match (error, self.side) {
            (FrameError::TooLong { size, limit }, side) => {
                format!(
                    "{} sent a message of {size} bytes or more, and {limit} is the most that is recorded",
                    side.name()
                )
            }
            (error, Side::Server) => error.to_string(),
            (_, Side::Client) => "the client sent a frame that RFC 6455 forbids".to_owned(),
        }
    }
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::Server => "the server",
        }
    }
}

/// The whole frames of a client, without their masks, and what belongs to the next one.
fn unmasked(mut input: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let mut plain = Vec::new();
    while let Some(header) = Header::parse(input) {
        let length = usize::try_from(header.length)
            .ok()
            .filter(|length| *length <= LONGEST_MESSAGE);
        let Some(length) = length else {
            let size = header.length;
            return Err(format!(
                "the client sent a message of {size} bytes or more, and {LONGEST_MESSAGE} is the most that is recorded"
            ));
        };
        let start = header.header_len();
        let Some(payload) = input[start..].get(..length) else {
            break;
        };
        Header { mask: None, ..header }.write(&mut plain);
        let at = plain.len();
        plain.extend_from_slice(payload);
        if let Some(key) = header.mask {
            mask(&mut plain[at..], key, 0);
        }
        input = &input[start + length..];
    }
    Ok((plain, input))
}

fn content(received: Received<'_>) -> Option<FrameContent> {
    match received {
        Received::Text(text) => Some(FrameContent::Message(Said::Text(text.into_owned()))),
        Received::Binary(bytes) => Some(FrameContent::Message(Said::Binary(bytes.into_owned()))),
        Received::Ping(_) | Received::Pong(_) => None,
        Received::Close(payload) => {
            let code = parse_close(payload).ok().flatten().map(|close| close.code);
            Some(FrameContent::Close(code))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::websocket::{Opcode, write_frame};

    fn text(text: &str) -> FrameContent {
        FrameContent::Message(Said::Text(text.to_owned()))
    }

    #[test]
    fn the_frames_of_a_client_are_read_in_any_pieces() {
        let mut bytes = Vec::new();
        write_frame(Opcode::Text, b"one", Some([1, 2, 3, 4]), &mut bytes);
        write_frame(Opcode::Ping, b"", Some([9; 4]), &mut bytes);
        write_frame(Opcode::Text, b"two", Some([7; 4]), &mut bytes);
        write_frame(Opcode::Close, &1000_u16.to_be_bytes(), Some([7; 4]), &mut bytes);
        for size in 1..bytes.len() {
            let mut reader = FrameReader::new(Side::Client, None);
            let found: Vec<_> = bytes
                .chunks(size)
                .flat_map(|piece| reader.read(piece).unwrap())
                .collect();
            assert_eq!(
                found,
                [text("one"), text("two"), FrameContent::Close(Some(1000))],
                "{size}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_once_and_what_came_before_it_is_kept() {
        let mut bytes = Vec::new();
        write_frame(Opcode::Text, b"one", None, &mut bytes);
        bytes.extend_from_slice(&[0xff; 16]);
        let mut reader = FrameReader::new(Side::Server, None);
        let (found, why) = reader.read(&bytes).unwrap_err();
        assert_eq!(found, [text("one")]);
        assert!(why.starts_with("the server broke RFC 6455"), "{why}");
        assert_eq!(reader.read(&bytes), Ok(Vec::new()));
    }

    #[test]
    fn a_huge_message_is_not_kept() {
        let header = Header::new(Opcode::Binary, 1 << 40);
        for (side, key) in [(Side::Client, Some([1; 4])), (Side::Server, None)] {
            let mut bytes = Vec::new();
            Header { mask: key, ..header }.write(&mut bytes);
            let mut reader = FrameReader::new(side, None);
            let (_, why) = reader.read(&bytes).unwrap_err();
            assert!(why.contains("1099511627776 bytes"), "{why}");
            assert!(reader.pending.is_empty());
        }
    }
}
