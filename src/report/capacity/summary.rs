//! The terminal output of a search: a line for each trial, then the answer and how sure it is.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::Detail;
use super::super::paper::Paper;
use super::CapacityFinished;
use super::words::{self, latency, limit, told_time, verdict};
use crate::capacity::{
    Bounds, CapacityConclusion, CapacityResult, Dimension, Limit, Resource, Soak, Trial, TrialPurpose,
    TrialVerdict,
};
use crate::report::load::words::{grouped, rate, things};
use crate::report::summary::took;

/// The width of the column with the time of a trial.
const TIME: usize = 13;
/// The column at which the reasons of a trial start.
const INDENT: usize = 8;

/// The head of the table of trials, of which this is the first.
pub(super) fn head(first: &Trial, dimension: Dimension) -> String {
    let dim = Style::new().dimmed();
    format!(
        "{dim}{:>5}  {:<7} {:>11} {:>9} {:>9} {:>TIME$}  {}{dim:#}\n",
        "trial",
        "for",
        "load",
        "sockets",
        "a second",
        told_time(dimension, Some(first)),
        "verdict"
    )
}

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// The line of a trial.
pub(super) fn line(trial: &Trial, dimension: Dimension, paper: Paper) -> String {
    let color = match trial.verdict {
        TrialVerdict::Held => AnsiColor::Green,
        TrialVerdict::Missed => AnsiColor::Red,
        TrialVerdict::Undecided | TrialVerdict::Impossible => AnsiColor::Yellow,
    };
    let style = colored(color);
    let reason = trial.reasons.first().map_or("", String::as_str);
    let mut text = format!(
        "{:>5}  {:<7} {:>11} {:>9} {:>9} {:>TIME$}  {style}{}{style:#}",
        trial.number,
        words::purpose(trial.purpose),
        grouped(trial.load),
        grouped(trial.sockets),
        rate(trial.rate),
        latency(dimension, trial),
        verdict(trial.verdict)
    );
    text.push('\n');
    if trial.verdict != TrialVerdict::Held && !reason.is_empty() {
        let _ = writeln!(text, "{:INDENT$}{}", "", paper.hang(reason, INDENT, INDENT));
    }
    text
}

/// The answer.
pub(super) fn render(
    run: &CapacityFinished<'_>,
    result: &CapacityResult,
    detail: Detail,
    (results, paper): (&str, Paper),
) -> String {
    let mut text = String::new();
    if detail != Detail::Quiet {
        text.push('\n');
        shares(&mut text, result);
        for told in facts(result) {
            let _ = writeln!(text, "  {}", paper.hang(&told, 2, 4));
        }
    }
    let (words, color, reasons): (_, _, &[String]) = match run.conclusion {
        CapacityConclusion::Found => ("found", AnsiColor::Green, &[]),
        CapacityConclusion::FellShort(reasons) => ("fell short", AnsiColor::Red, reasons),
        CapacityConclusion::Undecided(reasons) => ("undecided", AnsiColor::Yellow, reasons),
    };
    for reason in reasons {
        let _ = writeln!(text, "  {}", paper.hang(reason, 2, 4));
    }
    let style = colored(color).bold();
    let cut = if run.cut_short { ", cut short" } else { "" };
    let _ = writeln!(
        text,
        "{style}{words}{style:#}: {}, in {}{cut}",
        answer(result),
        took(run.duration)
    );
    if detail != Detail::Quiet {
        let dim = Style::new().dimmed();
        let _ = writeln!(text, "{dim}results in {results}/{dim:#}");
    }
    text
}

/// The answer in a clause.
pub(super) fn answer(result: &CapacityResult) -> String {
    let named = |load| words::load(result.dimension, load);
    let Bounds {
        lower,
        upper,
        undecided,
    } = result.bounds;
    let known = match (lower, upper) {
        (Some(lower), Some(upper)) => format!("{} held, {} did not", named(lower), grouped(upper)),
        (Some(lower), None) => format!("at least {} held", named(lower)),
        (None, Some(upper)) if matches!(result.conclusion(), CapacityConclusion::FellShort(_)) => {
            format!("not even {} held", named(upper))
        }
        (None, Some(upper)) => format!("{} did not hold, no smaller load was decided", named(upper)),
        (None, None) => "no load was decided".to_owned(),
    };
    match undecided.filter(|_| lower.is_some()) {
        Some(load) => format!("{known}, {} stayed undecided", grouped(load)),
        None => known,
    }
}

/// The latency at fractions of the answer.
fn shares(text: &mut String, result: &CapacityResult) {
    let told: Vec<String> = result
        .shares()
        .iter()
        .map(|(percent, trial)| {
            let missed = match trial.verdict {
                TrialVerdict::Held => "",
                TrialVerdict::Missed => " (missed)",
                TrialVerdict::Undecided | TrialVerdict::Impossible => " (undecided)",
            };
            format!("{} at {percent} %{missed}", latency(result.dimension, trial))
        })
        .collect();
    if !told.is_empty() {
        let _ = writeln!(
            text,
            "  {}: {}",
            told_time(result.dimension, result.trials.first()),
            told.join(", ")
        );
    }
}

/// Facts about the answer, as sentences: the limit, the confidence, inversions, Little's law and forecasts.
pub(super) fn facts(result: &CapacityResult) -> Vec<String> {
    let mut facts = Vec::new();
    if result.value().is_some() && result.limited_by != Limit::Time {
        facts.push(limit(result.limited_by).to_owned());
    }
    if let Some(how) = how_sure(result) {
        facts.push(how);
    }
    for it in &result.inversions {
        facts.push(format!(
            "inversion: {} did not hold although {} did; the higher load counts",
            words::load(result.dimension, it.missed),
            grouped(it.held)
        ));
    }
    let violated = result
        .trials
        .iter()
        .filter(|it| it.little.is_some_and(|it| !it.holds()));
    let audited = result.trials.iter().filter(|it| it.little.is_some()).count();
    match (violated.count(), audited) {
        (_, 0) => {}
        (0, 1) => facts.push("Little's law holds in the one trial with replies".to_owned()),
        (0, _) => facts.push(format!("Little's law holds in all {audited} trials with replies")),
        (bad, _) => facts.push(format!(
            "Little's law is violated in {bad} of {}, and what it is violated in does not count",
            things(audited as u64, "trial")
        )),
    }
    for it in &result.forecasts {
        let by = match it.by {
            Resource::Memory => "memory",
            Resource::Processors => "processors",
        };
        let load = words::load(result.dimension, it.load);
        facts.push(format!(
            "forecast by {by}: {load}, assuming that {}",
            it.assumption
        ));
    }
    facts
}

/// How sure the answer is.
fn how_sure(result: &CapacityResult) -> Option<String> {
    let lower = result.value()?;
    let count = |verdict| {
        let at = result
            .trials
            .iter()
            .filter(|it| it.load == lower && it.verdict == verdict);
        at.filter(|it| !matches!(it.purpose, TrialPurpose::Share(_)))
            .count()
    };
    let (held, missed) = (count(TrialVerdict::Held), count(TrialVerdict::Missed));
    let soak = match result.soak {
        Soak::Held => ", the longest of them the soak",
        Soak::Undecided | Soak::NotTried => "",
    };
    let width = result.bounds.upper.map_or(String::new(), |upper| {
        let apart = (upper.saturating_sub(lower)) as f64 / upper.max(1) as f64;
        format!("; the limit lies less than {:.1} % above it", apart * 100.0)
    });
    Some(format!(
        "{held} of {} there held{soak}{width}",
        things((held + missed) as u64, "trial")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    /// The answer of a search that ended with these bounds.
    fn answer_at(lower: Option<u64>, upper: Option<u64>, undecided: Option<u64>) -> String {
        let mut result = made_up::result();
        result.bounds = Bounds {
            lower,
            upper,
            undecided,
        };
        answer(&result)
    }

    #[test]
    fn a_load_that_stayed_undecided_is_not_told_as_missed() {
        assert_eq!(
            answer_at(Some(90), Some(120), Some(100)),
            "90 sockets held, 120 did not, 100 stayed undecided"
        );
        assert_eq!(
            answer_at(Some(90), None, Some(100)),
            "at least 90 sockets held, 100 stayed undecided"
        );
        assert_eq!(answer_at(None, None, Some(1)), "no load was decided");
        assert_eq!(
            answer_at(None, Some(50), Some(1)),
            "50 sockets did not hold, no smaller load was decided"
        );
        assert_eq!(answer_at(None, Some(1), None), "not even 1 socket held");
    }

    #[test]
    fn one_trial_is_not_told_as_all() {
        let mut result = made_up::result();
        result.trials.truncate(1);
        result.bounds.lower = Some(100);
        let facts = facts(&result);
        assert!(
            facts
                .iter()
                .any(|it| it == "Little's law holds in the one trial with replies")
        );
        assert!(facts.iter().any(|it| it.starts_with("1 of 1 trial there held")));
    }

    #[test]
    fn the_time_that_an_objective_limits_is_told() {
        let mut trial = made_up::result().trials[0].clone();
        let objective = &mut trial.objectives[0];
        (objective.figure, objective.value) = ("reply.p90".to_owned(), Some(100_100.0));
        assert!(head(&trial, Dimension::Sockets).contains(" reply.p90 "));
        assert!(line(&trial, Dimension::Sockets, Paper::Pipe).contains(" 100.1 ms "));
    }

    #[test]
    fn a_search_tells_each_trial_and_how_sure_the_answer_is() {
        let result = made_up::result();
        let mut text = head(&result.trials[0], result.dimension);
        for trial in &result.trials {
            text.push_str(&line(trial, result.dimension, Paper::Pipe));
        }
        text.push_str(&made_up::with_run(&result, |run| {
            render(run, &result, Detail::Usual, ("reports/capacity-x", Paper::Pipe))
        }));
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }
}
