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
                (Heeded::Came(message), _) if !needed.contains(&event) => {
                    let client = clients.entry(message.link).or_default();
                    racing.hear(event, message, client);
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

    fn hear(&mut self, event: usize, message: &WireMessage, client: &mut Client) {
        let known = OptionalMessage::of(message);
        let was_asked_for = known.as_ref().is_some_and(|it| client.answers.remove(it));
        let is_optional = known.as_ref().is_some_and(|it| self.optional.contains(it));
        // The reply to a push that came after the end can be awaited before the end.
        let is_late = client.has_ended && !(was_asked_for && message.event == REPLY);
        if !is_optional && !is_late {
            return;
        }
        self.came.insert(event);
        match known {
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
        let answer = |event: &str, reference: &Option<String>| {
            Some(OptionalMessage {
                topic: message.topic.clone(),
                event: event.to_owned(),
                reference: reference.clone()?,
            })
        };
        self.answers.extend(answer(REPLY, &message.reference));
        if message.event == LEAVE {
            let answers = [
                answer(REPLY, &message.reference),
                answer(CLOSE, &message.join_ref),
            ];
            self.leaves.extend(answers.iter().flatten().cloned());
            self.answers.extend(answers.into_iter().flatten());
        }
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
        Some(Self {
            topic: message.topic.clone(),
            event: message.event.clone(),
            reference: message.reference.clone()?,
        })
    }
}

#[cfg(test)]
mod tests;
