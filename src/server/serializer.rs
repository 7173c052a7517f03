//! Reads a client's message with the serializer of its session.

use std::borrow::Cow;
use std::collections::HashSet;

use super::conduct::{BinarySizes, NumberTopics, Rigour, WireConduct};
use crate::protocol::{Field, Frame, Message, Payload, Vsn, json};

/// The message; none: the serializer cannot read it.
pub(crate) fn decode<'f>(conduct: &WireConduct, vsn: Vsn, frame: Frame<'f>) -> Option<Message<'f>> {
    let signed = conduct.binary_sizes == BinarySizes::Signed;
    let mut message = vsn.decode_from_client(frame).ok()?;
    if conduct.reading.number_topics == NumberTopics::Texts
        && let Field::Other(topic) = message.topic
        && topic.parse::<f64>().is_ok()
    {
        message.topic = Field::Text(Cow::Borrowed(topic));
    }
    let refused =
        (signed && has_large_size(vsn, frame)) || is_refused(conduct.reading.rigour, (vsn, frame), &message);
    (!refused).then_some(message)
}

/// Whether a message is malformed that Phoenix reads.
fn is_refused(rigour: Rigour, (vsn, frame): (Vsn, Frame<'_>), message: &Message<'_>) -> bool {
    match (rigour, message.payload) {
        (Rigour::NoSurplus, Payload::Json(payload)) => {
            matches!((vsn, frame), (Vsn::V2, Frame::Text(text)) if goes_on_behind(text, payload))
        }
        (Rigour::TopicsAreTexts, _) => message.topic.as_str().is_none(),
        (Rigour::EventsAreTexts, _) => message.event.as_str().is_none(),
        (Rigour::PayloadsAreObjects, Payload::Json(payload)) => !payload.trim_start().starts_with('{'),
        (Rigour::KeysAreUnique, Payload::Json(payload)) => {
            let mut seen = HashSet::new();
            let mut keys = json::members(payload).map_while(Result::ok).map(|(key, _)| key);
            !keys.all(|key| seen.insert(key))
        }
        _ => false,
    }
}

/// Whether another element of the list follows the payload.
fn goes_on_behind(list: &str, payload: &str) -> bool {
    let begin = payload.as_ptr().addr().checked_sub(list.as_ptr().addr());
    let rest = begin.and_then(|begin| list.get(begin + payload.len()..));
    rest.is_some_and(|rest| rest.trim_start().starts_with(','))
}

/// Whether one of the four sizes in the header of a binary message is above 127.
fn has_large_size(vsn: Vsn, frame: Frame<'_>) -> bool {
    matches!((vsn, frame), (Vsn::V2, Frame::Binary(bytes)) if bytes.iter().skip(1).take(4).any(|&size| size > 127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_where_a_comma_follows_its_payload() {
        let is_refused = |text: &str| {
            let frame = Frame::Text(text);
            let message = Vsn::V2.decode_from_client(frame).expect("a message");
            is_refused(Rigour::NoSurplus, (Vsn::V2, frame), &message)
        };
        assert!(is_refused(r#"["1","1","a","b",{} , 6]"#));
        assert!(!is_refused(r#"["1","1","a","b",{"c":[1,2]} ]"#));
    }

    #[test]
    fn a_payload_has_a_key_twice_or_not() {
        let is_refused = |payload: &str| {
            let text = format!(r#"["1","1","a","b",{payload}]"#);
            let frame = Frame::Text(&text);
            let message = Vsn::V2.decode_from_client(frame).expect("a message");
            is_refused(Rigour::KeysAreUnique, (Vsn::V2, frame), &message)
        };
        assert!(is_refused(r#"{"a":1,"b":2,"a":3}"#));
        assert!(!is_refused(r#"{"a":{"a":1},"b":2}"#));
        assert!(!is_refused("[1,1]"));
    }
}
