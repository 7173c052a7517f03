//! What must hold in every conversation, whatever the case asks: found in the recording, so that no case has to
//! think of it.

use std::collections::HashMap;

use super::catalogue::Case;
use super::outcome::Finding;
use crate::protocol::{CLOSE, ERROR, Field, Frame, JOIN, LEAVE, Message, Payload, REPLY, Reply, Vsn, json};
use crate::scenario::{Level, Noted, Recording, SETTLE_REF, Who, json_of};

/// The first breach in a recording.
pub(super) fn breach(case: &Case, recording: &Recording, vsn: Vsn) -> Option<Finding> {
    let actors = &case.program.actors;
    // Cases of this level only join, push what is answered, and leave. Elsewhere a channel may have been asked to end.
    let room = case.level() == Some(Level::Room) && case.program.risky.is_none();
    let twice = answered_twice(recording, actors, vsn);
    let untold = || gone_untold(recording, actors, vsn);
    let unasked = || {
        if room {
            ended_unasked(recording, actors, vsn)
        } else {
            None
        }
    };
    twice.or_else(untold).or_else(unasked)
}

/// A reply came for a ref that had its reply: whoever counts replies, or waits for the next one, is misled.
fn answered_twice(recording: &Recording, actors: &[String], vsn: Vsn) -> Option<Finding> {
    let mut open: HashMap<(Who, String, String), u32> = HashMap::new();
    let mut answered: HashMap<(Who, String, String), String> = HashMap::new();
    for entry in &recording.entries {
        let (message, sent) = match &entry.what {
            Noted::SentText(text) => (vsn.decode_from_client(Frame::Text(text)), true),
            Noted::SentBinary(bytes) => (vsn.decode_from_client(Frame::Binary(bytes)), true),
            Noted::Text(text) => (vsn.decode_from_server(Frame::Text(text)), false),
            Noted::Binary(bytes) => (vsn.decode_from_server(Frame::Binary(bytes)), false),
            _ => continue,
        };
        let Ok(message) = message else { continue };
        let Some(key) = key_of(entry.who, &message) else {
            continue;
        };
        if sent {
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
                // A reply to what was never sent is another breach, told by the steps and fixtures.
                let Some(first) = answered.get(&key) else { continue };
                return Some(Finding {
                    what: match key.2.trim_matches('"') {
                        SETTLE_REF => "a heartbeat was answered twice".to_owned(),
                        _ => format!("the message with ref {} was answered twice", key.2),
                    },
                    expected: format!("one reply: {first}"),
                    actual: format!("another one: {shown}"),
                    place: format!(
                        "every conversation, here that of {} on {}",
                        name(entry.who, actors),
                        key.1
                    ),
                    step: None,
                });
            }
        }
    }
    None
}

/// What a client knows of its channel on a topic.
#[derive(Default)]
struct Channel {
    /// The join_ref of the latest join, as JSON text.
    join_ref: String,
    left: bool,
}

/// The present channel was ended though nobody left it: the client closes it, or joins again and again.
fn ended_unasked(recording: &Recording, actors: &[String], vsn: Vsn) -> Option<Finding> {
    let mut channels: HashMap<(Who, String), Channel> = HashMap::new();
    for entry in &recording.entries {
        match &entry.what {
            Noted::SentText(text) => {
                let Ok(message) = vsn.decode_from_client(Frame::Text(text)) else {
                    continue;
                };
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
            Noted::Text(text) => {
                let Ok(message) = vsn.decode_from_server(Frame::Text(text)) else {
                    continue;
                };
                let event = message.event.as_str().unwrap_or_default();
                let Some(channel) = channels.get(&(entry.who, json_of(&message.topic))) else {
                    continue;
                };
                let join_ref = json_of(&message.join_ref);
                // In 1.0.0 there is no telling which join is meant.
                let present = join_ref == channel.join_ref || (join_ref == "null" && vsn == Vsn::V2);
                if matches!(event, CLOSE | ERROR) && present && !channel.left {
                    return Some(Finding {
                        what: format!(
                            "{event} ended a channel that nobody left, and nothing had gone wrong with"
                        ),
                        expected: "a channel that stays joined until it is left".to_owned(),
                        actual: super::normalise::show(&entry.what),
                        place: format!("every conversation, here that of {}", name(entry.who, actors)),
                        step: None,
                    });
                }
            }
            _ => {}
        }
    }
    None
}

/// A push is answered as if the topic had never been joined, though it was, and nobody told the client that the
/// channel is gone: it would wait for ever for what is broadcast there.
fn gone_untold(recording: &Recording, actors: &[String], vsn: Vsn) -> Option<Finding> {
    /// The ref of the join, once it is let in; gone again when the client knows of an end.
    type Joins = HashMap<(Who, String), (String, bool)>;
    let mut joins: Joins = HashMap::new();
    for entry in &recording.entries {
        let message = match &entry.what {
            Noted::SentText(text) => vsn.decode_from_client(Frame::Text(text)),
            Noted::Text(text) => vsn.decode_from_server(Frame::Text(text)),
            _ => continue,
        };
        let Ok(message) = message else { continue };
        let sent = matches!(entry.what, Noted::SentText(_));
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
                        place: format!("every conversation, here that of {}", name(entry.who, actors)),
                        step: None,
                    });
                }
            }
            _ => {}
        }
    }
    None
}

fn is_unmatched(reply: &Reply<'_>) -> bool {
    let Payload::Json(response) = reply.response else {
        return false;
    };
    reply.status == "error" && json::get(response, "reason") == Some("\"unmatched topic\"")
}

/// Whose message it is, by connection, topic and ref; none if its ref is null, as many may have that.
fn key_of(who: Who, message: &Message<'_>) -> Option<(Who, String, String)> {
    if matches!(message.reference, Field::Null) {
        return None;
    }
    Some((who, json_of(&message.topic), json_of(&message.reference)))
}

fn name(who: Who, actors: &[String]) -> &str {
    match who {
        Who::Actor(actor, _) => actors.get(actor).map_or("nobody", String::as_str),
        Who::Http | Who::Server => "nobody",
    }
}
