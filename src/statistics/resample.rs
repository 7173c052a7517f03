//! Draws resamples of a series of blocks: runs of neighbouring blocks, in a circle, until there are as many as in the series.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// How many resamples are drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    /// How many; 2,000 are enough for the bounds that are used here.
    pub resamples: usize,
    /// The same seed draws the same resamples.
    pub seed: u64,
}

impl Resampling {
    /// As many resamples as are enough.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            resamples: 2000,
            seed,
        }
    }

    /// A source of resamples.
    pub(super) fn draws(self) -> Draws {
        Draws(Xoshiro256PlusPlus::seed_from_u64(self.seed))
    }
}

/// Random runs of blocks.
pub(super) struct Draws(Xoshiro256PlusPlus);

impl Draws {
    /// How often each block is in the next resample, which has runs of this length.
    pub(super) fn weigh(&mut self, run: usize, weights: &mut [u32]) {
        let blocks = weights.len();
        weights.fill(0);
        let mut left = blocks;
        while left > 0 {
            let start = self.below(blocks);
            let length = run.min(left);
            for at in start..start + length {
                weights[at % blocks] += 1;
            }
            left -= length;
        }
    }

    /// A number below `most`, each as likely as the other (Lemire 2019, without the rejection, which fewer than 2^32 blocks
    /// do not need).
    fn below(&mut self, most: usize) -> usize {
        usize::try_from((u128::from(self.0.next_u64()) * most as u128) >> 64).unwrap_or_default()
    }
}
