//! State that the shards and the conductor share: the phase of the run and the progress of each shard. The shards read
//! atomics; only a change of the rate takes a lock. A wake-up descriptor would not work, because a shard may have its own descriptor table.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// How many sockets of each scenario are wanted, where that changes while the run goes on, and how often it changed.
    wanted: Mutex<Arc<[u32]>>,
    scaled: AtomicUsize,
    cells: Box<[Cell]>,
}

/// The progress of one shard.
#[derive(Debug, Default)]
pub(super) struct Cell {
    opened: AtomicU32,
    joined: AtomicU32,
    ready: AtomicU8,
    /// How many changes of the number of sockets are complete.
    scaled: AtomicUsize,
    /// The sends a second that are asked for, as the bits of a float, where they follow the number of sockets.
    rate: AtomicU64,
    plays: Box<[PlayCell]>,
}

/// The progress of one scenario in one shard.
#[derive(Debug, Default)]
struct PlayCell {
    /// The sockets that have arrived and have not left.
    came: AtomicU32,
    /// The joined sockets that send.
    senders: AtomicU32,
}

impl Control {
    /// The state of a run with so many shards, each of which tells the progress of so many scenarios.
    pub(super) fn new(shards: usize, plays: usize) -> Self {
        Self {
            phase: AtomicU8::new(0),
            start: AtomicU64::new(u64::MAX),
            changes: Mutex::default(),
            changed: AtomicUsize::new(0),
            wanted: Mutex::default(),
            scaled: AtomicUsize::new(0),
            cells: (0..shards).map(|_| Cell::new(plays)).collect(),
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

    /// Wants so many sockets of each scenario.
    pub(super) fn scale(&self, sockets: Vec<u32>) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = sockets.into();
        self.scaled.fetch_add(1, Ordering::Release);
    }

    /// How many sockets of each scenario are wanted, and how often that changed, if it changed more than `seen` times.
    pub(super) fn scale_after(&self, seen: usize) -> Option<(usize, Arc<[u32]>)> {
        if self.scaled.load(Ordering::Acquire) == seen {
            return None;
        }
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        Some((self.scaled.load(Ordering::Acquire), Arc::clone(&wanted)))
    }

    /// Whether all shards have as many sockets as are wanted, or more cannot come.
    pub(super) fn is_scaled(&self) -> bool {
        let wanted = self.scaled.load(Ordering::Acquire);
        let mut cells = self.cells.iter();
        cells.all(|cell| cell.scaled.load(Ordering::Acquire) == wanted)
    }

    /// The sockets of a scenario that have arrived and have not left, over all shards.
    pub(super) fn came(&self, play: usize) -> u32 {
        self.of_play(play, |play| &play.came)
    }

    /// The joined sockets of a scenario that send, over all shards.
    pub(super) fn senders(&self, play: usize) -> u32 {
        self.of_play(play, |play| &play.senders)
    }

    /// The sends a second that are asked for, where they follow the number of sockets.
    pub(super) fn rate(&self) -> f64 {
        let cells = self.cells.iter();
        cells
            .map(|cell| f64::from_bits(cell.rate.load(Ordering::Relaxed)))
            .sum()
    }

    fn of_play(&self, play: usize, count: impl Fn(&PlayCell) -> &AtomicU32) -> u32 {
        let cells = self.cells.iter();
        cells
            .map(|cell| count(&cell.plays[play]).load(Ordering::Relaxed))
            .sum()
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
    fn new(plays: usize) -> Self {
        Self {
            plays: (0..plays).map(|_| PlayCell::default()).collect(),
            ..Self::default()
        }
    }

    /// Publishes how many sockets of a scenario have come to this shard, and how many of them are joined and send.
    pub(super) fn say_of(&self, play: usize, came: u32, senders: u32) {
        self.plays[play].came.store(came, Ordering::Relaxed);
        self.plays[play].senders.store(senders, Ordering::Relaxed);
    }

    /// Publishes how many sends a second are asked for.
    pub(super) fn say_rate(&self, sends_per_s: f64) {
        self.rate.store(sends_per_s.to_bits(), Ordering::Relaxed);
    }

    /// Publishes that so many changes of the number of sockets are complete in this shard.
    pub(super) fn is_scaled(&self, changes: usize) {
        self.scaled.store(changes, Ordering::Release);
    }

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
