//! The text serializer of version 2.0.0: `[join_ref, ref, topic, event, payload]`
//! (`lib/phoenix/socket/serializers/v2_json_serializer.ex`, `assets/js/phoenix/serializer.js`).

use super::json::{self, Checked, Rigour, Walked, skip_blanks};
use super::text::field;
use super::{DecodeError, Message, Payload};

/// Decodes a message from a server: an array of exactly five elements, of which only brackets and strings are
/// scanned.
pub(super) fn decode_from_server(text: &str) -> Result<Message<'_>, DecodeError> {
    decode::<Walked>(text, |bytes, at| {
        expect(bytes, at, b']', "`]` after five elements")?;
        the_end(bytes, at + 1)
    })
}

/// Decodes a message from a client: an array of at least five elements, and every byte is checked. Phoenix
/// matches `[…, payload | _]`, so further elements are checked and ignored.
pub(super) fn decode_from_client(text: &str) -> Result<Message<'_>, DecodeError> {
    decode::<Checked>(text, |bytes, mut at| {
        while bytes.get(at) == Some(&b',') {
            at = skip_blanks(bytes, Checked::value(bytes, skip_blanks(bytes, at + 1))?);
        }
        expect(bytes, at, b']', "`,` or `]`")?;
        the_end(bytes, at + 1)
    })
}

/// The message in the first five elements; `rest` checks what follows them. The message is built last, in the
/// place of the result, so that it is never moved.
#[inline(always)]
fn decode<R: Rigour>(
    text: &str,
    rest: impl FnOnce(&[u8], usize) -> Result<(), json::Error>,
) -> Result<Message<'_>, DecodeError> {
    let bytes = text.as_bytes();
    let at = skip_blanks(bytes, 0);
    expect(bytes, at, b'[', "an array of five")?;
    let (join_ref, at) = field::<R>(text, skip_blanks(bytes, at + 1))?;
    let (reference, at) = field::<R>(text, after_comma(bytes, at, "`,` and the ref")?)?;
    let (topic, at) = field::<R>(text, after_comma(bytes, at, "`,` and the topic")?)?;
    let (event, at) = field::<R>(text, after_comma(bytes, at, "`,` and the event")?)?;
    let start = after_comma(bytes, at, "`,` and the payload")?;
    let end = R::value(bytes, start)?;
    rest(bytes, skip_blanks(bytes, end))?;
    Ok(Message {
        join_ref,
        reference,
        topic,
        event,
        payload: Payload::Json(&text[start..end]),
    })
}

/// The start of the element after the comma at `at`, after any whitespace.
#[inline]
fn after_comma(bytes: &[u8], at: usize, expected: &'static str) -> Result<usize, json::Error> {
    let comma = skip_blanks(bytes, at);
    expect(bytes, comma, b',', expected)?;
    Ok(skip_blanks(bytes, comma + 1))
}

/// Fails unless this byte is at `at`.
#[inline]
fn expect(bytes: &[u8], at: usize, byte: u8, expected: &'static str) -> Result<(), json::Error> {
    if bytes.get(at) == Some(&byte) {
        Ok(())
    } else {
        Err(json::Error::new(at, expected))
    }
}

/// Fails unless only whitespace follows.
#[inline]
fn the_end(bytes: &[u8], at: usize) -> Result<(), json::Error> {
    let end = skip_blanks(bytes, at);
    if end == bytes.len() {
        Ok(())
    } else {
        Err(json::Error::new(end, "the end of the text"))
    }
}

/// Appends the message, without blanks.
pub(super) fn encode(message: &Message<'_>, payload: &str, out: &mut Vec<u8>) {
    for (before, field) in [
        (b'[', &message.join_ref),
        (b',', &message.reference),
        (b',', &message.topic),
        (b',', &message.event),
    ] {
        out.push(before);
        field.write_json(out);
    }
    out.push(b',');
    out.extend_from_slice(payload.as_bytes());
    out.push(b']');
}
