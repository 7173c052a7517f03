//! The serializer of version 1.0.0: an object with topic, event, payload and ref
//! (`lib/phoenix/socket/serializers/v1_json_serializer.ex`, `lib/phoenix/socket/message.ex`).

use super::json::{self, Checked, Rigour, Walked, skip_blanks};
use super::text::{field, string_text};
use super::{DecodeError, Field, Message, Payload};

/// Decodes a message from a server. The ref may be missing: Phoenix always writes it, other servers do not.
pub(super) fn decode_from_server(text: &str) -> Result<Message<'_>, DecodeError> {
    let found = Found::read::<Walked>(text)?;
    let reference = found.reference.clone().unwrap_or_default();
    found.message(reference)
}

/// Decodes a message from a client and checks every byte. All four keys are required; the join_ref is
/// optional.
pub(super) fn decode_from_client(text: &str) -> Result<Message<'_>, DecodeError> {
    let found = Found::read::<Checked>(text)?;
    let Some(reference) = found.reference.clone() else {
        return Err(DecodeError::MissingKey {
            at: found.close,
            key: "ref",
        });
    };
    found.message(reference)
}

/// The members of a message. If a key occurs twice, the first counts, as in Jason's maps.
#[derive(Default)]
struct Found<'a> {
    join_ref: Option<Field<'a>>,
    reference: Option<Field<'a>>,
    topic: Option<Field<'a>>,
    event: Option<Field<'a>>,
    payload: Option<&'a str>,
    close: usize,
}

impl<'a> Found<'a> {
    /// Reads the whole text.
    fn read<R: Rigour>(text: &'a str) -> Result<Self, json::Error> {
        let bytes = text.as_bytes();
        let mut found = Self::default();
        let mut at = skip_blanks(bytes, 0);
        if bytes.get(at) != Some(&b'{') {
            return Err(json::Error::new(at, "an object"));
        }
        at = skip_blanks(bytes, at + 1);
        if bytes.get(at) != Some(&b'}') {
            loop {
                at = skip_blanks(bytes, found.member::<R>(text, at)?);
                match bytes.get(at) {
                    Some(b',') => at = skip_blanks(bytes, at + 1),
                    Some(b'}') => break,
                    _ => return Err(json::Error::new(at, "`,` or `}`")),
                }
            }
        }
        found.close = at;
        let end = skip_blanks(bytes, at + 1);
        if end == bytes.len() {
            Ok(found)
        } else {
            Err(json::Error::new(end, "the end of the text"))
        }
    }

    /// Reads the member whose key is at `at`; returns the offset after it.
    fn member<R: Rigour>(&mut self, text: &'a str, at: usize) -> Result<usize, json::Error> {
        let bytes = text.as_bytes();
        if bytes.get(at) != Some(&b'"') {
            return Err(json::Error::new(at, "a key"));
        }
        let key = R::string(bytes, at)?;
        let colon = skip_blanks(bytes, key.end);
        if bytes.get(colon) != Some(&b':') {
            return Err(json::Error::new(colon, "`:`"));
        }
        let start = skip_blanks(bytes, colon + 1);
        let slot = match string_text(text, at, key)?.as_ref() {
            "topic" => &mut self.topic,
            "event" => &mut self.event,
            "ref" => &mut self.reference,
            "join_ref" => &mut self.join_ref,
            "payload" => {
                let end = R::value(bytes, start)?;
                self.payload.get_or_insert(&text[start..end]);
                return Ok(end);
            }
            _ => return R::value(bytes, start),
        };
        let (value, end) = field::<R>(text, start)?;
        slot.get_or_insert(value);
        Ok(end)
    }

    /// The message, if no member is missing.
    fn message(self, reference: Field<'a>) -> Result<Message<'a>, DecodeError> {
        let missing = |key| DecodeError::MissingKey { at: self.close, key };
        Ok(Message {
            join_ref: self.join_ref.unwrap_or_default(),
            reference,
            topic: self.topic.ok_or(missing("topic"))?,
            event: self.event.ok_or(missing("event"))?,
            payload: Payload::Json(self.payload.ok_or(missing("payload"))?),
        })
    }
}

/// Appends a message from a client: topic, event, payload, ref.
pub(super) fn encode_from_client(message: &Message<'_>, payload: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"topic\":");
    message.topic.write_json(out);
    out.extend_from_slice(b",\"event\":");
    message.event.write_json(out);
    out.extend_from_slice(b",\"payload\":");
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(b",\"ref\":");
    message.reference.write_json(out);
    out.push(b'}');
}

/// Appends a message from a server: event, payload, ref, topic, which is the order of Elixir's small maps.
pub(super) fn encode_from_server(message: &Message<'_>, payload: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"event\":");
    message.event.write_json(out);
    out.extend_from_slice(b",\"payload\":");
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(b",\"ref\":");
    message.reference.write_json(out);
    out.extend_from_slice(b",\"topic\":");
    message.topic.write_json(out);
    out.push(b'}');
}
