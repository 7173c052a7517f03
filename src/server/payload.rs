//! Payloads in and out of channels, and the status of a reply.

use std::sync::Arc;

use crate::protocol::Payload;

/// A payload on its way to a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum In<'a> {
    /// JSON text, checked to be well-formed; any JSON value, not only an object.
    Json(&'a str),
    /// The bytes of a binary push.
    Binary(&'a [u8]),
}

impl<'a> In<'a> {
    /// The payload of a message.
    pub(crate) const fn of(payload: Payload<'a>) -> Self {
        match payload {
            Payload::Json(text) => Self::Json(text),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => Self::Binary(data),
        }
    }
}

/// A payload that a message owns, shared by all messages that carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// JSON text.
    Json(Arc<str>),
    /// Bytes.
    Binary(Arc<[u8]>),
}

impl Body {
    /// `{}`.
    pub(crate) fn empty() -> Self {
        Self::Json("{}".into())
    }

    /// The payload of a message.
    pub(crate) fn payload(&self) -> Payload<'_> {
        match self {
            Self::Json(text) => Payload::Json(text),
            Self::Binary(data) => Payload::Binary(data),
        }
    }
}

impl From<Payload<'_>> for Body {
    fn from(payload: Payload<'_>) -> Self {
        match payload {
            Payload::Json(text) => Self::Json(text.into()),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => Self::Binary(data.into()),
        }
    }
}

/// The status of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// `ok`
    Ok,
    /// `error`
    Error,
}
