//! The difference of a quantile between two arms with its interval, and the shift function.

use hdrhistogram::Histogram;

use super::arms::{Arms, Both, Pairing, Runs};
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
    /// The difference lies in this interval, with a confidence of 95 %.
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
/// one. Each quantile has a difference, or the reason why there is none.
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

fn shift(arms: &Arms, quantile: f64, resampling: Resampling) -> Result<QuantileShift, TooFew> {
    Resampled::of(arms, quantile, resampling).map(|it| it.shift())
}

/// A quantile of both arms, as measured and in each resample.
pub(super) struct Resampled {
    quantile: f64,
    whole: Both,
    resamples: Vec<Both>,
    runs: Runs,
    /// How many independent parts the series has.
    parts: f64,
}

impl Resampled {
    /// Tries two lengths of runs; the one with the wider interval counts.
    pub(super) fn of(arms: &Arms, quantile: f64, resampling: Resampling) -> Result<Self, TooFew> {
        arms.enough(quantile)?;
        let whole = arms.whole(quantile);
        let [short, long] = arms.runs(quantile).map(|runs| Self {
            quantile,
            whole,
            resamples: arms.resample(quantile, runs, resampling),
            runs,
            parts: arms.parts(runs),
        });
        let width = |it: &Self| it.shift().interval_us.width();
        if width(&short) > width(&long) {
            Ok(short)
        } else {
            Ok(long)
        }
    }

    pub(super) fn shift(&self) -> QuantileShift {
        let difference = self.above(1.0);
        QuantileShift {
            quantile: self.quantile,
            treated_us: self.whole.treated,
            control_us: self.whole.control,
            difference_us: difference.measured,
            interval_us: Interval {
                low: difference.low(OF_TWO_SIDED),
                high: difference.high(OF_TWO_SIDED),
            },
            upper_us: difference.high(OF_ONE_SIDED),
            lower_us: difference.low(OF_ONE_OF_THREE),
            block_length: self.runs.treated.max(self.runs.control),
        }
    }

    /// By how much the treated arm is above the control arm times a factor.
    pub(super) fn above(&self, factor: f64) -> Spread {
        let mut resampled: Vec<f64> = self.resamples.iter().map(|it| it.above(factor)).collect();
        resampled.sort_unstable_by(f64::total_cmp);
        Spread {
            measured: self.whole.above(factor),
            resampled,
            parts: self.parts,
            cut_off: self.runs.cut_off,
        }
    }
}

/// A figure as it was measured, and in the resamples, sorted.
pub(super) struct Spread {
    pub(super) measured: f64,
    resampled: Vec<f64>,
    parts: f64,
    cut_off: f64,
}

impl Spread {
    /// It is at least this, apart from a probability.
    pub(super) fn low(&self, tail: Tail) -> f64 {
        let below = self.measured - self.resampled_at(tail.probability);
        self.measured - below.max(0.0) * self.stretch(tail)
    }

    /// It is at most this, apart from a probability.
    pub(super) fn high(&self, tail: Tail) -> f64 {
        let above = self.resampled_at(1.0 - tail.probability) - self.measured;
        self.measured + above.max(0.0) * self.stretch(tail)
    }

    fn resampled_at(&self, quantile: f64) -> f64 {
        let last = self.resampled.len().saturating_sub(1);
        let at = rounded_up(quantile * last as f64 - 0.5);
        self.resampled.get(at).copied().unwrap_or(self.measured)
    }

    /// By how much resamples of a short series vary too little; the head of the module says why.
    fn stretch(&self, tail: Tail) -> f64 {
        let used_up = (self.parts / (self.parts - 1.0)).sqrt();
        used_up * self.cut_off * tail.student(self.parts - 1.0)
    }
}
