//! Reads and writes the status and response of a `phx_reply`.

use std::borrow::Cow;

use super::{Message, Payload, REPLY, json};

/// The status and response of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// `ok`, `error`, or any other status that the server sent.
    pub status: Cow<'a, str>,
    /// JSON text or bytes. Never [`Payload::BinaryReply`] in a reply that was read.
    pub response: Payload<'a>,
}

impl<'a> Message<'a> {
    /// The reply, if this message is one: its event is `phx_reply`, and its payload has a string as status. A
    /// missing response is `null`, as JavaScript would see it.
    pub fn reply(&self) -> Option<Reply<'a>> {
        if self.event.as_str() != Some(REPLY) {
            return None;
        }
        match self.payload {
            Payload::Json(payload) => from_json(payload),
            Payload::BinaryReply { status, data } => Some(Reply {
                status: Cow::Borrowed(status),
                response: Payload::Binary(data),
            }),
            Payload::Binary(_) => None,
        }
    }
}

/// The reply in `{"response":…,"status":…}`. The keys may be in any order, with others between them.
fn from_json(payload: &str) -> Option<Reply<'_>> {
    let (mut status, mut response) = (None, None);
    for member in json::members(payload) {
        let (key, value) = member.ok()?;
        match key.as_ref() {
            "status" if status.is_none() => status = Some(value),
            "response" if response.is_none() => response = Some(value),
            _ => {}
        }
    }
    Some(Reply {
        status: json::unescape(status?).ok()?,
        response: Payload::Json(response.unwrap_or("null")),
    })
}

impl Reply<'_> {
    /// The payload of a message with this reply; `scratch` holds its text.
    pub fn payload<'b>(&'b self, scratch: &'b mut String) -> Payload<'b> {
        let response = match self.response {
            Payload::Json(text) => text,
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => {
                return Payload::BinaryReply {
                    status: &self.status,
                    data,
                };
            }
        };
        scratch.clear();
        scratch.push_str("{\"response\":");
        scratch.push_str(response);
        scratch.push_str(",\"status\":");
        json::push_string(&self.status, scratch);
        scratch.push('}');
        Payload::Json(scratch)
    }
}
