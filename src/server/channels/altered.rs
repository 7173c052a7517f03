//! What faults change in replies, join params and binary messages.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::conduct::{BinaryReplies, Conduct, EmptyLists, EmptyResponse, ErrorReplies, Nulls};
use super::super::elixir::quote;
use super::super::message::Encoded;
use super::super::payload::{Body, Status};
use crate::protocol::{FrameKind, json};

/// A reply as it is said; none: it is lost.
pub(super) fn reply<'b>(
    conduct: &Conduct,
    status: Status,
    body: &'b Body,
) -> Option<(Status, Cow<'b, Body>)> {
    let status = match conduct.channels.error_replies {
        ErrorReplies::SayError => status,
        ErrorReplies::SayOk => Status::Ok,
    };
    let other = match body {
        Body::Json(text) => json_response(conduct, text).map(|text| Body::Json(text.into())),
        Body::Binary(bytes) => match conduct.channels.binary_replies {
            BinaryReplies::ShortOnly if bytes.len() > 65_535 => return None,
            BinaryReplies::FilledOnly if bytes.is_empty() => return None,
            BinaryReplies::WithoutLastZeros => {
                let end = bytes
                    .iter()
                    .rposition(|&byte| byte != 0)
                    .map_or(0, |last| last + 1);
                Some(Body::Binary(bytes[..end].into()))
            }
            BinaryReplies::Whole | BinaryReplies::ShortOnly | BinaryReplies::FilledOnly => None,
        },
    };
    Some((status, other.map_or(Cow::Borrowed(body), Cow::Owned)))
}

/// A response in JSON that is said instead of this one.
fn json_response(conduct: &Conduct, text: &Arc<str>) -> Option<String> {
    if conduct.socket.nulls == Nulls::Dropped {
        return filtered(text, |value| value != "null");
    }
    if conduct.channels.empty_response == EmptyResponse::Null && **text == *"{}" {
        return Some("null".to_owned());
    }
    (conduct.channels.empty_lists == EmptyLists::Objects).then(|| text.replace(":[]", ":{}"))
}

/// An object with those of its members whose values are to be kept; none if it has no members, or is no object.
pub(super) fn filtered(object: &str, keep: impl Fn(&str) -> bool) -> Option<String> {
    let members = json::members(object).collect::<Result<Vec<_>, _>>().ok()?;
    let kept: Vec<String> = members
        .iter()
        .filter(|(_, value)| keep(value))
        .map(|(key, value)| format!("{}:{value}", quote(key)))
        .collect();
    (!members.is_empty()).then(|| format!("{{{}}}", kept.join(",")))
}

/// A binary message in which the size of the topic counts letters, not bytes.
pub(super) fn in_letters(message: Encoded) -> Encoded {
    // A push has the fields join_ref, topic and event, a reply join_ref, ref, topic and status, a broadcast topic and event.
    let (fields, topic) = match (message.kind, message.payload.first()) {
        (FrameKind::Binary, Some(0)) => (3, 1),
        (FrameKind::Binary, Some(1)) => (4, 2),
        (FrameKind::Binary, Some(2)) => (2, 0),
        _ => return message,
    };
    let mut bytes = message.payload.to_vec();
    let begin = 1
        + fields
        + bytes[1..=topic]
            .iter()
            .map(|&size| usize::from(size))
            .sum::<usize>();
    let end = begin + usize::from(bytes[1 + topic]);
    let letters = String::from_utf8_lossy(&bytes[begin..end]).chars().count();
    bytes[1 + topic] = u8::try_from(letters).unwrap_or(u8::MAX);
    Encoded {
        payload: bytes.into(),
        ..message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn an_honest_server_says_what_the_channel_said() {
        let conduct = Conduct::of(Profile::DEFAULT);
        for body in [Body::empty(), Body::Binary([0, 1, 0][..].into())] {
            let said = reply(&conduct, Status::Error, &body);
            assert_eq!(said, Some((Status::Error, Cow::Borrowed(&body))));
        }
    }

    #[test]
    fn bytes_lose_the_zeros_at_their_end_only() {
        let mut conduct = Conduct::of(Profile::DEFAULT);
        conduct.channels.binary_replies = BinaryReplies::WithoutLastZeros;
        let said = |bytes: &[u8]| {
            let body = Body::Binary(bytes.into());
            reply(&conduct, Status::Ok, &body).map(|(_, said)| said.into_owned())
        };
        assert_eq!(said(&[0, 1, 0, 0]), Some(Body::Binary([0, 1][..].into())));
        assert_eq!(said(&[0]), Some(Body::Binary([][..].into())));
    }

    #[test]
    fn only_members_that_are_kept_stay() {
        let kept = filtered(r#"{"a":1,"b":[2],"c":{}}"#, |value| {
            !value.starts_with(['[', '{'])
        });
        assert_eq!(kept.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(filtered("{}", |_| true), None);
        assert_eq!(filtered("[1]", |_| true), None);
    }

    #[test]
    fn the_size_of_a_topic_counts_letters_wherever_it_stands() {
        let encoded = |payload: &[u8]| Encoded {
            kind: FrameKind::Binary,
            payload: payload.into(),
        };
        // A push with join_ref 1, a reply with join_ref 1 and ref 2, a broadcast; on the topic `ä`.
        for (bytes, at) in [
            (&b"\x00\x01\x02\x01"[..], 2),
            (b"\x01\x01\x01\x02\x02", 3),
            (b"\x02\x02\x01", 1),
        ] {
            let fields: &[u8] = match at {
                2 => "1äe".as_bytes(),
                3 => "12äok".as_bytes(),
                _ => "äe".as_bytes(),
            };
            let message = in_letters(encoded(&[bytes, fields].concat()));
            assert_eq!(message.payload[at], 1);
        }
    }
}
