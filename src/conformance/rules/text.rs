//! Formats a rule for `phxproof explain`, wrapped for a terminal and without colours.

use std::fmt;

use super::{Party, Rule};

/// The width of a line.
const WIDTH: usize = 100;
/// The width of the left margin, which contains the names of fields.
const MARGIN: usize = 12;

/// A rule together with the cases that check it and the faults that break it.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    pub(super) rule: &'static Rule,
    pub(super) cases: &'a [&'a str],
    pub(super) faults: &'a [&'a str],
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, cases, faults } = *self;
        write!(f, "{rule}")?;
        if let Some(what) = rule.breaks() {
            field(f, "phoenix.js", what)?;
        }
        match (cases, rule.party()) {
            ([], Party::Client) => field(f, "cases", "none: it is about clients, and check judges servers")?,
            ([], Party::Server) => field(f, "cases", "none")?,
            (cases, _) => field(f, "cases", &cases.join(", "))?,
        }
        if let Some(reason) = rule.untestable() {
            field(f, "untestable", reason)?;
        }
        if !faults.is_empty() {
            field(f, "faults", &faults.join(", "))?;
        }
        rule.unbroken()
            .map_or(Ok(()), |reason| field(f, "unbroken", reason))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n", self.id, self.about)?;
        wrapped(f, "  ", "  ", self.promise)?;
        writeln!(f)?;
        field(f, "versions", &self.versions.to_string())?;
        field(f, "source", self.source)?;
        self.note.map_or(Ok(()), |note| field(f, "note", note))
    }
}

/// A named line, whose further lines are aligned with its first word.
fn field(f: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    wrapped(f, &format!("  {name:<MARGIN$}"), &" ".repeat(MARGIN + 2), text)
}

/// Wraps text at spaces; a word that is longer than a line gets its own line.
fn wrapped(f: &mut fmt::Formatter<'_>, first: &str, next: &str, text: &str) -> fmt::Result {
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{line}")?;
            next.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    writeln!(f, "{line}")
}
