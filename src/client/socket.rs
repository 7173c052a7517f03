//! A socket with its channels: connect, join, push, leave, and the questions that can be asked about it.

use std::sync::Arc;

use super::channel::{Channel, Line};
use super::few::Few;
use super::link::Link;
use super::pending::{Body, Pending, Push, PushStage};
use super::reference::Refs;
use super::{ChannelId, ChannelState, ClientContext, CloseCause, Config, Event, Policy, Ref};
use crate::protocol::Payload;

/// One client connection with its channels.
///
/// It has four kinds of methods: the user's calls ([`connect`](Self::connect), [`join`](Self::join),
/// [`push`](Self::push) …), the driver's reports (`handle_*`), [`next_deadline`](Self::next_deadline), and
/// queries.
///
/// A driver reports only on the connection that [`Outbox::connect`](super::Outbox::connect) requested last,
/// and drops events of a connection that was replaced.
#[derive(Clone, Debug)]
pub struct Socket {
    pub(super) link: Link,
    pub(super) refs: Refs,
    pub(super) next_channel: u32,
    pub(super) channels: Few<Channel>,
    pub(super) pending: Pending,
}

impl Default for Socket {
    fn default() -> Self {
        Self::new()
    }
}

impl Socket {
    /// A socket that has not connected yet.
    pub fn new() -> Self {
        Self {
            link: Link::Idle,
            refs: Refs::default(),
            next_channel: 0,
            channels: Few::None,
            pending: Pending::default(),
        }
    }

    /// Joins a topic. Without a connection the join waits, at most until it times out.
    ///
    /// As in phoenix.js, a new channel replaces an open channel of the same topic, which is left first. A
    /// scripted client sends another join for the channel that it has.
    pub fn join(&mut self, context: &mut ClientContext<'_>, topic: Arc<str>, params: Arc<str>) -> ChannelId {
        let again = match context.config.policy {
            Policy::Scripted => self.channel(&topic),
            Policy::PhoenixJs => None,
        };
        let id = if let Some(id) = again {
            self.set_params(id, params);
            id
        } else {
            self.new_channel(context.config, topic, params)
        };
        self.start_join(context, id, 0);
        id
    }

    /// Sets the params of the next join or rejoin, as JSON.
    pub fn set_params(&mut self, channel: ChannelId, params: Arc<str>) {
        if let Some(channel) = self
            .position(channel)
            .and_then(|index| self.channels.get_mut(index))
        {
            channel.params = params;
        }
    }

    /// Pushes an event, and returns the ref that its reply will carry as `push`, or nothing if the channel is
    /// closed. A push that cannot be sent yet is held back until the channel is joined.
    pub fn push(
        &mut self,
        context: &mut ClientContext<'_>,
        channel: ChannelId,
        event: &str,
        payload: Payload<'_>,
    ) -> Option<Ref> {
        let channel = self.channels.get(self.position(channel)?)?;
        let handle = self.refs.next();
        let can_push =
            context.config.policy == Policy::Scripted || matches!(channel.state, ChannelState::Joined { .. });
        let stage = if can_push {
            channel.send(context, handle, event, payload);
            PushStage::Sent(handle)
        } else {
            PushStage::HeldBack(Box::new(Body::new(event, payload)))
        };
        self.pending.add(Push {
            channel: channel.id,
            handle,
            since: context.now,
            stage,
        });
        Some(handle)
    }

    /// Leaves a channel for good. Without a connection it closes at once, otherwise when the server replies.
    pub fn leave(&mut self, context: &mut ClientContext<'_>, channel: ChannelId) -> Option<Ref> {
        let line = self.line(context.config);
        let index = self.position(channel)?;
        let channel = self.channels.get_mut(index)?;
        if let (Policy::PhoenixJs, ChannelState::Leaving { leave_ref, .. }) =
            (context.config.policy, channel.state)
        {
            return Some(leave_ref);
        }
        let leave_ref = self.refs.next();
        match line {
            Line::Up => {
                channel.send_leave(context, leave_ref);
                channel.state = ChannelState::Leaving {
                    join_ref: channel.state.join_ref(),
                    leave_ref,
                    since: context.now,
                };
            }
            Line::Down => self.close_channel(context, index, CloseCause::LeftUnheard),
        }
        Some(leave_ref)
    }

    /// The next ref, for a frame that a script builds itself.
    pub fn make_ref(&mut self) -> Ref {
        self.refs.next()
    }

    /// Sets the ref that is used next.
    pub fn skip_refs_to(&mut self, next: Ref) {
        self.refs.skip_to(next);
    }

    /// The channel of a topic: the open one, otherwise the newest.
    pub fn channel(&self, topic: &str) -> Option<ChannelId> {
        let of_topic = || self.channels.iter().filter(|channel| &*channel.topic == topic);
        let open = of_topic().find(|channel| channel.state.is_open());
        open.or_else(|| of_topic().next_back()).map(|channel| channel.id)
    }

    /// The state of a channel; nothing once it is closed, except for a scripted client.
    pub fn state(&self, channel: ChannelId) -> Option<ChannelState> {
        Some(self.channels.get(self.position(channel)?)?.state)
    }

    /// The join_ref that a channel puts on its frames.
    pub fn join_ref(&self, channel: ChannelId) -> Option<Ref> {
        self.state(channel)?.join_ref()
    }

    /// The topic of a channel.
    pub fn topic(&self, channel: ChannelId) -> Option<&Arc<str>> {
        Some(&self.channels.get(self.position(channel)?)?.topic)
    }

    /// The topics of the joined channels, in the order in which the channels were created.
    pub fn joined_topics(&self) -> impl Iterator<Item = &Arc<str>> {
        let is_joined = |channel: &&Channel| matches!(channel.state, ChannelState::Joined { .. });
        self.channels
            .iter()
            .filter(is_joined)
            .map(|channel| &channel.topic)
    }

    fn new_channel(&mut self, config: &Config, topic: Arc<str>, params: Arc<str>) -> ChannelId {
        if config.policy == Policy::PhoenixJs {
            // In phoenix.js a new channel registers two callbacks on its socket, which take numbers from the
            // same counter as messages. That is why the first join of phoenix.js has the ref "3".
            self.refs.next();
            self.refs.next();
        }
        let id = ChannelId(self.next_channel);
        self.next_channel = self.next_channel.wrapping_add(1);
        self.channels.push_back(Channel {
            id,
            topic,
            params,
            state: ChannelState::Closed { last: None },
        });
        id
    }

    /// Begins a join of this channel, after this many timed rejoins.
    pub(super) fn start_join(&mut self, context: &mut ClientContext<'_>, id: ChannelId, tries: u32) {
        if context.config.policy == Policy::PhoenixJs {
            self.leave_open_topic(context, id);
        }
        let line = self.line(context.config);
        if let Some(channel) = self.position(id).and_then(|index| self.channels.get_mut(index)) {
            channel.join(&mut self.refs, context, line, tries);
        }
    }

    /// Leaves the open channel of the same topic, if there is one.
    fn leave_open_topic(&mut self, context: &mut ClientContext<'_>, joining: ChannelId) {
        let duplicate = self.topic(joining).and_then(|topic| {
            let mut of_topic = self.channels.iter().filter(|channel| channel.topic == *topic);
            of_topic.find(|channel| channel.state.is_open())
        });
        if let Some(id) = duplicate.map(|channel| channel.id) {
            self.leave(context, id);
        }
    }

    /// Closes a channel. A scripted client keeps it, because a script can still push to it.
    pub(super) fn close_channel(&mut self, context: &mut ClientContext<'_>, index: usize, cause: CloseCause) {
        let Some(channel) = self.channels.get_mut(index) else {
            return;
        };
        let id = channel.id;
        match context.config.policy {
            Policy::Scripted => {
                channel.state = ChannelState::Closed {
                    last: channel.state.join_ref(),
                };
            }
            Policy::PhoenixJs => drop(self.channels.remove(index)),
        }
        context.out.event(Event::Closed { channel: id, cause });
    }

    pub(super) fn position(&self, id: ChannelId) -> Option<usize> {
        self.channels.iter().position(|channel| channel.id == id)
    }

    /// Whether a frame can be sent now. A scripted client can always send.
    pub(super) fn line(&self, config: &Config) -> Line {
        match self.link {
            Link::Open { .. } => Line::Up,
            _ if config.policy == Policy::Scripted => Line::Up,
            _ => Line::Down,
        }
    }
}
