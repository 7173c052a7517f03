//! Checks what must hold in every conversation, so that no case has to ask for it.

use std::collections::{HashMap, HashSet};

use super::attribution;
use super::catalogue::Case;
use super::heard::{From, Heard, is_unmatched};
use super::outcome::{Finding, HeldTo};
use crate::protocol::{CLOSE, ERROR, Field, JOIN, LEAVE, Message, REPLY, Vsn};
use crate::scenario::{FailureKind, Level, Play, SETTLE_REF, Who, json_of};

/// The first violation in a recording.
pub(super) fn breach(case: &Case, held_to: HeldTo, play: &Play) -> Option<Finding> {
    let heard = &Heard::of(play);
    // Cases of this level only join, push with replies, and leave. In others, a step may ask a channel to
    // end.
    let room = case.level() == Some(Level::Room) && case.program.risky.is_none();
    let twice = answered_twice(heard);
    let untold = || gone_untold(heard);
    let unasked = || {
        if room { ended_unasked(heard) } else { None }
    };
    // Phoenix never does that; phoenix.js drops messages with the join_ref of a join that has ended.
    let from_beyond = || {
        if held_to == HeldTo::TheLine {
            None
        } else {
            speaks_after_its_end(heard)
        }
    };
    let mut finding = twice.or_else(untold).or_else(unasked).or_else(from_beyond)?;
    finding.broken = attribution::of_invariant(case.rules(), finding.kind);
    Some(finding)
}

/// Finds a channel that pushes after its end or after its join was refused.
fn speaks_after_its_end(heard: &Heard<'_>) -> Option<Finding> {
    /// The connection, topic and join_ref of a join, as JSON texts.
    type Key = (Who, String, String);
    let mut over: HashMap<Key, String> = HashMap::new();
    let mut joins: HashSet<Key> = HashSet::new();
    for (entry, from, message) in heard.messages() {
        if matches!(message.join_ref, Field::Null) {
            continue;
        }
        let key = (entry.who, json_of(&message.topic), json_of(&message.join_ref));
        let event = message.event.as_str().unwrap_or_default();
        if from == From::Client {
            if event == JOIN {
                over.remove(&key);
                joins.insert((entry.who, key.1, json_of(&message.reference)));
            }
            continue;
        }
        if event == REPLY {
            let of_join = joins.contains(&(entry.who, key.1.clone(), json_of(&message.reference)));
            if of_join && message.reply().is_some_and(|reply| reply.status == "error") {
                over.insert(key, super::normalise::show(&entry.what));
            }
            continue;
        }
        if let Some(end) = over.get(&key) {
            return Some(Finding {
                what: format!("a channel that is over goes on: {event} came under its join_ref"),
                expected: format!("nothing more of this join after {end}"),
                actual: super::normalise::show(&entry.what),
                place: heard.place(entry.who),
                kind: FailureKind::AfterEnd,
                actor: heard.name(entry.who).map(str::to_owned),
                ..Finding::default()
            });
        }
        if matches!(event, CLOSE | ERROR) {
            over.insert(key, super::normalise::show(&entry.what));
        }
    }
    None
}

/// Finds a second reply to the same ref, which misleads clients that count replies or wait for the next one.
fn answered_twice(heard: &Heard<'_>) -> Option<Finding> {
    let mut open: HashMap<(Who, String, String), u32> = HashMap::new();
    let mut answered: HashMap<(Who, String, String), String> = HashMap::new();
    for (entry, from, message) in heard.messages() {
        let Some(key) = key_of(entry.who, &message) else {
            continue;
        };
        if from == From::Client {
            *open.entry(key).or_default() += 1;
            continue;
        }
        if message.event.as_str() != Some(REPLY) {
            continue;
        }
        let shown = super::normalise::show(&entry.what);
        match open.get_mut(&key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                answered.insert(key, shown);
            }
            _ => {
                // Steps and fixtures report replies to messages that were never sent.
                let Some(first) = answered.get(&key) else { continue };
                return Some(Finding {
                    what: match key.2.trim_matches('"') {
                        SETTLE_REF => "a heartbeat was answered twice".to_owned(),
                        _ => format!("the message with ref {} was answered twice", key.2),
                    },
                    expected: format!("one reply: {first}"),
                    actual: format!("another one: {shown}"),
                    place: format!("{} on {}", heard.place(entry.who), key.1),
                    kind: FailureKind::Doubled,
                    actor: heard.name(entry.who).map(str::to_owned),
                    ..Finding::default()
                });
            }
        }
    }
    None
}

/// The state of a channel as its client knows it.
#[derive(Default)]
struct Channel {
    /// The join_ref of the last join, as JSON text.
    join_ref: String,
    left: bool,
}

/// Finds a channel that ended although the client did not leave it: the client closes it, or rejoins again
/// and again.
fn ended_unasked(heard: &Heard<'_>) -> Option<Finding> {
    let mut channels: HashMap<(Who, String), Channel> = HashMap::new();
    for (entry, from, message) in heard.messages() {
        match from {
            From::Client => {
                let channel = channels.entry((entry.who, json_of(&message.topic))).or_default();
                match message.event.as_str() {
                    Some(JOIN) => {
                        *channel = Channel {
                            join_ref: json_of(&message.reference),
                            left: false,
                        }
                    }
                    Some(LEAVE) => channel.left = true,
                    _ => {}
                }
            }
            From::Server => {
                let event = message.event.as_str().unwrap_or_default();
                let Some(channel) = channels.get(&(entry.who, json_of(&message.topic))) else {
                    continue;
                };
                let join_ref = json_of(&message.join_ref);
                // In 1.0.0 it is unknown which join is meant.
                let present =
                    join_ref == channel.join_ref || (join_ref == "null" && heard.vsn(entry.who) == Vsn::V2);
                if matches!(event, CLOSE | ERROR) && present && !channel.left {
                    return Some(Finding {
                        what: format!(
                            "{event} ended a channel that nobody left, and nothing had gone wrong with"
                        ),
                        expected: "a channel that stays joined until it is left".to_owned(),
                        actual: super::normalise::show(&entry.what),
                        place: heard.place(entry.who),
                        kind: FailureKind::EndedUnasked,
                        actor: heard.name(entry.who).map(str::to_owned),
                        ..Finding::default()
                    });
                }
            }
        }
    }
    None
}

/// Finds a push that is answered as if the topic had never been joined, although the client joined it and was
/// not told that the channel ended. Such a client would wait for broadcasts for ever.
fn gone_untold(heard: &Heard<'_>) -> Option<Finding> {
    /// The ref of the join, once it succeeded; removed when the client is told of its end.
    type Joins = HashMap<(Who, String), (String, bool)>;
    let mut joins: Joins = HashMap::new();
    for (entry, from, message) in heard.messages() {
        let sent = from == From::Client;
        let key = (entry.who, json_of(&message.topic));
        match (message.event.as_str().unwrap_or_default(), sent) {
            (JOIN, true) => {
                joins.insert(key, (json_of(&message.reference), false));
            }
            (LEAVE, true) | (CLOSE | ERROR, false) => {
                joins.remove(&key);
            }
            (REPLY, false) => {
                let Some((join, let_in)) = joins.get_mut(&key) else {
                    continue;
                };
                let Some(reply) = message.reply() else { continue };
                if json_of(&message.reference) == *join {
                    *let_in = reply.status == "ok";
                } else if *let_in && is_unmatched(&reply) {
                    return Some(Finding {
                        what: "a joined channel is gone, and the client was not told".to_owned(),
                        expected: "phx_error or phx_close before the topic counts as not joined".to_owned(),
                        actual: super::normalise::show(&entry.what),
                        place: heard.place(entry.who),
                        kind: FailureKind::GoneUntold,
                        actor: heard.name(entry.who).map(str::to_owned),
                        ..Finding::default()
                    });
                }
            }
            _ => {}
        }
    }
    None
}

/// Identifies a message by connection, topic and ref; none if its ref is null, because many messages may have
/// that.
fn key_of(who: Who, message: &Message<'_>) -> Option<(Who, String, String)> {
    if matches!(message.reference, Field::Null) {
        return None;
    }
    Some((who, json_of(&message.topic), json_of(&message.reference)))
}
