//! Encodes what the server says with the client's serializer. An encoded message has no frame: the transport of each
//! client adds its own.

use std::cell::RefCell;
use std::sync::Arc;

use super::conduct::V1Keys;
use super::payload::{Body, Status};
use super::refs::Ref;
use crate::protocol::{CLOSE, ERROR, EncodeError, Field, FrameKind, Message, Payload, REPLY, Reply, Vsn};

/// Why Phoenix raises in the process that pushes, replies or broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Raised {
    /// The serializer of the client's version cannot write the message.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// `expected payload to be a map`
    #[error("expected the payload of a push or broadcast to be an object")]
    NoObject,
    /// `push`, `broadcast` and the like in `join`, before the socket has joined.
    #[error("expected the socket to be joined before it pushes, replies or broadcasts")]
    NotJoined,
}

/// A message as a serializer wrote it, on its way to one client or to many: a clone shares the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    pub(crate) kind: FrameKind,
    pub(crate) payload: Arc<[u8]>,
}

impl Encoded {
    fn new(dialect: Dialect, message: &Message<'_>) -> Result<Self, Raised> {
        MESSAGE.with_borrow_mut(|bytes| {
            bytes.clear();
            bytes.shrink_to(KEPT);
            let kind = dialect.vsn.encode_from_server(message, bytes)?;
            if dialect.vsn == Vsn::V1 {
                change_keys(dialect.v1_keys, message, bytes);
            }
            let payload = Arc::from(&bytes[..]);
            Ok(Self { kind, payload })
        })
    }
}

/// A buffer of a thread keeps no more room than this for the next message.
const KEPT: usize = 64 << 10;

thread_local! {
    /// The message that is being encoded. It is reused, so that only the finished bytes are allocated.
    static MESSAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// The payload of the reply that is being encoded.
    static REPLY_PAYLOAD: RefCell<String> = const { RefCell::new(String::new()) };
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

/// A `phx_reply`.
pub(crate) fn reply(
    dialect: Dialect,
    to: ReplyTo<'_>,
    status: Status,
    body: &Body,
) -> Result<Encoded, Raised> {
    let status = match status {
        Status::Ok => "ok",
        Status::Error => "error",
    };
    let reply = Reply {
        status: status.into(),
        response: body.payload(),
    };
    REPLY_PAYLOAD.with_borrow_mut(|text| {
        text.clear();
        text.shrink_to(KEPT);
        let message = Message {
            join_ref: to.join_ref,
            reference: to.reference,
            topic: to.topic,
            event: REPLY.into(),
            payload: reply.payload(text),
        };
        Encoded::new(dialect, &message)
    })
}

/// A push to one client: its join_ref, no ref.
pub(crate) fn push(
    dialect: Dialect,
    join_ref: &Ref,
    (topic, event): (&str, &str),
    body: &Body,
) -> Result<Encoded, Raised> {
    let payload = object_or_bytes(dialect.vsn, body)?;
    let message = Message::push(join_ref.field(), Field::Null, topic, event, payload);
    Encoded::new(dialect, &message)
}

/// A broadcast: neither join_ref nor ref.
pub(crate) fn broadcast(dialect: Dialect, topic: &str, event: &str, body: &Body) -> Result<Encoded, Raised> {
    let payload = object_or_bytes(dialect.vsn, body)?;
    Encoded::new(dialect, &Message::broadcast(topic, event, payload))
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
    Encoded::new(dialect, &message).expect("text can carry any ref")
}

/// V1 says anything that is JSON; V2 wants an object.
fn object_or_bytes(vsn: Vsn, body: &Body) -> Result<Payload<'_>, Raised> {
    match body {
        Body::Json(text) if vsn == Vsn::V2 && !text.trim_start().starts_with('{') => Err(Raised::NoObject),
        body => Ok(body.payload()),
    }
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

    fn text(encoded: &Result<Encoded, Raised>) -> String {
        let encoded = encoded.as_ref().expect("a message");
        String::from_utf8(encoded.payload.to_vec()).unwrap()
    }

    fn sent_in_v1(v1_keys: V1Keys) -> String {
        let dialect = Dialect {
            vsn: Vsn::V1,
            v1_keys,
        };
        let body = Body::Json(r#"{"ref":null}"#.into());
        text(&push(dialect, &Ref::Text("1".into()), ("lab:a", "e"), &body))
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
    fn a_message_has_no_frame() {
        let dialect = Dialect::phoenix(Vsn::V2);
        let push = push(dialect, &Ref::Text("1".into()), ("lab:a", "e"), &Body::empty());
        assert_eq!(text(&push), r#"["1",null,"lab:a","e",{}]"#);
        assert_eq!(push.map(|push| push.kind), Ok(FrameKind::Text));
    }

    #[test]
    fn bytes_cannot_be_said_in_v1_nor_with_a_long_topic() {
        let binary = Body::Binary([1][..].into());
        assert!(broadcast(Dialect::phoenix(Vsn::V1), "lab:a", "e", &binary).is_err());
        assert!(broadcast(Dialect::phoenix(Vsn::V2), &"x".repeat(256), "e", &binary).is_err());
        let short = broadcast(Dialect::phoenix(Vsn::V2), "lab:a", "e", &binary);
        assert_eq!(short.map(|short| short.kind), Ok(FrameKind::Binary));
    }

    #[test]
    fn a_queue_of_messages_takes_three_words_each() {
        assert_eq!(size_of::<Encoded>(), 24);
    }
}
