//! One channel of one socket: its state, and the join, leave and pushes that it sends.

use std::sync::Arc;

use super::config::{NEVER, end_of_wait};
use super::reference::{NamedJoin, Refs};
use super::{ChannelId, ClientContext, Config, Ref};
use crate::clock::Time;
use crate::protocol::{JOIN, LEAVE, Message, Payload};

/// The state of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// Not joined; it does not join by itself.
    Closed {
        /// The last join, if there was one.
        last: Option<Ref>,
    },
    /// The join was sent or waits for the connection; it has no reply yet.
    Joining {
        /// The ref of the join.
        join_ref: Ref,
        /// When the join was requested.
        since: Time,
        /// How many timed rejoins came before.
        tries: u32,
    },
    /// The server accepted the join.
    Joined {
        /// The ref of the join.
        join_ref: Ref,
    },
    /// Crashed, refused or timed out; it rejoins by itself.
    Errored {
        /// The join whose messages are still accepted; none after a join that got no reply.
        last: Option<Ref>,
        /// How many timed rejoins came before.
        tries: u32,
        /// When it rejoins, unless the connection ends first.
        rejoin_at: Time,
    },
    /// The leave was sent and has no reply yet.
    Leaving {
        /// The join that is left.
        join_ref: Option<Ref>,
        /// The ref of the leave.
        leave_ref: Ref,
        /// When the leave was sent.
        since: Time,
    },
}

impl ChannelState {
    /// The join_ref that the channel puts on its frames.
    pub fn join_ref(self) -> Option<Ref> {
        match self {
            Self::Joining { join_ref, .. } | Self::Joined { join_ref } => Some(join_ref),
            Self::Leaving { join_ref, .. } => join_ref,
            Self::Closed { last } | Self::Errored { last, .. } => last,
        }
    }

    /// Whether the channel is joined or about to be.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Joining { .. } | Self::Joined { .. })
    }

    /// When the channel has to act without being called.
    pub(super) fn deadline(self, config: &Config) -> Time {
        match self {
            Self::Closed { .. } | Self::Joined { .. } => NEVER,
            Self::Joining { since, .. } | Self::Leaving { since, .. } => end_of_wait(since, config.timeout),
            Self::Errored { rejoin_at, .. } => rejoin_at,
        }
    }

    /// The state after a crash or the end of the connection. It does not affect channels that are leaving or
    /// closed.
    pub(super) fn errored(self, context: &ClientContext<'_>, line: Line) -> Self {
        let (last, tries) = match self {
            Self::Joining { tries, .. } => (None, tries),
            Self::Joined { join_ref } => (Some(join_ref), 0),
            Self::Errored { last, tries, .. } => (last, tries),
            Self::Leaving { .. } | Self::Closed { .. } => return self,
        };
        Self::rejoining(context, line, last, tries)
    }

    /// The state of a channel whose join failed. `last` is the join whose messages are still accepted.
    pub(super) fn rejoining(context: &ClientContext<'_>, line: Line, last: Option<Ref>, tries: u32) -> Self {
        let delay = context.config.rejoin.delay(tries.saturating_add(1));
        let rejoin_at = match line {
            Line::Up => end_of_wait(context.now, delay),
            Line::Down => NEVER,
        };
        Self::Errored {
            last,
            tries,
            rejoin_at,
        }
    }
}

/// Whether a frame can be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Up,
    Down,
}

/// A channel.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) id: ChannelId,
    pub(super) topic: Arc<str>,
    pub(super) params: Arc<str>,
    pub(super) state: ChannelState,
}

impl Channel {
    /// Whether a message with this join_ref, on this channel's topic, is for this channel (`isMember` in
    /// `channel.js`).
    pub(super) fn is_in(&self, join: NamedJoin) -> bool {
        match join {
            NamedJoin::Absent => true,
            NamedJoin::Of(join_ref) => self.state.join_ref() == Some(join_ref),
            NamedJoin::Foreign => false,
        }
    }

    /// Begins a join, and sends it if the connection allows it.
    pub(super) fn join(&mut self, refs: &mut Refs, context: &mut ClientContext<'_>, line: Line, tries: u32) {
        self.state = ChannelState::Joining {
            join_ref: refs.next(),
            since: context.now,
            tries,
        };
        if line == Line::Up {
            self.send_join(context);
        }
    }

    /// Sends the join that has begun.
    pub(super) fn send_join(&self, context: &mut ClientContext<'_>) {
        if let Some(join_ref) = self.state.join_ref() {
            self.send(context, join_ref, JOIN, Payload::Json(&self.params));
        }
    }

    /// Sends a leave of the current join.
    pub(super) fn send_leave(&self, context: &mut ClientContext<'_>, leave_ref: Ref) {
        self.send(context, leave_ref, LEAVE, Payload::EMPTY);
    }

    /// Sends an event with the current join_ref.
    pub(super) fn send(
        &self,
        context: &mut ClientContext<'_>,
        reference: Ref,
        event: &str,
        payload: Payload<'_>,
    ) {
        let join_ref = self.state.join_ref().map(Ref::text);
        let join_ref = join_ref.as_ref().map(|text| text.as_str());
        let reference = reference.text();
        let message = Message::push(join_ref, reference.as_str(), &self.topic, event, payload);
        context.out.transmit(&message);
    }
}
