//! Carries out what a channel's callback asked for: pushes, replies, broadcasts, presence diffs, timers.

use std::sync::Arc;
use std::time::Duration;

use super::super::alarm::Alarm;
use super::super::chance::{Freedom, Outcome};
use super::super::conduct::{
    AnnotationReach, Audience, BinaryBroadcasts, BinaryPushes, BroadcastEncoding, BroadcastRefs, DiffReach,
    DiffsSent, LonelyBroadcast, PushJoinRef, PushReach, ReplyCount, ReplyJoinRef, ReplyRefs, SizeUnit,
};
use super::super::context::{Action, Reach, Tells};
use super::super::ids::{Address, ChannelId};
use super::super::message::{self, Encoded, Raised, ReplyTo};
use super::super::payload::{Body, Status};
use super::super::pubsub::{Broadcast, Subscription};
use super::super::queues::Note;
use super::super::refs::{Ref, borrowed};
use super::super::session::ChannelMessage;
use super::Channels;
use super::altered;
use crate::clock::Time;
use crate::protocol::{Field, Vsn};

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
            Action::Broadcast { event, body, to } => self.broadcast_out(address, event, body, to),
            Action::Diff { body, tells, to } => {
                let topic = self.sessions.joined_topic(address).ok_or(Raised::NotJoined)?;
                if self.shared.conduct.app.diff_reach == DiffReach::TopicsOfConnection {
                    self.broadcast_beside(address, &topic, &"presence_diff".into(), &body)?;
                }
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

    fn broadcast_out(
        &mut self,
        address: Address,
        event: Arc<str>,
        body: Body,
        to: Reach,
    ) -> Result<(), Raised> {
        let Some(topic) = self.sessions.joined_topic(address) else {
            return Err(Raised::NotJoined);
        };
        let conduct = &self.shared.conduct;
        let lonely = conduct.channels.lonely_broadcast == LonelyBroadcast::ReachesSender
            && self.pubsub.of_topic(&topic).count() == 1;
        let except = (to == Reach::Others && !lonely).then_some(address.channel);
        if matches!(body, Body::Binary(_)) && conduct.channels.binary_broadcasts == BinaryBroadcasts::Lost {
            return Ok(());
        }
        let is_annotation = &*event == "new_annotation";
        if is_annotation && conduct.app.videos.reach == AnnotationReach::VideosOfConnection {
            self.broadcast_beside(address, &topic, &event, &body)?;
        }
        let broadcast = Arc::new(Broadcast::new(topic, event, body, except));
        self.broadcast(&broadcast, address.channel)
    }

    /// Broadcasts on the other topics of the same kind that the session has joined.
    fn broadcast_beside(
        &mut self,
        address: Address,
        topic: &str,
        event: &Arc<str>,
        body: &Body,
    ) -> Result<(), Raised> {
        let kind = |topic: &str| topic.split_once(':').map(|(kind, _)| kind.to_owned());
        let others: Vec<Arc<str>> = self
            .sessions
            .get(address.session)
            .into_iter()
            .flat_map(|session| &session.channels)
            .map(|entry| Arc::clone(&entry.topic))
            .filter(|other| **other != *topic && kind(other) == kind(topic))
            .collect();
        for other in others {
            let broadcast = Broadcast::new(other, Arc::clone(event), body.clone(), None);
            self.broadcast(&Arc::new(broadcast), address.channel)?;
        }
        Ok(())
    }

    pub(super) fn push_out(&mut self, address: Address, event: &str, body: &Body) -> Result<(), Raised> {
        if self.shared.conduct.socket.push_reach == PushReach::Topic
            && let Some(topic) = self.sessions.joined_topic(address)
        {
            let broadcast = Broadcast::new(topic, event.into(), body.clone(), Some(address.channel));
            self.broadcast(&Arc::new(broadcast), address.channel)?;
        }
        let channels = &self.shared.conduct.channels;
        let (sizes, none) = (channels.binary_sizes, Ref::Null);
        let has_join_ref = match body {
            Body::Json(_) => channels.push_join_ref == PushJoinRef::Own,
            Body::Binary(_) if channels.binary_pushes == BinaryPushes::Lost => return Ok(()),
            Body::Binary(_) => channels.binary_pushes != BinaryPushes::AsBroadcasts,
        };
        self.sessions.send_to_client(address, |session, entry, process| {
            entry.subscription.ok_or(Raised::NotJoined)?;
            let join_ref = if has_join_ref { &process.join_ref } else { &none };
            message::push(session.dialect, join_ref, (&entry.topic, event), body).map(|it| counted(it, sizes))
        })
    }

    pub(super) fn reply_out(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        status: Status,
        body: &Body,
    ) -> Result<(), Raised> {
        let conduct = &self.shared.conduct;
        let Some((status, body)) = altered::reply(conduct, status, body) else {
            return Ok(());
        };
        let (sizes, conduct) = (conduct.channels.binary_sizes, &conduct.socket);
        let (refs, join_ref, count) = (conduct.reply_refs, conduct.reply_join_ref, conduct.reply_count);
        let times = match count {
            ReplyCount::Once => 1,
            ReplyCount::Twice => 2,
        };
        (0..times).try_for_each(|_| {
            let reply = self.sessions.encode(address, |session, entry, process| {
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
                message::reply(session.dialect, to, status, &body).map(|it| counted(it, sizes))
            })?;
            if let Some(reply) = reply {
                self.send_reply(address, reply);
            }
            Ok(())
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
                    BroadcastEncoding::OnlyV2 => Vsn::V2,
                    BroadcastEncoding::ObjectsInV1 if is_object(&broadcast.body) => Vsn::V1,
                    BroadcastEncoding::EachVersion | BroadcastEncoding::ObjectsInV1 => subscription.vsn,
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
        if let DiffsSent::AllButOneIn(often) = self.shared.conduct.app.diffs_sent {
            self.diffs += 1;
            if self.diffs.is_multiple_of(u64::from(often.get())) {
                return;
            }
        }
        // A diff is an object, which every serializer can write.
        let _ = self.broadcast(&diff.broadcast, diff.of.channel);
    }
}

/// Whether a payload is an object in JSON.
fn is_object(body: &Body) -> bool {
    matches!(body, Body::Json(text) if text.starts_with('{'))
}

/// A message whose sizes count bytes or letters.
fn counted(message: Encoded, sizes: SizeUnit) -> Encoded {
    match sizes {
        SizeUnit::Bytes => message,
        SizeUnit::Letters => altered::in_letters(message),
    }
}
