//! What a step waits for, and how what came is held against it.

use std::time::Duration;

use serde_json::Value;

use super::failure::Wrong;
use super::inbox::{Arrived, Head, show_bytes};
use super::link::Link;
use crate::clock::Time;
use crate::protocol::{Field, Message, Payload, REPLY, Vsn};
use crate::scenario::pattern::{brief, shorten};
use crate::scenario::program::{Content, Receive, Reply, Save, SendKind, What};
use crate::scenario::template::{Data, Values};

/// A wait of the group that is under way.
#[derive(Debug)]
pub(super) struct Wait {
    /// Which act of the group.
    pub(super) act: usize,
    pub(super) actor: Option<usize>,
    pub(super) kind: WaitKind,
    /// When it began; for a silence, when what was sent before has reached the server and its answer the client.
    pub(super) begun: Time,
    /// How long it may take: see [`super::Play::deadline_of`].
    pub(super) within: Duration,
    /// The serial of what ended it, once it is over.
    pub(super) over: Option<u64>,
}

/// What is waited for.
#[derive(Debug)]
pub(super) enum WaitKind {
    Opening,
    /// The answer to a message that was sent with these refs (as JSON texts).
    Reply {
        topic: String,
        refs: Refs,
    },
    Message,
    /// Nothing may be there that no step has taken, until the deadline.
    Silence,
    Pong(String),
    Closed(Option<u16>),
    ClosedOrAlive(Refs),
    Pause,
    Http,
    Restarted,
}

/// The refs of a message that was sent, as JSON texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refs {
    pub(super) join_ref: String,
    pub(super) reference: String,
}

/// A field as JSON text.
pub(crate) fn json_of(field: &Field<'_>) -> String {
    match field {
        Field::Null => "null".to_owned(),
        Field::Text(text) => Value::from(text.as_ref()).to_string(),
        Field::Other(text) => (*text).to_owned(),
    }
}

impl Refs {
    /// Whether a message is the reply to the one that these refs were sent with, by what phoenix.js looks at.
    fn answered_by(&self, topic: &str, head: &Head) -> bool {
        head.event.as_deref() == Some(REPLY)
            && head.topic.as_deref() == Some(topic)
            && head.reference == self.reference
            && self.same_join(head)
    }

    /// A client drops what carries the join_ref of another join of its (behaviour 41). Who sent none takes any.
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

/// Whether a reply came that would be the one, were it not for its join_ref.
pub(super) fn answers_another_join(link: &Link, topic: &str, refs: &Refs) -> bool {
    let any_join = Refs {
        join_ref: "null".to_owned(),
        reference: refs.reference.clone(),
    };
    let answers = |it: &Arrived| {
        it.head
            .as_ref()
            .is_some_and(|head| any_join.answered_by(topic, head))
    };
    link.arrived.iter().any(|it| !it.taken && answers(it))
}

/// Finds the oldest message that a `receive` takes: by event, topic and ref; what else it says is judged.
pub(super) fn find_message<'l>(
    link: &'l mut Link,
    receive: &Receive,
    values: &Values,
) -> Option<&'l mut Arrived> {
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
        .iter_mut()
        .find(|it| !it.taken && it.head.as_ref().is_some_and(meant))
}

/// Holds a reply against what was expected of it; the response comes back for [`save`].
pub(super) fn judge_reply(
    arrived: &Arrived,
    vsn: Vsn,
    expected: &Reply,
    values: &Values,
) -> Result<Option<Value>, Wrong> {
    let message = arrived.message(vsn);
    let reply = message.as_ref().and_then(Message::reply);
    let Some(reply) = reply else {
        let what = "the answer is a phx_reply without a status";
        return Err(Wrong::server(
            what,
            "a payload with status and response",
            arrived.show(),
        ));
    };
    let response = parsed(&reply.response);
    let Reply::Status(status, content) = expected else {
        return Ok(response);
    };
    let status = status.fill(values);
    if reply.status != status {
        let what = format!("the answer is {}, not {status}", reply.status);
        return Err(Wrong::server(what, format!("status {status}"), arrived.show()));
    }
    judge_content(&reply.response, content, values, arrived)?;
    Ok(response)
}

/// Holds a message against what `receive` says of it.
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
    judge_content(&message.payload, &receive.content, values, arrived)?;
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
    Err(Wrong::server(what, format!("{name} {expected}"), arrived.show()))
}

fn judge_content(
    payload: &Payload<'_>,
    expected: &Content,
    values: &Values,
    arrived: &Arrived,
) -> Result<(), Wrong> {
    match expected {
        Content::Unjudged => Ok(()),
        Content::Binary(bytes) => match payload {
            Payload::Binary(found) if found == bytes => Ok(()),
            _ => Err(Wrong::server(
                "the payload is another one",
                show_bytes(bytes),
                arrived.show(),
            )),
        },
        Content::Json(pattern) => {
            let Some(value) = parsed(payload) else {
                let expected = pattern.describe(values);
                return Err(Wrong::server(
                    "the payload is no JSON that can be looked into",
                    expected,
                    arrived.show(),
                ));
            };
            pattern.check(&value, values).map_err(|mismatch| {
                let at = if mismatch.at.is_empty() {
                    "the payload".to_owned()
                } else {
                    mismatch.at.clone()
                };
                let what = format!("{at} is {}, not {}", mismatch.actual, mismatch.expected);
                Wrong::server(what, format!("{at}: {}", mismatch.expected), arrived.show())
            })
        }
    }
}

fn parsed(payload: &Payload<'_>) -> Option<Value> {
    match payload {
        Payload::Json(text) => serde_json::from_str(text).ok(),
        Payload::Binary(_) | Payload::BinaryReply { .. } => None,
    }
}

/// Keeps parts of a payload under their names.
pub(super) fn save(saves: &[Save], payload: Option<&Value>, values: &mut Values) -> Result<(), Wrong> {
    for save in saves {
        let pointer = save.pointer.fill(values);
        match payload.and_then(|payload| payload.pointer(&pointer)) {
            Some(found) => values.set(save.name, found.clone()),
            None => {
                let actual = payload.map_or_else(|| "a payload that is no JSON".to_owned(), brief);
                let what = format!("there is nothing at {pointer} to save");
                return Err(Wrong::server(what, format!("a value at {pointer}"), actual));
            }
        }
    }
    Ok(())
}

/// What a step waits for, in words.
pub(super) fn describe(kind: &WaitKind, what: &What, values: &Values) -> String {
    match (kind, what) {
        (WaitKind::Reply { topic, refs }, What::Send(_, send)) => {
            let like = match &send.reply {
                Reply::Status(status, content) => {
                    format!(" {}{}", status.fill(values), like(content, values))
                }
                Reply::Any | Reply::None => String::new(),
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
        (WaitKind::Closed(Some(code)), _) => format!("that the server closes the connection with {code}"),
        (WaitKind::Closed(None), _) => "that the server closes the connection".to_owned(),
        (WaitKind::ClosedOrAlive(_), _) => {
            "that the server closes the connection or answers a heartbeat".to_owned()
        }
        (WaitKind::Opening, _) => "an answer to the upgrade".to_owned(),
        (WaitKind::Http, _) => "an answer over HTTP".to_owned(),
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
