//! Steps that only wait for messages, so that a message under way makes no difference between two runs.

use super::super::conversation::{Client, Deed, Topic};
use super::super::step::{ScenarioStep, Wanted};
use super::{Model, video};

impl Model {
    /// Lets a client receive all messages to it before it ends its connection.
    pub(super) fn catch_up(&mut self, client: Client) {
        let untaken = std::mem::take(&mut self.clients.entry(client).or_default().untaken);
        let waits = untaken.into_iter().map(|(event, topic)| {
            let wait = ScenarioStep::new(client, "receive", event).wanted(match event {
                video::NEWS => Wanted::WithoutIds,
                _ => Wanted::Always,
            });
            if topic.is_empty() {
                wait
            } else {
                wait.with("on", &topic)
            }
        });
        let waits: Vec<ScenarioStep> = waits.collect();
        if !waits.is_empty() {
            self.line(ScenarioStep::together(waits));
        }
    }

    /// Notes that these clients have received all messages about presences.
    pub(super) fn took_presences(&mut self, clients: &[Client]) {
        for client in clients {
            let untaken = &mut self.clients.entry(*client).or_default().untaken;
            untaken.retain(|(_, topic)| *topic != Topic::Presence.written());
        }
    }

    /// Waits until Phoenix has forgotten the channels of a topic that ended, before something is broadcast there.
    pub(super) fn forget(&mut self, topic: &Topic) {
        if self.ended.remove(topic) {
            self.line(ScenarioStep::pause());
        }
    }
    /// Whether a step may send a diff.
    pub(super) fn changes_presences(&mut self, client: Client, deed: &Deed) -> bool {
        match deed {
            Deed::Join(topic, _) | Deed::Push(topic, _) | Deed::Leave(topic) => *topic == Topic::Presence,
            Deed::Frame(frame) if !frame.is_fatal() => false,
            Deed::Close | Deed::Cut | Deed::Frame(_) => self.channel(client, &Topic::Presence).is_some(),
            Deed::Connect | Deed::Heartbeat | Deed::Astray(..) => false,
        }
    }
}
