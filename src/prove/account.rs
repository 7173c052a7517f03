//! The account of one connection: the answers that are due, and a meaning for each message of the server. Without I/O.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use super::oddity::{Oddity, OddityKind};
use crate::clock::Time;
use crate::driver::outgoing;
use crate::protocol::{CLOSE, ERROR, Field, JOIN, LEAVE, Message, Payload, Vsn};
use crate::transport::Outgoing;

mod content;
mod takes;
#[cfg(test)]
mod tests;

pub(super) use content::{Content, Expected};

/// A reply that came for a message that waited for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) response: Content,
    /// When the message was sent.
    pub(super) sent: Time,
}

/// A message of the server, as the account sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Came {
    /// The reply to the message with this ref.
    Answer(u64, Answer),
    /// A push or a broadcast on a topic that was joined.
    Message {
        topic: Rc<str>,
        event: String,
        content: Content,
    },
    /// A channel that was to crash or to stop has ended.
    Ended(Rc<str>),
    /// Nothing that anyone waits for.
    Nothing,
}

/// A message to a topic, and the reply that it should get.
#[derive(Clone, Debug)]
pub(super) struct ToSend<'a> {
    pub(super) topic: &'a Rc<str>,
    pub(super) event: &'a str,
    pub(super) content: &'a Content,
    pub(super) expected: Expected,
}

/// The end that a channel is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// With `phx_error`.
    Crash,
    /// With `phx_close`.
    Close,
}

impl Ends {
    /// The event that tells it.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Crash => ERROR,
            Self::Close => CLOSE,
        }
    }
}

/// A message that waits for its reply.
#[derive(Clone, Debug)]
struct Due {
    topic: Rc<str>,
    event: Rc<str>,
    sent: Time,
    expected: Expected,
    join_ref: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Joining,
    Joined,
    /// The client did something that ends it.
    Ending(Ends),
    Over,
}

#[derive(Clone, Debug)]
struct Channel {
    join_ref: u64,
    stage: Stage,
    /// The joins that this topic had before, whose last messages may still come.
    earlier: Vec<EarlierJoin>,
}

#[derive(Clone, Copy, Debug)]
struct EarlierJoin {
    join_ref: u64,
    /// Whether `phx_close` or `phx_error` came for it.
    is_over: bool,
}

/// The account of one connection.
#[derive(Debug)]
pub(super) struct Account {
    vsn: Vsn,
    socket: u32,
    next_ref: u64,
    channels: HashMap<Rc<str>, Channel>,
    due: HashMap<u64, Due>,
    /// Messages whose reply did not come in time. It may still come; without it, it is lost.
    overdue: HashMap<u64, Due>,
    /// Messages to channels that ended before the reply: it may come or not.
    doubtful: HashSet<u64>,
    heartbeat: Option<(u64, Time)>,
    oddities: Vec<Oddity>,
}

impl Account {
    pub(super) fn new(vsn: Vsn, socket: u32) -> Self {
        Self {
            vsn,
            socket,
            next_ref: 1,
            channels: HashMap::new(),
            due: HashMap::new(),
            overdue: HashMap::new(),
            doubtful: HashSet::new(),
            heartbeat: None,
            oddities: Vec::new(),
        }
    }

    /// The oddities since the last call.
    pub(super) fn take_oddities(&mut self) -> Vec<Oddity> {
        std::mem::take(&mut self.oddities)
    }

    /// A join of a topic; a second one replaces the first, whose channel then closes.
    pub(super) fn join(
        &mut self,
        topic: &Rc<str>,
        params: &Value,
        expected: Expected,
        now: Time,
    ) -> (u64, Option<Outgoing>) {
        let reference = self.next_ref;
        let mut earlier = Vec::new();
        if let Some(before) = self.channels.remove(topic) {
            earlier = before.earlier;
            earlier.push(EarlierJoin {
                join_ref: before.join_ref,
                is_over: before.stage == Stage::Over,
            });
        }
        let channel = Channel {
            join_ref: reference,
            stage: Stage::Joining,
            earlier,
        };
        self.channels.insert(Rc::clone(topic), channel);
        let join = ToSend {
            topic,
            event: JOIN,
            content: &Content::Json(params.clone()),
            expected,
        };
        self.send(join, now)
    }

    /// A leave; the reply and `phx_close` are due.
    pub(super) fn leave(&mut self, topic: &Rc<str>, now: Time) -> (u64, Option<Outgoing>) {
        self.will_end(topic, Ends::Close);
        let empty = Content::empty();
        let leave = ToSend {
            topic,
            event: LEAVE,
            content: &empty,
            expected: Expected::Ok(empty.clone()),
        };
        self.send(leave, now)
    }

    /// The next push to this topic ends the channel.
    pub(super) fn will_end(&mut self, topic: &Rc<str>, how: Ends) {
        if let Some(channel) = self.channels.get_mut(topic) {
            channel.stage = Stage::Ending(how);
        }
    }

    /// A heartbeat.
    pub(super) fn beat(&mut self, now: Time) -> Option<Outgoing> {
        let reference = self.next_ref;
        self.next_ref += 1;
        self.heartbeat = Some((reference, now));
        let text = reference.to_string();
        outgoing(self.vsn, &Message::heartbeat(&text))
    }

    /// When the heartbeat was sent that has no answer yet.
    pub(super) fn unanswered_beat(&self) -> Option<Time> {
        self.heartbeat.map(|(_, sent)| sent)
    }

    /// Whether a topic is joined.
    pub(super) fn is_joined(&self, topic: &str) -> bool {
        self.channels
            .get(topic)
            .is_some_and(|channel| channel.stage == Stage::Joined)
    }

    /// Whether the channel of a topic has ended, or never began.
    pub(super) fn is_over(&self, topic: &str) -> bool {
        self.channels
            .get(topic)
            .is_none_or(|channel| channel.stage == Stage::Over)
    }

    /// Whether this message still waits for its reply.
    pub(super) fn is_due(&self, reference: u64) -> bool {
        self.due.contains_key(&reference)
    }

    /// Nobody waits any longer for replies to what was sent until this moment.
    pub(super) fn give_up(&mut self, sent_until: Time) {
        let late: Vec<u64> = self
            .due
            .iter()
            .filter(|(_, due)| due.sent <= sent_until)
            .map(|(reference, _)| *reference)
            .collect();
        for reference in late {
            let due = self.due.remove(&reference);
            self.overdue.extend(due.map(|due| (reference, due)));
        }
    }

    /// Everything has had its time: replies and ends that did not come are oddities.
    pub(super) fn close(&mut self, now: Time) {
        self.give_up(now);
        let mut lost: Vec<(u64, Due)> = self.overdue.drain().collect();
        lost.sort_unstable_by_key(|(reference, _)| *reference);
        for (reference, due) in lost {
            let waited = now.since(due.sent).as_secs_f64();
            let what = format!(
                "{} with the ref {reference} had no reply within {waited:.1} s",
                due.event
            );
            self.odd(OddityKind::Lost, &due.topic, due.sent, what);
        }
        let unended: Vec<(Rc<str>, Ends)> = self
            .channels
            .iter()
            .filter_map(|(topic, channel)| match channel.stage {
                Stage::Ending(how) => Some((Rc::clone(topic), how)),
                Stage::Joining | Stage::Joined | Stage::Over => None,
            })
            .collect();
        for (topic, how) in unended {
            let what = format!("{} never came", how.event());
            self.odd(OddityKind::NoEnd, &topic, now, what);
        }
    }

    /// The connection is over: nothing is due any more.
    pub(super) fn forget(&mut self) {
        self.due.clear();
        self.overdue.clear();
        self.channels.clear();
        self.doubtful.clear();
        self.heartbeat = None;
        self.next_ref = 1;
    }

    /// The number of replies that are due.
    pub(super) fn dues(&self) -> usize {
        self.due.len()
    }

    /// A message to a topic.
    pub(super) fn send(&mut self, send: ToSend<'_>, now: Time) -> (u64, Option<Outgoing>) {
        let ToSend {
            topic,
            event,
            content,
            expected,
        } = send;
        let reference = self.next_ref;
        self.next_ref += 1;
        let join_ref = self.channels.get(topic).map_or(reference, |it| it.join_ref);
        let (own, join) = (reference.to_string(), join_ref.to_string());
        let text;
        let payload = match content {
            Content::Json(value) => {
                text = value.to_string();
                Payload::Json(&text)
            }
            Content::Binary(bytes) => Payload::Binary(bytes),
        };
        let message = Message {
            join_ref: Field::from(&*join),
            reference: Field::from(&*own),
            topic: Field::from(&**topic),
            event: event.into(),
            payload,
        };
        let outgoing = outgoing(self.vsn, &message);
        if expected == Expected::Nothing {
            self.doubtful.insert(reference);
        } else {
            let due = Due {
                topic: Rc::clone(topic),
                event: event.into(),
                sent: now,
                expected,
                join_ref,
            };
            self.due.insert(reference, due);
        }
        (reference, outgoing)
    }

    fn odd(&mut self, kind: OddityKind, topic: &Rc<str>, at: Time, what: String) {
        self.oddities.push(Oddity {
            kind,
            socket: self.socket,
            topic: Rc::clone(topic),
            at,
            what,
        });
    }
}
