//! Properties of the serializers that hold for every message and every input.

use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::protocol::json::tests::{beside_the_source, damaged, is_a_known_difference, strings, values};
use crate::protocol::*;

/// A field that owns its text.
#[derive(Clone, Debug)]
enum Owned {
    Null,
    Text(String),
    Other(String),
}

impl Owned {
    fn field(&self) -> Field<'_> {
        match self {
            Self::Null => Field::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Other(raw) => Field::Other(raw),
        }
    }
}

/// Any field that a text may carry.
fn fields() -> impl Strategy<Value = Owned> {
    let other = values().prop_map(|raw| raw.trim().to_owned());
    let other = other.prop_filter("those are Null and Text", |raw| {
        raw != "null" && !raw.starts_with('"')
    });
    let other = other.prop_filter("Jason refuses some floats", |raw| json::check(raw).is_ok());
    prop_oneof![
        Just(Owned::Null),
        any::<String>().prop_map(Owned::Text),
        other.prop_map(Owned::Other)
    ]
}

fn payloads() -> impl Strategy<Value = String> {
    values().prop_filter("Jason refuses some floats", |raw| json::check(raw).is_ok())
}

/// A ref of a binary frame and how it is decoded.
fn refs() -> impl Strategy<Value = (Owned, String)> {
    prop_oneof![
        Just((Owned::Null, String::new())),
        "[a-zé]{0,20}".prop_map(|text| (Owned::Text(text.clone()), text)),
        any::<u32>().prop_map(|number| (Owned::Other(number.to_string()), number.to_string())),
    ]
}

fn message<'a>(fields: &'a [Owned; 4], payload: &'a str) -> Message<'a> {
    let [join_ref, reference, topic, event] = fields.each_ref().map(Owned::field);
    Message {
        join_ref,
        reference,
        topic,
        event,
        payload: Payload::Json(payload),
    }
}

fn text(bytes: &[u8]) -> Frame<'_> {
    Frame::Text(std::str::from_utf8(bytes).expect("a text is UTF-8"))
}

proptest! {
    #![proptest_config(beside_the_source())]

    #[test]
    fn texts_come_back_in_both_versions_and_directions(
        fields in prop::array::uniform4(fields()), payload in payloads(),
    ) {
        let said = message(&fields, &payload);
        let without_join_ref = Message { join_ref: Field::Null, ..said.clone() };
        for (vsn, expected) in [(Vsn::V1, &without_join_ref), (Vsn::V2, &said)] {
            let (mut client, mut server) = (Vec::new(), Vec::new());
            prop_assert_eq!(vsn.encode_from_client(&said, &mut client), Ok(FrameKind::Text));
            prop_assert_eq!(vsn.encode_from_server(&said, &mut server), Ok(FrameKind::Text));
            prop_assert_eq!(&vsn.decode_from_client(text(&client)).expect("ours"), expected);
            prop_assert_eq!(&vsn.decode_from_server(text(&server)).expect("ours"), expected);
            // The scan must return the same slices as the full check, if the full check accepts the text.
            prop_assert_eq!(&vsn.decode_from_server(text(&client)).expect("ours"), expected);
        }
    }

    #[test]
    fn pushes_of_bytes_come_back_from_a_client(
        (join_ref, join_ref_read) in refs(), (reference, reference_read) in refs(), topic in ".{0,60}", event: String,
        data: Vec<u8>,
    ) {
        let said = Message::push(join_ref.field(), reference.field(), &topic, &event, Payload::Binary(&data));
        let mut frame = Vec::new();
        match Vsn::V2.encode_from_client(&said, &mut frame) {
            Ok(kind) => {
                let read = Message::push(join_ref_read, reference_read, &topic, &event, Payload::Binary(&data));
                prop_assert_eq!(kind, FrameKind::Binary);
                prop_assert_eq!(Vsn::V2.decode_from_client(Frame::Binary(&frame)).expect("ours"), read);
            }
            Err(error) => {
                prop_assert!(matches!(error, EncodeError::FieldTooLong { bytes: 256.., .. }), "{error}");
                prop_assert!(frame.is_empty());
            }
        }
    }

    #[test]
    fn pushes_broadcasts_and_replies_of_bytes_come_back_from_a_server(
        (join_ref, join_ref_read) in refs(), (reference, reference_read) in refs(), topic in "[a-z:é]{0,60}", data: Vec<u8>,
    ) {
        let pushed = Payload::Binary(&data);
        let replied = Payload::BinaryReply { status: "ok", data: &data };
        let push = Message::push(join_ref.field(), reference.field(), &topic, "new", pushed);
        let push_read = match join_ref {
            Owned::Null => Message::broadcast(&topic, "new", pushed),
            _ => Message::push(join_ref_read.clone(), Field::Null, &topic, "new", pushed),
        };
        let reply = Message::push(join_ref.field(), reference.field(), &topic, REPLY, replied);
        let reply_read = Message::push(join_ref_read, reference_read, &topic, REPLY, replied);
        for (said, read) in [(push, push_read), (reply, reply_read)] {
            let mut frame = Vec::new();
            prop_assert_eq!(Vsn::V2.encode_from_server(&said, &mut frame), Ok(FrameKind::Binary));
            prop_assert_eq!(Vsn::V2.decode_from_server(Frame::Binary(&frame)).expect("ours"), read);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_what_is_read_is_written_back(bytes in frames()) {
        if let Ok(message) = Vsn::V2.decode_from_client(Frame::Binary(&bytes)) {
            let mut again = Vec::new();
            // Replacement characters take more bytes than what they replace, so the fields may not fit any
            // more.
            let replaced = [&message.event, &message.join_ref]
                .iter()
                .any(|field| field.as_str().is_some_and(|text| text.contains('\u{fffd}')));
            if !replaced {
                prop_assert_eq!(Vsn::V2.encode_from_client(&message, &mut again), Ok(FrameKind::Binary));
                prop_assert_eq!(&again, &bytes);
            }
        }
        if let Ok(message) = Vsn::V2.decode_from_server(Frame::Binary(&bytes)) {
            let mut again = Vec::new();
            prop_assert_eq!(Vsn::V2.encode_from_server(&message, &mut again), Ok(FrameKind::Binary));
            prop_assert_eq!(&again, &bytes);
        }
        let _ = Vsn::V1.decode_from_client(Frame::Binary(&bytes));
    }

    #[test]
    fn arrays_are_judged_as_a_tuple_of_five_raw_values(text in arrays()) {
        agrees_with_a_tuple(&text)?;
    }

    #[test]
    fn damaged_arrays_are_judged_as_a_tuple_of_five_raw_values(text in damaged(arrays())) {
        agrees_with_a_tuple(&text)?;
    }

    #[test]
    fn any_text_is_judged_as_a_tuple_of_five_raw_values(text: String) {
        agrees_with_a_tuple(&text)?;
        for vsn in [Vsn::V1, Vsn::V2] {
            let _ = (vsn.decode_from_client(Frame::Text(&text)), vsn.decode_from_server(Frame::Text(&text)));
        }
    }

    #[test]
    fn damaged_objects_never_pass_the_check_of_v1_if_they_are_not_json(
        text in damaged(values().prop_map(|value| {
            format!(r#"{{"topic":"t","ref":{value},"event": {value},"payload" : {value}}}"#)
        })),
    ) {
        let accepted = Vsn::V1.decode_from_client(Frame::Text(&text));
        if let Ok(message) = accepted {
            prop_assert_eq!(json::check(&text), Ok(()));
            prop_assert_eq!(Vsn::V1.decode_from_server(Frame::Text(&text)).expect("well-formed"), message);
        } else if json::check(&text).is_ok() {
            let keys = ["topic", "event", "payload", "ref"];
            prop_assert!(keys.iter().any(|key| json::get(&text, key).is_none()), "{accepted:?}");
        }
    }
}

/// Bytes that usually look like binary frames.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let rest = prop::collection::vec(prop_oneof![0x20..0x7fu8, any::<u8>()], 0..20);
    let likely = (0..4u8, prop::collection::vec(0..6u8, 0..5), rest);
    prop_oneof![
        likely.prop_map(|(kind, sizes, rest)| [vec![kind], sizes, rest].concat()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

/// Arrays, mostly of five elements.
fn arrays() -> impl Strategy<Value = String> {
    let element = prop_oneof![strings(), values()];
    let count = prop_oneof![Just(5), Just(5), Just(5), 0..8usize];
    (count, prop::sample::select(vec!["", "", " ", "\r\n\t"])).prop_flat_map(move |(count, blank)| {
        prop::collection::vec(element.clone(), count).prop_map(move |elements| {
            format!(
                "{blank}[{blank}{}{blank}]{blank}",
                elements.join(&format!("{blank},{blank}"))
            )
        })
    })
}

fn agrees_with_a_tuple(text: &str) -> Result<(), TestCaseError> {
    let theirs: Result<[&RawValue; 5], _> = serde_json::from_str(text);
    let checked = Vsn::V2.decode_from_client(Frame::Text(text));
    let walked = Vsn::V2.decode_from_server(Frame::Text(text));
    match (checked, theirs) {
        (Ok(message), Ok(raw)) => {
            let found = [
                &message.join_ref,
                &message.reference,
                &message.topic,
                &message.event,
            ];
            for (field, raw) in found.into_iter().zip(raw) {
                prop_assert_eq!(field, &field_of(raw.get()));
            }
            prop_assert_eq!(message.payload, Payload::Json(raw[4].get()));
            prop_assert_eq!(walked.expect("well-formed"), message);
        }
        (Ok(_), Err(error)) => {
            let elements: Vec<&RawValue> = serde_json::from_str(text)?;
            prop_assert!(elements.len() > 5, "accepted, but {error}");
        }
        (Err(DecodeError::Json(error)), Ok(_)) => prop_assert!(is_a_known_difference(&error), "{error}"),
        (Err(error), Ok(_)) => prop_assert!(false, "{error}"),
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

fn field_of(raw: &str) -> Field<'_> {
    match raw {
        "null" => Field::Null,
        _ if raw.starts_with('"') => json::unescape(raw).expect("well-formed").into_owned().into(),
        _ => Field::Other(raw),
    }
}
