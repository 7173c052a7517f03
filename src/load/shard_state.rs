//! Output of a shard: frames to send, recorded latencies, and events that a role must react to. A message allocates
//! nothing here, except for pushes that are marked, overdue, sent together with others or not awaited: maps hold them
//! until they are answered.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng as _;

use super::actor::Life;
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

/// What all sockets of a shard share.
pub(super) struct ShardState<'r> {
    pub(super) cast: &'r CompiledScenarios,
    pub(super) common: &'r Common,
    pub(super) topics: Topics<'r>,
    pub(super) vsn: Vsn,
    /// The heartbeat interval of each client.
    pub(super) heartbeat: Duration,
    pub(super) model: Model,
    /// Which run, as marks have it.
    pub(super) run: u64,
    /// The number of the first name that all instances share; each instance's own follow.
    pub(super) first_name: u64,
    pub(super) now: Time,
    pub(super) tally: Tally,
    /// Sockets that have joined all they want, now.
    pub(super) joined: u64,
    /// Pushes that wait for an answer.
    pub(super) unanswered: u64,
    /// When an answer or a broadcast last came.
    pub(super) heard_at: Time,
    /// Pushes that were sent together with others and have no answer: whose and which, and its step.
    pub(super) together: BTreeMap<(u32, Ref), u16>,
    /// When pushes were due that went out long after: whose and which.
    pub(super) overdue: BTreeMap<(u32, Ref), Time>,
    /// Marked pushes without an answer: whose and which, its topic, which of the topic.
    pub(super) marked: BTreeMap<(u32, Ref), (u64, u32)>,
    /// Pushes that no step awaits the answer of, while one may still come: whose and which.
    pub(super) unawaited: BTreeSet<(u32, Ref)>,
    /// Pushes without an answer of which nobody said whether there is one: whose and which, its event, and whether its
    /// answer is waited for.
    pub(super) left_out: BTreeMap<(u32, Ref), (u16, Awaits)>,
    /// Frames of the socket that is served.
    pub(super) out: Vec<u8>,
    pub(super) news: Vec<News>,
    pub(super) wish: Option<ConnectionRequest>,
    scratch: Vec<u8>,
    random: Xoshiro256PlusPlus,
}

/// What a role must hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The connection is open.
    Opened,
    /// All topics are joined that are to be.
    AllJoined,
    /// A join was refused, or had no answer.
    JoinFailed,
    /// A push is answered, or given up.
    Answered(Ref),
    /// A message that the role waits for.
    Heard(u8),
    /// A channel that was left is over.
    Left,
    /// The server ended a channel that the role was waiting for.
    Ended,
}

/// What a client wants of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionRequest {
    Connect,
    /// The close frame is in the buffer already.
    Close,
}

/// Whether the answer to a push is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    Yes,
    No,
}

/// Which socket it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct SocketPlace {
    /// Its number in the shard.
    pub(super) id: u32,
    /// Its number in the run.
    pub(super) socket: u32,
    /// Its instance, over all shards.
    pub(super) instance: u64,
    /// Its instance, in the shard.
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
            heartbeat: Duration::MAX,
            model: Model::Closed,
            run: 0,
            first_name: 0,
            now: Time::ZERO,
            tally: Tally::of_several(cast.plays.len()),
            joined: 0,
            unanswered: 0,
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

    /// Appends the close frame of a socket, unless it has sent one.
    pub(super) fn close(&mut self, life: &mut Life, code: Option<u16>, reason: &str) {
        let reason = reason.to_owned();
        // The session refuses a second close frame.
        let _ = life.session.send(&Outgoing::Close { code, reason }, self);
    }

    /// The number in marks of a topic, and where its count is kept.
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

    /// The number of an instance's first name.
    pub(super) fn first_own(&self, place: SocketPlace) -> u64 {
        self.first_name + (self.cast.plays.len() as u64 + place.instance) * self.cast.own_names
    }

    /// What fills the holes of a text of a socket that has sent so many pushes.
    pub(super) fn filling(&self, place: SocketPlace, seq: u32, mark: Mark) -> Filling {
        Filling {
            first_own: self.first_own(place),
            sender: place.socket,
            seq,
            mark,
        }
    }

    /// A channel is joined no more, and stands so from now on; tells whether it was joined.
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
        // It is kept, to tell what comes late from what comes twice.
        if was_joined && join.hears {
            let (number, topic) = self.topic(place, join.place);
            let gone = slot.received.cut(number, &self.topics, self.topics.sent(topic));
            self.gone(place, join, &gone);
        }
        life.uncount(&mut self.joined);
        was_joined
    }

    /// The first of the pushes of a socket that were sent together and have no answer.
    pub(super) fn oldest_together(&self, id: u32) -> Option<Ref> {
        self.together
            .range(pushes_of(id))
            .next()
            .map(|((_, push), _)| *push)
    }

    /// Nobody can know whether this push was broadcast.
    fn doubt(&mut self, id: u32, push: Ref) {
        if let Some((topic, of_topic)) = self.marked.remove(&(id, push)) {
            self.common.doubt(topic, of_topic);
        }
    }

    /// Whether answers may still come to pushes that nobody waits for, although their event is answered.
    pub(super) fn answers_may_come(&self) -> bool {
        let mut events = self.left_out.values();
        events.any(|(event, awaits)| *awaits == Awaits::No && self.common.awaits(*event))
    }

    /// Nobody can know whether the pushes were broadcast whose answers are awaited and will not come any more.
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

    /// Nobody can know whether the unanswered pushes of this socket were broadcast: its connection has ended.
    pub(super) fn doubt_all(&mut self, id: u32) {
        while let Some((&(_, push), _)) = self.marked.range(pushes_of(id)).next() {
            self.doubt(id, push);
        }
    }
}

/// All pushes of a socket.
fn pushes_of(id: u32) -> RangeInclusive<(u32, Ref)> {
    (id, Ref::new(0))..=(id, Ref::LAST)
}
