//! A message of the protocol, which borrows from the frame that it was decoded from.

use std::borrow::Cow;

use super::{HEARTBEAT, JOIN, LEAVE, PHOENIX_TOPIC};

/// A ref, join_ref, topic or event as it is in the frame. Phoenix accepts any JSON value here (transcripts
/// heartbeat/odd-refs, malformed/text-topic-number), so none of them is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// `null` or absent: V1 has no join_ref, binary pushes of a server have no ref, and broadcasts have
    /// neither. An empty field of a binary frame is an empty [`Field::Text`], as in Phoenix and in
    /// phoenix.js.
    #[default]
    Null,
    /// A string, borrowed unless it contains an escape.
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

    /// Whether the value is falsy in JavaScript. phoenix.js delivers a message with such a join_ref to any
    /// channel with its topic (`isMember` in `channel.js`).
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

/// The payload of a message. It is parsed only on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// JSON text. In a reply, the whole `{"response":…,"status":…}`.
    Json(&'a str),
    /// The bytes of a binary push or broadcast.
    Binary(&'a [u8]),
    /// A binary reply (kind 1), which has the status in the frame itself.
    BinaryReply {
        /// `ok`, `error`, or any other status that the server sent.
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
    /// The ref; a reply carries the ref of the message that it answers.
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

    /// A push from a client.
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

    /// Whether it is a heartbeat.
    pub fn is_heartbeat(&self) -> bool {
        self.topic.as_str() == Some(PHOENIX_TOPIC) && self.event.as_str() == Some(HEARTBEAT)
    }

    /// A broadcast from a server.
    pub fn broadcast(topic: &'a str, event: &'a str, payload: Payload<'a>) -> Self {
        Self::push(Field::Null, Field::Null, topic, event, payload)
    }
}
