//! Counts errors, with the first answer of each kind, late sends, and rounds.

use std::time::Duration;

use super::{LATEST, Tally};
use crate::clock::Time;
use crate::load::error_kind::ErrorKind;
use crate::load::lane::NeverSent;
use crate::load::latency::Timing;
use crate::load::left_out::LeftOut;
use crate::load::losses::LostBy;
use crate::load::lost::LostMessages;
use crate::load::traffic::Traffic;
use crate::scenario::shorten;

impl Tally {
    /// Counts an error, and keeps its text if it is the first of its kind.
    pub(in crate::load) fn trouble_told(&mut self, trouble: ErrorKind, told: impl FnOnce() -> String) {
        self.trouble(trouble);
        self.told(trouble, told);
    }

    /// Keeps the text of an error that is counted elsewhere, if it is the first of its kind.
    pub(in crate::load) fn told(&mut self, trouble: ErrorKind, told: impl FnOnce() -> String) {
        self.first
            .entry(trouble)
            .or_insert_with(|| shorten(&told()).into());
    }

    /// The outcome of the pushes of an event without a declared reply.
    pub(in crate::load) fn left_out(&mut self, event: usize) -> &mut LeftOut {
        if self.left_out.len() <= event {
            self.left_out.resize(event + 1, LeftOut::default());
        }
        &mut self.left_out[event]
    }

    /// The lost replies of an event without a declared reply.
    pub(in crate::load) fn lost_of_left_out(&mut self, event: usize) -> &mut LostMessages {
        if self.lost_of_left_out.len() <= event {
            self.lost_of_left_out.resize(event + 1, LostMessages::default());
        }
        &mut self.lost_of_left_out[event]
    }

    /// Counts a connection that ended although the client did not ask for it.
    pub(in crate::load) fn lose_connection(&mut self, at: Time, traffic: Traffic, heartbeat: Duration) {
        self.lose(at);
        match self.losses.count(traffic, at, heartbeat) {
            LostBy::Others => {}
            LostBy::LateHeartbeat => self.counts.lost_by_late_heartbeat += 1,
        }
    }

    /// Counts a lost connection whose reason is known.
    pub(in crate::load) fn lose(&mut self, at: Time) {
        self.counts.lost += 1;
        self.lost_connections.count(at);
    }

    /// Records the lateness of a send.
    pub(in crate::load) fn late(&mut self, late: Duration) {
        self.counts.late += u64::from(late > LATEST);
    }

    /// Counts sends of an open model that were never sent because the load ended first.
    pub(in crate::load) fn never_sent(&mut self, play: usize, never: &NeverSent, now: Time) {
        let count = never.due.len() as u64;
        self.counts.dropped += count;
        if never.held_up {
            self.counts.dropped_by_server += count;
            return;
        }
        for due in &never.due {
            self.record(play, Timing::Waited, *due, now);
        }
    }

    /// Counts a round of an open model that ended.
    pub(in crate::load) fn round(&mut self, play: usize, length: Duration) {
        self.add_rounds(play, (1, length));
    }

    pub(super) fn add_rounds(&mut self, play: usize, (count, length): (u64, Duration)) {
        if self.rounds.len() <= play {
            self.rounds.resize(play + 1, (0, Duration::ZERO));
        }
        let sum = &mut self.rounds[play];
        *sum = (sum.0 + count, sum.1 + length);
    }
}
