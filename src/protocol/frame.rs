//! One WebSocket message with a Phoenix message in it, and the version that says how to read it.

use std::fmt;

/// What arrived: the text or the bytes of one whole WebSocket message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text message; UTF-8 was checked by the transport.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// How an encoded message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// As a text message.
    Text,
    /// As a binary message.
    Binary,
}

/// The serializer of a connection, as the connect param `vsn` picks it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vsn {
    /// 1.0.0: JSON objects, no join_ref.
    V1,
    /// 2.0.0: JSON arrays of five, and binary frames.
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
