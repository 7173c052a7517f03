//! Words for searches: loads with their units, limits, and the verdicts and purposes of trials.

use crate::capacity::{Dimension, Limit, Trial, TrialPurpose, TrialVerdict};
use crate::report::load::words::{grouped, micros};

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
        Limit::ServerCpu => "the server's processors gave out first",
        Limit::ServerMemory => "the server's memory gave out first",
        Limit::Latency => {
            "above it times grow longer than the objectives allow, with processors and memory to spare"
        }
        Limit::Errors => "above it messages, connections or joins fail",
        Limit::Generator => "this load generator gave out first",
        Limit::Max => "nothing gave out: it is the largest load that was tried",
        Limit::Time => "it is not known what gave out first",
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

/// The 99th percentile of the timing of the dimension.
pub(super) fn latency(dimension: Dimension, trial: &Trial) -> String {
    let figures = trial.latency_us.figures(dimension.timing());
    match figures.filter(|it| it.count > 0) {
        Some(it) => micros(it.p99 as f64),
        None => "–".to_owned(),
    }
}
