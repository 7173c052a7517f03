//! Messages of the server that race with something that the client does: in a replay each of them may come or not.
//!
//! A client that ends its connection races with what the server still sends. A client that joins a topic again before its leave
//! was answered races with the end of the earlier channel, and Phoenix may never answer that leave.

use std::collections::{BTreeSet, HashMap};

use super::heard::{Heard, HeardWhat};
use super::messages::{Heeded, WireMessage};
use crate::protocol::{CLOSE, LEAVE, REPLY};

/// The messages of a recording that nothing waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Racing {
    /// The events of those that came.
    pub(super) came: BTreeSet<usize>,
    /// The messages that a replay may receive or not.
    pub(super) optional: BTreeSet<OptionalMessage>,
    /// The events of those that came without a ref: more of them may come at the end.
    pub(super) more: BTreeSet<String>,
}

/// A message, with the ref that a play has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OptionalMessage {
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) reference: String,
}

/// The client of one connection: the answers that it has asked for and that have not come.
#[derive(Debug, Default)]
struct Client {
    answers: BTreeSet<OptionalMessage>,
    /// The answers to leaves.
    leaves: BTreeSet<OptionalMessage>,
    has_ended: bool,
}

impl Racing {
    /// Finds these messages. The events in `needed` have values that are used later, so a replay waits for them.
    pub(super) fn of(heard: &Heard, heeded: &[Heeded], needed: &BTreeSet<usize>) -> Self {
        let mut racing = Self::default();
        let mut clients: HashMap<usize, Client> = HashMap::new();
        for (event, what) in heeded.iter().enumerate() {
            match (what, &heard.events[event].what) {
                (Heeded::Sent(message), _) => {
                    let client = clients.entry(message.link).or_default();
                    racing.optional.extend(client.overtaken_by(message));
                    client.ask(message);
                }
                (Heeded::Came(message), _) => {
                    let is_late = clients.entry(message.link).or_default().hears_late(message);
                    if !needed.contains(&event) && (is_late || racing.is_optional(message)) {
                        racing.add(event, message);
                    }
                }
                (_, HeardWhat::ClientClosed(link, _) | HeardWhat::Cut(link)) => {
                    clients.entry(*link).or_default().has_ended = true;
                }
                _ => {}
            }
        }
        let ended = clients.into_values().filter(|client| client.has_ended);
        racing.optional.extend(ended.flat_map(|client| client.answers));
        racing
    }

    /// Whether an earlier event of the client made this message optional.
    fn is_optional(&self, message: &WireMessage) -> bool {
        OptionalMessage::of(message).is_some_and(|it| self.optional.contains(&it))
    }

    fn add(&mut self, event: usize, message: &WireMessage) {
        self.came.insert(event);
        match OptionalMessage::of(message) {
            Some(known) => {
                self.optional.insert(known);
            }
            None => {
                self.more.insert(message.event.clone());
            }
        }
    }
}

impl Client {
    fn ask(&mut self, message: &WireMessage) {
        let answer = |event, reference| OptionalMessage::on_topic_of(message, event, reference);
        self.answers.extend(answer(REPLY, message.reference.as_ref()));
        if message.event == LEAVE {
            self.answers.extend(answer(CLOSE, message.join_ref.as_ref()));
            self.leaves.extend(answer(REPLY, message.reference.as_ref()));
            self.leaves.extend(answer(CLOSE, message.join_ref.as_ref()));
        }
    }

    /// Whether a message comes after the client ended the connection. The reply to a push is not late: it can be awaited before the
    /// end.
    fn hears_late(&mut self, message: &WireMessage) -> bool {
        let known = OptionalMessage::of(message);
        let was_asked_for = known.is_some_and(|it| self.answers.remove(&it));
        self.has_ended && !(was_asked_for && message.event == REPLY)
    }

    /// The answers to leaves of a topic that are still to come, if this message joins the topic again.
    fn overtaken_by(&self, message: &WireMessage) -> Vec<OptionalMessage> {
        if !message.is_join() {
            return Vec::new();
        }
        let open = self.leaves.intersection(&self.answers);
        open.filter(|it| it.topic == message.topic).cloned().collect()
    }
}

impl OptionalMessage {
    /// None if the message has no ref by which it is known.
    fn of(message: &WireMessage) -> Option<Self> {
        Self::on_topic_of(message, &message.event, message.reference.as_ref())
    }

    /// An event with this ref on the topic of a message.
    fn on_topic_of(message: &WireMessage, event: &str, reference: Option<&String>) -> Option<Self> {
        Some(Self {
            topic: message.topic.clone(),
            event: event.to_owned(),
            reference: reference?.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
