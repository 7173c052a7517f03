//! Random choices that follow from the seed of a run.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::time::Duration;

/// A source of random choices.
#[derive(Clone, Debug)]
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The choices of one part of a run, which differ from those of all others.
    pub(super) fn new(seed: u64, part: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(
            seed ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }

    /// A number below `limit`; 0 for a limit of 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        match limit {
            0 => 0,
            _ => self.0.next_u64() % limit,
        }
    }

    /// A time shorter than `limit`.
    pub(super) fn shorter_than(&mut self, limit: Duration) -> Duration {
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(micros))
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let index = usize::try_from(self.below(all.len() as u64)).unwrap_or_default();
        all.get(index).copied()
    }
}
