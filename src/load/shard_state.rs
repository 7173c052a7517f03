//! Output of a shard: frames to send, recorded latencies, and events that a role must react to. Handling a message
//! allocates only if it came in fragments, or if its push is marked, overdue, part of a group, not awaited or of an event
//! whose reply the scenario leaves out: such pushes are kept in maps until they get their replies.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng as _;

use super::actor::{Life, SocketSession};
use super::in_flight::InFlight;
use super::ledger::{Common, Mark, Topic, Topics};
use super::role::{ChannelStatus, CompiledScenarios, TopicPlace};
use super::settings::Model;
use super::tally::Tally;
use super::text::Filling;
use crate::client::Ref;
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::session::{Outgoing, Output};

mod channels;
mod client_outbox;
mod deliveries;
mod missing;

pub(super) use client_outbox::ClientOutbox;

/// State that all sockets of a shard share.
pub(super) struct ShardState<'r> {
    pub(super) cast: &'r CompiledScenarios,
    pub(super) common: &'r Common,
    pub(super) topics: Topics<'r>,
    pub(super) vsn: Vsn,
    pub(super) model: Model,
    /// The run number in marks.
    pub(super) run: u64,
    /// The number of the first name that all instances share; the names of the instances follow.
    pub(super) first_name: u64,
    pub(super) now: Time,
    pub(super) tally: Tally,
    /// The number of sockets that have currently joined all their topics.
    pub(super) joined: u64,
    /// The pushes that wait for a reply.
    pub(super) unanswered: InFlight,
    /// When a reply or a broadcast last arrived.
    pub(super) heard_at: Time,
    /// Unanswered pushes of groups, by socket id and ref: the step.
    pub(super) together: BTreeMap<(u32, Ref), u16>,
    /// Overdue pushes, by socket id and ref: the intended time.
    pub(super) overdue: BTreeMap<(u32, Ref), Time>,
    /// Unanswered pushes with a mark, by socket id and ref: the topic, and the number within the topic.
    pub(super) marked: BTreeMap<(u32, Ref), (u64, u32)>,
    /// Pushes whose reply no step awaits but which may still get one: socket id and ref.
    pub(super) unawaited: BTreeSet<(u32, Ref)>,
    /// Unanswered pushes of events without a declared reply, by socket id and ref: the event, and whether the reply
    /// is awaited.
    pub(super) left_out: BTreeMap<(u32, Ref), (u16, Awaits)>,
    /// The frames of the current socket.
    pub(super) out: Vec<u8>,
    pub(super) news: Vec<News>,
    pub(super) wish: Option<ConnectionRequest>,
    scratch: Vec<u8>,
    random: Xoshiro256PlusPlus,
}

/// Events that a role reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The connection is open.
    Opened,
    /// All topics that the role wants are joined.
    AllJoined,
    /// A join was refused or timed out.
    JoinFailed,
    /// A push got its reply or timed out.
    Answered(Ref),
    /// An awaited message arrived.
    Heard(u8),
    /// A channel was left.
    Left,
    /// The server ended a channel that the role was waiting for.
    Ended,
}

/// What a client requests for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionRequest {
    Connect,
    /// The close frame is already in the buffer.
    Close,
}

/// Whether the reply to a push is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    Yes,
    No,
}

/// Identifies a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct SocketPlace {
    /// The number of the socket in the shard.
    pub(super) id: u32,
    /// The number of the socket in the run.
    pub(super) socket: u32,
    /// The number of its instance over all shards.
    pub(super) instance: u64,
    /// The number of its instance in the shard.
    pub(super) local_instance: usize,
}

impl Output for ShardState<'_> {
    fn key(&mut self) -> [u8; 4] {
        self.random.next_u32().to_ne_bytes()
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}

impl<'r> ShardState<'r> {
    pub(super) fn new(
        cast: &'r CompiledScenarios,
        common: &'r Common,
        own_topics: usize,
        random: Xoshiro256PlusPlus,
    ) -> Self {
        Self {
            cast,
            common,
            topics: Topics::new(common, own_topics),
            vsn: Vsn::V2,
            model: Model::Closed,
            run: 0,
            first_name: 0,
            now: Time::ZERO,
            tally: Tally::of_several(cast.plays.len()),
            joined: 0,
            unanswered: InFlight::default(),
            heard_at: Time::ZERO,
            together: BTreeMap::new(),
            overdue: BTreeMap::new(),
            marked: BTreeMap::new(),
            unawaited: BTreeSet::new(),
            left_out: BTreeMap::new(),
            out: Vec::with_capacity(64 << 10),
            news: Vec::with_capacity(16),
            wish: None,
            scratch: Vec::with_capacity(4 << 10),
            random,
        }
    }

    /// Appends a close frame for a WebSocket, unless it has sent one.
    pub(super) fn close(&mut self, life: &mut Life, code: Option<u16>, reason: &str) {
        if let SocketSession::WebSocket(session) = &mut life.session {
            let reason = reason.to_owned();
            // The session refuses a second close frame; the reasons of a client are short.
            let _ = session.send(&Outgoing::Close { code, reason }, self);
        }
    }

    /// The number of a topic in marks, and where its broadcast count is kept.
    pub(super) fn topic(&self, place: SocketPlace, topic: TopicPlace) -> (u64, Topic) {
        let own = u64::from(self.cast.own_topics);
        match topic {
            TopicPlace::Shared(index) => (index.into(), Topic::Shared(index as usize)),
            TopicPlace::Own(index) => (
                self.cast.shared_topics.len() as u64 + place.instance * own + u64::from(index),
                Topic::Own(place.local_instance * self.cast.own_topics as usize + index as usize),
            ),
        }
    }

    /// The number of an instance's first own name.
    pub(super) fn first_own(&self, place: SocketPlace) -> u64 {
        self.first_name + (self.cast.plays.len() as u64 + place.instance) * self.cast.own_names
    }

    /// The values for the holes of a text; `seq` is the number of pushes that the socket has sent.
    pub(super) fn filling(&self, place: SocketPlace, seq: u32, mark: Mark) -> Filling {
        Filling {
            first_own: self.first_own(place),
            sender: place.socket,
            seq,
            mark,
        }
    }

    /// Sets the status of a channel that is no longer joined; returns whether it was joined.
    pub(super) fn part(
        &mut self,
        place: SocketPlace,
        life: &mut Life,
        index: usize,
        status: ChannelStatus,
    ) -> bool {
        let join = &self.cast.roles[usize::from(life.role)].joins[index];
        let slot = &mut life.slots.all_mut()[index];
        let was_joined = std::mem::replace(&mut slot.status, status) == ChannelStatus::Joined;
        // The window is kept, to distinguish late broadcasts from duplicates.
        if was_joined && join.hears {
            let (number, topic) = self.topic(place, join.place);
            let gone = slot.received.cut(number, &self.topics, self.topics.sent(topic));
            self.gone(place, join, &gone);
        }
        life.uncount(&mut self.joined);
        was_joined
    }

    /// The oldest unanswered push of a socket's group.
    pub(super) fn oldest_together(&self, id: u32) -> Option<Ref> {
        self.together
            .range(pushes_of(id))
            .next()
            .map(|((_, push), _)| *push)
    }

    /// Puts a push in doubt: it is unknown whether it was broadcast.
    fn doubt(&mut self, id: u32, push: Ref) {
        if let Some((topic, of_topic)) = self.marked.remove(&(id, push)) {
            self.common.doubt(topic, of_topic);
        }
    }

    /// Whether replies may still arrive that no step awaits, for events that do get replies.
    pub(super) fn answers_may_come(&self) -> bool {
        let mut events = self.left_out.values();
        events.any(|(event, awaits)| *awaits == Awaits::No && self.common.awaits(*event))
    }

    /// Puts all unanswered pushes in doubt whose replies were awaited: their replies will not arrive any more.
    pub(super) fn doubt_awaited(&mut self) {
        let (unawaited, common) = (&self.unawaited, self.common);
        self.marked.retain(|push, (topic, of_topic)| {
            let is_awaited = !unawaited.contains(push);
            if is_awaited {
                common.doubt(*topic, *of_topic);
            }
            !is_awaited
        });
    }

    /// Puts all unanswered pushes of a socket in doubt, because its connection has ended.
    pub(super) fn doubt_all(&mut self, id: u32) {
        while let Some((&(_, push), _)) = self.marked.range(pushes_of(id)).next() {
            self.doubt(id, push);
        }
    }
}

/// The key range of all pushes of a socket.
fn pushes_of(id: u32) -> RangeInclusive<(u32, Ref)> {
    (id, Ref::new(0))..=(id, Ref::LAST)
}
