//! Two arms whose quantiles are compared, and how they are resampled: together if they were measured at the same time,
//! otherwise apart.

use hdrhistogram::Histogram;

use super::blocks::Arm;
use super::dependence::Dependence;
use super::resample::Resampling;
use super::table::Table;
use super::too_few::{FEWEST_BLOCKS, TooFew, needed};

/// Both arms.
pub(super) struct Arms {
    treated: Table,
    control: Table,
    pairing: Pairing,
}

/// Whether the blocks of the arms belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// Block for block, as both were measured at the same time.
    Paired,
    /// They were measured at different times.
    Apart,
}

/// A quantile in both arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Both {
    pub(super) treated: f64,
    pub(super) control: f64,
}

impl Both {
    /// By how much the treated arm is above the control arm times a factor.
    pub(super) fn above(self, factor: f64) -> f64 {
        self.treated - factor * self.control
    }
}

/// The runs of neighbouring blocks that each arm is resampled in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Runs {
    pub(super) treated: usize,
    pub(super) control: usize,
    /// By how much the spread is larger than these runs show.
    pub(super) cut_off: f64,
}

impl Arms {
    pub(super) fn new(treated: &[Histogram<u64>], control: &[Histogram<u64>], pairing: Pairing) -> Self {
        Self {
            treated: Table::new(treated),
            control: Table::new(control),
            pairing,
        }
    }

    /// Refuses what is too short to be compared at a quantile.
    pub(super) fn enough(&self, quantile: f64) -> Result<(), TooFew> {
        let has = self.treated.filled().min(self.control.filled());
        if has < FEWEST_BLOCKS {
            return Err(TooFew::Blocks {
                has,
                needs: FEWEST_BLOCKS,
            });
        }
        let (treated, control) = (self.treated.samples(), self.control.samples());
        let (arm, has) = if treated < control {
            (Arm::Treated, treated)
        } else {
            (Arm::Control, control)
        };
        let needs = needed(quantile);
        if has < needs {
            return Err(TooFew::Samples {
                arm,
                quantile,
                has,
                needs,
            });
        }
        Ok(())
    }

    /// The quantile of all that was measured.
    pub(super) fn whole(&self, quantile: f64) -> Both {
        let of = |table: &Table| {
            table
                .quantile(&vec![1; table.blocks()], quantile)
                .unwrap_or_default()
        };
        Both {
            treated: of(&self.treated),
            control: of(&self.control),
        }
    }

    /// The lengths of runs to try for a quantile.
    pub(super) fn runs(&self, quantile: f64) -> [Runs; 2] {
        let Both { treated, control } = self.whole(quantile);
        let treated = influence(&self.treated, quantile, treated);
        let control = influence(&self.control, quantile, control);
        match self.pairing {
            Pairing::Paired => {
                let differences: Vec<_> = treated.iter().zip(&control).map(|(a, b)| a - b).collect();
                let dependence = Dependence::of(&differences);
                dependence.lengths().map(|both| Runs {
                    treated: both,
                    control: both,
                    cut_off: dependence.cut_off(both),
                })
            }
            Pairing::Apart => {
                let (treated, control) = (Dependence::of(&treated), Dependence::of(&control));
                let lengths = [treated.lengths(), control.lengths()];
                [0, 1].map(|at| {
                    let [of_treated, of_control] = lengths.map(|it| it[at]);
                    Runs {
                        treated: of_treated,
                        control: of_control,
                        cut_off: treated.cut_off(of_treated).max(control.cut_off(of_control)),
                    }
                })
            }
        }
    }

    /// The shorter arm's number of runs: how many independent parts there are.
    pub(super) fn parts(&self, runs: Runs) -> f64 {
        let treated = self.treated.blocks() as f64 / runs.treated as f64;
        treated.min(self.control.blocks() as f64 / runs.control as f64)
    }

    /// The quantile in each resample.
    pub(super) fn resample(&self, quantile: f64, runs: Runs, resampling: Resampling) -> Vec<Both> {
        let mut draws = resampling.draws();
        let mut treated = vec![0; self.treated.blocks()];
        let mut control = vec![0; self.control.blocks()];
        let mut resamples = Vec::with_capacity(resampling.resamples);
        for _ in 0..resampling.resamples {
            draws.weigh(runs.treated, &mut treated);
            match self.pairing {
                Pairing::Paired => control.copy_from_slice(&treated),
                Pairing::Apart => draws.weigh(runs.control, &mut control),
            }
            let of_treated = self.treated.quantile(&treated, quantile);
            let of_control = self.control.quantile(&control, quantile);
            let both = of_treated.zip(of_control);
            resamples.extend(both.map(|(treated, control)| Both { treated, control }));
        }
        resamples
    }
}

/// How far each block pulls the quantile up or down, in microseconds: the operations above it beyond those that are expected
/// there, over the density at the quantile.
fn influence(table: &Table, quantile: f64, value: f64) -> Vec<f64> {
    let around = quantile.min(1.0 - quantile) / 2.0;
    let all = vec![1; table.blocks()];
    let at = |quantile: f64| table.quantile(&all, quantile).unwrap_or_default();
    let per_share = (at(quantile + around) - at(quantile - around)) / (2.0 * around);
    let per_block = table.samples() as f64 / table.blocks() as f64;
    (0..table.blocks())
        .map(|block| {
            let expected = (1.0 - quantile) * table.samples_of(block) as f64;
            (table.above(block, value) - expected) / per_block * per_share
        })
        .collect()
}
