//! The test of non-inferiority: whether the treated arm is slower than the control arm by less than a margin.

use hdrhistogram::Histogram;

use super::QUANTILES;
use super::arms::{Arms, Pairing};
use super::blocks::PairedBlocks;
use super::resample::Resampling;
use super::shift::{QuantileShift, Resampled, Spread};
use super::student::{OF_ONE_OF_THREE, OF_ONE_SIDED};
use super::too_few::TooFew;

/// A measurement that is more than this many times as long is not proposed.
const MOST_TIMES_LONGER: f64 = 100.0;

/// The largest difference that does not matter, said before the measurement: the larger one of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// In microseconds.
    pub absolute_us: f64,
    /// As a share of the control's quantile: 0.1 is 10 %.
    pub relative: f64,
}

impl Margin {
    /// In microseconds, for a quantile of the control arm.
    pub fn at(&self, control_us: f64) -> f64 {
        self.absolute_us.max(self.relative * control_us)
    }
}

/// The outcome of a test, for one quantile or for all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inferiority {
    /// The difference is smaller than the margin.
    Pass,
    /// The difference is larger than the margin.
    Fail,
    /// Neither is shown.
    NotShown {
        /// About how many times longer a measurement would show it; `None` if the difference is so close to the margin that more
        /// than 100 times would be needed.
        times_longer: Option<f64>,
    },
}

/// The outcome with the figures behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct NonInferiority {
    /// The outcome for all quantiles together.
    pub verdict: Inferiority,
    /// Each of [`QUANTILES`].
    pub quantiles: Vec<QuantileTest>,
}

/// The test of one quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileTest {
    /// The quantile in both arms.
    pub shift: QuantileShift,
    /// The margin for this quantile, in microseconds.
    pub margin_us: f64,
    /// The outcome for this quantile.
    pub verdict: Inferiority,
}

impl PairedBlocks {
    /// Whether the treated arm is slower by less than the margin, at the median, q95 and q99.
    ///
    /// It passes if it passes at all three. Each is tested with 5 % and no correction: a difference beyond the margin at one
    /// of them passes only if the test of that one errs (intersection-union test, Berger 1982). It fails if it fails at any
    /// of the three, so the bounds for a failure share 5 % among them (Bonferroni).
    ///
    /// # Errors
    /// If there are too few blocks or operations.
    pub fn non_inferiority(&self, margin: Margin, resampling: Resampling) -> Result<NonInferiority, TooFew> {
        let arms = self.arms();
        let test =
            |quantile| Resampled::of(&arms, quantile, resampling).map(|it| QuantileTest::new(&it, margin));
        // The quantile that needs most is refused first.
        let mut quantiles: Vec<_> = QUANTILES.into_iter().rev().map(test).collect::<Result<_, _>>()?;
        quantiles.reverse();
        Ok(NonInferiority {
            verdict: together(quantiles.iter().map(|it| it.verdict)),
            quantiles,
        })
    }
}

/// Whether a new run is slower than a base run by less than the margin at a quantile. The runs were measured at different times.
/// Each is a series of blocks.
///
/// # Errors
/// If there are too few blocks or operations.
pub fn test_runs(
    base: &[Histogram<u64>],
    new: &[Histogram<u64>],
    quantile: f64,
    margin: Margin,
    resampling: Resampling,
) -> Result<QuantileTest, TooFew> {
    let arms = Arms::new(new, base, Pairing::Apart);
    Resampled::of(&arms, quantile, resampling).map(|it| QuantileTest::new(&it, margin))
}

impl QuantileTest {
    fn new(measured: &Resampled, margin: Margin) -> Self {
        let shift = measured.shift();
        let margin_us = margin.at(shift.control_us);
        // A relative margin is as uncertain as the quantile that it is a part of.
        let excess = if margin_us > margin.absolute_us {
            measured.above(1.0 + margin.relative).excess(0.0)
        } else {
            measured.above(1.0).excess(margin_us)
        };
        Self {
            shift,
            margin_us,
            verdict: excess.verdict(),
        }
    }
}

/// By how much a difference is above its margin.
#[derive(Clone, Copy, Debug)]
struct Excess {
    measured: f64,
    at_least: f64,
    at_most: f64,
}

impl Spread {
    fn excess(&self, margin_us: f64) -> Excess {
        Excess {
            measured: self.measured - margin_us,
            at_least: self.low(OF_ONE_OF_THREE) - margin_us,
            at_most: self.high(OF_ONE_SIDED) - margin_us,
        }
    }
}

impl Excess {
    fn verdict(self) -> Inferiority {
        if self.at_most <= 0.0 {
            Inferiority::Pass
        } else if self.at_least > 0.0 {
            Inferiority::Fail
        } else {
            Inferiority::NotShown {
                times_longer: self.times_longer(),
            }
        }
    }

    /// Intervals shrink with the root of the time.
    fn times_longer(self) -> Option<f64> {
        let half_width = if self.measured < 0.0 {
            self.at_most - self.measured
        } else {
            self.measured - self.at_least
        };
        let times = (half_width / self.measured).powi(2);
        (times <= MOST_TIMES_LONGER).then_some(times.max(1.0))
    }
}

/// The outcome of all quantiles together.
fn together(verdicts: impl Iterator<Item = Inferiority>) -> Inferiority {
    verdicts.fold(Inferiority::Pass, |so_far, next| match (so_far, next) {
        (Inferiority::Fail, _) | (_, Inferiority::Fail) => Inferiority::Fail,
        (Inferiority::Pass, other) | (other, Inferiority::Pass) => other,
        (Inferiority::NotShown { times_longer: a }, Inferiority::NotShown { times_longer: b }) => {
            Inferiority::NotShown {
                times_longer: a.zip(b).map(|(a, b)| a.max(b)),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_one_of_both_margins_counts() {
        let margin = Margin {
            absolute_us: 50.0,
            relative: 0.1,
        };
        assert_eq!([100.0, 2000.0].map(|control| margin.at(control)), [50.0, 200.0]);
    }

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side_of_the_margin() {
        // A difference that is known to ±20 µs, as far above the margin as is said.
        let verdict = |measured: f64| {
            let (at_least, at_most) = (measured - 20.0, measured + 20.0);
            Excess {
                measured,
                at_least,
                at_most,
            }
            .verdict()
        };
        assert_eq!(verdict(-20.0), Inferiority::Pass);
        assert_eq!(verdict(21.0), Inferiority::Fail);
        // Half of the width is reached in four times the time, a tenth of it in a hundred times.
        for (measured, times_longer) in [
            (-10.0, Some(4.0)),
            (10.0, Some(4.0)),
            (-2.0, Some(100.0)),
            (0.0, None),
        ] {
            assert_eq!(verdict(measured), Inferiority::NotShown { times_longer });
        }
    }

    #[test]
    fn all_quantiles_must_pass_and_one_that_fails_is_enough() {
        let needs = |times| Inferiority::NotShown { times_longer: times };
        let all = |verdicts: [Inferiority; 3]| together(verdicts.into_iter());
        assert_eq!(all([Inferiority::Pass; 3]), Inferiority::Pass);
        assert_eq!(
            all([Inferiority::Pass, needs(Some(9.0)), Inferiority::Fail]),
            Inferiority::Fail
        );
        assert_eq!(
            all([needs(Some(2.0)), Inferiority::Pass, needs(Some(3.0))]),
            needs(Some(3.0))
        );
        assert_eq!(
            all([needs(Some(2.0)), needs(None), Inferiority::Pass]),
            needs(None)
        );
    }
}
