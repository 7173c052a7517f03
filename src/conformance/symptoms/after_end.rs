//! A channel that goes on after its end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Symptom;
use crate::clock::Time;
use crate::conformance::heard::{From, Heard, is_unmatched};
use crate::protocol::{CLOSE, ERROR, HEARTBEAT, JOIN, LEAVE, Message, REPLY, Vsn};
use crate::scenario::{Who, json_of};

/// A subscription lives a moment longer than its channel. The moment is about a millisecond, and longer on a busy machine.
const MOMENT: Duration = Duration::from_millis(50);

/// The conversation of a connection on a topic.
#[derive(Default)]
struct Conversation {
    /// The join_ref of the last join, as JSON text.
    join_ref: String,
    /// The join_refs of the joins whose end the client was told.
    over: HashSet<String>,
    /// Whether the client left the last join.
    left: bool,
    /// When the client was told of the end of the last join.
    ended: Option<Time>,
    /// The refs of the pushes of the client after that.
    pushed: HashSet<String>,
}

/// The first message of a channel after the client was told of its end. A message of 1.0.0 does not tell to which
/// join it belongs, so only those of 2.0.0 count.
pub(super) fn symptom(heard: &Heard<'_>) -> Option<Symptom> {
    let mut conversations: HashMap<(Who, String), Conversation> = HashMap::new();
    for (entry, from, message) in heard.messages() {
        if heard.vsn(entry.who) != Vsn::V2 {
            continue;
        }
        let key = (entry.who, json_of(&message.topic));
        if from == From::Client {
            conversations.entry(key).or_default().sent(&message);
        } else if let Some(conversation) = conversations.get_mut(&key) {
            let symptom = conversation.received(entry.at, &message);
            if symptom.is_some() {
                return symptom;
            }
        }
    }
    None
}

impl Conversation {
    fn sent(&mut self, message: &Message<'_>) {
        match message.event.as_str() {
            Some(JOIN) => {
                self.join_ref = json_of(&message.join_ref);
                self.over.remove(&self.join_ref);
                self.left = false;
                self.ended = None;
                self.pushed.clear();
            }
            Some(LEAVE) => self.left = true,
            Some(HEARTBEAT) => {}
            _ if self.ended.is_some() => {
                self.pushed.insert(json_of(&message.reference));
            }
            _ => {}
        }
    }

    fn received(&mut self, at: Time, message: &Message<'_>) -> Option<Symptom> {
        const NULL: &str = "null";
        let event = message.event.as_str().unwrap_or_default();
        let (join_ref, reference) = (json_of(&message.join_ref), json_of(&message.reference));
        if event == REPLY {
            let is_served = message.reply().is_some_and(|reply| !is_unmatched(&reply));
            return (is_served && self.pushed.contains(&reference)).then(|| self.served());
        }
        if self.over.contains(&join_ref) {
            let what = format!("{event} came under the join_ref of a join that was over");
            let rule = "closed-channel-silent";
            return Some(Symptom { rule, what });
        }
        if matches!(event, CLOSE | ERROR) && join_ref != NULL {
            if join_ref == self.join_ref {
                self.ended = Some(at);
            }
            self.over.insert(join_ref);
            return None;
        }
        let ended = self.ended?;
        (join_ref == NULL && reference == NULL && at.since(ended) > MOMENT).then(|| Symptom {
            rule: "broadcast-skips-left",
            what: format!("the broadcast {event} came to a client whose channel was over"),
        })
    }

    /// The symptom of a push that was handled after the end.
    fn served(&self) -> Symptom {
        let rule = if self.left {
            "push-after-leave-not-run"
        } else {
            "unmatched-topic-reply"
        };
        let what = "a push was handled that came after the end of its channel".to_owned();
        Symptom { rule, what }
    }
}
