//! The measured times of two arms of an experiment, in blocks of time.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The side that may have changed: conversations beside trouble, or the new one of two runs.
    Treated,
    /// The side that it is compared with: conversations far from trouble, or the base of two runs.
    Control,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Treated => "treated",
            Self::Control => "control",
        })
    }
}

/// The measured times of both arms. They were measured at the same time, on the same clock; or alternating, with the whole
/// of an alternation in each block.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedBlocks {
    length: Duration,
    treated: Vec<Histogram<u64>>,
    control: Vec<Histogram<u64>>,
}

/// Longer times are recorded as one hour.
const LONGEST_MICROS: u64 = 3_600_000_000;

impl PairedBlocks {
    /// Without measurements, with blocks of this length.
    pub const fn new(length: Duration) -> Self {
        Self {
            length,
            treated: Vec::new(),
            control: Vec::new(),
        }
    }

    /// Adds a time in microseconds. `at` is when the operation was meant to start, counted from the start of the measurement.
    pub fn record(&mut self, arm: Arm, at: Duration, micros: u64) {
        let block = at.as_nanos() / self.length.as_nanos().max(1);
        let block = usize::try_from(block).unwrap_or(usize::MAX);
        // This cannot fail: the histogram resizes itself, and the longest value fits.
        let _ = self.block(arm, block).record(micros.min(LONGEST_MICROS));
    }

    /// Adds a histogram of three significant digits to a block, which is counted from 0.
    pub fn add_histogram(&mut self, arm: Arm, block: usize, more: &Histogram<u64>) {
        // Both have three significant digits and resize themselves, so this cannot fail.
        let _ = self.block(arm, block).add(more);
    }

    /// Adds the measurements of another thread, which have blocks of the same length and the same start.
    pub fn merge(&mut self, other: &Self) {
        for arm in [Arm::Treated, Arm::Control] {
            for (at, block) in other.blocks(arm).iter().enumerate() {
                self.add_histogram(arm, at, block);
            }
        }
    }

    /// The histograms of an arm, one for each block.
    pub fn blocks(&self, arm: Arm) -> &[Histogram<u64>] {
        match arm {
            Arm::Treated => &self.treated,
            Arm::Control => &self.control,
        }
    }

    /// How many blocks there are.
    pub fn count(&self) -> usize {
        self.treated.len()
    }

    /// How many operations of an arm were measured.
    pub fn samples(&self, arm: Arm) -> u64 {
        self.blocks(arm).iter().map(Histogram::len).sum()
    }

    /// All measurements of an arm.
    pub fn whole(&self, arm: Arm) -> Histogram<u64> {
        let mut whole = empty();
        for block in self.blocks(arm) {
            let _ = whole.add(block);
        }
        whole
    }

    /// A block of an arm. Both arms have the same number of blocks.
    fn block(&mut self, arm: Arm, block: usize) -> &mut Histogram<u64> {
        let arms = [&mut self.treated, &mut self.control];
        for blocks in arms {
            while blocks.len() <= block {
                blocks.push(empty());
            }
        }
        match arm {
            Arm::Treated => &mut self.treated[block],
            Arm::Control => &mut self.control[block],
        }
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}
