//! What the server says, as WebSocket frames ready to be written.

use super::channel::{Body, Status};
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

/// The refs and the topic that a reply carries.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo<'a> {
    pub(crate) join_ref: Field<'a>,
    pub(crate) reference: Field<'a>,
    pub(crate) topic: Field<'a>,
}

/// Appends a `phx_reply`.
pub(crate) fn reply(
    vsn: Vsn,
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
    frame(vsn, &message, out)
}

/// Appends a push to one client: its join_ref, no ref.
pub(crate) fn push(
    vsn: Vsn,
    join_ref: &Ref,
    (topic, event): (&str, &str),
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    let payload = object_or_bytes(vsn, body)?;
    frame(
        vsn,
        &Message::push(join_ref.field(), Field::Null, topic, event, payload),
        out,
    )
}

/// Appends a broadcast: neither join_ref nor ref.
pub(crate) fn broadcast(
    vsn: Vsn,
    topic: &str,
    event: &str,
    body: &Body,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    frame(
        vsn,
        &Message::broadcast(topic, event, object_or_bytes(vsn, body)?),
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
pub(crate) fn end(vsn: Vsn, join_ref: &Ref, topic: &str, end: End, out: &mut Vec<u8>) {
    let (event, payload) = match end {
        End::Closed => (CLOSE, Payload::EMPTY),
        End::Crashed(payload) => (ERROR, Payload::Json(payload)),
    };
    // V1 has no join_ref, and its join's is nil, so its ref is null too (transcript v1/conversation).
    let message = Message::push(join_ref.field(), join_ref.field(), topic, event, payload);
    frame(vsn, &message, out).expect("text can carry any ref");
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
fn frame(vsn: Vsn, message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let start = out.len();
    // Room for the header of most frames; only the rare long one is moved.
    out.extend_from_slice(&[0; ROOM]);
    let kind = match vsn.encode_from_server(message, out) {
        Ok(kind) => kind,
        Err(error) => {
            out.truncate(start);
            return Err(error.into());
        }
    };
    let opcode = match kind {
        FrameKind::Text => Opcode::Text,
        FrameKind::Binary => Opcode::Binary,
    };
    put_header(opcode, start, out);
    Ok(())
}

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
        push(Vsn::V2, &join_ref, ("lab:a", "e"), body, &mut out)?;
        assert_eq!(&out[..6], b"before");
        Ok(out.split_off(6))
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
        assert!(broadcast(Vsn::V1, "lab:a", "e", &binary, &mut out).is_err());
        assert!(broadcast(Vsn::V2, &"x".repeat(256), "e", &binary, &mut out).is_err());
        assert_eq!(out, b"");
    }
}
