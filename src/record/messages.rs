//! The recording as messages of the protocol: refs, topic, event and payload, without heartbeats.

use std::collections::HashMap;

use serde_json::Value;

use super::heard::{Heard, HeardWhat, Said};
use crate::protocol::{Field, Frame, HEARTBEAT, JOIN, Message, PHOENIX_TOPIC, Payload, REPLY, Vsn};

/// An event with its message, if it has one that can be read.
#[derive(Clone, Debug)]
pub(super) enum Heeded {
    /// A message of a client.
    Sent(Box<WireMessage>),
    /// A message of the server.
    Came(Box<WireMessage>),
    /// A message of a client that is no message of the protocol, or that no step can send in other words.
    Odd,
    /// A message of the server that cannot be read.
    Unreadable,
    /// A heartbeat or the answer to it.
    Heartbeat,
    /// No message.
    Other,
}

/// A message, with refs as the client of a play numbers them.
#[derive(Clone, Debug)]
pub(super) struct WireMessage {
    pub(super) link: usize,
    pub(super) join_ref: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) payload: WirePayload,
    /// How a step has to write the join_ref.
    pub(super) written: WrittenJoinRef,
}

/// A payload.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WirePayload {
    Json(Value),
    Binary(Vec<u8>),
    /// A binary reply.
    BinaryReply(String, Vec<u8>),
}

/// Whether a step names the join_ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrittenJoinRef {
    /// It is that of the present join.
    Current,
    Null,
    /// It is this one, of an earlier join.
    Earlier(String),
}

/// The refs of one connection: those of its client, and those that a play gives.
#[derive(Debug, Default)]
struct LinkRefs {
    sent: u32,
    new_by_old: HashMap<String, String>,
    current: HashMap<String, String>,
}

impl WireMessage {
    /// The status and the response of a reply.
    pub(super) fn reply(&self) -> Option<(&str, Response<'_>)> {
        match &self.payload {
            _ if self.event != REPLY => None,
            WirePayload::Json(payload) => {
                let status = payload.get("status")?.as_str()?;
                Some((
                    status,
                    Response::Json(payload.get("response").unwrap_or(&Value::Null)),
                ))
            }
            WirePayload::BinaryReply(status, bytes) => Some((status, Response::Binary(bytes))),
            WirePayload::Binary(_) => None,
        }
    }

    /// The payload, if it is JSON.
    pub(super) fn json(&self) -> Option<&Value> {
        match &self.payload {
            WirePayload::Json(payload) => Some(payload),
            WirePayload::Binary(_) | WirePayload::BinaryReply(..) => None,
        }
    }

    pub(super) fn is_join(&self) -> bool {
        self.event == JOIN
    }
}

/// The response of a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Response<'m> {
    Json(&'m Value),
    Binary(&'m [u8]),
}

/// Reads all messages.
pub(super) fn heed(heard: &Heard) -> Vec<Heeded> {
    let mut refs: Vec<LinkRefs> = heard.links.iter().map(|_| LinkRefs::default()).collect();
    let mut all = Vec::with_capacity(heard.events.len());
    for event in &heard.events {
        all.push(match &event.what {
            HeardWhat::Sent(link, said) => {
                let vsn = heard.links[*link].opening.vsn;
                read(*link, vsn.decode_from_client(frame(said)).ok())
                    .and_then(|message| refs[*link].of_sent(message, vsn))
                    .map_or(Heeded::Odd, sent)
            }
            HeardWhat::Came(link, said) => {
                let vsn = heard.links[*link].opening.vsn;
                read(*link, vsn.decode_from_server(frame(said)).ok())
                    .map_or(Heeded::Unreadable, |message| came(refs[*link].of_came(message)))
            }
            _ => Heeded::Other,
        });
    }
    all
}

pub(super) fn frame(said: &Said) -> Frame<'_> {
    match said {
        Said::Text(text) => Frame::Text(text),
        Said::Binary(bytes) => Frame::Binary(bytes),
    }
}

fn sent(message: WireMessage) -> Heeded {
    match message.topic == PHOENIX_TOPIC && message.event == HEARTBEAT {
        true => Heeded::Heartbeat,
        false => Heeded::Sent(Box::new(message)),
    }
}

fn came(message: WireMessage) -> Heeded {
    match message.topic == PHOENIX_TOPIC && message.event == REPLY {
        true => Heeded::Heartbeat,
        false => Heeded::Came(Box::new(message)),
    }
}

/// A message whose fields are texts, as every client sends them.
fn read(link: usize, message: Option<Message<'_>>) -> Option<WireMessage> {
    let message = message?;
    let text = |field: &Field<'_>| match field {
        Field::Null => Some(None),
        Field::Text(text) => Some(Some(text.clone().into_owned())),
        Field::Other(_) => None,
    };
    Some(WireMessage {
        link,
        join_ref: text(&message.join_ref)?,
        reference: text(&message.reference)?,
        topic: text(&message.topic)??,
        event: text(&message.event)??,
        payload: match message.payload {
            Payload::Json(payload) => WirePayload::Json(serde_json::from_str(payload).ok()?),
            Payload::Binary(bytes) => WirePayload::Binary(bytes.to_vec()),
            Payload::BinaryReply { status, data } => {
                WirePayload::BinaryReply(status.to_owned(), data.to_vec())
            }
        },
        written: WrittenJoinRef::Current,
    })
}

impl LinkRefs {
    /// The message with the refs of a play; none if no step can send it in other words.
    fn of_sent(&mut self, message: WireMessage, vsn: Vsn) -> Option<WireMessage> {
        if message.topic == PHOENIX_TOPIC && message.event == HEARTBEAT {
            return Some(message);
        }
        let old = message.reference.clone()?;
        let old_join = message.join_ref.clone();
        if message.is_join() && vsn == Vsn::V2 && old_join.as_deref() != Some(&*old) {
            return None;
        }
        self.sent += 1;
        let new = self.sent.to_string();
        self.new_by_old.insert(old.clone(), new.clone());
        let topic = message.topic.clone();
        if message.is_join() {
            self.current.insert(topic.clone(), new.clone());
        }
        let current = self.current.get(&topic);
        let mapped = old_join
            .as_ref()
            .map(|old| self.new_by_old.get(old).unwrap_or(old).clone());
        let written = match &mapped {
            _ if vsn == Vsn::V1 || mapped.as_ref() == current => WrittenJoinRef::Current,
            None => WrittenJoinRef::Null,
            Some(join_ref) => WrittenJoinRef::Earlier(join_ref.clone()),
        };
        if message.event == crate::protocol::LEAVE {
            self.current.remove(&topic);
        }
        Some(WireMessage {
            reference: Some(new),
            join_ref: mapped,
            written,
            ..message
        })
    }

    /// The message of the server with the refs of a play.
    fn of_came(&self, message: WireMessage) -> WireMessage {
        let mapped = |old: Option<String>| old.map(|old| self.new_by_old.get(&old).cloned().unwrap_or(old));
        WireMessage {
            join_ref: mapped(message.join_ref.clone()),
            reference: mapped(message.reference.clone()),
            ..message
        }
    }
}
