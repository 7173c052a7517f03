//! What the server says, as WebSocket frames ready to be written.

use super::channel::{Body, Status};
use super::conduct::V1Keys;
use super::refs::Ref;
use crate::protocol::websocket::{Header, Opcode};
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

/// How a connection is spoken to.
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
) -> Result<(), Raised> {
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
    frame(dialect, &message, out)
}

/// Appends a push to one client: its join_ref, no ref.
pub(crate) fn push(
    dialect: Dialect,
    join_ref: &Ref,
    (topic, event): (&str, &str),
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    let payload = object_or_bytes(dialect.vsn, body)?;
    frame(
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
) -> Result<(), Raised> {
    frame(
        dialect,
        &Message::broadcast(topic, event, object_or_bytes(dialect.vsn, body)?),
        out,
    )
}

/// How a conversation ended, as the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// `phx_close`
    Closed,
    /// `phx_error` with this payload.
    Crashed(&'static str),
}

/// Appends `phx_close` or `phx_error`, which carry the join's ref twice.
pub(crate) fn end(dialect: Dialect, join_ref: &Ref, topic: &str, end: End, out: &mut Vec<u8>) {
    let (event, payload) = match end {
        End::Closed => (CLOSE, Payload::EMPTY),
        End::Crashed(payload) => (ERROR, Payload::Json(payload)),
    };
    // V1 has no join_ref, and its join's is nil, so its ref is null too (transcript v1/conversation).
    let message = Message::push(join_ref.field(), join_ref.field(), topic, event, payload);
    frame(dialect, &message, out).expect("text can carry any ref");
}

/// V1 says anything that is JSON; V2 wants an object.
fn object_or_bytes(vsn: Vsn, body: &Body) -> Result<Payload<'_>, Raised> {
    match body {
        Body::Json(text) if vsn == Vsn::V2 && !text.trim_start().starts_with('{') => Err(Raised::NoObject),
        Body::Json(text) => Ok(Payload::Json(text)),
        Body::Binary(data) => Ok(Payload::Binary(data)),
    }
}

/// Appends a message in its frame. Nothing was appended where this fails.
fn frame(dialect: Dialect, message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let start = out.len();
    // Room for the header of most frames; only the rare long one is moved.
    out.extend_from_slice(&[0; ROOM]);
    let kind = match dialect.vsn.encode_from_server(message, out) {
        Ok(kind) => kind,
        Err(error) => {
            out.truncate(start);
            return Err(error.into());
        }
    };
    if dialect.vsn == Vsn::V1 {
        change_keys(dialect.v1_keys, message, out);
    }
    let opcode = match kind {
        FrameKind::Text => Opcode::Text,
        FrameKind::Binary => Opcode::Binary,
    };
    put_header(opcode, start, out);
    Ok(())
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

const ROOM: usize = 4;

/// Writes the header of the frame whose payload stands behind the room at `start`.
fn put_header(opcode: Opcode, start: usize, out: &mut Vec<u8>) {
    let payload = out.len() - start - ROOM;
    let header = header(opcode, payload);
    header.write(out);
    // Written behind the payload, it is turned to the front; only the payload of a short or a long frame moves.
    let end = out.len() - header.header_len();
    if header.header_len() == ROOM {
        out.copy_within(end.., start);
        out.truncate(end);
    } else {
        out.drain(start..start + ROOM);
        out[start..].rotate_right(header.header_len());
    }
}

/// The header of a whole frame from a server.
fn header(opcode: Opcode, payload: usize) -> Header {
    Header::new(opcode, payload as u64)
}

/// Appends a pong.
pub(crate) fn pong(payload: &[u8], out: &mut Vec<u8>) {
    header(Opcode::Pong, payload.len()).write(out);
    out.extend_from_slice(payload);
}

/// Appends a close frame; without a code an empty one.
pub(crate) fn close(code: Option<u16>, out: &mut Vec<u8>) {
    let payload = code.map(u16::to_be_bytes);
    let payload = payload.as_ref().map_or(&[][..], |bytes| &bytes[..]);
    header(Opcode::Close, payload.len()).write(out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &Body) -> Result<Vec<u8>, Raised> {
        let mut out = b"before".to_vec();
        let join_ref = Ref::Text("1".into());
        push(
            Dialect::phoenix(Vsn::V2),
            &join_ref,
            ("lab:a", "e"),
            body,
            &mut out,
        )?;
        assert_eq!(&out[..6], b"before");
        Ok(out.split_off(6))
    }

    fn sent_in_v1(v1_keys: V1Keys) -> String {
        let dialect = Dialect {
            vsn: Vsn::V1,
            v1_keys,
        };
        let body = Body::Json(r#"{"ref":null}"#.into());
        let mut out = Vec::new();
        push(dialect, &Ref::Text("1".into()), ("lab:a", "e"), &body, &mut out).unwrap();
        String::from_utf8(out.split_off(2)).unwrap()
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
    fn a_short_frame_has_two_bytes_of_header() {
        let frame = sent(&Body::empty()).unwrap();
        assert_eq!(frame, b"\x81\x19[\"1\",null,\"lab:a\",\"e\",{}]");
    }

    #[test]
    fn longer_frames_have_four_and_ten() {
        for (size, header) in [(300, 4), (70_000, 10)] {
            let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(size));
            let frame = sent(&Body::Json(text.as_str().into())).unwrap();
            assert_eq!(frame.len() - header, 25 - 2 + text.len());
            assert_eq!(frame[header], b'[');
        }
    }

    #[test]
    fn what_has_no_frame_leaves_nothing_behind() {
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
