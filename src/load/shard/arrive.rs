//! Lets sockets arrive: as fast as possible, or at scheduled times.

use std::time::Duration;

use super::super::actor::ConnectionStage;
use super::super::control::Phase;
use super::super::pace::{Dues, Stream};
use super::super::settings::LoadSettings;
use super::Shard;
use super::places::Block;
use crate::clock::Time;
use crate::transport::{Target, Transport};

/// The most sockets of the whole run that may be arriving at the same time; more would only fill the server's
/// backlog.
const AT_A_TIME: usize = 8192;
/// The same over TLS: a server makes some thousand handshakes a second, and each socket must be through in time.
const AT_A_TIME_SECURE: usize = 1024;
/// A shard may always have this many arriving sockets.
const LEAST_AT_A_TIME: usize = 64;
/// A shard is busy if it handles its timers later than this. Then no more sockets arrive, because each of them would
/// delay the heartbeats of the others further.
const BUSY: Duration = Duration::from_millis(250);
/// A shard that was busy lets sockets arrive again after this time.
const REST: Duration = Duration::from_millis(100);
/// The most arriving sockets if they have scheduled times.
const AT_A_TIME_SCHEDULED: usize = 4096;

/// The sockets that have not arrived yet.
pub(super) struct Arrivals {
    dues: Option<Dues>,
    /// The number of sockets that arrived, by scenario.
    came: Box<[u32]>,
    left: bool,
    /// Sockets that started to connect and have not joined yet.
    pub(super) under_way: usize,
    /// The limit of arriving sockets.
    most: Most,
}

/// The adaptive limit of arriving sockets of a shard: halved whenever the shard handles its timers late, and raised
/// again while it is in time.
#[derive(Debug)]
struct Most {
    now: usize,
    ever: usize,
    /// No adaptation before this time.
    until: Time,
}

impl Most {
    fn new(ever: usize) -> Self {
        Self {
            now: ever,
            ever,
            until: Time::ZERO,
        }
    }

    /// Adapts the limit to the lateness of the timers.
    fn adapt(&mut self, now: Time, late: Duration) {
        if now < self.until {
            return;
        }
        self.until = now + REST;
        self.now = if late > BUSY {
            self.now / 2
        } else {
            (self.now + self.ever.div_ceil(16)).min(self.ever)
        };
    }
}

impl Arrivals {
    pub(super) fn new(settings: &LoadSettings, now: Time, stream: Stream) -> Self {
        let dues = settings
            .arrival_stage()
            .map(|(stage, pacing)| Dues::new(now, vec![stage], pacing, stream, settings.seed ^ 0xa55));
        Self {
            dues,
            came: vec![0; settings.shares.len()].into(),
            left: true,
            under_way: 0,
            most: Most::new((at_a_time(&settings.target) / stream.of).max(LEAST_AT_A_TIME)),
        }
    }

    /// How many sockets of a scenario have arrived and have not left.
    pub(super) fn came(&self, play: usize) -> u32 {
        self.came[play]
    }

    /// So many of the sockets that arrived last leave.
    pub(super) fn leave(&mut self, play: usize, count: u32) {
        self.came[play] -= count;
    }

    /// More sockets are to arrive.
    pub(super) fn more(&mut self) {
        self.left = true;
    }

    /// Adapts the limit of arriving sockets to the lateness of the timers.
    pub(super) fn adapt(&mut self, now: Time, late: Duration) {
        self.most.adapt(now, late);
    }

    /// When the next socket arrives, if that is scheduled.
    pub(super) fn next(&self) -> Option<Time> {
        self.dues
            .as_ref()
            .filter(|_| self.left && self.under_way < AT_A_TIME_SCHEDULED)?
            .next()
    }

    /// Whether another socket could arrive at once.
    pub(super) fn is_hungry(&self) -> bool {
        self.left && self.dues.is_none() && self.under_way < self.most.now
    }

    /// Whether more sockets would be on their way if this shard were in time with its timers.
    fn are_held_back(&self) -> bool {
        let is_slowed = self.most.now < self.most.ever;
        self.left && self.dues.is_none() && is_slowed && self.under_way >= self.most.now
    }

    /// Whether all sockets have arrived.
    pub(super) fn is_over(&self) -> bool {
        !self.left
    }
}

/// The most sockets of the whole run that may be arriving at the same time. Over long poll each of them makes two
/// connections.
fn at_a_time(target: &Target) -> usize {
    let most = if target.is_secure() {
        AT_A_TIME_SECURE
    } else {
        AT_A_TIME
    };
    match target.transport() {
        Transport::WebSocket => most,
        Transport::LongPoll => most / 2,
    }
}

impl Shard<'_> {
    /// The scenario with the smallest fraction of arrived sockets, so that all scenarios fill up together.
    fn next_to_come(&self) -> Option<usize> {
        let coming = self.blocks.iter().zip(&self.arrivals.came).enumerate();
        let coming = coming.filter(|(_, (block, came))| block.start + **came < block.wanted);
        let part = |block: &Block, came: u32| f64::from(came) / f64::from(block.wanted - block.start);
        coming
            .min_by(|(_, one), (_, other)| part(one.0, *one.1).total_cmp(&part(other.0, *other.1)))
            .map(|(play, _)| play)
    }

    /// Counts the sockets that did not arrive because this shard was too busy.
    pub(super) fn count_held_back(&mut self) {
        // A run that is stopped while its sockets arrive has not begun its load.
        if self.arrivals.are_held_back() && self.blue.control.start() < Time::MAX {
            let asked: usize = self
                .blocks
                .iter()
                .map(|block| (block.wanted - block.start) as usize)
                .sum();
            let came: usize = self.arrivals.came.iter().map(|came| *came as usize).sum();
            self.state.tally.counts.held_back += asked.saturating_sub(came) as u64;
        }
    }

    /// Lets the sockets arrive that are due.
    pub(super) fn arrive(&mut self) {
        if self.phase > Phase::Running {
            self.arrivals.left = false;
        }
        while self.arrivals.left {
            let Some(play) = self.next_to_come() else {
                self.arrivals.left = false;
                break;
            };
            let intended = match &mut self.arrivals.dues {
                None if self.arrivals.under_way < self.arrivals.most.now => self.state.now,
                Some(dues) if self.arrivals.under_way < AT_A_TIME_SCHEDULED => {
                    match dues.take(self.state.now) {
                        Some(due) => due,
                        None => break,
                    }
                }
                None | Some(_) => break,
            };
            let id = self.blocks[play].start + self.arrivals.came[play];
            self.arrivals.came[play] += 1;
            self.arrivals.under_way += 1;
            if self.actors[id as usize].life.stage == ConnectionStage::Leaving {
                self.vanish(id);
            }
            let life = &mut self.actors[id as usize].life;
            life.since = intended;
            life.stage = ConnectionStage::Away;
            self.call(id, |socket, context| socket.connect(context));
            self.arm(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    #[test]
    fn sockets_are_held_back_only_by_a_shard_that_is_late() {
        let mut arrivals = Arrivals {
            dues: None,
            came: [0].into(),
            left: true,
            under_way: 64,
            most: Most::new(64),
        };
        // A server that is slow to let sockets in keeps as many on their way as there may be.
        assert!(!arrivals.are_held_back());
        arrivals.adapt(at(0), Duration::from_secs(1));
        assert!(arrivals.are_held_back());
        arrivals.left = false;
        assert!(!arrivals.are_held_back());
    }

    #[test]
    fn fewer_sockets_come_at_a_time_where_each_costs_more() {
        let most =
            ["ws://a", "http://a", "wss://a", "https://a"].map(|url| at_a_time(&Target::parse(url).unwrap()));
        assert_eq!(most, [8192, 4096, 1024, 512]);
    }

    #[test]
    fn fewer_sockets_come_at_a_time_while_the_shard_is_late_with_its_timers_and_more_again_once_it_is_not() {
        let mut most = Most::new(64);
        for (millis, late, left) in [
            (0, 251, 32),
            (50, 251, 32),
            (100, 251, 16),
            (200, 250, 20),
            (300, 0, 24),
        ] {
            most.adapt(at(millis), Duration::from_millis(late));
            assert_eq!(most.now, left, "at {millis} ms");
        }
        (1..100).for_each(|rest| most.adapt(at(300 + rest * 100), Duration::ZERO));
        assert_eq!(most.now, 64);
        (1..8).for_each(|rest| most.adapt(at(20_000 + rest * 100), Duration::from_secs(1)));
        assert_eq!(most.now, 0);
    }
}
