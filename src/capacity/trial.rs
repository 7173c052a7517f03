//! A trial: one load test of a search with what was measured.

use std::time::Duration;

use super::goal::TrialVerdict;
use super::little::Little;
use crate::beam::BeamUse;
use crate::load::{Latencies, ObjectiveOutcome, ObjectiveUnit};

/// The purpose of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialPurpose {
    /// To find the limit.
    Search,
    /// To hold the answer for longer.
    Soak,
    /// To see the latency at this percentage of the answer.
    Share(u8),
}

/// A trial before its result is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) number: usize,
    pub(super) purpose: TrialPurpose,
    pub(super) load: u64,
    pub(super) duration: Duration,
}

/// A trial that took place.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its number, from 1.
    pub number: usize,
    /// Its purpose.
    pub purpose: TrialPurpose,
    /// The load.
    pub load: u64,
    /// How long the load was to last.
    pub duration: Duration,
    /// Its verdict.
    pub verdict: TrialVerdict,
    /// The reasons why it did not hold, as full sentences.
    pub reasons: Vec<String>,
    /// How many sockets had joined.
    pub sockets: u64,
    /// Pushes a second, or joins a second where these are searched.
    pub rate: f64,
    /// The objectives with the measured values.
    pub objectives: Vec<ObjectiveOutcome>,
    /// The latencies.
    pub latency_us: Latencies,
    /// Little's law, where pushes are answered.
    pub little: Option<Little>,
    /// The processors and memory of this process.
    pub generator: ProcessUse,
    /// The use of the server's process, if it is watched.
    pub server: Option<TrialServer>,
    /// The Erlang VM of the server, if it was asked.
    pub beam: Option<BeamUse>,
    /// How long it took with all preparations.
    pub took: Duration,
}

impl Trial {
    /// A trial in which nothing was measured.
    pub(super) fn unmeasured(asked: Asked, verdict: TrialVerdict) -> Self {
        Self {
            number: asked.number,
            purpose: asked.purpose,
            load: asked.load,
            duration: asked.duration,
            verdict,
            reasons: Vec::new(),
            sockets: 0,
            rate: 0.0,
            objectives: Vec::new(),
            latency_us: Latencies::default(),
            little: None,
            generator: ProcessUse::default(),
            server: None,
            beam: None,
            took: Duration::ZERO,
        }
    }

    /// Whether a missed trial had errors. It had none if each reason is a latency objective that was missed.
    pub(super) fn has_errors(&self) -> bool {
        let missed = self.objectives.iter().filter(|it| !it.held && it.value.is_some());
        self.reasons.len() > missed.filter(|it| it.unit == ObjectiveUnit::Us).count()
    }

    /// The objectives for which nothing was measured, if that is the only reason why the trial is undecided.
    pub(super) fn never_measured(&self) -> impl Iterator<Item = &ObjectiveOutcome> {
        let none = self.objectives.iter().filter(|it| it.value.is_none());
        let is_only_reason =
            self.verdict == TrialVerdict::Undecided && self.reasons.len() == none.clone().count();
        none.filter(move |_| is_only_reason)
    }

    /// A trial of a search, for tests.
    #[cfg(test)]
    pub fn example(load: u64, verdict: TrialVerdict, duration: Duration) -> Self {
        let asked = Asked {
            number: 1,
            purpose: TrialPurpose::Search,
            load,
            duration,
        };
        Self {
            sockets: load,
            took: duration,
            ..Self::unmeasured(asked, verdict)
        }
    }
}

/// The processors and memory that a process used while the load lasted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessUse {
    /// Processors in use, on the average.
    pub processors: f64,
    /// The most memory.
    pub rss_bytes: u64,
}

/// The use of the process of the server while the load lasted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrialServer {
    /// Processors in use, on the average.
    pub processors: f64,
    /// The most memory.
    pub rss_bytes: u64,
    /// The most threads.
    pub threads: u64,
    /// The most open descriptors; 0 if the system does not tell them.
    pub descriptors: u64,
}
