//! The test of non-inferiority: whether the treated arm is slower than the control arm by less than a margin.

use super::QUANTILES;
use super::blocks::PairedBlocks;
use super::resample::Resampling;
use super::shift::{QuantileShift, shift};
use super::too_few::TooFew;

/// More often than this nobody repeats a measurement.
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
            |quantile| shift(&arms, quantile, resampling).map(|shift| QuantileTest::new(shift, margin));
        // The quantile that needs most is refused first.
        let mut quantiles: Vec<_> = QUANTILES.into_iter().rev().map(test).collect::<Result<_, _>>()?;
        quantiles.reverse();
        Ok(NonInferiority {
            verdict: together(quantiles.iter().map(|it| it.verdict)),
            quantiles,
        })
    }
}

impl QuantileTest {
    fn new(shift: QuantileShift, margin: Margin) -> Self {
        let margin_us = margin.at(shift.control_us);
        let verdict = if shift.upper_us <= margin_us {
            Inferiority::Pass
        } else if shift.lower_us > margin_us {
            Inferiority::Fail
        } else {
            Inferiority::NotShown {
                times_longer: times_longer(&shift, margin_us),
            }
        };
        Self {
            shift,
            margin_us,
            verdict,
        }
    }
}

/// Intervals shrink with the root of the time.
fn times_longer(shift: &QuantileShift, margin_us: f64) -> Option<f64> {
    let distance = margin_us - shift.difference_us;
    let half_width = if distance > 0.0 {
        shift.upper_us - shift.difference_us
    } else {
        shift.difference_us - shift.lower_us
    };
    let times = (half_width / distance).powi(2);
    (times <= MOST_TIMES_LONGER).then_some(times.max(1.0))
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
    use super::super::shift::Interval;
    use super::*;

    /// A difference that is known to ±20 µs.
    fn known_to_20(difference_us: f64) -> QuantileShift {
        let [low, high] = [-20.0, 20.0].map(|by| difference_us + by);
        QuantileShift {
            quantile: 0.5,
            treated_us: 1000.0 + difference_us,
            control_us: 1000.0,
            difference_us,
            interval_us: Interval { low, high },
            upper_us: high,
            lower_us: low,
            block_length: 1,
        }
    }

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
        let margin = Margin {
            absolute_us: 100.0,
            relative: 0.0,
        };
        let verdict = |difference| QuantileTest::new(known_to_20(difference), margin).verdict;
        assert_eq!(verdict(80.0), Inferiority::Pass);
        assert_eq!(verdict(121.0), Inferiority::Fail);
        // Half of the width, or a third of it, is reached in four or nine times the time.
        for difference in [90.0, 110.0] {
            assert_eq!(
                verdict(difference),
                Inferiority::NotShown {
                    times_longer: Some(4.0)
                }
            );
        }
        assert_eq!(
            verdict(98.0),
            Inferiority::NotShown {
                times_longer: Some(100.0)
            }
        );
        assert_eq!(verdict(100.0), Inferiority::NotShown { times_longer: None });
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
