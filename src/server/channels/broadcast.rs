//! Broadcasts: to the subscribers on this shard, and to the other shards.

use std::sync::Arc;

use super::super::chance::{Freedom, Outcome};
use super::super::conduct::{Audience, BroadcastEncoding, BroadcastRefs};
use super::super::context::ChannelId;
use super::super::message::Raised;
use super::super::presence_diffs::{Diff, Tells};
use super::super::process::ChannelMessage;
use super::super::pubsub::{Broadcast, Subscription};
use super::super::queues::Note;
use super::{Alarm, Channels};
use crate::clock::Time;
use crate::protocol::Vsn;

impl Channels {
    /// Broadcasts to all shards. An error: Phoenix raises at the sender.
    pub(super) fn broadcast(&mut self, broadcast: &Arc<Broadcast>, sender: ChannelId) -> Result<(), Raised> {
        self.dispatch(broadcast, sender)?;
        self.queues
            .tell_others(self.shard, || Note::Broadcast(Arc::clone(broadcast), sender));
        Ok(())
    }

    /// Broadcasts on this shard.
    pub(crate) fn dispatch(&mut self, broadcast: &Broadcast, sender: ChannelId) -> Result<(), Raised> {
        let conduct = &self.shared.conduct.socket;
        let own_refs = conduct.broadcast_refs == BroadcastRefs::JoinRef;
        let without_sender = conduct.audience == Audience::TopicWithoutSender;
        let (sessions, mailboxes, timers) = (&mut self.sessions, &mut self.mailboxes, &mut self.timers);
        let mut deliver = |subscription: &Subscription| {
            let to = subscription.address;
            if Some(to.channel) == broadcast.except || (without_sender && to.channel == sender) {
                return Ok(());
            }
            if own_refs || subscription.intercepts.contains(&&*broadcast.event) {
                let (event, body) = (Arc::clone(&broadcast.event), broadcast.body.clone());
                sessions.post(to, ChannelMessage::Out { event, body });
            } else {
                let message = broadcast.encoded(match conduct.encoding {
                    BroadcastEncoding::EachVersion => subscription.vsn,
                    BroadcastEncoding::OnlyV2 => Vsn::V2,
                })?;
                mailboxes.deliver(to, message, timers);
            }
            Ok(())
        };
        match conduct.audience {
            Audience::Topic | Audience::TopicWithoutSender => {
                self.pubsub.of_topic(&broadcast.topic).try_for_each(deliver)
            }
            Audience::AllTopics => self.pubsub.of_kind(&broadcast.topic).try_for_each(&mut deliver),
        }
    }

    /// Sends a presence diff now or later, but never before an earlier one.
    pub(super) fn tell(&mut self, diff: Diff) {
        if diff.tells == Tells::ChangeAtOnce {
            while let Some(earlier) = self.late_diffs.next() {
                self.send_diff(&earlier);
            }
            return self.send_diff(&diff);
        }
        let late = self.chance.delay(Freedom::LateDiff);
        let now = self.timers.now();
        match self.late_diffs.due(late.map(|late| now + late)) {
            None => self.send_diff(&diff),
            Some(due) => {
                self.late_diffs.push(due, diff);
                self.timers.at(due, Alarm::Diff);
            }
        }
    }

    /// Sends the presence diffs that were late until `now`.
    pub(super) fn send_late_diffs(&mut self, now: Time) {
        while let Some(diff) = self.late_diffs.next_due(now) {
            self.send_diff(&diff);
        }
    }

    fn send_diff(&mut self, diff: &Diff) {
        if diff.tells == Tells::Leave {
            let outcome = if self.pubsub.outlives(diff.of) {
                Outcome::Happened
            } else {
                Outcome::DidNot
            };
            self.chance.note(Freedom::OwnLeave, outcome);
        }
        // A diff is an object, which every serializer can write.
        let _ = self.broadcast(&diff.broadcast, diff.of.channel);
    }
}
