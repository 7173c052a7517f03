//! One message of the protocol, borrowed from the frame that brought it.

use std::borrow::Cow;

use super::{HEARTBEAT, JOIN, LEAVE, PHOENIX_TOPIC};

/// A ref, join_ref, topic or event as it stood in the frame. Phoenix carries any JSON value here
/// (transcripts heartbeat/odd-refs, malformed/text-topic-number), so none is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// `null`, or not there: V1 has no join_ref, binary pushes of a server no ref, broadcasts neither. A field of no
    /// bytes in a binary frame is an empty [`Field::Text`], as it is to Phoenix and to phoenix.js.
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

    /// Whether JavaScript takes this for false. phoenix.js lets a message with such a join_ref through to whatever
    /// channel has its topic (`isMember` in `channel.js`).
    pub fn is_falsy(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Other(raw) => *raw == "false" || raw.parse() == Ok(0.0),
        }
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
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

impl Payload<'_> {
    /// `{}`
    pub const EMPTY: Self = Self::Json("{}");
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

impl<'a> Message<'a> {
    /// A join. Its ref is its join_ref.
    pub fn join(join_ref: &'a str, topic: &'a str, params: Payload<'a>) -> Self {
        Self::push(join_ref, join_ref, topic, JOIN, params)
    }

    /// A push of a client.
    pub fn push(
        join_ref: impl Into<Field<'a>>,
        reference: impl Into<Field<'a>>,
        topic: &'a str,
        event: &'a str,
        payload: Payload<'a>,
    ) -> Self {
        Self {
            join_ref: join_ref.into(),
            reference: reference.into(),
            topic: topic.into(),
            event: event.into(),
            payload,
        }
    }

    /// A leave.
    pub fn leave(join_ref: &'a str, reference: &'a str, topic: &'a str) -> Self {
        Self::push(join_ref, reference, topic, LEAVE, Payload::EMPTY)
    }

    /// A heartbeat.
    pub fn heartbeat(reference: &'a str) -> Self {
        Self::push(Field::Null, reference, PHOENIX_TOPIC, HEARTBEAT, Payload::EMPTY)
    }

    /// A broadcast of a server.
    pub fn broadcast(topic: &'a str, event: &'a str, payload: Payload<'a>) -> Self {
        Self::push(Field::Null, Field::Null, topic, event, payload)
    }
}
