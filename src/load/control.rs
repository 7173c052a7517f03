//! State that the shards and the conductor share: the phase of the run and the progress of each shard. The shards read
//! atomics; only a change of the rate takes a lock. A wake-up descriptor would not work, because a shard may have its own descriptor table.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::steering::NewRate;
use crate::clock::Time;

/// The phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The sockets connect and join.
    Opening,
    /// The sockets play their roles, from [`Control::start`] on.
    Running,
    /// Nothing new is sent; messages under way may still arrive.
    Draining,
    /// Pushes that are still unanswered are in doubt.
    Stopped,
    /// Missing messages are counted, and all connections are closed.
    Closing,
    /// The threads end.
    Over,
}

impl Phase {
    const ALL: [Self; 6] = [
        Self::Opening,
        Self::Running,
        Self::Draining,
        Self::Stopped,
        Self::Closing,
        Self::Over,
    ];
}

/// The state that all shards and the conductor share.
#[derive(Debug)]
pub(super) struct Control {
    phase: AtomicU8,
    start: AtomicU64,
    /// The changes of the rate, and their number.
    changes: Mutex<Vec<NewRate>>,
    changed: AtomicUsize,
    cells: Box<[Cell]>,
}

/// The progress of one shard.
#[derive(Debug, Default)]
pub(super) struct Cell {
    opened: AtomicU32,
    joined: AtomicU32,
    ready: AtomicU8,
}

impl Control {
    pub(super) fn new(shards: usize) -> Self {
        Self {
            phase: AtomicU8::new(0),
            start: AtomicU64::new(u64::MAX),
            changes: Mutex::default(),
            changed: AtomicUsize::new(0),
            cells: (0..shards).map(|_| Cell::default()).collect(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire))]
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Starts the load at a time that lies far enough ahead for all shards to see it.
    pub(super) fn run_from(&self, start: Time) {
        self.start.store(start.as_micros(), Ordering::Release);
        self.enter(Phase::Running);
    }

    pub(super) fn start(&self) -> Time {
        Time::from_micros(self.start.load(Ordering::Acquire))
    }

    /// Changes the rate at a time that lies far enough ahead for all shards to see it.
    pub(super) fn change_rate(&self, new: NewRate) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.push(new);
        self.changed.store(changes.len(), Ordering::Release);
    }

    /// The changes of the rate after the first `seen` ones.
    pub(super) fn changes_after(&self, seen: usize) -> Vec<NewRate> {
        if self.changed.load(Ordering::Acquire) == seen {
            return Vec::new();
        }
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes[seen..].to_vec()
    }

    pub(super) fn cell(&self, shard: usize) -> &Cell {
        &self.cells[shard]
    }

    /// The number of open sockets and of joined sockets, over all shards.
    pub(super) fn totals(&self) -> (u64, u64) {
        let sum = |of: fn(&Cell) -> &AtomicU32| {
            self.cells
                .iter()
                .map(|cell| u64::from(of(cell).load(Ordering::Relaxed)))
                .sum()
        };
        (sum(|cell| &cell.opened), sum(|cell| &cell.joined))
    }

    /// Whether all shards have finished a phase.
    pub(super) fn all_done(&self, phase: Phase) -> bool {
        self.cells
            .iter()
            .all(|cell| cell.ready.load(Ordering::Acquire) > phase as u8)
    }
}

impl Cell {
    /// Publishes how many sockets of this shard are open and joined.
    pub(super) fn say(&self, opened: u64, joined: u64) {
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        self.opened.store(small(opened), Ordering::Relaxed);
        self.joined.store(small(joined), Ordering::Relaxed);
    }

    /// Publishes that this shard has finished a phase.
    pub(super) fn done(&self, phase: Phase) {
        self.ready.store(phase as u8 + 1, Ordering::Release);
    }
}
