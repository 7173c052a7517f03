//! What must hold in every conversation, whatever the case asks: found in the recording, so that no case has to
//! think of it.

use std::collections::HashMap;

use super::outcome::Finding;
use crate::protocol::{Field, Frame, Message, REPLY, Vsn};
use crate::scenario::{Noted, Recording, Who, json_of};

/// The first breach in a recording.
pub(super) fn breach(recording: &Recording, actors: &[String], vsn: Vsn) -> Option<Finding> {
    answered_twice(recording, actors, vsn)
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
                    what: format!("the message with ref {} was answered twice", key.2),
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
