//! The difference of a quantile between two arms with its interval, and the shift function.

use hdrhistogram::Histogram;

use super::arms::{Arms, Pairing, Runs};
use super::blocks::{Arm, PairedBlocks};
use super::resample::Resampling;
use super::rounded_up;
use super::student::{OF_ONE_OF_THREE, OF_ONE_SIDED, OF_TWO_SIDED, Tail};
use super::too_few::TooFew;

/// The quantiles of a shift function: the deciles and the tail.
const DECILES_AND_TAIL: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// A quantile in both arms, and how far they are apart, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileShift {
    /// The quantile, between 0 and 1.
    pub quantile: f64,
    /// In the treated arm, or the new run.
    pub treated_us: f64,
    /// In the control arm, or the base run.
    pub control_us: f64,
    /// Treated without control: above zero, the treated arm is slower.
    pub difference_us: f64,
    /// Where the difference lies, with a confidence of 95 %.
    pub interval_us: Interval,
    /// The difference is at most this, with a confidence of 95 %.
    pub upper_us: f64,
    /// The difference is at least this, with a confidence of 98.3 %; for three quantiles together that is 95 %.
    pub lower_us: f64,
    /// How many neighbouring blocks were drawn together; where the arms were drawn apart, the longer run of both.
    pub block_length: usize,
}

/// From low to high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies inside, or at an end.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    fn width(self) -> f64 {
        self.high - self.low
    }
}

impl PairedBlocks {
    /// The difference of a quantile between the arms.
    ///
    /// # Errors
    /// If there are too few blocks or operations.
    pub fn shift(&self, quantile: f64, resampling: Resampling) -> Result<QuantileShift, TooFew> {
        shift(&self.arms(), quantile, resampling)
    }

    /// The shift function: the differences of the deciles, q95 and q99, as far as the operations suffice for them. Each interval
    /// is for its quantile alone.
    ///
    /// # Errors
    /// If there are too few blocks or operations for any quantile.
    pub fn shift_function(&self, resampling: Resampling) -> Result<Vec<QuantileShift>, TooFew> {
        let arms = self.arms();
        arms.enough(DECILES_AND_TAIL[0])?;
        let shifts = DECILES_AND_TAIL.map(|quantile| shift(&arms, quantile, resampling));
        Ok(shifts.into_iter().flatten().collect())
    }

    pub(super) fn arms(&self) -> Arms {
        Arms::new(
            self.blocks(Arm::Treated),
            self.blocks(Arm::Control),
            Pairing::Paired,
        )
    }
}

/// Compares two runs, which were measured at different times: each is a series of blocks, which is resampled apart from the other
/// one. There is a difference for each quantile, or what is lacking.
pub fn compare_runs(
    base: &[Histogram<u64>],
    new: &[Histogram<u64>],
    quantiles: &[f64],
    resampling: Resampling,
) -> Vec<Result<QuantileShift, TooFew>> {
    let arms = Arms::new(new, base, Pairing::Apart);
    quantiles
        .iter()
        .map(|quantile| shift(&arms, *quantile, resampling))
        .collect()
}

/// The difference at two lengths of runs; that with the wider interval counts.
pub(super) fn shift(arms: &Arms, quantile: f64, resampling: Resampling) -> Result<QuantileShift, TooFew> {
    arms.enough(quantile)?;
    let [short, long] = arms
        .runs(quantile)
        .map(|runs| at_length(arms, quantile, runs, resampling));
    if short.interval_us.width() > long.interval_us.width() {
        Ok(short)
    } else {
        Ok(long)
    }
}

fn at_length(arms: &Arms, quantile: f64, runs: Runs, resampling: Resampling) -> QuantileShift {
    let whole = arms.whole(quantile);
    let spread = Spread {
        centre: whole.difference(),
        resampled: arms.differences(quantile, runs, resampling),
        parts: arms.parts(runs),
        cut_off: runs.cut_off,
    };
    QuantileShift {
        quantile,
        treated_us: whole.treated,
        control_us: whole.control,
        difference_us: whole.difference(),
        interval_us: Interval {
            low: spread.low(OF_TWO_SIDED),
            high: spread.high(OF_TWO_SIDED),
        },
        upper_us: spread.high(OF_ONE_SIDED),
        lower_us: spread.low(OF_ONE_OF_THREE),
        block_length: runs.treated.max(runs.control),
    }
}

/// The differences of the resamples around that of the measurement.
struct Spread {
    centre: f64,
    resampled: Vec<f64>,
    /// How many independent parts the series has.
    parts: f64,
    /// By how much the spread is larger than the resamples show.
    cut_off: f64,
}

impl Spread {
    fn low(&self, tail: Tail) -> f64 {
        let below = self.centre - self.resampled_at(tail.probability);
        self.centre - below.max(0.0) * self.stretch(tail)
    }

    fn high(&self, tail: Tail) -> f64 {
        let above = self.resampled_at(1.0 - tail.probability) - self.centre;
        self.centre + above.max(0.0) * self.stretch(tail)
    }

    fn resampled_at(&self, quantile: f64) -> f64 {
        let last = self.resampled.len().saturating_sub(1);
        let at = rounded_up(quantile * last as f64 - 0.5);
        self.resampled.get(at).copied().unwrap_or(self.centre)
    }

    /// What the module's head says of short series.
    fn stretch(&self, tail: Tail) -> f64 {
        let used_up = (self.parts / (self.parts - 1.0)).sqrt();
        used_up * self.cut_off * tail.student(self.parts - 1.0)
    }
}
