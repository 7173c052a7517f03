//! The end of a shard: the sessions are told in batches, and get a while to leave (`Phoenix.Socket.PoolDrainer`).

use std::time::Duration;

use super::ids::{ConnectionId, SessionId};
use crate::clock::Time;

/// As `drainer: [batch_size: 10_000, batch_interval: 2_000]`.
const BATCH: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(2);
/// Channels that sleep, and joins, may hold the end up for so many intervals.
const PATIENCE: u32 = 5;

/// A shard that ends.
pub(crate) struct Draining {
    /// Those that were not told yet.
    left: Vec<Leaver>,
    /// How many intervals there were since the last one was told.
    intervals: u32,
    /// When the next step is due.
    pub(crate) next: Time,
}

/// A connection, or a session without one, that is told of the end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaver {
    Connection(ConnectionId),
    Session(SessionId),
}

/// What is to be done.
pub(crate) enum Step {
    /// These are told.
    Tell(Vec<Leaver>),
    /// All connections that are left are dropped.
    Drop,
}

impl Draining {
    /// The first step is due now.
    pub(crate) const fn new(left: Vec<Leaver>, now: Time) -> Self {
        Self {
            left,
            intervals: 0,
            next: now,
        }
    }

    /// The next batch; once all are told, the end of those that did not leave.
    pub(crate) fn step(&mut self, now: Time, is_any_busy: impl FnOnce() -> bool) -> Step {
        if self.left.is_empty() {
            self.intervals += 1;
            if self.intervals > PATIENCE || !is_any_busy() {
                return Step::Drop;
            }
        }
        self.next = now + INTERVAL;
        let rest = self.left.split_off(self.left.len().min(BATCH));
        Step::Tell(std::mem::replace(&mut self.left, rest))
    }

    /// Whether all were told.
    pub(crate) const fn has_told_all(&self) -> bool {
        self.left.is_empty()
    }
}
