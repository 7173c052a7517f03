//! Encodes what the server says with the client's serializer. An encoded message has no frame: the transport of each
//! client adds its own.

use std::sync::Arc;

use super::channel::{Body, Status};
use super::conduct::V1Keys;
use super::refs::Ref;
use crate::protocol::{CLOSE, ERROR, EncodeError, Field, FrameKind, Message, Payload, REPLY, Reply, Vsn};

/// Phoenix raises here, in the process that says it: the message has no frame in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Raised {
    /// The serializer cannot write it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// `expected payload to be a map`
    #[error("expected the payload of a push or broadcast to be an object")]
    NoObject,
    /// `push`, `broadcast` and the like in `join`, before the socket has joined.
    #[error("expected the socket to be joined before it pushes, replies or broadcasts")]
    NotJoined,
}

/// A message as a serializer wrote it, on its way to one client or to many.
#[derive(Clone, Debug)]
pub(crate) enum Encoded {
    Own(FrameKind, Box<[u8]>),
    Shared(FrameKind, Arc<[u8]>),
}

impl Encoded {
    /// A message for one client.
    pub(crate) fn own(
        encode: impl FnOnce(&mut Vec<u8>) -> Result<FrameKind, Raised>,
    ) -> Result<Self, Raised> {
        let mut payload = Vec::new();
        let kind = encode(&mut payload)?;
        Ok(Self::Own(kind, payload.into_boxed_slice()))
    }

    /// A message for many clients: a clone shares the bytes.
    pub(crate) fn shared(
        encode: impl FnOnce(&mut Vec<u8>) -> Result<FrameKind, Raised>,
    ) -> Result<Self, Raised> {
        let mut payload = Vec::new();
        let kind = encode(&mut payload)?;
        Ok(Self::Shared(kind, payload.into()))
    }

    /// Whether it travels as text or as bytes.
    pub(crate) const fn kind(&self) -> FrameKind {
        match self {
            Self::Own(kind, _) | Self::Shared(kind, _) => *kind,
        }
    }

    /// What the serializer wrote.
    pub(crate) fn payload(&self) -> &[u8] {
        match self {
            Self::Own(_, payload) => payload,
            Self::Shared(_, payload) => payload,
        }
    }
}

/// Messages for one client, one behind the other in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    bytes: Vec<u8>,
    /// The kind of each message, and where it ends.
    ends: Vec<(FrameKind, usize)>,
}

/// A buffer that grew larger than this is given back.
const KEPT: usize = 64 << 10;

impl Messages {
    /// Adds a message; nothing was added where this fails.
    pub(crate) fn encode(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<FrameKind, Raised>,
    ) -> Result<(), Raised> {
        let kind = encode(&mut self.bytes)?;
        self.ends.push((kind, self.bytes.len()));
        Ok(())
    }

    /// Adds a message that was encoded before.
    pub(crate) fn push(&mut self, message: &Encoded) {
        self.bytes.extend_from_slice(message.payload());
        self.ends.push((message.kind(), self.bytes.len()));
    }

    /// Takes all messages out, in order.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(FrameKind, &[u8])) {
        let mut start = 0;
        for (kind, end) in self.ends.drain(..) {
            take(kind, &self.bytes[start..end]);
            start = end;
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
    }
}

/// How a client is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) vsn: Vsn,
    /// The keys of its objects, where the version is 1.0.0.
    pub(crate) v1_keys: V1Keys,
}

impl Dialect {
    /// As Phoenix speaks.
    pub(crate) fn phoenix(vsn: Vsn) -> Self {
        Self {
            vsn,
            v1_keys: V1Keys::Four,
        }
    }
}

/// The refs and the topic that a reply carries.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo<'a> {
    pub(crate) join_ref: Field<'a>,
    pub(crate) reference: Field<'a>,
    pub(crate) topic: Field<'a>,
}

/// Appends a `phx_reply`.
pub(crate) fn reply(
    dialect: Dialect,
    to: ReplyTo<'_>,
    status: Status,
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<FrameKind, Raised> {
    let status = match status {
        Status::Ok => "ok",
        Status::Error => "error",
    };
    let reply = Reply {
        status: status.into(),
        response: match body {
            Body::Json(response) => Payload::Json(response),
            Body::Binary(data) => Payload::Binary(data),
        },
    };
    let mut text = String::new();
    let payload = reply.payload(&mut text);
    let message = Message {
        join_ref: to.join_ref,
        reference: to.reference,
        topic: to.topic,
        event: REPLY.into(),
        payload,
    };
    encode(dialect, &message, out)
}

/// Appends a push to one client: its join_ref, no ref.
pub(crate) fn push(
    dialect: Dialect,
    join_ref: &Ref,
    (topic, event): (&str, &str),
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<FrameKind, Raised> {
    let payload = object_or_bytes(dialect.vsn, body)?;
    encode(
        dialect,
        &Message::push(join_ref.field(), Field::Null, topic, event, payload),
        out,
    )
}

/// Appends a broadcast: neither join_ref nor ref.
pub(crate) fn broadcast(
    dialect: Dialect,
    topic: &str,
    event: &str,
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<FrameKind, Raised> {
    encode(
        dialect,
        &Message::broadcast(topic, event, object_or_bytes(dialect.vsn, body)?),
        out,
    )
}

/// How a channel ended, as the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// `phx_close`
    Closed,
    /// `phx_error` with this payload.
    Crashed(&'static str),
}

/// `phx_close` or `phx_error`, which carry the join's ref twice.
pub(crate) fn end(dialect: Dialect, join_ref: &Ref, topic: &str, end: End) -> Encoded {
    let (event, payload) = match end {
        End::Closed => (CLOSE, Payload::EMPTY),
        End::Crashed(payload) => (ERROR, Payload::Json(payload)),
    };
    // V1 has no join_ref, and its join's is nil, so its ref is null too (transcript v1/conversation).
    let message = Message::push(join_ref.field(), join_ref.field(), topic, event, payload);
    Encoded::own(|out| encode(dialect, &message, out)).expect("text can carry any ref")
}

/// V1 says anything that is JSON; V2 wants an object.
fn object_or_bytes(vsn: Vsn, body: &Body) -> Result<Payload<'_>, Raised> {
    match body {
        Body::Json(text) if vsn == Vsn::V2 && !text.trim_start().starts_with('{') => Err(Raised::NoObject),
        Body::Json(text) => Ok(Payload::Json(text)),
        Body::Binary(data) => Ok(Payload::Binary(data)),
    }
}

/// Appends a message as the serializer writes it, and says how it travels. Nothing was appended where this fails.
fn encode(dialect: Dialect, message: &Message<'_>, out: &mut Vec<u8>) -> Result<FrameKind, Raised> {
    let kind = dialect.vsn.encode_from_server(message, out)?;
    if dialect.vsn == Vsn::V1 {
        change_keys(dialect.v1_keys, message, out);
    }
    Ok(kind)
}

/// Gives the object of version 1.0.0 at the end of `out` other keys than Phoenix does.
fn change_keys(keys: V1Keys, message: &Message<'_>, out: &mut Vec<u8>) {
    match keys {
        V1Keys::NullRefLeftOut if message.reference == Field::Null => {
            // The last one is not the payload's: behind it stands the topic, a text whose quotes are escaped.
            if let Some(at) = out.windows(NULL_REF.len()).rposition(|bytes| bytes == NULL_REF) {
                out.drain(at..at + NULL_REF.len());
            }
        }
        V1Keys::Four | V1Keys::NullRefLeftOut => {}
        V1Keys::JoinRefToo => {
            out.pop();
            out.extend_from_slice(b",\"join_ref\":");
            message.join_ref.write_json(out);
            out.push(b'}');
        }
    }
}

const NULL_REF: &[u8] = b",\"ref\":null";

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_in_v1(v1_keys: V1Keys) -> String {
        let dialect = Dialect {
            vsn: Vsn::V1,
            v1_keys,
        };
        let body = Body::Json(r#"{"ref":null}"#.into());
        let mut out = Vec::new();
        push(dialect, &Ref::Text("1".into()), ("lab:a", "e"), &body, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_object_of_1_0_0_has_the_keys_that_were_decided_on() {
        let keys = [V1Keys::Four, V1Keys::JoinRefToo, V1Keys::NullRefLeftOut];
        insta::assert_snapshot!(keys.map(sent_in_v1).join("\n"), @r#"
        {"event":"e","payload":{"ref":null},"ref":null,"topic":"lab:a"}
        {"event":"e","payload":{"ref":null},"ref":null,"topic":"lab:a","join_ref":"1"}
        {"event":"e","payload":{"ref":null},"topic":"lab:a"}
        "#);
    }

    #[test]
    fn a_message_stands_behind_what_was_there_and_has_no_frame() {
        let mut out = b"before".to_vec();
        let join_ref = Ref::Text("1".into());
        let dialect = Dialect::phoenix(Vsn::V2);
        let kind = push(dialect, &join_ref, ("lab:a", "e"), &Body::empty(), &mut out);
        assert_eq!(kind, Ok(FrameKind::Text));
        assert_eq!(out, b"before[\"1\",null,\"lab:a\",\"e\",{}]");
    }

    #[test]
    fn messages_come_out_one_by_one() {
        let mut messages = Messages::default();
        messages.push(&Encoded::Own(FrameKind::Text, b"one"[..].into()));
        let binary = Body::Binary([1][..].into());
        let dialect = Dialect::phoenix(Vsn::V1);
        let failed = messages.encode(|out| broadcast(dialect, "lab:a", "e", &binary, out));
        assert!(failed.is_err());
        messages.push(&Encoded::Own(FrameKind::Binary, b"two"[..].into()));
        let mut taken = Vec::new();
        messages.drain(|kind, payload| taken.push((kind, payload.to_vec())));
        assert_eq!(
            taken,
            [
                (FrameKind::Text, b"one".to_vec()),
                (FrameKind::Binary, b"two".to_vec())
            ]
        );
        messages.drain(|_, _| panic!("nothing is left"));
    }

    #[test]
    fn a_queue_of_messages_takes_three_words_each() {
        assert_eq!(size_of::<Encoded>(), 24);
    }

    #[test]
    fn what_cannot_be_encoded_leaves_nothing_behind() {
        let mut out = Vec::new();
        let binary = Body::Binary([1][..].into());
        assert!(broadcast(Dialect::phoenix(Vsn::V1), "lab:a", "e", &binary, &mut out).is_err());
        assert!(
            broadcast(
                Dialect::phoenix(Vsn::V2),
                &"x".repeat(256),
                "e",
                &binary,
                &mut out
            )
            .is_err()
        );
        assert_eq!(out, b"");
    }
}
