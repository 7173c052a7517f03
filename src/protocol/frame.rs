//! The WebSocket messages that carry Phoenix messages, and the serializer version (`vsn`).

use std::fmt;

/// A received frame: the text or the bytes of one whole WebSocket message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text message; the transport has checked that it is UTF-8.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// The kind of WebSocket message that carries an encoded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// As a text message.
    Text,
    /// As a binary message.
    Binary,
}

/// The serializer of a connection, as chosen by the connect param `vsn`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vsn {
    /// 1.0.0: JSON objects, no join_ref.
    V1,
    /// 2.0.0: JSON arrays of five elements, and binary frames.
    #[default]
    V2,
}

impl Vsn {
    /// The value of the connect param, `1.0.0` or `2.0.0`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        }
    }
}

impl fmt::Display for Vsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
