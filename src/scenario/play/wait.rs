//! What a step waits for, and how an arrived message is compared with it.

use std::time::Duration;

use serde_json::Value;

use super::closing::code_in_words;
use super::failure::{FailureKind, Wrong};
use super::inbox::{Arrived, Head, show_bytes};
use super::link::Link;
use super::refs::{Refs, json_of};
use super::request::RequestUnderWay;
use crate::clock::Time;
use crate::protocol::{Field, Message, Payload, REPLY, Vsn};
use crate::scenario::pattern::{Mismatch, brief};
use crate::scenario::program::{Content, ExpectedReply, Receive, Save, SendKind, What};
use crate::scenario::shorten;
use crate::scenario::template::{Data, Values};

/// A wait of the current group.
#[derive(Debug)]
pub(super) struct Wait {
    /// The index of the act in the group.
    pub(super) act: usize,
    pub(super) actor: Option<usize>,
    pub(super) kind: WaitKind,
    /// When it started. A silence starts when everything sent before has reached the server, and its replies
    /// the client.
    pub(super) begun: Time,
    /// When its step started.
    pub(super) sent: Time,
    /// Its timeout: see [`super::Play::deadline_of`].
    pub(super) within: Duration,
    /// Once it has ended: the serial of the message or HTTP answer that ended it; 0 if something else did.
    pub(super) over: Option<u64>,
}

/// What a wait waits for.
#[derive(Debug)]
pub(super) enum WaitKind {
    Opening,
    /// The reply to a message that was sent with these refs (as JSON texts).
    Reply {
        topic: String,
        refs: Refs,
    },
    Message,
    /// No untaken message may be there until the deadline.
    Silence,
    Pong(String),
    Closed(Option<u16>),
    ClosedOrAlive(Refs),
    Pause,
    Http(RequestUnderWay),
    Restarted,
}

/// Whether a wait is over.
pub(super) enum WaitStatus {
    /// It is not over.
    NotYet,
    /// It is over; the serial of the message that ended it, or 0.
    Over(u64),
}

impl Refs {
    /// Whether a message is the reply to the message with these refs, by the fields that phoenix.js compares.
    fn answered_by(&self, topic: &str, head: &Head) -> bool {
        head.event.as_deref() == Some(REPLY)
            && head.topic.as_deref() == Some(topic)
            && head.reference == self.reference
            && self.same_join(head)
    }

    /// A client drops what carries the join_ref of another join of its own; a client without a join_ref takes any.
    fn same_join(&self, head: &Head) -> bool {
        const NONE: &str = "null";
        head.join_ref == NONE || self.join_ref == NONE || head.join_ref == self.join_ref
    }
}

/// Finds the reply to a message that was sent.
pub(super) fn find_reply<'l>(link: &'l mut Link, topic: &str, refs: &Refs) -> Option<&'l mut Arrived> {
    let answers = |it: &Arrived| it.head.as_ref().is_some_and(|head| refs.answered_by(topic, head));
    link.arrived.iter_mut().find(|it| !it.taken && answers(it))
}

/// Why no reply was found: whether one arrived that would match if its join_ref or its ref were right.
pub(super) fn why_not_the_answer(link: &Link, topic: &str, refs: &Refs) -> FailureKind {
    const NULL: &str = "null";
    let came = |join_ref: &str, reference: &str| {
        let like = Refs {
            join_ref: join_ref.to_owned(),
            reference: reference.to_owned(),
        };
        let mut heads = link
            .arrived
            .iter()
            .filter(|it| !it.taken)
            .filter_map(|it| it.head.as_ref());
        heads.any(|head| like.answered_by(topic, head))
    };
    if came(NULL, &refs.reference) {
        FailureKind::ForeignJoinRef
    } else if refs.reference != NULL && came(&refs.join_ref, NULL) {
        FailureKind::NullRef
    } else {
        FailureKind::Missing
    }
}

/// Finds the oldest message with the event, topic and ref of a `receive`; its other fields are checked later.
pub(super) fn find_message(link: &Link, receive: &Receive, values: &Values) -> Option<usize> {
    let event = receive.event.fill(values);
    let topic = receive.topic.as_ref().map(|topic| topic.fill(values));
    let reference = receive
        .reference
        .as_ref()
        .map(|data| data.fill(values).to_string());
    let meant = |head: &Head| {
        head.event.as_ref() == Some(&event)
            && topic
                .as_ref()
                .is_none_or(|topic| head.topic.as_ref() == Some(topic))
            && reference
                .as_ref()
                .is_none_or(|reference| *reference == head.reference)
    };
    link.arrived
        .iter()
        .position(|it| !it.taken && it.head.as_ref().is_some_and(meant))
}

/// Whether exactly the same message arrived before.
pub(super) fn came_before(link: &Link, arrived: &Arrived) -> bool {
    let before = link.arrived.iter().take_while(|it| it.serial < arrived.serial);
    before.into_iter().any(|it| it.frame == arrived.frame)
}

/// Refines a failure about the content of a message: whether it arrived twice, or before a message that
/// matches.
pub(super) fn of_several(
    wrong: Wrong,
    link: &Link,
    index: usize,
    receive: &Receive,
    values: &Values,
) -> Wrong {
    if wrong.kind != FailureKind::WrongContent {
        return wrong;
    }
    let holds = |it: &&Arrived| !it.taken && judge_message(it, link.vsn, receive, values).is_ok();
    let event = receive.event.fill(values);
    let same_event = |it: &&Arrived| {
        it.head
            .as_ref()
            .is_some_and(|head| head.event.as_ref() == Some(&event))
    };
    if came_before(link, &link.arrived[index]) {
        let what = format!("{event} came twice, with the same content");
        Wrong { what, ..wrong }.kind(FailureKind::Doubled)
    } else if link.arrived[index..]
        .iter()
        .filter(same_event)
        .any(|it| holds(&it))
    {
        let what = format!("{event} came in another order: {}", wrong.what);
        Wrong { what, ..wrong }.kind(FailureKind::Order)
    } else {
        wrong
    }
}

/// Checks a reply against its expectation, and returns the response for [`save`].
pub(super) fn judge_reply(
    arrived: &Arrived,
    vsn: Vsn,
    expected: &ExpectedReply,
    values: &Values,
) -> Result<Option<Value>, Wrong> {
    let message = arrived.message(vsn);
    let reply = message.as_ref().and_then(Message::reply);
    let Some(reply) = reply else {
        let what = "the answer is a phx_reply without a status";
        let wrong = Wrong::server(what, "a payload with status and response", arrived.show());
        return Err(wrong.kind(FailureKind::WrongContent));
    };
    let response = parsed(&reply.response);
    let ExpectedReply::Status(status, content) = expected else {
        return Ok(response);
    };
    let status = status.fill(values);
    if reply.status != status {
        let what = format!("the answer is {}, not {status}", reply.status);
        let wrong = Wrong::server(what, format!("status {status}"), arrived.show());
        return Err(wrong.kind(FailureKind::WrongContent));
    }
    judge_content(&reply.response, content, values, arrived, "the response")?;
    Ok(response)
}

/// Checks a message against a `receive`.
pub(super) fn judge_message(
    arrived: &Arrived,
    vsn: Vsn,
    receive: &Receive,
    values: &Values,
) -> Result<Option<Value>, Wrong> {
    let Some(message) = arrived.message(vsn) else {
        return Ok(None);
    };
    judge_field(
        &message.join_ref,
        receive.join_ref.as_ref(),
        values,
        "join_ref",
        arrived,
    )?;
    judge_content(&message.payload, &receive.content, values, arrived, "the payload")?;
    Ok(parsed(&message.payload))
}

fn judge_field(
    field: &Field<'_>,
    expected: Option<&Data>,
    values: &Values,
    name: &str,
    arrived: &Arrived,
) -> Result<(), Wrong> {
    let Some(expected) = expected.map(|data| data.fill(values).to_string()) else {
        return Ok(());
    };
    let found = json_of(field);
    if found == expected {
        return Ok(());
    }
    let what = format!("the {name} is {found}, not {expected}");
    let wrong = Wrong::server(what, format!("{name} {expected}"), arrived.show());
    Err(wrong.kind(FailureKind::ForeignJoinRef))
}

fn judge_content(
    payload: &Payload<'_>,
    expected: &Content,
    values: &Values,
    arrived: &Arrived,
    owner: &str,
) -> Result<(), Wrong> {
    let judged = match (expected, parsed(payload)) {
        (Content::Unjudged, _) => Ok(()),
        (Content::Binary(bytes), _) => match payload {
            Payload::Binary(found) if found == bytes => Ok(()),
            _ => {
                let what = format!("{owner} has other bytes");
                Err(Wrong::server(what, show_bytes(bytes), arrived.show()))
            }
        },
        (Content::Json(pattern), None) => {
            let what = format!("{owner} cannot be read as JSON");
            Err(Wrong::server(what, pattern.describe(values), arrived.show()))
        }
        (Content::Json(pattern), Some(value)) => pattern.check(&value, values).map_err(|mismatch| {
            let what = in_words(&mismatch, owner);
            Wrong::server(
                what,
                format!("{owner} {}", pattern.describe(values)),
                arrived.show(),
            )
        }),
    };
    judged.map_err(|wrong| wrong.kind(FailureKind::WrongContent))
}

/// A mismatch in words: `the response has no `slept`, expected 500`. If a `receive` takes a reply, it
/// describes the response, too.
pub(super) fn in_words(mismatch: &Mismatch, owner: &str) -> String {
    let (owner, at) = match mismatch.at.strip_prefix("/response/") {
        Some(inside) if owner == "the payload" => ("the response", inside),
        _ => (owner, mismatch.at.strip_prefix('/').unwrap_or_default()),
    };
    let Mismatch { expected, actual, .. } = mismatch;
    match at {
        "" => format!("{owner} is {actual}, expected {expected}"),
        _ if actual == Mismatch::ABSENT => format!("{owner} has no `{at}`, expected {expected}"),
        _ => format!("`{at}` of {owner} is {actual}, expected {expected}"),
    }
}

fn parsed(payload: &Payload<'_>) -> Option<Value> {
    match payload {
        Payload::Json(text) => serde_json::from_str(text).ok(),
        Payload::Binary(_) | Payload::BinaryReply { .. } => None,
    }
}

/// Saves parts of a payload under their names.
pub(super) fn save(saves: &[Save], payload: Option<&Value>, values: &mut Values) -> Result<(), Wrong> {
    for save in saves {
        let pointer = save.pointer.fill(values);
        match payload.and_then(|payload| payload.pointer(&pointer)) {
            Some(found) => values.set(save.name, found.clone()),
            None => {
                let actual = payload.map_or_else(|| "a payload that is no JSON".to_owned(), brief);
                let what = format!("there is nothing at {pointer} to save");
                let wrong = Wrong::server(what, format!("a value at {pointer}"), actual);
                return Err(wrong.kind(FailureKind::WrongContent));
            }
        }
    }
    Ok(())
}

/// Describes what a step waits for, in words.
pub(super) fn describe(kind: &WaitKind, what: &What, values: &Values) -> String {
    match (kind, what) {
        (WaitKind::Reply { topic, refs }, What::Send(_, send)) => {
            let like = match &send.reply {
                ExpectedReply::Status(status, content) => {
                    format!(" {}{}", status.fill(values), like(content, values))
                }
                ExpectedReply::Any | ExpectedReply::None => String::new(),
            };
            let to = match &send.kind {
                SendKind::Join => "the join".to_owned(),
                SendKind::Leave => "the leave".to_owned(),
                SendKind::Heartbeat => "the heartbeat".to_owned(),
                SendKind::Push(event) => format!("push {}", event.fill(values)),
            };
            let join = match refs.join_ref.as_str() {
                "null" => String::new(),
                join_ref => format!(" and join_ref {} or null", shorten(join_ref)),
            };
            let reference = shorten(&refs.reference);
            format!(
                "an answer{like} to {to}: phx_reply with ref {reference}{join} on {}",
                shorten(topic)
            )
        }
        (WaitKind::Message, What::Receive(_, receive)) => {
            let topic = receive
                .topic
                .as_ref()
                .map(|topic| format!(" on {}", topic.fill(values)));
            let event = receive.event.fill(values);
            format!(
                "{event}{}{}",
                topic.unwrap_or_default(),
                like(&receive.content, values)
            )
        }
        (WaitKind::Pong(payload), _) => format!("a pong with payload `{}`", shorten(payload)),
        (WaitKind::Closed(Some(code)), _) => format!(
            "that the server closes the connection with {}",
            code_in_words(*code)
        ),
        (WaitKind::Closed(None), _) => "that the server closes the connection".to_owned(),
        (WaitKind::ClosedOrAlive(_), _) => {
            "that the server closes the connection or answers a heartbeat".to_owned()
        }
        (WaitKind::Opening, _) => "an answer to the upgrade".to_owned(),
        (WaitKind::Http(_), _) => "an answer over HTTP".to_owned(),
        (WaitKind::Restarted, _) => "the server to be back".to_owned(),
        (WaitKind::Silence | WaitKind::Pause | WaitKind::Reply { .. } | WaitKind::Message, _) => {
            "nothing".to_owned()
        }
    }
}

fn like(content: &Content, values: &Values) -> String {
    match content {
        Content::Json(pattern) => format!(" with {}", pattern.describe(values)),
        Content::Binary(bytes) => format!(" with {}", show_bytes(bytes)),
        Content::Unjudged => String::new(),
    }
}
