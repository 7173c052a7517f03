//! The limit of a server: the resource or objective that gave out first.

use super::cause::Cause;
use super::goal::TrialVerdict;
use super::search::{Upper, UpperReason};
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

    /// The limit that this upper bound shows.
    pub(super) fn at(upper: Option<Upper>, trials: &[Trial], machine: &Machine) -> Self {
        let Some(upper) = upper else { return Self::Max };
        if upper.because == UpperReason::OutOfReach {
            return Self::Generator;
        }
        let missed = trials
            .iter()
            .filter(|it| it.load == upper.load && it.verdict == TrialVerdict::Missed);
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
        match trial.cause {
            Some(Cause::Errors) => Self::Errors,
            Some(Cause::Latency) | None => Self::Latency,
        }
    }
}
