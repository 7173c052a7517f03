//! Words for searches: loads with their units, limits, and the verdicts and purposes of trials.

use crate::capacity::{Dimension, Limit, Trial, TrialPurpose, TrialVerdict};
use crate::load::{ObjectiveOutcome, ObjectiveUnit};
use crate::report::load::words::{grouped, in_unit, micros};

/// `2,000 sockets`, `500 messages a second`.
pub(super) fn load(dimension: Dimension, load: u64) -> String {
    let (one, many) = match dimension {
        Dimension::Sockets => ("socket", "sockets"),
        Dimension::Joins => ("join a second", "joins a second"),
        Dimension::Rate => ("message a second", "messages a second"),
        Dimension::Fanout => ("subscriber of a topic", "subscribers of a topic"),
    };
    format!("{} {}", grouped(load), if load == 1 { one } else { many })
}

/// The limit, as a clause.
pub(super) const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::ServerCpu => "limited by processors: above it they are busy, mostly with the server",
        Limit::ServerMemory => "limited by memory: above it the server uses more than 85 % of it",
        Limit::Latency => "limited by latency: above it times grow longer than the objectives allow",
        Limit::Errors => "limited by errors: above it messages, connections or joins fail",
        Limit::Generator => "limited by phxproof: above it phxproof is late, or uses most of the processors",
        Limit::Max => "not limited: it is the largest load that was to be tried",
        Limit::Time => "the limit was not found",
    }
}

/// The verdict on a trial, in a word.
pub(super) const fn verdict(verdict: TrialVerdict) -> &'static str {
    match verdict {
        TrialVerdict::Held => "held",
        TrialVerdict::Missed => "missed",
        TrialVerdict::Undecided => "undecided",
        TrialVerdict::Impossible => "impossible",
    }
}

/// The purpose of a trial.
pub(super) fn purpose(purpose: TrialPurpose) -> String {
    match purpose {
        TrialPurpose::Search => "search".to_owned(),
        TrialPurpose::Soak => "soak".to_owned(),
        TrialPurpose::Share(percent) => format!("{percent} %"),
    }
}

/// The name of the time that is told of each trial, such as `reply.p99`.
pub(super) fn told_time(dimension: Dimension, trial: Option<&Trial>) -> String {
    match trial.and_then(|it| objective(dimension, it)) {
        Some(objective) => objective.figure.clone(),
        None => format!("{}.p99", dimension.timing().name()),
    }
}

/// The time that is told of each trial: the one that an objective limits, or else the 99th percentile.
pub(super) fn time_us(dimension: Dimension, trial: &Trial) -> Option<f64> {
    if let Some(objective) = objective(dimension, trial) {
        return objective.value;
    }
    let figures = trial.latency_us.figures(dimension.timing());
    figures.filter(|it| it.count > 0).map(|it| it.p99 as f64)
}

/// The same as a text.
pub(super) fn latency(dimension: Dimension, trial: &Trial) -> String {
    match (time_us(dimension, trial), objective(dimension, trial)) {
        (Some(value), Some(objective)) => in_unit(objective, value),
        (Some(value), None) => micros(value),
        (None, _) => "–".to_owned(),
    }
}

/// The objective whose time is told: the first on the timing of the dimension, or else the first on any time.
fn objective(dimension: Dimension, trial: &Trial) -> Option<&ObjectiveOutcome> {
    let mut times = trial.objectives.iter().filter(|it| it.unit == ObjectiveUnit::Us);
    let is_usual = |it: &&ObjectiveOutcome| it.figure.split('.').next() == Some(dimension.timing().name());
    times.clone().find(is_usual).or_else(|| times.next())
}
