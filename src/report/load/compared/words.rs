//! The words that text, Markdown and page share.

use super::super::past::PastLoad;
use super::super::words::{grouped, micros, things};
use super::RunComparison;
use crate::load::{Change, ConditionVerdict, TimingDifference};
use crate::statistics::{Arm, Inferiority, QuantileShift, QuantileTest, TooFew};

/// The cells of a difference that is known.
pub(super) struct Cells {
    pub(super) base: String,
    pub(super) new: String,
    pub(super) difference: String,
    pub(super) percent: String,
    pub(super) interval: String,
}

impl Cells {
    pub(super) fn of(shift: &QuantileShift) -> Self {
        let interval = shift.interval_us;
        Self {
            base: micros(shift.control_us),
            new: micros(shift.treated_us),
            difference: signed(shift.difference_us),
            percent: percent(shift).map_or(String::new(), |it| format!("{it:+.1} %")),
            interval: format!("{} to {}", signed(interval.low), signed(interval.high)),
        }
    }
}

/// The difference in percent of the base; nothing if the base is zero.
pub(super) fn percent(shift: &QuantileShift) -> Option<f64> {
    (shift.control_us > 0.0).then(|| shift.difference_us / shift.control_us * 100.0)
}

/// A difference of times with its sign.
pub(super) fn signed(us: f64) -> String {
    let sign = match us {
        it if it >= 0.5 => "+",
        it if it <= -0.5 => "-",
        _ => "",
    };
    format!("{sign}{}", micros(us.abs()))
}

/// The measurements that a comparison lacks, in the words of two runs.
pub(super) fn lacking(few: &TooFew) -> String {
    match few {
        TooFew::Blocks { has, needs } => {
            format!(
                "measured in {} of time only, {needs} are needed",
                things(*has as u64, "block")
            )
        }
        TooFew::Samples { arm, has, needs, .. } => {
            let run = match arm {
                Arm::Control => "base",
                Arm::Treated => "new",
            };
            format!(
                "{run} has only {} measurements, {} are needed",
                grouped(*has),
                grouped(*needs)
            )
        }
    }
}

/// A line for differences that lack the same: the figures, and what they lack.
pub(super) fn without_data(timings: &[TimingDifference]) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for of_timing in timings.chunk_by(|a, b| a.timing == b.timing) {
        let mut lacks: Vec<(&str, String)> = of_timing
            .iter()
            .filter_map(|it| Some((it.percentile, lacking(it.shift.as_ref().err()?))))
            .collect();
        let name = of_timing[0].timing.name();
        while let Some((first, why)) = lacks.first().cloned() {
            let same: Vec<&str> = lacks.iter().filter(|it| it.1 == why).map(|it| it.0).collect();
            let figures = if same.len() == of_timing.len() {
                name.to_owned()
            } else if same.len() == 1 {
                format!("{name} {first}")
            } else {
                format!("{name} {}", same.join(" and "))
            };
            lines.push((figures, why.clone()));
            lacks.retain(|it| it.1 != why);
        }
    }
    lines
}

/// The word for a condition, and the sentence behind it.
pub(super) fn condition(verdict: &ConditionVerdict) -> (&'static str, String) {
    match verdict {
        ConditionVerdict::Shown(test) => ("shown", measured(test)),
        ConditionVerdict::Excluded(test) => ("excluded", measured(test)),
        ConditionVerdict::Open(test) => {
            let longer = match test.verdict {
                Inferiority::NotShown {
                    times_longer: Some(times),
                } => format!("runs about {} would show it", times_as_long(times)),
                Inferiority::NotShown { times_longer: None } | Inferiority::Pass | Inferiority::Fail => {
                    "it would take runs more than 100 times as long".to_owned()
                }
            };
            ("undecided", format!("{}; {longer}", measured(test)))
        }
        ConditionVerdict::TooFew(few) => {
            let times = few.times_longer();
            let longer = if times.is_finite() {
                format!("; runs about {} are needed", times_as_long(times))
            } else {
                String::new()
            };
            ("undecided", format!("{}{longer}", lacking(few)))
        }
        ConditionVerdict::NotMeasured => ("undecided", "it was not measured in both runs".to_owned()),
        ConditionVerdict::Incomparable(why) => ("undecided", why.clone()),
    }
}

fn measured(test: &QuantileTest) -> String {
    let interval = test.shift.interval_us;
    format!(
        "the difference is {} to {}, the limit {}",
        signed(interval.low),
        signed(interval.high),
        signed(test.margin_us)
    )
}

/// `3 times as long`; less than twice as long is told as twice.
fn times_as_long(times: f64) -> String {
    let times = times.max(2.0).ceil();
    if times <= 2.0 {
        "twice as long".to_owned()
    } else {
        format!("{times} times as long")
    }
}

/// The command of a run, and its server.
pub(super) fn run_of(run: &PastLoad) -> String {
    let command = run
        .setup
        .as_ref()
        .map_or(run.scenario.as_str(), |it| &it.command_line);
    match run.profile {
        Some(profile) => format!("{command}, on the reference server ({profile})"),
        None if command.contains(&run.target) => command.to_owned(),
        None => format!("{command}, on {}", run.target),
    }
}

/// `slower: reply.p50; no difference shown: reply.p99`. The times of phxproof itself are left out.
pub(super) fn found(comparison: &RunComparison<'_>) -> String {
    let mut parts = Vec::new();
    for change in [Change::Slower, Change::Faster, Change::NotShown] {
        let figures = comparison.figures(change);
        if !figures.is_empty() {
            parts.push(format!("{}: {}", change.name(), figures.join(", ")));
        }
    }
    if parts.is_empty() {
        return "nothing could be compared".to_owned();
    }
    parts.join("; ")
}
