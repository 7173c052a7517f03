//! The comparison for a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color, Style};

use super::settings::Matters;
use super::words::{Cells, condition, found, run_of, without_data};
use super::{ComparisonVerdict, RunComparison};
use crate::load::Change;
use crate::report::Detail;
use crate::report::paper::Paper;

/// The column in which the values of named lines start.
const INDENT: usize = 6;

/// The whole text.
pub(super) fn render(comparison: &RunComparison<'_>, detail: Detail, results: &str, paper: Paper) -> String {
    let mut text = String::new();
    if detail == Detail::Quiet {
        conditions(&mut text, comparison, paper);
        conclusion(&mut text, comparison, paper);
        return text;
    }
    for (name, run) in [("base", comparison.base), ("new", comparison.new)] {
        let value = format!("{}: {}", run.folder.display(), run_of(run));
        let _ = writeln!(text, "{name:<INDENT$}{}", paper.hang(&value, INDENT, INDENT));
    }
    text.push('\n');
    settings(&mut text, comparison);
    for doubt in &comparison.doubts {
        let _ = writeln!(text, "  {}", paper.hang(doubt, 2, 4));
    }
    if !comparison.doubts.is_empty() {
        text.push('\n');
    }
    timings(&mut text, comparison);
    let mut lacking = without_data(&comparison.timings);
    lacking.iter_mut().for_each(|it| it.0.push(':'));
    for (figures, why) in &lacking {
        let line = format!("{figures} not enough data; {why}");
        let _ = writeln!(text, "  {}", paper.hang(&line, 2, 4));
    }
    if !lacking.is_empty() {
        text.push('\n');
    }
    conditions(&mut text, comparison, paper);
    conclusion(&mut text, comparison, paper);
    let dim = Style::new().dimmed();
    let _ = writeln!(text, "{dim}results in {results}/{dim:#}");
    text
}

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

fn settings(text: &mut String, comparison: &RunComparison<'_>) {
    for (matters, heading) in [
        (
            Matters::ToLatencies,
            "different settings, from which a difference may come:",
        ),
        (Matters::Little, "also different:"),
    ] {
        let rows = || comparison.settings.iter().filter(|it| it.matters == matters);
        if rows().next().is_none() {
            continue;
        }
        let _ = writeln!(text, "  {heading}");
        for it in rows() {
            let _ = writeln!(text, "    {:<12}{} -> {}", it.name, it.base, it.new);
        }
        text.push('\n');
    }
}

fn timings(text: &mut String, comparison: &RunComparison<'_>) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    if comparison.known().next().is_none() {
        return;
    }
    let _ = writeln!(
        text,
        "  {dim}{:<16}{:>9}{:>9}{:>12}{:>10}  where it lies, 95 %{dim:#}",
        "", "base", "new", "difference", ""
    );
    for (it, shift) in comparison.known() {
        let cells = Cells::of(shift);
        let name = format!("{} {}", it.timing.name(), it.percentile);
        let change = it.change();
        let style = match change {
            Change::Slower => colored(AnsiColor::Red),
            Change::Faster => colored(AnsiColor::Green),
            Change::NotShown | Change::NotEnoughData => Style::new(),
        };
        let _ = writeln!(
            text,
            "  {bold}{name:<16}{bold:#}{:>9}{:>9}{:>12}{:>10}  {:<22}{style}{}{style:#}",
            cells.base,
            cells.new,
            cells.difference,
            cells.percent,
            cells.interval,
            change.name()
        );
    }
    text.push('\n');
}

fn conditions(text: &mut String, comparison: &RunComparison<'_>, paper: Paper) {
    for it in &comparison.conditions {
        let (word, why) = condition(&it.verdict);
        let color = match word {
            "shown" => AnsiColor::Red,
            "excluded" => AnsiColor::Green,
            _ => AnsiColor::Yellow,
        };
        let style = colored(color);
        let line = paper.hang(&format!("{}: {why}", it.text), 14, 14);
        let _ = writeln!(text, "  {style}{word:<10}{style:#}  {line}");
    }
    if !comparison.conditions.is_empty() {
        text.push('\n');
    }
}

/// The result in one line.
fn conclusion(text: &mut String, comparison: &RunComparison<'_>, paper: Paper) {
    let (word, color) = match (comparison.verdict(), comparison.conditions.is_empty()) {
        (ComparisonVerdict::Shown, _) => ("a condition of --fail-if is shown", AnsiColor::Red),
        (ComparisonVerdict::Undecided, _) => ("undecided", AnsiColor::Yellow),
        (ComparisonVerdict::Held, false) => ("nothing that --fail-if names", AnsiColor::Green),
        (ComparisonVerdict::Held, true) => ("compared", AnsiColor::Green),
    };
    let style = colored(color).bold();
    let told = found(comparison);
    let line = paper.hang(&told, word.len() + 2, 2);
    let _ = writeln!(text, "{style}{word}{style:#}; {line}");
}
