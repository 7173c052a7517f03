//! One message of the protocol, borrowed from the frame that brought it.

use std::borrow::Cow;

/// A ref, join_ref, topic or event as it stood in the frame. Phoenix carries any JSON value here
/// (transcripts heartbeat/odd-refs, malformed/text-topic-number), so none is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// `null`, or (in a binary frame or in V1) not there.
    #[default]
    Null,
    /// A string, borrowed unless it held an escape.
    Text(Cow<'a, str>),
    /// Any other JSON value, as its text.
    Other(&'a str),
}

impl Field<'_> {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Other(_) => None,
        }
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<Option<&'a str>> for Field<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

/// What a message carries. Nobody parses it but who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// JSON text. Of a reply: the whole `{"response":…,"status":…}`.
    Json(&'a str),
    /// The bytes of a binary push or broadcast.
    Binary(&'a [u8]),
    /// A binary reply (kind 1), whose status stands in the frame itself.
    BinaryReply {
        /// `ok` or `error`, or whatever the server said.
        status: &'a str,
        /// The bytes of the response.
        data: &'a [u8],
    },
}

/// One message, in either direction and either version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The ref of the join that this message belongs to; always [`Field::Null`] in V1.
    pub join_ref: Field<'a>,
    /// Answers carry the ref of what they answer.
    pub reference: Field<'a>,
    /// The channel's topic.
    pub topic: Field<'a>,
    /// The event; `phx_reply` for a binary reply.
    pub event: Field<'a>,
    /// The payload.
    pub payload: Payload<'a>,
}
