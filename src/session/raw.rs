//! Frames made by hand, legal or not, to see what a server does with them.

use crate::wire::websocket::{Header, Opcode, Part};

/// The key by which a client's payload is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// As RFC 6455 asks: with the connection's next key.
    Usual,
    /// With this key.
    Key([u8; 4]),
    /// Not at all, which a client must not do.
    Unmasked,
}

/// A frame made by hand: every field may break RFC 6455.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The three reserved bits, as a number from 0 to 7; RSV1 is 4.
    pub rsv: u8,
    /// The opcode, from 0 to 15.
    pub opcode: u8,
    /// Whether and how the payload is masked.
    pub masking: Masking,
    /// The payload, before it is masked.
    pub payload: Vec<u8>,
    /// A length for the header that is not the payload's.
    pub lied_length: Option<u64>,
}

impl RawFrame {
    /// Continues a message.
    pub const CONTINUATION: u8 = 0;
    /// Begins a text message.
    pub const TEXT: u8 = 1;
    /// Begins a binary message.
    pub const BINARY: u8 = 2;
    /// Closes the connection.
    pub const CLOSE: u8 = 8;
    /// Asks for a pong.
    pub const PING: u8 = 9;
    /// Answers a ping.
    pub const PONG: u8 = 10;

    /// A legal frame: one whole message, masked. Change what should be otherwise.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            fin: true,
            rsv: 0,
            opcode,
            masking: Masking::Usual,
            payload: payload.into(),
            lied_length: None,
        }
    }

    /// Appends the frame; `key` is the connection's next key.
    pub(super) fn write(&self, key: [u8; 4], out: &mut Vec<u8>) {
        let key = match self.masking {
            Masking::Usual => Some(key),
            Masking::Key(key) => Some(key),
            Masking::Unmasked => None,
        };
        let length = self.lied_length.unwrap_or(self.payload.len() as u64);
        let header = Header {
            part: if self.fin { Part::Last } else { Part::More },
            reserved: self.rsv,
            mask: key,
            ..Header::new(Opcode::from_bits(self.opcode), length)
        };
        header.write_with(&self.payload, out);
    }
}
