//! The method, held to simulated series whose truth is known.

use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use super::*;

/// A series of blocks of two arms whose latencies are lognormal, with levels that follow AR(1) from block to block.
struct Simulation {
    blocks: u64,
    per_block: u32,
    /// The correlation of the level of a block with that of the block before.
    correlation: f64,
    /// The spread of the level (of its logarithm) that both arms have in common, and that each has for itself.
    in_common: f64,
    apart: f64,
    /// By how much the treated arm is slower.
    shift_us: f64,
}

/// Thirty blocks whose levels have a strong dependence, for the most part in common.
const USUAL: Simulation = Simulation {
    blocks: 30,
    per_block: 50,
    correlation: 0.5,
    in_common: 0.2,
    apart: 0.05,
    shift_us: 0.0,
};
/// Fewer than in use, to save time: bounds are a little less steady, and not wider.
const RESAMPLES: usize = 200;
/// No difference at all is allowed, so that the slightest one that is shown is a failure.
const NO_MARGIN: Margin = Margin {
    absolute_us: 0.0,
    relative: 0.0,
};

impl Simulation {
    fn run(&self, seed: u64) -> PairedBlocks {
        let mut noise = Noise(Xoshiro256PlusPlus::seed_from_u64(seed));
        let mut in_common = Level::of(self.correlation, &mut noise);
        let mut apart = [(); 2].map(|()| Level::of(self.correlation, &mut noise));
        let mut measured = PairedBlocks::new(Duration::from_secs(1));
        for block in 0..self.blocks {
            let together = in_common.next(&mut noise) * self.in_common;
            let arms = [(Arm::Treated, self.shift_us), (Arm::Control, 0.0)];
            for ((arm, shift), own) in arms.into_iter().zip(&mut apart) {
                let level = together + own.next(&mut noise) * self.apart;
                for _ in 0..self.per_block {
                    let micros = 200.0 * (level + 0.3 * noise.normal()).exp() + shift;
                    measured.record(arm, Duration::from_secs(block), rounded_up(micros) as u64);
                }
            }
        }
        measured
    }
}

/// Numbers of the standard normal distribution.
struct Noise(Xoshiro256PlusPlus);

impl Noise {
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// An AR(1) series of variance 1.
struct Level {
    now: f64,
    correlation: f64,
}

impl Level {
    fn of(correlation: f64, noise: &mut Noise) -> Self {
        Self {
            now: noise.normal(),
            correlation,
        }
    }

    fn next(&mut self, noise: &mut Noise) -> f64 {
        let new = (1.0 - self.correlation.powi(2)).sqrt() * noise.normal();
        self.now = self.correlation * self.now + new;
        self.now
    }
}

const fn resampling(seed: u64) -> Resampling {
    Resampling {
        resamples: RESAMPLES,
        seed,
    }
}

impl Simulation {
    /// The outcomes of many repetitions without a margin.
    fn outcomes(&self, repetitions: u64) -> Vec<NonInferiority> {
        let outcome = |seed| self.run(seed).non_inferiority(NO_MARGIN, resampling(seed));
        (0..repetitions).map(|seed| outcome(seed).unwrap()).collect()
    }
}

/// How many of these outcomes a check holds for, in percent.
fn percent(outcomes: &[NonInferiority], holds: impl Fn(&NonInferiority) -> bool) -> f64 {
    let held = outcomes.iter().filter(|outcome| holds(outcome)).count();
    held as f64 / outcomes.len() as f64 * 100.0
}

/// How many intervals of each quantile contain the truth, in percent.
fn coverage(outcomes: &[NonInferiority], truth_us: f64) -> [f64; QUANTILES.len()] {
    std::array::from_fn(|at| {
        percent(outcomes, |it| {
            it.quantiles[at].shift.interval_us.contains(truth_us)
        })
    })
}

#[test]
fn two_arms_without_a_difference_rarely_fail() {
    let outcomes = USUAL.outcomes(200);
    let false_alarms = percent(&outcomes, |it| it.verdict == Inferiority::Fail);
    assert!(false_alarms <= 5.0, "{false_alarms} % false alarms");
}

#[test]
fn intervals_contain_a_known_shift_in_at_least_93_of_100_series() {
    let series = Simulation {
        apart: 0.1,
        shift_us: 30.0,
        ..USUAL
    };
    let covered = coverage(&series.outcomes(200), 30.0);
    assert!(covered.iter().all(|it| *it >= 93.0), "{covered:?} %");
}

#[test]
fn a_shift_beyond_the_margin_is_found() {
    let series = Simulation {
        shift_us: 80.0,
        ..USUAL
    };
    let margin = Margin {
        absolute_us: 20.0,
        relative: 0.05,
    };
    for seed in 0..10 {
        let outcome = series
            .run(seed)
            .non_inferiority(margin, resampling(seed))
            .unwrap();
        assert_eq!(outcome.verdict, Inferiority::Fail, "{outcome:?}");
    }
}

#[test]
fn arms_without_a_difference_stay_within_a_margin() {
    let margin = Margin {
        absolute_us: 0.0,
        relative: 0.25,
    };
    for seed in 0..10 {
        let outcome = USUAL.run(seed).non_inferiority(margin, resampling(seed)).unwrap();
        assert_eq!(outcome.verdict, Inferiority::Pass, "{outcome:?}");
    }
}

#[test]
fn too_little_is_refused_with_what_is_lacking() {
    let refusal = |blocks, per_block| {
        let short = Simulation {
            blocks,
            per_block,
            ..USUAL
        };
        short
            .run(0)
            .non_inferiority(NO_MARGIN, resampling(0))
            .unwrap_err()
    };
    assert_eq!(refusal(19, 100), TooFew::Blocks { has: 19, needs: 20 });
    let few = refusal(40, 20);
    assert_eq!(
        few,
        TooFew::Samples {
            arm: Arm::Control,
            quantile: 0.99,
            has: 800,
            needs: 1000
        }
    );
    assert_eq!(
        few.to_string(),
        "800 control operations were measured, and p99 needs 1000"
    );
    assert!((few.times_longer() - 1.25).abs() < 1e-9);
    let nothing = PairedBlocks::new(Duration::from_secs(1));
    let refused = nothing.shift_function(resampling(0)).unwrap_err();
    assert_eq!(refused, TooFew::Blocks { has: 0, needs: 20 });
}

#[test]
fn a_shift_function_has_only_the_quantiles_that_the_operations_suffice_for() {
    let series = Simulation {
        per_block: 10,
        shift_us: 20.0,
        ..USUAL
    };
    let function = series.run(3).shift_function(resampling(3)).unwrap();
    let quantiles: Vec<_> = function.iter().map(|it| it.quantile).collect();
    assert_eq!(quantiles, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]);
    assert!(function.iter().all(|it| it.interval_us.low <= it.difference_us));
    assert!(function.iter().all(|it| it.difference_us <= it.interval_us.high));
}

#[test]
fn two_runs_at_different_times_are_compared_by_each_quantile() {
    let run = |shift_us, seed| {
        Simulation {
            correlation: 0.3,
            shift_us,
            ..USUAL
        }
        .run(seed)
    };
    let (base, slower) = (run(0.0, 1), run(160.0, 2));
    let compare = |new: &PairedBlocks, quantiles: &[f64]| {
        compare_runs(
            base.blocks(Arm::Treated),
            new.blocks(Arm::Treated),
            quantiles,
            resampling(1),
        )
    };
    let shifts = compare(&slower, &[0.5, 0.999]);
    let median = shifts[0].unwrap();
    assert!(
        median.lower_us > 0.0 && median.interval_us.contains(160.0),
        "{median:?}"
    );
    assert_eq!(
        shifts[1].unwrap_err(),
        TooFew::Samples {
            arm: Arm::Control,
            quantile: 0.999,
            has: 1500,
            needs: 10_000
        }
    );
    let same = compare(&run(0.0, 3), &[0.5])[0].unwrap();
    assert!(same.interval_us.contains(0.0), "{same:?}");
}

#[test]
fn the_same_seed_gives_the_same_figures_and_threads_can_measure_apart() {
    let whole = USUAL.run(5);
    let mut merged = PairedBlocks::new(Duration::from_secs(1));
    merged.merge(&whole);
    assert_eq!(merged, whole);
    assert_eq!((whole.count(), whole.samples(Arm::Control)), (30, 1500));
    let of_seed = |seed| whole.shift(0.95, resampling(seed)).unwrap();
    assert_eq!(of_seed(1), of_seed(1));
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn two_runs_are_held_to_a_margin() {
    let run = |shift_us, seed| {
        Simulation {
            correlation: 0.3,
            shift_us,
            ..USUAL
        }
        .run(seed)
    };
    let verdict = |new: &PairedBlocks, relative| {
        let (base, margin) = (
            run(0.0, 1),
            Margin {
                absolute_us: 5.0,
                relative,
            },
        );
        let test = test_runs(
            base.blocks(Arm::Treated),
            new.blocks(Arm::Treated),
            0.5,
            margin,
            resampling(1),
        );
        test.unwrap().verdict
    };
    assert_eq!(verdict(&run(160.0, 2), 0.1), Inferiority::Fail);
    assert_eq!(verdict(&run(0.0, 3), 0.5), Inferiority::Pass);
    assert!(matches!(verdict(&run(0.0, 3), 0.0), Inferiority::NotShown { .. }));
}
