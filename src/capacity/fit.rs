//! Fits Gunther's Universal Scalability Law to the trials: throughput X(N) = λN / (1 + σ(N-1) + κN(N-1)) over the number N
//! of operations in flight. σ stands for contention (operations that wait in line), κ for coherency (operations that must
//! agree with all others). The fit is a model of the trials; the answer of the search does not depend on it.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use super::dimension::Dimension;
use super::goal::TrialVerdict;
use super::trial::Trial;

/// Fewer trials carry no fit.
const FEWEST: usize = 6;
/// The most operations in flight must be so many times the fewest.
const SPREAD: f64 = 4.0;
/// How often trials are drawn anew for the intervals.
const RESAMPLES: usize = 1000;
/// The most steps towards the best parameters.
const STEPS: usize = 60;

/// One trial as a point of the law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalePoint {
    /// Operations in flight, on the average.
    pub in_flight: f64,
    /// Operations a second.
    pub per_second: f64,
    /// Whether the trial held.
    pub held: bool,
}

/// The point of the highest throughput.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Operations in flight.
    pub in_flight: f64,
    /// Operations a second.
    pub per_second: f64,
}

/// A parameter with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The law fitted to the trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// λ: operations a second with one in flight.
    pub lambda: Estimate,
    /// σ: contention.
    pub sigma: Estimate,
    /// κ: coherency.
    pub kappa: Estimate,
    /// The share of the variance of the throughput that the law explains.
    pub r2: f64,
    /// The trials that it was fitted to.
    pub points: Vec<ScalePoint>,
    /// The point of the highest throughput, or the reason why it is not known.
    pub peak: Result<Peak, NoPeak>,
}

/// The reason why no peak is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPeak {
    /// The interval of κ includes zero.
    #[error("the trials do not show that throughput ever falls: the interval of kappa includes 0")]
    NotShown,
    /// No trial had so many in flight.
    #[error("it would lie beyond what was measured")]
    Beyond,
}

/// The reason why the law was not fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFit {
    /// Too few trials.
    #[error("only {0} of the trials had more than one operation in flight; a fit wants at least 6")]
    TooFew(usize),
    /// All trials were alike.
    #[error(
        "the trials had nearly the same number of operations in flight; a fit wants at least 4 times as many in one as in another"
    )]
    TooAlike,
    /// The system of equations has no solution.
    #[error("the trials do not determine the parameters")]
    Undetermined,
}

/// λ, σ and κ.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Law {
    lambda: f64,
    sigma: f64,
    kappa: f64,
}

impl ScalePoint {
    /// The point of a trial; nothing if the trial is undecided or had less than one operation in flight.
    fn of(trial: &Trial, dimension: Dimension) -> Option<Self> {
        if !matches!(trial.verdict, TrialVerdict::Held | TrialVerdict::Missed) {
            return None;
        }
        let seconds = trial.duration.as_secs_f64();
        let latency = &trial.latency_us;
        let (per_second, mean_us) = match dimension {
            Dimension::Sockets | Dimension::Rate => {
                (latency.reply.count as f64 / seconds, latency.reply.mean)
            }
            Dimension::Fanout => (latency.broadcast.count as f64 / seconds, latency.broadcast.mean),
            Dimension::Joins => (trial.rate, latency.connect.mean + latency.join.mean),
        };
        let by_latency = per_second * mean_us / 1e6;
        let in_flight = trial
            .little
            .filter(|_| dimension != Dimension::Fanout)
            .map_or(by_latency, |it| it.in_flight);
        // Below one the law means nothing.
        (in_flight >= 1.0 && per_second > 0.0).then_some(Self {
            in_flight,
            per_second,
            held: trial.verdict == TrialVerdict::Held,
        })
    }
}

impl Law {
    fn throughput(&self, n: f64) -> f64 {
        self.lambda * n / (1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0))
    }

    /// The law with the least squares of errors of the throughput, and parameters that are not negative.
    fn best(points: &[ScalePoint]) -> Option<Self> {
        let mut law = Self::guess(points)?;
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let Some(next) = law.step(points, damping) else {
                break;
            };
            let (before, after) = (law.error(points), next.error(points));
            if after > before {
                damping *= 10.0;
                continue;
            }
            damping = (damping / 10.0).max(1e-12);
            law = next;
            if before - after <= before * 1e-12 {
                break;
            }
        }
        Some(law)
    }

    /// A law to begin with: N/X is linear in 1/λ, σ/λ and κ/λ.
    fn guess(points: &[ScalePoint]) -> Option<Self> {
        let with = [
            [true, true, true],
            [true, true, false],
            [true, false, true],
            [true, false, false],
        ];
        let linear = |columns: [bool; 3]| {
            let rows = points.iter().map(|it| {
                let (n, y) = (it.in_flight, it.in_flight / it.per_second);
                let all = [1.0, n - 1.0, n * (n - 1.0)];
                (
                    std::array::from_fn(|at| if columns[at] { all[at] / y } else { 0.0 }),
                    1.0,
                )
            });
            solve(rows, columns.map(|it| if it { 0.0 } else { 1.0 }))
        };
        let solutions = with.iter().filter_map(|columns| linear(*columns));
        let possible = solutions.filter(|[a, b, c]| *a > 0.0 && *b >= 0.0 && *c >= 0.0);
        let laws = possible.map(|[a, b, c]| Self {
            lambda: 1.0 / a,
            sigma: b / a,
            kappa: c / a,
        });
        laws.min_by(|one, other| one.error(points).total_cmp(&other.error(points)))
    }

    /// One step of Levenberg and Marquardt towards smaller errors.
    fn step(&self, points: &[ScalePoint], damping: f64) -> Option<Self> {
        let mut diagonal = [0.0; 3];
        let rows: Vec<([f64; 3], f64)> = points.iter().map(|it| self.derivatives(it)).collect();
        for (row, _) in &rows {
            (0..3).for_each(|at| diagonal[at] += row[at] * row[at]);
        }
        let [lambda, sigma, kappa] = solve(rows.into_iter(), diagonal.map(|it| it * damping))?;
        Some(Self {
            lambda: (self.lambda + lambda).max(self.lambda / 10.0),
            sigma: (self.sigma + sigma).max(0.0),
            kappa: (self.kappa + kappa).max(0.0),
        })
    }

    /// The derivatives of the throughput by each parameter, and the measured minus the expected throughput.
    fn derivatives(&self, it: &ScalePoint) -> ([f64; 3], f64) {
        let n = it.in_flight;
        let below = 1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0);
        let expected = self.lambda * n / below;
        let each = [
            n / below,
            -expected * (n - 1.0) / below,
            -expected * n * (n - 1.0) / below,
        ];
        (each, it.per_second - expected)
    }

    fn error(&self, points: &[ScalePoint]) -> f64 {
        points
            .iter()
            .map(|it| (it.per_second - self.throughput(it.in_flight)).powi(2))
            .sum()
    }

    fn r2(&self, points: &[ScalePoint]) -> f64 {
        let mean = points.iter().map(|it| it.per_second).sum::<f64>() / points.len() as f64;
        let all: f64 = points.iter().map(|it| (it.per_second - mean).powi(2)).sum();
        if all > 0.0 {
            1.0 - self.error(points) / all
        } else {
            0.0
        }
    }
}

/// Fits the law to the trials.
pub(super) fn fit(trials: &[Trial], dimension: Dimension, seed: u64) -> Result<Fit, NoFit> {
    let points = trials.iter().filter_map(|trial| ScalePoint::of(trial, dimension));
    fit_points(points.collect(), seed)
}

fn fit_points(points: Vec<ScalePoint>, seed: u64) -> Result<Fit, NoFit> {
    if points.len() < FEWEST {
        return Err(NoFit::TooFew(points.len()));
    }
    let sizes = || points.iter().map(|it| it.in_flight);
    let (least, most) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    if most < least * SPREAD {
        return Err(NoFit::TooAlike);
    }
    let law = Law::best(&points).ok_or(NoFit::Undetermined)?;
    let laws = resampled(&points, seed);
    let estimate = |of: fn(&Law) -> f64| Estimate::of(of(&law), laws.iter().map(of).collect());
    let kappa = estimate(|law| law.kappa);
    let peak_at = ((1.0 - law.sigma).max(0.0) / law.kappa).sqrt();
    Ok(Fit {
        lambda: estimate(|law| law.lambda),
        sigma: estimate(|law| law.sigma),
        kappa,
        r2: law.r2(&points),
        peak: match (kappa.low > 0.0, peak_at <= most) {
            (false, _) => Err(NoPeak::NotShown),
            (true, false) => Err(NoPeak::Beyond),
            (true, true) => Ok(Peak {
                in_flight: peak_at,
                per_second: law.throughput(peak_at),
            }),
        },
        points,
    })
}

/// The laws of trials that were drawn at random, with replacement, from the trials.
fn resampled(points: &[ScalePoint], seed: u64) -> Vec<Law> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut draw = || {
        let at = random.next_u64() % points.len() as u64;
        points[usize::try_from(at).unwrap_or_default()]
    };
    let mut resample = || -> Vec<ScalePoint> { (0..points.len()).map(|_| draw()).collect() };
    (0..RESAMPLES).filter_map(|_| Law::best(&resample())).collect()
}

impl Fit {
    /// The throughput that the law expects with so many in flight.
    pub fn throughput(&self, in_flight: f64) -> f64 {
        let law = Law {
            lambda: self.lambda.value,
            sigma: self.sigma.value,
            kappa: self.kappa.value,
        };
        law.throughput(in_flight)
    }
}

impl Estimate {
    /// The value with the interval that holds 95 % of the resampled values.
    fn of(value: f64, mut resampled: Vec<f64>) -> Self {
        resampled.sort_by(f64::total_cmp);
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is an index"
            )]
            let index = (share * resampled.len().saturating_sub(1) as f64).round() as usize;
            resampled.get(index).copied().unwrap_or(value)
        };
        Self {
            value,
            low: at(0.025),
            high: at(0.975),
        }
    }
}

/// Solves the normal equations of rows with their right sides, with these values added to the diagonal. Nothing if they
/// have no single solution.
fn solve(rows: impl Iterator<Item = ([f64; 3], f64)>, diagonal: [f64; 3]) -> Option<[f64; 3]> {
    let mut matrix = [[0.0; 4]; 3];
    for (row, right) in rows {
        for (i, line) in matrix.iter_mut().enumerate() {
            (0..3).for_each(|j| line[j] += row[i] * row[j]);
            line[3] += row[i] * right;
        }
    }
    (0..3).for_each(|at| matrix[at][at] += diagonal[at]);
    eliminate(matrix)
}

/// Gauss's elimination, with scaled pivots.
fn eliminate(mut matrix: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for at in 0..3 {
        let pivot =
            (at..3).max_by(|one, other| matrix[*one][at].abs().total_cmp(&matrix[*other][at].abs()))?;
        matrix.swap(at, pivot);
        let scale = matrix[at].iter().take(3).map(|it| it.abs()).fold(0.0, f64::max);
        if matrix[at][at].abs() <= scale * 1e-12 || !matrix[at][at].is_finite() {
            return None;
        }
        let line = matrix[at];
        for below in matrix.iter_mut().skip(at + 1) {
            let factor = below[at] / line[at];
            for (cell, above) in below.iter_mut().zip(line) {
                *cell -= factor * above;
            }
        }
    }
    let mut solution = [0.0; 3];
    for at in (0..3).rev() {
        let known: f64 = (at + 1..3).map(|it| matrix[at][it] * solution[it]).sum();
        solution[at] = (matrix[at][3] - known) / matrix[at][at];
    }
    solution.iter().all(|it| it.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests;
