//! What a shard counts and measures. One a shard, never one a socket; merged when it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::by_event::ByEvent;
use super::error_kind::ErrorKind;
use super::left_out::LeftOut;
use super::losses::Losses;
use super::lost::{LostMessages, Moments};
use super::timers::Timers;
use crate::clock::Time;

mod counting;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// From the attempt (or its intended time) to the open WebSocket.
    Connect,
    /// From the join to its answer.
    Join,
    /// From a push, or its intended time, to its answer.
    Reply,
    /// From the intended time of a push to its arrival at a receiver.
    Broadcast,
    /// From a heartbeat to its answer.
    Heartbeat,
    /// From the end of a connection to being joined again.
    Rejoin,
    /// From the intended time of a send to the moment the generator got to it: its own fault.
    Lateness,
    /// How long a send waited because the swarm had too few sockets: no part of [`Kind::Reply`].
    Waited,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Join,
        Self::Reply,
        Self::Broadcast,
        Self::Heartbeat,
        Self::Rejoin,
        Self::Lateness,
        Self::Waited,
    ];

    /// The name in results and objectives.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Join => "join",
            Self::Reply => "reply",
            Self::Broadcast => "broadcast",
            Self::Heartbeat => "heartbeat",
            Self::Rejoin => "rejoin",
            Self::Lateness => "lateness",
            Self::Waited => "waited",
        }
    }

    /// What it is, for lists.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Connect => "from the connection attempt to the open WebSocket",
            Self::Join => "from a join to its reply",
            Self::Reply => "from a push to its reply",
            Self::Broadcast => "from a push to its arrival at each receiver; needs {{mark}} in the payload",
            Self::Heartbeat => "from a heartbeat to its reply",
            Self::Rejoin => "from a lost connection to being joined again",
            Self::Lateness => "how late phxproof itself sent; not the server's time",
            Self::Waited => {
                "how long a send waited because there were too few sockets; not the server's time"
            }
        }
    }
}

/// Every time of a run, by kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distributions(Vec<Histogram<u64>>);

impl Distributions {
    pub(super) fn of(histograms: &Histograms) -> Self {
        Self(histograms.to_vec())
    }

    /// This part of them is at most this, in microseconds; 0 if nothing was measured.
    pub(super) fn quantile(&self, kind: Kind, quantile: f64) -> u64 {
        self.0
            .get(kind as usize)
            .map_or(0, |it| it.value_at_quantile(quantile))
    }
}

macro_rules! counts {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Things counted since the start of the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
        pub struct Counts {
            $($(#[$about])* pub $name: u64,)*
        }

        impl std::ops::AddAssign for Counts {
            fn add_assign(&mut self, more: Self) {
                $(self.$name += more.$name;)*
            }
        }
    };
}

counts! {
    /// Connections that became open, reconnects included.
    opened,
    /// Sockets that opened for the first time.
    first_opened,
    /// Sockets that joined all their topics for the first time.
    first_joined,
    /// Sockets that were never opened, because this process was busy with the others.
    held_back,
    /// Connection attempts that failed, tokens and upgrades included.
    connects_failed,
    /// Connections that ended without being asked to.
    lost,
    /// Those of them whose heartbeat this process had not sent in time: its own losses.
    lost_by_late_heartbeat,
    /// Sockets that had joined, lost that, and at the end of the load could not get it back.
    not_back,
    /// Connections of slow readers that the server ended.
    slow_cut,
    /// Connections that were opened after one was lost or cut.
    reconnects,
    /// Pushes that went out.
    sent,
    /// Sends of an open model whose time came: each was sent, in time or late, or never sent.
    due,
    /// Those of them that were sent more than 10 ms after their time.
    late,
    /// Those of them that were never sent, because no socket was free or joined for them.
    dropped,
    /// Those of the never sent ones for which all sockets waited for the server.
    dropped_by_server,
    /// Answers that pushes asked for.
    replies_expected,
    /// Answers that came.
    replies,
    /// Pushes without an answer.
    replies_missing,
    /// Pushes whose connection ended before the answer, or that were still unanswered when the run was cut short.
    replies_in_doubt,
    /// Answers that came twice.
    replies_duplicated,
    /// Broadcasts that came to who should have them, each counted once.
    broadcasts,
    /// Broadcasts that never came.
    broadcasts_missing,
    /// Broadcasts that came once more.
    broadcasts_duplicated,
    /// Broadcasts that came after a later one of the same sender.
    broadcasts_reordered,
    /// Broadcasts that came to somebody else.
    broadcasts_misdelivered,
    /// Broadcasts under way while their receiver joined or left.
    broadcasts_in_doubt,
    /// Messages that a step waited for, joined and together with its whole instance, and that did not come in time.
    awaited_missing,
    /// Rounds of the scenario that were gone through.
    rounds,
    /// Messages of any kind that came.
    messages_in,
    /// Bytes read.
    bytes_in,
    /// Bytes written.
    bytes_out,
}

/// Everything that a shard counts and measures between two readings.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) troubles: [u64; ErrorKind::ALL.len()],
    pub(super) latencies: Histograms,
    /// Those of each scenario, where there are several.
    pub(super) of_plays: Vec<Histograms>,
    /// Pushes from the server that no step waits for.
    pub(super) unasked: ByEvent,
    /// Answers that came after they were given up, by the answer's event.
    pub(super) late: ByEvent,
    /// Answers and messages that were not as the scenario says.
    pub(super) mismatches: ByEvent,
    /// What was heard of the first error of each kind.
    pub(super) first: BTreeMap<ErrorKind, Box<str>>,
    /// How long after its last frame connections were lost.
    pub(super) losses: Losses,
    /// How late this process got to the timers of its sockets.
    pub(super) timers: Timers,
    /// When connections were lost.
    pub(super) lost_connections: Moments,
    /// Messages that never came.
    pub(super) lost: LostMessages,
    /// By scenario: how many rounds of an open model ended, and how long they took together.
    pub(super) rounds: Vec<(u64, Duration)>,
    /// Of each event of which nobody said whether it is answered, what became of its pushes.
    pub(super) left_out: Vec<LeftOut>,
    /// Of each such event, the replies that never came: none of them was due if the event is never answered.
    pub(super) lost_of_left_out: Vec<LostMessages>,
}

/// One of each kind.
pub(super) type Histograms = [Histogram<u64>; Kind::ALL.len()];

fn histograms() -> Histograms {
    std::array::from_fn(|_| histogram())
}

/// An hour; what takes longer is said to take that.
const LONGEST_MICROS: u64 = 3_600_000_000;

/// An empty histogram: microseconds, three digits.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            counts: Counts::default(),
            troubles: [0; ErrorKind::ALL.len()],
            latencies: histograms(),
            of_plays: Vec::new(),
            unasked: ByEvent::default(),
            late: ByEvent::default(),
            mismatches: ByEvent::default(),
            first: BTreeMap::new(),
            losses: Losses::default(),
            timers: Timers::default(),
            lost_connections: Moments::default(),
            lost: LostMessages::default(),
            rounds: Vec::new(),
            left_out: Vec::new(),
            lost_of_left_out: Vec::new(),
        }
    }

    /// An empty one of so many scenarios.
    pub(super) fn of_several(plays: usize) -> Self {
        let apart = if plays > 1 { plays } else { 0 };
        Self {
            of_plays: vec![histograms(); apart],
            ..Self::new()
        }
    }

    /// Records a time of a scenario.
    #[inline]
    pub(super) fn record(&mut self, play: usize, kind: Kind, from: Time, to: Time) {
        let micros = to
            .as_micros()
            .saturating_sub(from.as_micros())
            .min(LONGEST_MICROS);
        // It grows by itself, and the longest fits; `saturating_record` would not let it grow.
        let _ = self.latencies[kind as usize].record(micros);
        if let Some(own) = self.of_plays.get_mut(play) {
            let _ = own[kind as usize].record(micros);
        }
    }

    pub(super) fn trouble(&mut self, trouble: ErrorKind) {
        self.troubles[trouble as usize] += 1;
    }

    /// Adds those of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        for (sum, more) in self.troubles.iter_mut().zip(other.troubles) {
            *sum += more;
        }
        add(&mut self.latencies, &other.latencies);
        let plays = self.of_plays.len().max(other.of_plays.len());
        self.of_plays.resize_with(plays, histograms);
        for (sum, more) in self.of_plays.iter_mut().zip(&other.of_plays) {
            add(sum, more);
        }
        self.unasked.merge(&other.unasked);
        self.late.merge(&other.late);
        self.mismatches.merge(&other.mismatches);
        for (trouble, told) in &other.first {
            self.told(*trouble, || told.to_string());
        }
        self.losses.merge(&other.losses);
        self.timers.merge(&other.timers);
        self.lost_connections.merge(&other.lost_connections);
        self.lost.merge(&other.lost);
        for (event, lost) in other.lost_of_left_out.iter().enumerate() {
            self.lost_of_left_out(event).merge(lost);
        }
        for (event, counts) in other.left_out.iter().enumerate() {
            self.left_out(event).add(counts);
        }
        for (play, rounds) in other.rounds.iter().enumerate() {
            self.add_rounds(play, *rounds);
        }
    }
}

fn add(sums: &mut Histograms, more: &Histograms) {
    for (sum, more) in sums.iter_mut().zip(more) {
        // Both have three digits and grow by themselves, so there is nothing to fail.
        let _ = sum.add(more);
    }
}

/// The figures of a histogram, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Figures {
    /// How many were measured.
    pub count: u64,
    /// The least.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: u64,
    /// Nine tenths are at most this.
    pub p90: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// 999 of 1000 are at most this.
    pub p999: u64,
    /// The greatest.
    pub max: u64,
}

impl Figures {
    /// The figures of a histogram; all zero if it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            min: histogram.min(),
            mean: histogram.mean(),
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p95: histogram.value_at_quantile(0.95),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_troubles_stand_where_their_index_says() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{}", kind.name());
        }
        for (index, trouble) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(trouble as usize, index, "{}", trouble.name());
        }
    }

    #[test]
    fn long_times_are_kept_as_they_are() {
        let mut tally = Tally::new();
        tally.record(0, Kind::Reply, Time::ZERO, Time::from_micros(5_000_000));
        tally.record(0, Kind::Reply, Time::ZERO, Time::MAX);
        let figures = Figures::of(&tally.latencies[Kind::Reply as usize]);
        assert!(figures.min.abs_diff(5_000_000) < 5_000 && figures.max.abs_diff(LONGEST_MICROS) < 4_000_000);
    }

    #[test]
    fn figures_are_those_of_the_histogram() {
        let mut tally = Tally::new();
        (1..=1000).for_each(|micros| tally.record(0, Kind::Reply, Time::ZERO, Time::from_micros(micros)));
        let figures = Figures::of(&tally.latencies[Kind::Reply as usize]);
        assert_eq!(
            (figures.count, figures.min, figures.p50, figures.max),
            (1000, 1, 500, 1000)
        );
        assert_eq!(Figures::of(&histogram()), Figures::default());
    }
}
