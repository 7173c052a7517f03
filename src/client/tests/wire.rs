//! Encodes and decodes version 2 text messages for tests: no escapes, no binary frames.

use serde_json::value::RawValue;

use crate::protocol::{Field, Message, Payload};

pub(super) fn decode(text: &str) -> Message<'_> {
    type Envelope<'a> = (Option<&'a str>, Option<&'a str>, &'a str, &'a str, &'a RawValue);
    let (join_ref, reference, topic, event, payload): Envelope<'_> =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Message {
        join_ref: join_ref.into(),
        reference: reference.into(),
        topic: topic.into(),
        event: event.into(),
        payload: Payload::Json(payload.get()),
    }
}

pub(super) fn encode(message: &Message<'_>) -> String {
    let field = |field: &Field<'_>| match field {
        Field::Null => "null".to_owned(),
        Field::Text(text) => format!("\"{text}\""),
        Field::Other(json) => (*json).to_owned(),
    };
    let fields = [
        &message.join_ref,
        &message.reference,
        &message.topic,
        &message.event,
    ]
    .map(field);
    format!("[{},{}]", fields.join(","), json(message.payload))
}

pub(super) fn json(payload: Payload<'_>) -> String {
    match payload {
        Payload::Json(json) => json.to_owned(),
        Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => format!("{bytes:?}"),
    }
}
