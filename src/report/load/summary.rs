//! The summary of a load test for a person: times, messages, what both ends used, objectives, and the verdict with its
//! reasons. It fits the width of the terminal.

mod facts;
mod table;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::Detail;
use super::super::paper::Paper;
use super::LoadFinished;
use super::words::{grouped, in_unit, seconds, things};
use crate::load::{LoadConclusion, LoadResult, ObjectiveOutcome, ObjectiveStatus};
use crate::report::summary::took;

/// The column in which the values of named lines start.
const INDENT: usize = 14;

/// The whole summary.
pub(super) fn render(run: &LoadFinished<'_>, detail: Detail, results: &str, paper: Paper) -> String {
    let mut text = String::new();
    if detail != Detail::Quiet && run.trouble.is_none() {
        parts(&mut text, run.result, paper);
        table::render(&mut text, run.result, paper);
        facts::render(&mut text, run.result, paper);
    }
    objectives(&mut text, run, detail, paper);
    conclusion(&mut text, run, paper);
    if detail != Detail::Quiet {
        let dim = Style::new().dimmed();
        let _ = writeln!(text, "{dim}results in {results}/{dim:#}");
    }
    text
}

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// The duration of each phase.
fn parts(text: &mut String, result: &LoadResult, paper: Paper) {
    let dim = Style::new().dimmed();
    let took = &result.took;
    let all = [
        ("opening", took.opening_s),
        ("running", took.running_s),
        ("draining", took.draining_s),
        ("closing", took.closing_s),
    ];
    let all = all
        .into_iter()
        .filter(|it| it.1 >= 0.0005)
        .map(|(name, s)| format!("{name} {}", seconds(s)));
    let all: Vec<String> = all.collect();
    let _ = writeln!(text, "{dim}{}{dim:#}\n", paper.hang(&all.join(", "), 0, 2));
}

/// A named line, which continues below its value if it does not fit.
fn line(text: &mut String, (name, style): (&str, Style), value: &str, paper: Paper) {
    let value = paper.hang(value, INDENT, INDENT);
    let _ = writeln!(text, "  {style}{name:<10}{style:#}  {value}");
}

fn objectives(text: &mut String, run: &LoadFinished<'_>, detail: Detail, paper: Paper) {
    let told = run
        .objectives
        .iter()
        .filter(|it| !it.held || detail == Detail::Usual);
    let mut any = false;
    for it in told {
        any = true;
        let (mark, color) = match it.status() {
            ObjectiveStatus::Held => ("held", AnsiColor::Green),
            ObjectiveStatus::Missed => ("missed", AnsiColor::Red),
            ObjectiveStatus::NotMeasured => ("unknown", AnsiColor::Yellow),
        };
        let value = format!("{}: {}", it.text, value_of(it));
        line(text, (mark, colored(color)), &value, paper);
    }
    if any {
        text.push('\n');
    }
}

/// The measured value of an objective.
pub(super) fn value_of(outcome: &ObjectiveOutcome) -> String {
    let Some(value) = outcome.value else {
        return "not measured".to_owned();
    };
    let value = in_unit(outcome, value);
    match outcome.only {
        Some(count) => format!("{value}, of only {}", grouped(count)),
        None => value,
    }
}

/// The end of the summary: the verdict with its reasons, and the time.
fn conclusion(text: &mut String, run: &LoadFinished<'_>, paper: Paper) {
    let (words, color, reasons): (_, _, &[String]) = match run.conclusion {
        LoadConclusion::Held => ("all held", AnsiColor::Green, &[]),
        LoadConclusion::FellShort(reasons) => ("fell short", AnsiColor::Red, reasons),
        LoadConclusion::Undecided(reasons) => ("undecided", AnsiColor::Yellow, reasons),
    };
    let style = colored(color).bold();
    let short = match run.result.sockets.joined {
        0 => String::new(),
        joined => {
            let (requests, sends) = (run.result.latency_us.http.count, run.result.messages.sent);
            let did = match (requests, sends) {
                (0, sends) => things(sends, "send"),
                (requests, 0) => things(requests, "request"),
                (requests, sends) => format!("{}, {}", things(requests, "request"), things(sends, "send")),
            };
            format!(": {}, {did}", things(joined, "socket"))
        }
    };
    let cut = if run.result.cut_short { ", cut short" } else { "" };
    for reason in reasons {
        let _ = writeln!(text, "  {}", paper.hang(reason, 2, 4));
    }
    let _ = writeln!(
        text,
        "{style}{words}{style:#}{short}, in {}{cut}",
        took(run.duration)
    );
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn plain(detail: Detail, paper: Paper) -> String {
        made_up::with_run(|run| {
            let text = render(run, detail, "reports/load-x", paper);
            anstream::adapter::strip_str(&text).to_string()
        })
    }

    #[test]
    fn a_run_tells_all_that_was_found() {
        insta::assert_snapshot!(plain(Detail::Usual, Paper::Pipe));
    }

    #[test]
    fn a_quiet_run_tells_only_what_is_wrong() {
        insta::assert_snapshot!(plain(Detail::Quiet, Paper::Pipe));
    }

    #[test]
    fn it_fits_the_terminal_and_breaks_no_word() {
        let wide = plain(Detail::Usual, Paper::Pipe);
        let words: Vec<&str> = wide.split_whitespace().collect();
        let shown = [60, 80, 110].map(|columns| {
            let narrow = plain(Detail::Usual, Paper::Columns(columns));
            for line in narrow.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
            let is_whole = |word: &&str| words.contains(word) || word.contains(['▁', '█']);
            let broken: Vec<&str> = narrow.split_whitespace().filter(|it| !is_whole(it)).collect();
            assert!(broken.is_empty(), "{columns}: {broken:?}");
            format!("{columns}:\n{narrow}\n")
        });
        insta::assert_snapshot!(shown.concat());
    }
}
