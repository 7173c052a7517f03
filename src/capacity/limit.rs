//! The limit of a server: the resource, the objective or the load generator that keeps it from more.

use super::goal::TrialVerdict;
use super::search::Bounds;
use super::trial::Trial;
use crate::load::Machine;

/// Processors count as busy when so much of them is in use.
const BUSY: f64 = 0.9;
/// Memory counts as full when the server alone uses so much of it.
const FULL: f64 = 0.85;

/// The reason why a server does not hold more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The processors: the server used most of what the machine has.
    ServerCpu,
    /// The memory.
    ServerMemory,
    /// Times became longer than the objectives allow, although processors were free or could not be watched.
    Latency,
    /// Messages were lost, or connections and joins failed.
    Errors,
    /// This load generator, so the server may hold more.
    Generator,
    /// Nothing: the largest load was held.
    Max,
    /// Nothing that is known: the time was over before the limit was found.
    Time,
}

impl Limit {
    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerCpu => "server-cpu",
            Self::ServerMemory => "server-memory",
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Generator => "generator",
            Self::Max => "max",
            Self::Time => "time",
        }
    }

    /// The limit that the bounds at the end of a search show.
    pub(super) fn at(bounds: Bounds, trials: &[Trial], machine: &Machine) -> Self {
        if bounds.undecided.is_some() {
            return Self::Generator;
        }
        let Some(upper) = bounds.upper else {
            return Self::Max;
        };
        let missed = trials
            .iter()
            .filter(|it| it.load == upper && it.verdict == TrialVerdict::Missed);
        // The longest trial knows most.
        let Some(trial) = missed.max_by_key(|it| it.duration) else {
            return Self::Latency;
        };
        Self::of_trial(trial, machine)
    }

    fn of_trial(trial: &Trial, machine: &Machine) -> Self {
        let own = trial.generator.processors;
        if let Some(server) = trial.server {
            let is_full = |all: u64| server.rss_bytes as f64 > all as f64 * FULL;
            if machine.memory_bytes.is_some_and(is_full) {
                return Self::ServerMemory;
            }
            // Both share the processors of this machine.
            if server.processors + own > machine.processors as f64 * BUSY {
                return if server.processors >= own {
                    Self::ServerCpu
                } else {
                    Self::Generator
                };
            }
        }
        if trial.has_errors() {
            Self::Errors
        } else {
            Self::Latency
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::trial::{ProcessUse, TrialServer};
    use super::*;
    use crate::load::{ObjectiveOutcome, ObjectiveUnit};

    const MACHINE: Machine = Machine {
        processors: 4,
        memory_bytes: Some(1_000_000_000),
        os: String::new(),
    };

    /// A trial at 100 that missed a latency objective.
    fn missed() -> Trial {
        Trial {
            reasons: vec!["the objective reply.p99<100ms was missed".to_owned()],
            objectives: vec![ObjectiveOutcome {
                text: "reply.p99<100ms".to_owned(),
                value: Some(200_000.0),
                held: false,
                figure: "reply.p99".to_owned(),
                unit: ObjectiveUnit::Us,
                limit: 100_000.0,
                source: "default".to_owned(),
                only: None,
            }],
            ..Trial::example(100, TrialVerdict::Missed, Duration::from_secs(3))
        }
    }

    const BOUNDS: Bounds = Bounds {
        lower: Some(90),
        upper: Some(100),
        undecided: None,
    };

    fn limit(trials: &[Trial]) -> Limit {
        Limit::at(BOUNDS, trials, &MACHINE)
    }

    #[test]
    fn a_missed_trial_is_limited_by_what_it_used_up() {
        let used = |own: f64, server: f64, rss_bytes: u64| Trial {
            generator: ProcessUse {
                processors: own,
                rss_bytes: 0,
            },
            server: Some(TrialServer {
                processors: server,
                rss_bytes,
                ..TrialServer::default()
            }),
            ..missed()
        };
        let limits = [
            used(0.5, 0.5, 1000),
            used(0.5, 3.2, 1000),
            used(3.2, 0.5, 1000),
            used(0.5, 3.2, 900_000_000),
        ]
        .map(|trial| limit(&[trial]));
        assert_eq!(
            limits,
            [
                Limit::Latency,
                Limit::ServerCpu,
                Limit::Generator,
                Limit::ServerMemory
            ]
        );
    }

    #[test]
    fn errors_count_before_latency() {
        assert_eq!(limit(&[missed()]), Limit::Latency);
        let mut lossy = missed();
        lossy.reasons.push("3 messages never came".to_owned());
        assert_eq!(limit(&[lossy]), Limit::Errors);
    }

    #[test]
    fn a_load_that_was_not_missed_says_nothing_of_the_server() {
        let undecided = Bounds {
            undecided: Some(95),
            ..BOUNDS
        };
        assert_eq!(Limit::at(undecided, &[missed()], &MACHINE), Limit::Generator);
        let none = Bounds {
            upper: None,
            ..BOUNDS
        };
        assert_eq!(Limit::at(none, &[missed()], &MACHINE), Limit::Max);
    }
}
