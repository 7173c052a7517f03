//! A broadcast that comes more often than it was sent.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Symptom;
use crate::conformance::heard::{From, Heard};
use crate::protocol::{Field, JOIN, LEAVE, Message, Payload, Vsn};
use crate::scenario::{Who, json_of};

/// A topic with a payload, as JSON texts.
type Content = (String, String);

/// How often clients sent something, and how often connections heard it as a broadcast.
#[derive(Default)]
struct Counts {
    sent: HashMap<Content, u32>,
    /// By connection and event.
    heard: HashMap<(Who, String, Content), u32>,
    /// The topics that a connection joined.
    topics: HashMap<Who, HashSet<String>>,
}

/// The first broadcast that a connection heard more often than clients had sent its payload on the topic until then. Payloads that no
/// client has sent, such as those of presence_diff, do not count.
pub(super) fn symptom(heard: &Heard<'_>) -> Option<Symptom> {
    let mut counts = Counts::default();
    for (entry, from, message) in heard.messages() {
        let Some(content) = content(&message) else {
            continue;
        };
        // In 1.0.0 a push of a channel looks like a broadcast.
        let shows_broadcasts = heard.vsn(entry.who) == Vsn::V2;
        if from == From::Client {
            counts.sent(entry.who, &message, content);
        } else if shows_broadcasts && is_broadcast(&message) {
            let symptom = counts.heard(entry.who, &message, content);
            if symptom.is_some() {
                return symptom;
            }
        }
    }
    None
}

fn content(message: &Message<'_>) -> Option<Content> {
    let Payload::Json(payload) = message.payload else {
        return None;
    };
    let payload: Value = serde_json::from_str(payload).ok()?;
    Some((json_of(&message.topic), payload.to_string()))
}

fn is_broadcast(message: &Message<'_>) -> bool {
    message.join_ref == Field::Null && message.reference == Field::Null
}

impl Counts {
    fn sent(&mut self, who: Who, message: &Message<'_>, content: Content) {
        match message.event.as_str() {
            Some(JOIN) => {
                self.topics.entry(who).or_default().insert(content.0);
            }
            Some(LEAVE) => {}
            _ => *self.sent.entry(content).or_default() += 1,
        }
    }

    /// On a connection with several topics the second one may have come by the channel of another topic, so only connections
    /// with one topic count.
    fn heard(&mut self, who: Who, message: &Message<'_>, content: Content) -> Option<Symptom> {
        let sent = *self.sent.get(&content)?;
        if self.topics.get(&who)?.len() != 1 {
            return None;
        }
        let event = message.event.as_str().unwrap_or_default();
        let heard = self.heard.entry((who, event.to_owned(), content)).or_default();
        *heard += 1;
        (*heard > sent).then(|| Symptom {
            rule: "broadcast-once",
            what: format!("the broadcast {event} came {heard} times, and was sent {sent} times"),
        })
    }
}
