//! What the shards and the conductor of a run share: the phase, and how far each shard is. No lock, no descriptor: a
//! shard with a table of its own could not be woken by one.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::clock::Time;

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The sockets come and join.
    Opening,
    /// They do what their roles say, from [`Control::start`] on.
    Running,
    /// Nothing new is sent; what is under way may still come.
    Draining,
    /// What is unanswered is in doubt.
    Stopped,
    /// What is missing is counted, and all connections are closed.
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

/// Shared by all.
#[derive(Debug)]
pub(super) struct Control {
    phase: AtomicU8,
    start: AtomicU64,
    cells: Box<[Cell]>,
}

/// How far a shard is.
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
            cells: (0..shards).map(|_| Cell::default()).collect(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire))]
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Begins the load at a moment that all shards will have heard of.
    pub(super) fn run_from(&self, start: Time) {
        self.start.store(start.as_micros(), Ordering::Release);
        self.enter(Phase::Running);
    }

    pub(super) fn start(&self) -> Time {
        Time::from_micros(self.start.load(Ordering::Acquire))
    }

    pub(super) fn cell(&self, shard: usize) -> &Cell {
        &self.cells[shard]
    }

    /// Sockets that are open, and that are joined.
    pub(super) fn totals(&self) -> (u64, u64) {
        let sum = |of: fn(&Cell) -> &AtomicU32| {
            self.cells
                .iter()
                .map(|cell| u64::from(of(cell).load(Ordering::Relaxed)))
                .sum()
        };
        (sum(|cell| &cell.opened), sum(|cell| &cell.joined))
    }

    /// Whether all shards are done with a phase.
    pub(super) fn all_done(&self, phase: Phase) -> bool {
        self.cells
            .iter()
            .all(|cell| cell.ready.load(Ordering::Acquire) > phase as u8)
    }
}

impl Cell {
    /// Says how many are open and joined.
    pub(super) fn say(&self, opened: u64, joined: u64) {
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        self.opened.store(small(opened), Ordering::Relaxed);
        self.joined.store(small(joined), Ordering::Relaxed);
    }

    /// Says that a phase is done here.
    pub(super) fn done(&self, phase: Phase) {
        self.ready.store(phase as u8 + 1, Ordering::Release);
    }
}
