//! The binary frames of version 2.0.0: a kind, one byte for the size of each field, the fields, and the
//! payload (`lib/phoenix/socket/serializers/v2_json_serializer.ex`).
//!
//! | direction | kind | sizes, and then the fields |
//! | --- | --- | --- |
//! | from a client | 0 push | join_ref, ref, topic, event |
//! | from a server | 0 push | join_ref, topic, event |
//! | from a server | 1 reply | join_ref, ref, topic, status |
//! | from a server | 2 broadcast | topic, event |

use super::{DecodeError, EncodeError, Field, JOIN, LEAVE, Message, Payload, REPLY};

const PUSH: u8 = 0;
const KIND_REPLY: u8 = 1;
const BROADCAST: u8 = 2;

/// Decodes a frame from a client. An empty field is an empty text, as in Phoenix, and not `null`.
///
/// Phoenix accepts any bytes, and raises when a text reply has to carry them. Most replies carry neither the
/// event nor the join_ref, so invalid bytes in these two are replaced by U+FFFD, and the result matches no
/// other value.
pub(super) fn decode_from_client(frame: &[u8]) -> Result<Message<'_>, DecodeError> {
    match frame.first() {
        Some(&PUSH) => {
            let ([join_ref, reference, topic, event], data) =
                slices(frame, ["join_ref", "ref", "topic", "event"])?;
            let event = String::from_utf8_lossy(event.bytes);
            let join_ref = match &*event {
                JOIN | LEAVE => join_ref.text()?.into(),
                _ => String::from_utf8_lossy(join_ref.bytes),
            };
            Ok(Message {
                join_ref: Field::Text(join_ref),
                reference: reference.text()?.into(),
                topic: topic.text()?.into(),
                event: Field::Text(event),
                payload: Payload::Binary(data),
            })
        }
        kind => Err(unknown(kind, "a push, kind 0")),
    }
}

/// Decodes a frame from a server. An empty field is an empty text, as in phoenix.js, and not `null`.
pub(super) fn decode_from_server(frame: &[u8]) -> Result<Message<'_>, DecodeError> {
    match frame.first() {
        Some(&PUSH) => {
            let ([join_ref, topic, event], data) = fields(frame, ["join_ref", "topic", "event"])?;
            Ok(Message {
                join_ref: join_ref.into(),
                reference: Field::Null,
                topic: topic.into(),
                event: event.into(),
                payload: Payload::Binary(data),
            })
        }
        Some(&KIND_REPLY) => {
            let ([join_ref, reference, topic, status], data) =
                fields(frame, ["join_ref", "ref", "topic", "status"])?;
            Ok(Message {
                join_ref: join_ref.into(),
                reference: reference.into(),
                topic: topic.into(),
                event: REPLY.into(),
                payload: Payload::BinaryReply { status, data },
            })
        }
        Some(&BROADCAST) => {
            let ([topic, event], data) = fields(frame, ["topic", "event"])?;
            Ok(Message {
                join_ref: Field::Null,
                reference: Field::Null,
                topic: topic.into(),
                event: event.into(),
                payload: Payload::Binary(data),
            })
        }
        kind => Err(unknown(kind, "a push, a reply or a broadcast, kind 0, 1 or 2")),
    }
}

/// The error for a frame that begins with this byte.
fn unknown(kind: Option<&u8>, expected: &'static str) -> DecodeError {
    match kind {
        Some(&kind) => DecodeError::UnknownKind { kind, expected },
        None => DecodeError::ShortHeader { at: 0, field: "kind" },
    }
}

/// A field as it is in a frame.
#[derive(Clone, Copy, Default)]
struct Slice<'a> {
    at: usize,
    name: &'static str,
    bytes: &'a [u8],
}

impl<'a> Slice<'a> {
    fn text(self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes).map_err(|error| DecodeError::NotUtf8 {
            at: self.at + error.valid_up_to(),
            field: self.name,
        })
    }
}

/// The fields of a frame as text, and the payload after them.
fn fields<'a, const N: usize>(
    frame: &'a [u8],
    names: [&'static str; N],
) -> Result<([&'a str; N], &'a [u8]), DecodeError> {
    let (slices, data) = slices(frame, names)?;
    let mut fields = [""; N];
    for (field, slice) in fields.iter_mut().zip(slices) {
        *field = slice.text()?;
    }
    Ok((fields, data))
}

/// The fields of a frame, whose sizes follow the kind, and the payload after them.
fn slices<'a, const N: usize>(
    frame: &'a [u8],
    names: [&'static str; N],
) -> Result<([Slice<'a>; N], &'a [u8]), DecodeError> {
    let Some(sizes) = frame.get(1..=N) else {
        let field = names[frame.len().saturating_sub(1).min(N - 1)];
        return Err(DecodeError::ShortHeader {
            at: frame.len(),
            field,
        });
    };
    let mut at = 1 + N;
    let mut slices = [Slice::default(); N];
    for ((slice, &size), name) in slices.iter_mut().zip(sizes).zip(names) {
        let said = usize::from(size);
        let left = frame.len() - at;
        let bytes = frame.get(at..at + said).ok_or(DecodeError::ShortField {
            at,
            field: name,
            said,
            left,
        })?;
        *slice = Slice { at, name, bytes };
        at += said;
    }
    Ok((slices, &frame[at..]))
}

/// Appends a push as clients encode it.
pub(super) fn encode_from_client(
    message: &Message<'_>,
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write(
        PUSH,
        [
            ("join_ref", reference("join_ref", &message.join_ref)?),
            ("ref", reference("ref", &message.reference)?),
            ("topic", name("topic", &message.topic)?),
            ("event", name("event", &message.event)?),
        ],
        data,
        out,
    )
}

/// Appends a push if the message has a join_ref, otherwise a broadcast. Neither carries a ref.
pub(super) fn encode_from_server(
    message: &Message<'_>,
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let topic = ("topic", name("topic", &message.topic)?);
    let event = ("event", name("event", &message.event)?);
    match &message.join_ref {
        Field::Null => write(BROADCAST, [topic, event], data, out),
        join_ref => write(
            PUSH,
            [("join_ref", reference("join_ref", join_ref)?), topic, event],
            data,
            out,
        ),
    }
}

/// Appends a reply as servers encode it.
pub(super) fn encode_reply(
    message: &Message<'_>,
    status: &str,
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write(
        KIND_REPLY,
        [
            ("join_ref", reference("join_ref", &message.join_ref)?),
            ("ref", reference("ref", &message.reference)?),
            ("topic", name("topic", &message.topic)?),
            ("status", status),
        ],
        data,
        out,
    )
}

/// A ref as bytes, as Elixir's `to_string` writes it; lists and objects have no such form.
fn reference<'a>(field: &'static str, value: &'a Field<'_>) -> Result<&'a str, EncodeError> {
    match value {
        Field::Null => Ok(""),
        Field::Text(text) => Ok(text),
        Field::Other(raw) if raw.starts_with(['[', '{']) => Err(EncodeError::NotText { field }),
        Field::Other(raw) => Ok(raw),
    }
}

/// A topic or an event as bytes.
fn name<'a>(field: &'static str, value: &'a Field<'_>) -> Result<&'a str, EncodeError> {
    value.as_str().ok_or(EncodeError::NotText { field })
}

/// Appends a frame, or nothing if a field is too long for its size byte.
fn write<const N: usize>(
    kind: u8,
    fields: [(&'static str, &str); N],
    data: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut sizes = [0; N];
    for (size, (field, text)) in sizes.iter_mut().zip(fields) {
        *size = u8::try_from(text.len()).map_err(|_| EncodeError::FieldTooLong {
            field,
            bytes: text.len(),
        })?;
    }
    out.push(kind);
    out.extend_from_slice(&sizes);
    for (_, text) in fields {
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(data);
    Ok(())
}
