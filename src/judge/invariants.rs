//! The promises that are watched during the whole walk of a client.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{ClientConnection, JoinStage};
use super::history::shown;
use super::limits::{HEARTBEAT_LIMIT, REJOIN_WINDOW};
use super::verdict::{ClientVerdict, PromiseOutcome};
use crate::clock::Time;
use crate::protocol::{DecodeError, Field, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC, Payload, Vsn};

const REFS: &str = "client-refs-grow";
const JOIN_REF: &str = "client-push-join-ref";
const BUFFERS: &str = "client-buffers-until-joined";
const BEATS: &str = "client-heartbeat";
const TWICE: &str = "client-duplicate-topic-replaced";
const FRAMES: &str = "client-frames";
pub(super) const LEFT: &str = "client-left-stays-left";
/// All of them, in the order in which they are told.
pub(super) const RULES: [&str; 7] = [FRAMES, REFS, JOIN_REF, BUFFERS, BEATS, TWICE, LEFT];
/// The situation in verdicts on one of them.
const ALWAYS: &str = "always";

/// The occasions and breaks of each promise so far.
#[derive(Debug, Default)]
pub(super) struct Invariants {
    /// How often each promise could have been broken.
    occasions: BTreeMap<&'static str, u32>,
    broken: BTreeSet<&'static str>,
    /// Topics that were left, with the time at which the connection of that moment opened.
    left: BTreeMap<String, Time>,
    told: Vec<ClientVerdict>,
}

impl Invariants {
    /// The verdicts since the last call.
    pub(super) fn take(&mut self) -> Vec<ClientVerdict> {
        std::mem::take(&mut self.told)
    }

    /// The walk is over: what was not broken was held, or had no occasion.
    pub(super) fn finish(&mut self) {
        for rule in RULES {
            if self.broken.contains(rule) {
                continue;
            }
            let outcome = match self.occasions.get(rule) {
                Some(1) => PromiseOutcome::Held {
                    saw: "on 1 occasion".to_owned(),
                },
                Some(times) => PromiseOutcome::Held {
                    saw: format!("on {times} occasions"),
                },
                None => PromiseOutcome::NotJudged {
                    why: never(rule).to_owned(),
                },
            };
            self.tell(rule, outcome);
        }
    }

    /// A connection opened.
    pub(super) fn opened(&mut self) {
        if !self.left.is_empty() {
            self.occasion(LEFT);
        }
    }

    /// A frame that is no message.
    pub(super) fn garbled(&mut self, vsn: Vsn, why: DecodeError) {
        self.breaks(FRAMES, format!("a message of {vsn}"), why.to_string());
    }

    /// A message came; `connection` is as it was before.
    pub(super) fn message(&mut self, connection: &ClientConnection, message: &Message<'_>, now: Time) {
        self.occasion(FRAMES);
        self.refs(connection, message);
        let (Some(topic), Some(event)) = (message.topic.as_str(), message.event.as_str()) else {
            return;
        };
        match (topic, event) {
            (PHOENIX_TOPIC, HEARTBEAT) => self.heartbeat(connection, message, now),
            (_, JOIN) => self.join(connection, topic, now),
            _ => self.push(connection, topic, message),
        }
        if event == LEAVE {
            self.leave(connection, topic);
        }
    }

    /// When a heartbeat must have come at the latest.
    pub(super) fn deadline(&self, connection: &ClientConnection) -> Option<Time> {
        let last = connection.last_heartbeat.unwrap_or(connection.opened_at);
        (!self.broken.contains(BEATS)).then_some(last + HEARTBEAT_LIMIT)
    }

    /// The time has passed.
    pub(super) fn woken(&mut self, connection: &ClientConnection, now: Time) {
        if self.deadline(connection).is_some_and(|deadline| now >= deadline) {
            self.breaks(
                BEATS,
                format!("a heartbeat at least every {}", shown(HEARTBEAT_LIMIT)),
                "none in that time".to_owned(),
            );
        }
    }

    fn refs(&mut self, connection: &ClientConnection, message: &Message<'_>) {
        let expected = |last: Option<u64>| match last {
            Some(last) => format!("a ref above \"{last}\", the last one of the connection"),
            None => "a number as text".to_owned(),
        };
        let found = match &message.reference {
            Field::Null => return,
            Field::Text(text) => text.parse::<u64>().ok(),
            Field::Other(_) => None,
        };
        self.occasion(REFS);
        if found.is_none() || found <= connection.last_ref {
            let saw = match &message.reference {
                Field::Text(text) => format!("\"{text}\""),
                Field::Other(text) => format!("the JSON value {text}"),
                Field::Null => "null".to_owned(),
            };
            self.breaks(REFS, expected(connection.last_ref), saw);
        }
    }

    fn heartbeat(&mut self, connection: &ClientConnection, message: &Message<'_>, now: Time) {
        self.occasion(BEATS);
        let last = connection.last_heartbeat.unwrap_or(connection.opened_at);
        let gap = now.since(last);
        if gap > HEARTBEAT_LIMIT {
            let expected = format!("a heartbeat at least every {}", shown(HEARTBEAT_LIMIT));
            self.breaks(BEATS, expected, format!("{} without one", shown(gap)));
        }
        let is_plain = message.join_ref == Field::Null
            && message.reference != Field::Null
            && matches!(message.payload, Payload::Json(text) if text.trim() == "{}");
        if !is_plain {
            self.breaks(
                BEATS,
                "[null, ref, \"phoenix\", \"heartbeat\", {}]".to_owned(),
                format!(
                    "a heartbeat with the join_ref {:?}, the ref {:?} and the payload {:?}",
                    message.join_ref, message.reference, message.payload
                ),
            );
        }
    }

    fn join(&mut self, connection: &ClientConnection, topic: &str, now: Time) {
        self.occasion(TWICE);
        if connection.is(topic, JoinStage::Joined) {
            self.breaks(
                TWICE,
                format!("phx_leave of `{topic}` before it is joined again"),
                "phx_join of a topic that is joined".to_owned(),
            );
        }
        let Some(left_on) = self.left.remove(topic) else {
            return;
        };
        // Later it may be the application that joins.
        if left_on != connection.opened_at && now.since(connection.opened_at) <= REJOIN_WINDOW {
            self.breaks(
                LEFT,
                format!("`{topic}`, which was left, not to be joined on the new connection"),
                format!(
                    "phx_join {} after it opened",
                    shown(now.since(connection.opened_at))
                ),
            );
        }
    }

    fn leave(&mut self, connection: &ClientConnection, topic: &str) {
        // A client that gives up an unanswered join leaves as well, and rejoins later.
        let was_in = connection.is(topic, JoinStage::Joined) || connection.is(topic, JoinStage::Over);
        if was_in {
            self.left.insert(topic.to_owned(), connection.opened_at);
        }
    }

    fn push(&mut self, connection: &ClientConnection, topic: &str, message: &Message<'_>) {
        let Some(present) = connection.present(topic) else {
            return;
        };
        if message.event.as_str() != Some(LEAVE) {
            self.occasion(BUFFERS);
            if present.stage == JoinStage::Unanswered {
                self.breaks(
                    BUFFERS,
                    format!("no push to `{topic}` before its join is answered"),
                    format!("a push of {:?}", message.event.as_str().unwrap_or_default()),
                );
            }
        }
        if connection.vsn == Vsn::V1 {
            return;
        }
        self.occasion(JOIN_REF);
        if message.join_ref.as_str() != Some(&present.reference) {
            let saw = match &message.join_ref {
                Field::Null => "null".to_owned(),
                Field::Text(text) => format!("\"{text}\""),
                Field::Other(text) => (*text).to_owned(),
            };
            let expected = format!(
                "the join_ref \"{}\" of the present join of `{topic}`",
                present.reference
            );
            self.breaks(JOIN_REF, expected, saw);
        }
    }

    fn occasion(&mut self, rule: &'static str) {
        *self.occasions.entry(rule).or_default() += 1;
    }

    /// Each promise is told as broken once.
    fn breaks(&mut self, rule: &'static str, expected: String, saw: String) {
        if self.broken.insert(rule) {
            self.tell(rule, PromiseOutcome::Broken { expected, saw });
        }
    }

    fn tell(&mut self, rule: &'static str, outcome: PromiseOutcome) {
        self.told.push(ClientVerdict {
            rule,
            situation: ALWAYS,
            outcome,
        });
    }
}

/// Why a promise was not judged.
fn never(rule: &str) -> &'static str {
    match rule {
        JOIN_REF | BUFFERS => "the client pushed nothing",
        BEATS => "the client sent no heartbeat",
        TWICE => "the client joined no topic",
        LEFT => "no connection was opened after the client had left a topic",
        _ => "the client sent nothing",
    }
}
