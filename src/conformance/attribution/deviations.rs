//! Converts differences from a fixture to failed expectations: their kind, and the message that they are
//! about.

use serde_json::Value;

use super::{Expectation, rule_of};
use crate::conformance::compare::{Deviation, Doubled, Replies};
use crate::protocol::REPLY;
use crate::scenario::{FailureKind, Subject};

/// The rule that differences from a fixture break, which is that of the first one.
pub(in crate::conformance) fn of_deviations(cited: &[String], found: &[Deviation]) -> Option<String> {
    let first = found.first()?;
    let here: Vec<&Deviation> = found.iter().filter(|it| it.at() == first.at()).collect();
    let (kind, subject, expected, actual) = expectation(&here)?;
    let (subject, expected, actual) = (&subject, expected.as_str(), actual.as_str());
    rule_of(
        cited,
        &Expectation {
            kind,
            subject,
            expected,
            actual,
        },
    )
}

/// The kind of expectation that the differences of one conversation violate.
pub(in crate::conformance) fn kind_of(found: &[Deviation]) -> FailureKind {
    let here: Vec<&Deviation> = found.iter().collect();
    expectation(&here).map_or(FailureKind::Other, |it| it.0)
}

fn expectation(here: &[&Deviation]) -> Option<(FailureKind, Subject, String, String)> {
    Some(match here.first()? {
        Deviation::Opening { expected, actual, .. } => {
            let kind = if actual == "open" {
                FailureKind::LetIn
            } else {
                FailureKind::Refused
            };
            (kind, Subject::Connect, expected.clone(), actual.clone())
        }
        Deviation::Ending { expected, actual, .. } => (
            FailureKind::Ended,
            Subject::Close,
            expected.clone(),
            actual.clone(),
        ),
        Deviation::Order {
            expected,
            actual,
            replies,
            ..
        } => {
            let (a, b) = expected.iter().zip(actual).find(|(a, b)| a != b)?;
            let is_reply = |line: &str| Line::of(line).is_some_and(|it| it.event == REPLY);
            let kind = match replies {
                Replies::InOrder if is_reply(a) != is_reply(b) => FailureKind::ReplyFirst,
                Replies::InOrder | Replies::Swapped => FailureKind::Order,
            };
            let event = match replies {
                Replies::Swapped => REPLY.to_owned(),
                Replies::InOrder => Line::of(a)?.event,
            };
            (kind, Subject::Event(event), a.clone(), b.clone())
        }
        Deviation::Missing { .. } | Deviation::Extra { .. } => of_messages(here),
    })
}

/// A difference in the messages of one conversation: a message is missing, surplus, or replaced by another one. A message
/// that came at another place is neither.
fn of_messages(here: &[&Deviation]) -> (FailureKind, Subject, String, String) {
    let mut missing: Vec<&str> = here
        .iter()
        .filter_map(|it| match it {
            Deviation::Missing { line, .. } => Some(line.as_str()),
            _ => None,
        })
        .collect();
    let mut extra: Vec<(&str, Doubled)> = here
        .iter()
        .filter_map(|it| match it {
            Deviation::Extra { line, doubled, .. } => Some((line.as_str(), *doubled)),
            _ => None,
        })
        .collect();
    let moved: Vec<&str> = missing
        .iter()
        .filter(|line| extra.iter().any(|it| it.0 == **line))
        .copied()
        .collect();
    missing.retain(|line| !moved.contains(line));
    extra.retain(|(line, _)| !moved.contains(line));
    let about = |line: &str| Line::of(line).map_or(Subject::Other, |it| Subject::Event(it.event));
    let pair = missing.iter().find_map(|missing| {
        let wanted = Line::of(missing)?;
        extra
            .iter()
            .find_map(|(extra, _)| Some((missing, extra, wanted.differs(&Line::of(extra)?)?)))
    });
    match (pair, missing.first(), extra.first()) {
        (Some((missing, extra, kind)), ..) => {
            (kind, about(missing), (*missing).to_owned(), (*extra).to_owned())
        }
        (None, Some(missing), _) => {
            let actual = extra.first().map_or("", |(line, _)| *line);
            (
                FailureKind::Missing,
                about(missing),
                (*missing).to_owned(),
                actual.to_owned(),
            )
        }
        (None, None, Some((extra, Doubled::Yes))) => (
            FailureKind::Doubled,
            about(extra),
            String::new(),
            (*extra).to_owned(),
        ),
        (None, None, Some((extra, Doubled::No))) => (
            FailureKind::Unwanted,
            about(extra),
            String::new(),
            (*extra).to_owned(),
        ),
        (None, None, None) => (FailureKind::Other, Subject::Other, String::new(), String::new()),
    }
}

/// The fields of a line of a fixture.
#[derive(Debug, PartialEq)]
struct Line {
    join_ref: Value,
    reference: Value,
    event: String,
    rest: String,
    /// The keys of an object in 1.0.0.
    keys: Vec<String>,
}

impl Line {
    fn of(line: &str) -> Option<Self> {
        let (binary, text) = match line.strip_prefix("binary ") {
            Some(rest) => (true, &rest[rest.find('[')?..]),
            None => (false, line),
        };
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let after = &text[values.byte_offset()..];
        let keys = match &value {
            Value::Object(members) => members.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let mut fields = match value {
            Value::Array(fields) => fields,
            Value::Object(mut members) => {
                let mut take = |key: &str| members.remove(key).unwrap_or_default();
                vec![
                    Value::Null,
                    take("ref"),
                    take("topic"),
                    take("event"),
                    take("payload"),
                ]
            }
            _ => return None,
        };
        // A binary reply has its status where other messages have their event.
        let status = binary && line.starts_with("binary reply");
        let event = fields.get(3)?.as_str()?.to_owned();
        let rest = format!("{:?}{after}", fields.split_off(4.min(fields.len())));
        Some(Self {
            join_ref: fields.first()?.clone(),
            reference: fields.get(1)?.clone(),
            event: if status { REPLY.to_owned() } else { event },
            rest,
            keys,
        })
    }

    /// The difference from another line for the same message; nothing if the other line is a different
    /// message.
    fn differs(&self, other: &Self) -> Option<FailureKind> {
        if self.event != other.event {
            None
        } else if self.keys != other.keys && self.reference == other.reference {
            Some(FailureKind::ForeignKeys)
        } else if self.rest == other.rest && self.reference == other.reference {
            Some(FailureKind::ForeignJoinRef)
        } else if self.rest == other.rest && other.reference.is_null() && !self.reference.is_null() {
            Some(FailureKind::NullRef)
        } else if self.reference == other.reference && self.join_ref == other.join_ref {
            Some(FailureKind::WrongContent)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::compare::Hope;

    fn missing(line: &str) -> Deviation {
        let (at, line, hope) = ("ana, a".to_owned(), line.to_owned(), Hope::TooLate);
        Deviation::Missing { at, line, hope }
    }

    fn extra(line: &str) -> Deviation {
        let (at, line, doubled) = ("ana, a".to_owned(), line.to_owned(), Doubled::No);
        Deviation::Extra { at, line, doubled }
    }

    fn broken(found: &[Deviation]) -> String {
        of_deviations(
            &[
                "first-of-the-case".to_owned(),
                "stale-join-ref-ignored".to_owned(),
            ],
            found,
        )
        .unwrap()
    }

    #[test]
    fn each_kind_of_difference_has_its_rule() {
        let reply = |join_ref: &str, reference: &str| {
            format!(r#"[{join_ref},{reference},"a","phx_reply",{{"response":{{}},"status":"ok"}}]"#)
        };
        let right = reply("\"1\"", "\"2\"");
        let cases = [
            (
                vec![missing(&right), extra(&reply("\"9\"", "\"2\""))],
                "refs-echoed",
            ),
            (
                vec![missing(&right), extra(&reply("\"1\"", "null"))],
                "refs-echoed",
            ),
            (vec![extra(&right)], "stale-join-ref-ignored"),
            (
                vec![
                    missing(r#"{"event":"pushed","payload":{},"ref":null,"topic":"a"}"#),
                    extra(r#"{"event":"pushed","payload":{},"topic":"a"}"#),
                ],
                "v1-objects",
            ),
            (
                vec![missing(r#"["1","1","a","phx_close",{}]"#)],
                "leave-reply-then-close",
            ),
            (
                vec![missing(r#"["1","1","a","phx_error",{}]"#)],
                "crash-sends-error",
            ),
            (
                vec![
                    missing(r#"["1","1","a","phx_error",{"reason":"channel_crash"}]"#),
                    extra(r#"["1","1","a","phx_error",{}]"#),
                ],
                "crash-reason",
            ),
            (
                vec![missing(
                    r#"[null,null,"a","presence_diff",{"joins":{},"leaves":{"bea":{"metas":[]}}}]"#,
                )],
                "presence-diff-leave",
            ),
            (
                vec![
                    missing("binary broadcast [null,null,\"a\",\"b\"] 1 bytes: 00"),
                    extra("binary broadcast [\"1\",null,\"a\",\"b\"] 1 bytes: 00"),
                ],
                "broadcast-refs-null",
            ),
            (vec![extra("no message")], "first-of-the-case"),
        ];
        for (found, expected) in cases {
            assert_eq!(broken(&found), expected, "{found:?}");
        }
    }

    #[test]
    fn a_push_without_its_join_ref_and_a_reply_without_its_response_are_told_apart() {
        let right = r#"["1","2","a","phx_reply",{"response":{},"status":"ok"}]"#;
        let cases = [
            (
                vec![
                    missing(r#"["1",null,"a","pushed",{}]"#),
                    extra(r#"[null,null,"a","pushed",{}]"#),
                ],
                "server-push-refs",
            ),
            (
                vec![
                    missing(right),
                    extra(&right.replace(r#""response":{}"#, r#""response":null"#)),
                ],
                "reply-empty",
            ),
            (
                vec![
                    missing(r#"[null,"2","phoenix","phx_reply",{"response":{},"status":"ok"}]"#),
                    extra(r#"[null,"2","phoenix","phx_reply",{"response":{"a":1},"status":"ok"}]"#),
                ],
                "heartbeat-reply",
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(broken(&found), expected, "{found:?}");
        }
    }

    #[test]
    fn a_message_that_came_at_another_place_is_not_the_one_that_is_wrong() {
        let diff = |join_ref: &str| format!(r#"[{join_ref},null,"a","presence_diff",{{"joins":{{}}}}]"#);
        let state = r#"["1",null,"a","presence_state",{}]"#;
        let found = [
            missing(state),
            missing(&diff("null")),
            extra(&diff("\"1\"")),
            extra(state),
        ];
        assert_eq!(broken(&found), "broadcast-refs-null");
    }

    #[test]
    fn a_close_is_told_by_what_it_should_be() {
        let ending = |expected: &str, actual: &str| Deviation::Ending {
            at: "ana".to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        };
        let cases = [
            (ending("closed 1001", "closed 1000"), "disconnect-code"),
            (ending("closed 1012", "closed 1000"), "drain-closes-1012"),
            (
                ending("closed 1000", "ended without a close frame"),
                "close-answered",
            ),
            (ending("closed 1001", "open"), "first-of-the-case"),
        ];
        for (found, expected) in cases {
            assert_eq!(broken(&[found]), expected);
        }
    }
}
