//! The comparison as Markdown, for pull requests and summaries of jobs.

use std::fmt::Write as _;

use super::RunComparison;
use super::settings::Matters;
use super::words::{Cells, condition, found, run_of, without_data};
use crate::report::markdown::Plain;

/// The whole text.
pub(super) fn render(comparison: &RunComparison<'_>) -> String {
    let mut text = format!("**{}**\n\n", found(comparison));
    for (name, run) in [("base", comparison.base), ("new", comparison.new)] {
        let _ = writeln!(text, "- {name}: {}", Plain(&run_of(run)));
    }
    for it in &comparison.settings {
        let warning = match it.matters {
            Matters::ToLatencies => ", from which a difference may come",
            Matters::Little => "",
        };
        let (base, new) = (Plain(&it.base), Plain(&it.new));
        let _ = writeln!(text, "- different {}: {base} and {new}{warning}", it.name);
    }
    for doubt in &comparison.doubts {
        let _ = writeln!(text, "- {}", Plain(doubt));
    }
    text.push_str("\n| figure | base | new | difference | | with 95 % confidence | |\n| --- | ---: | ---: | ---: | ---: | --- | --- |\n");
    for (it, shift) in comparison.known() {
        let cells = Cells::of(shift);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            it.figure(),
            cells.base,
            cells.new,
            cells.difference,
            cells.percent,
            cells.interval,
            it.change().name()
        );
    }
    for (figures, why) in without_data(&comparison.timings) {
        let _ = writeln!(text, "| {figures} | | | | | {why} | not enough data |");
    }
    if !comparison.conditions.is_empty() {
        text.push_str("\n| condition | | |\n| --- | --- | --- |\n");
    }
    for it in &comparison.conditions {
        let (word, why) = condition(&it.verdict);
        let _ = writeln!(text, "| {} | {word} | {} |", Plain(&it.text), Plain(&why));
    }
    text
}
