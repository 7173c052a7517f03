//! The counts and latencies of a shard. Each shard has one tally; the tallies are merged when they are read.

use std::collections::BTreeMap;
use std::time::Duration;

use super::by_event::ByEvent;
use super::counts::Counts;
use super::error_kind::ErrorKind;
use super::latency::{Histograms, Timing};
use super::left_out::LeftOut;
use super::losses::Losses;
use super::lost::{LostMessages, Moments};
use super::timers::Timers;
use crate::clock::Time;

mod counting;

/// If the 99th percentile of the lateness is higher than this, the generator measures itself rather than the server.
pub const LATEST: Duration = Duration::from_millis(10);

/// What a shard counts and measures between two readings.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) troubles: [u64; ErrorKind::ALL.len()],
    pub(super) latencies: Histograms,
    /// The latencies of each scenario, if there are several.
    pub(super) of_plays: Vec<Histograms>,
    /// Pushes from the server that no step waits for.
    pub(super) unasked: ByEvent,
    /// Replies that arrived after their push had timed out, by the event of the reply.
    pub(super) late: ByEvent,
    /// Replies and messages that did not match the scenario.
    pub(super) mismatches: ByEvent,
    /// The first answer of each error kind.
    pub(super) first: BTreeMap<ErrorKind, Box<str>>,
    /// The idle times of lost connections.
    pub(super) losses: Losses,
    /// How late this process handled the timers of its sockets.
    pub(super) timers: Timers,
    /// When connections were lost.
    pub(super) lost_connections: Moments,
    /// Messages that never arrived.
    pub(super) lost: LostMessages,
    /// Per scenario: how many rounds of an open model ended, and their total length.
    pub(super) rounds: Vec<(u64, Duration)>,
    /// For each event without a declared reply: the outcome of its pushes.
    pub(super) left_out: Vec<LeftOut>,
    /// For each such event: the replies that never arrived. They count only if the event does get replies.
    pub(super) lost_of_left_out: Vec<LostMessages>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            counts: Counts::default(),
            troubles: [0; ErrorKind::ALL.len()],
            latencies: Histograms::default(),
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

    /// An empty tally for `plays` scenarios.
    pub(super) fn of_several(plays: usize) -> Self {
        let apart = if plays > 1 { plays } else { 0 };
        Self {
            of_plays: vec![Histograms::default(); apart],
            ..Self::new()
        }
    }

    /// Records a latency of a scenario.
    #[inline]
    pub(super) fn record(&mut self, play: usize, kind: Timing, from: Time, to: Time) {
        let micros = to.as_micros().saturating_sub(from.as_micros());
        self.latencies.record(kind, micros);
        if let Some(own) = self.of_plays.get_mut(play) {
            own.record(kind, micros);
        }
    }

    pub(super) fn trouble(&mut self, trouble: ErrorKind) {
        self.troubles[trouble as usize] += 1;
    }

    /// Adds the counts and latencies of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        for (sum, more) in self.troubles.iter_mut().zip(other.troubles) {
            *sum += more;
        }
        self.latencies.add(&other.latencies);
        let plays = self.of_plays.len().max(other.of_plays.len());
        self.of_plays.resize_with(plays, Histograms::default);
        for (sum, more) in self.of_plays.iter_mut().zip(&other.of_plays) {
            sum.add(more);
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
            *self.left_out(event) += *counts;
        }
        for (play, rounds) in other.rounds.iter().enumerate() {
            self.add_rounds(play, *rounds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_stand_where_their_index_says() {
        for (index, trouble) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(trouble as usize, index, "{}", trouble.name());
        }
    }
}
