//! The decoders of both serializers, for the messages of servers and of clients.

use serde::de::IgnoredAny;

use crate::protocol::{EncodeError, Field, Frame, FrameKind, Message, Payload, Vsn, json};

/// Decodes the input as a text and as a binary frame, in both versions and from both sides. A decoded message can be encoded, and
/// means the same then.
pub(super) fn messages(input: &[u8]) {
    let text = std::str::from_utf8(input).ok().map(Frame::Text);
    for frame in text.into_iter().chain([Frame::Binary(input)]) {
        for vsn in [Vsn::V1, Vsn::V2] {
            from_server(vsn, frame);
            from_client(vsn, frame);
        }
    }
}

fn from_server(vsn: Vsn, frame: Frame<'_>) {
    let Ok(message) = vsn.decode_from_server(frame) else {
        return;
    };
    let mut scratch = String::new();
    if let Some(reply) = message.reply() {
        reply.payload(&mut scratch);
    }
    let mut bytes = Vec::new();
    let kind = vsn.encode_from_server(&message, &mut bytes);
    let kind = kind.expect("what a server sent can be sent again");
    let again = vsn.decode_from_server(frame_of(kind, &bytes));
    assert_eq!(again.as_ref(), Ok(&without_lost(vsn, &message)));
}

fn from_client(vsn: Vsn, frame: Frame<'_>) {
    let Ok(message) = vsn.decode_from_client(frame) else {
        return;
    };
    if let Payload::Json(payload) = message.payload {
        payload_is_json(payload);
    }
    let mut bytes = Vec::new();
    let kind = match vsn.encode_from_client(&message, &mut bytes) {
        Ok(kind) => kind,
        // Bytes that are no UTF-8 were replaced by U+FFFD, which has three bytes.
        Err(EncodeError::FieldTooLong { .. }) if matches!(frame, Frame::Binary(_)) => return,
        Err(error) => panic!("what a client sent can be sent again: {error}"),
    };
    let again = vsn.decode_from_client(frame_of(kind, &bytes));
    assert_eq!(again.as_ref(), Ok(&without_lost(vsn, &message)));
}

/// The message without the fields that its version does not carry.
fn without_lost<'a>(vsn: Vsn, message: &Message<'a>) -> Message<'a> {
    let mut message = message.clone();
    if vsn == Vsn::V1 {
        message.join_ref = Field::Null;
    }
    message
}

fn frame_of(kind: FrameKind, bytes: &[u8]) -> Frame<'_> {
    match kind {
        FrameKind::Text => Frame::Text(std::str::from_utf8(bytes).expect("a text is UTF-8")),
        FrameKind::Binary => Frame::Binary(bytes),
    }
}

/// A payload that was checked as Jason does is JSON to another parser, too. The normal form of its normal form is the same.
fn payload_is_json(payload: &str) {
    serde_json::from_str::<IgnoredAny>(payload).expect("what Jason reads is JSON");
    let (mut once, mut twice) = (String::new(), String::new());
    json::normalise(payload, &mut once).expect("JSON has a normal form");
    json::normalise(&once, &mut twice).expect("a normal form is JSON");
    assert_eq!(once, twice);
}
