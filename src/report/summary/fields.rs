//! Formats named lines below a headline, with values shortened for reading.

use std::fmt::Write as _;

use anstyle::Style;

use super::super::paper::Paper;
use crate::conformance::{Finding, Said, Way};
use crate::scenario::{shorten, shorten_bytes};

/// Named lines, below a headline.
pub(super) struct Fields {
    /// The style of the names.
    pub(super) style: Style,
    pub(super) paper: Paper,
}

impl Fields {
    /// The column in which values start.
    const INDENT: usize = 12;

    /// What was expected, and what happened instead.
    pub(super) fn facts(&self, text: &mut String, finding: &Finding) {
        self.add(text, "expected", &brief(&finding.expected));
        self.add(text, "actual", &brief(&finding.actual));
    }

    /// All details, for a file.
    pub(super) fn everything(&self, text: &mut String, finding: &Finding) {
        self.add(text, "expected", &finding.expected);
        self.add(text, "actual", &finding.actual);
        self.add(text, "where", &finding.place);
        if let Some(step) = &finding.step {
            self.add(text, "step", step);
        }
        if let Some(rule) = &finding.broken {
            self.add(text, "broken", rule);
        }
    }

    /// The failed step, after the steps before it.
    pub(super) fn steps(&self, text: &mut String, finding: &Finding) {
        let Some(step) = &finding.step else { return };
        for (number, line) in finding.before.iter().enumerate() {
            self.add(text, if number == 0 { "steps" } else { "" }, &format!("  {line}"));
        }
        self.add(
            text,
            if finding.before.is_empty() { "steps" } else { "" },
            &format!("> {step}"),
        );
    }

    /// The end of the conversation: actor, direction, time and message.
    pub(super) fn said(&self, text: &mut String, said: &[Said]) {
        let name_width = said
            .iter()
            .map(|it| it.actor.chars().count())
            .max()
            .unwrap_or_default();
        let time_width = said
            .iter()
            .map(|it| it.at.as_millis().to_string().len())
            .max()
            .unwrap_or_default();
        for (number, frame) in said.iter().enumerate() {
            let arrow = match frame.way {
                Way::Sent => '>',
                Way::Received => '<',
            };
            let (name, ms) = (&frame.actor, frame.at.as_millis());
            let line = format!(
                "{name:<name_width$} {arrow} {ms:>time_width$} ms  {}",
                brief(&frame.text)
            );
            self.add(text, if number == 0 { "said" } else { "" }, &line);
        }
    }

    /// Adds a named line; further lines are aligned with the first word.
    pub(super) fn add(&self, text: &mut String, name: &str, value: &str) {
        for (number, line) in value.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            let line = self.paper.hang(line, Self::INDENT, Self::INDENT);
            self.add_whole(text, name, &line);
        }
    }

    /// Adds a text for copying, which is not wrapped.
    pub(super) fn add_whole(&self, text: &mut String, name: &str, value: &str) {
        let style = self.style;
        let _ = writeln!(text, "  {style}{name:<8}{style:#}  {value}");
    }
}

/// Shortens long texts and long rows of bytes to their beginning and their length.
fn brief(text: &str) -> String {
    text.lines()
        .map(|line| shorten_bytes(&shorten(line)))
        .collect::<Vec<_>>()
        .join("\n")
}
