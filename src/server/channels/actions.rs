//! Carries out what a channel's callback asked for: pushes, replies, broadcasts, presence diffs, timers.

use std::sync::Arc;
use std::time::Duration;

use super::super::alarm::Alarm;
use super::super::chance::{Freedom, Outcome};
use super::super::conduct::{
    Audience, BroadcastEncoding, BroadcastRefs, Nulls, PushReach, ReplyCount, ReplyJoinRef, ReplyRefs,
};
use super::super::context::{Action, Reach, Tells};
use super::super::elixir::quote;
use super::super::ids::{Address, ChannelId};
use super::super::message::{self, Raised, ReplyTo};
use super::super::payload::{Body, Status};
use super::super::pubsub::{Broadcast, Subscription};
use super::super::queues::Note;
use super::super::refs::borrowed;
use super::super::session::ChannelMessage;
use super::Channels;
use crate::clock::Time;
use crate::protocol::{Field, Vsn, json};

/// A diff, and which channel it tells of.
pub(super) struct Diff {
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) of: Address,
    pub(super) tells: Tells,
}

/// `:timer.send_interval` takes whole milliseconds.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

impl Channels {
    /// Carries out what the last callback wanted. An error: Phoenix raises at that place, the rest is not done.
    pub(super) fn carry_out(&mut self, address: Address) -> Result<(), Raised> {
        let mut actions = std::mem::take(&mut self.actions);
        let done = actions.drain(..).try_for_each(|action| self.act(address, action));
        self.actions = actions;
        done
    }

    fn act(&mut self, address: Address, action: Action) -> Result<(), Raised> {
        match action {
            Action::Push { event, body } => self.push_out(address, &event, &body),
            Action::Reply { to, status, body } => {
                self.reply_out(address, &to.reference.field(), status, &body)
            }
            Action::Broadcast { event, body, to } => {
                let Some(topic) = self.sessions.joined_topic(address) else {
                    return Err(Raised::NotJoined);
                };
                let except = (to == Reach::Others).then_some(address.channel);
                self.broadcast(
                    &Arc::new(Broadcast::new(topic, event, body, except)),
                    address.channel,
                )
            }
            Action::Diff { body, tells, to } => {
                let topic = self.sessions.joined_topic(address).ok_or(Raised::NotJoined)?;
                self.tell(Diff {
                    broadcast: Arc::new(Broadcast::of_presence(topic, body, to, address.channel)),
                    of: address,
                    tells,
                });
                Ok(())
            }
            Action::SendAfter { delay, info } => {
                if delay.is_zero() {
                    self.sessions.post(address, ChannelMessage::Info(info));
                } else {
                    self.timers.after(delay, Alarm::Info(address, info));
                }
                Ok(())
            }
            Action::SendEvery { interval, info } => {
                let interval = interval.max(SHORTEST_INTERVAL);
                self.timers.after(interval, Alarm::Every(address, interval, info));
                Ok(())
            }
        }
    }

    pub(super) fn push_out(&mut self, address: Address, event: &str, body: &Body) -> Result<(), Raised> {
        if self.shared.conduct.socket.push_reach == PushReach::Topic
            && let Some(topic) = self.sessions.joined_topic(address)
        {
            let broadcast = Broadcast::new(topic, event.into(), body.clone(), Some(address.channel));
            self.broadcast(&Arc::new(broadcast), address.channel)?;
        }
        self.sessions.send_to_client(address, |session, entry, process| {
            entry.subscription.ok_or(Raised::NotJoined)?;
            message::push(session.dialect, &process.join_ref, (&entry.topic, event), body)
        })
    }

    pub(super) fn reply_out(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        status: Status,
        body: &Body,
    ) -> Result<(), Raised> {
        let conduct = &self.shared.conduct.socket;
        let (refs, join_ref, count) = (conduct.reply_refs, conduct.reply_join_ref, conduct.reply_count);
        let without;
        let body = match conduct.nulls {
            Nulls::Kept => body,
            Nulls::Dropped => {
                without = without_nulls(body);
                &without
            }
        };
        let times = match count {
            ReplyCount::Once => 1,
            ReplyCount::Twice => 2,
        };
        (0..times).try_for_each(|_| {
            self.sessions.send_to_client(address, |session, entry, process| {
                let to = ReplyTo {
                    join_ref: match join_ref {
                        ReplyJoinRef::Own => process.join_ref.field(),
                        ReplyJoinRef::Foreign => "0".into(),
                    },
                    reference: match refs {
                        ReplyRefs::Echoed => borrowed(reference),
                        ReplyRefs::Missing => Field::Null,
                    },
                    topic: (&*entry.topic).into(),
                };
                message::reply(session.dialect, to, status, body)
            })
        })
    }

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
        let (sessions, timers) = (&mut self.sessions, &mut self.timers);
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
                sessions.mailboxes.deliver(to, message, timers);
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

    /// Sends a presence diff now or later, but never before an earlier one: in Phoenix a process of its own sends them,
    /// one after the other.
    pub(super) fn tell(&mut self, diff: Diff) {
        if diff.tells == Tells::ChangeAtOnce {
            while let Some((_, earlier)) = self.late_diffs.pop_front() {
                self.send_diff(&earlier);
            }
            return self.send_diff(&diff);
        }
        let now = self.timers.now();
        let due = self.chance.delay(Freedom::LateDiff).map(|late| now + late);
        let earlier = self.late_diffs.back().map(|&(due, _)| due);
        match due.max(earlier) {
            None => self.send_diff(&diff),
            Some(due) => {
                self.late_diffs.push_back((due, diff));
                self.timers.at(due, Alarm::Diff);
            }
        }
    }

    /// Sends the presence diffs that were late until `now`.
    pub(super) fn send_late_diffs(&mut self, now: Time) {
        while self.late_diffs.front().is_some_and(|&(due, _)| due <= now)
            && let Some((_, diff)) = self.late_diffs.pop_front()
        {
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

/// An object without its members that are null; anything else as it is.
fn without_nulls(body: &Body) -> Body {
    let Body::Json(text) = body else {
        return body.clone();
    };
    let Ok(members) = json::members(text).collect::<Result<Vec<_>, _>>() else {
        return body.clone();
    };
    if members.is_empty() {
        return body.clone();
    }
    let kept: Vec<String> = members
        .iter()
        .filter(|(_, value)| *value != "null")
        .map(|(key, value)| format!("{}:{value}", quote(key)))
        .collect();
    Body::Json(format!("{{{}}}", kept.join(",")).into())
}
