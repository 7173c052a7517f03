//! Lists cases that need no line each: grouped by note, with their ids below, and whole families as one
//! entry.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anstyle::Style;

use super::super::paper::Paper;
use super::{OWN, family, style};
use crate::conformance::{CaseResult, RunResult, Verdict};
use crate::report::Detail;

/// The most lines of a list; `result.json` contains all.
const MOST_LINES: usize = 4;

/// The cases with this verdict and a note, grouped by the note.
pub(super) fn noted(text: &mut String, run: &RunResult, verdict: Verdict, detail: Detail, paper: Paper) {
    let mut groups: BTreeMap<&str, Vec<Arc<str>>> = BTreeMap::new();
    for case in run
        .cases
        .iter()
        .filter(|case| case.verdict == verdict && case.finding.is_none() && case.pending.is_none())
        .filter(|case| case.known.is_none())
    {
        if let Some(note) = &case.note {
            let note = match (verdict, detail) {
                (Verdict::Skipped, Detail::Usual | Detail::Quiet) => without_detail(note),
                _ => note,
            };
            groups.entry(note).or_default().push(case.name());
        }
    }
    for (note, ids) in &groups {
        let style = style(verdict);
        let head = format!("{} {}", verdict.name(), ids.len());
        let note = paper.hang(&format!(": {note}"), head.len(), 2);
        let _ = writeln!(text, "{style}{head}{style:#}{note}");
        wrapped(text, &whole_families(ids, run), paper);
    }
    if !groups.is_empty() {
        text.push('\n');
    }
}

/// Why a case is skipped, without the part after a semicolon.
fn without_detail(note: &str) -> &str {
    note.split("; ").next().unwrap_or(note)
}

/// Cases that passed only in a retry.
pub(super) fn flaky(text: &mut String, run: &RunResult, paper: Paper) {
    let flaky = run.cases.iter().filter(|case| case.flaky);
    let ids: Vec<Arc<str>> = flaky.map(CaseResult::name).collect();
    if !ids.is_empty() {
        let style = style(Verdict::NonStrict);
        let _ = writeln!(
            text,
            "{style}flaky {}{style:#}: did not pass at once, but when tried again",
            ids.len()
        );
        wrapped(text, &whole_families(&ids, run), paper);
        text.push('\n');
    }
}

/// The deviations that the user expects, by reason, and the expectations that no case met.
pub(super) fn known(text: &mut String, run: &RunResult, detail: Detail, paper: Paper) {
    let mut by_reason: BTreeMap<(Verdict, &str), Vec<Arc<str>>> = BTreeMap::new();
    for case in &run.cases {
        if let Some(reason) = &case.known {
            by_reason
                .entry((case.verdict, reason))
                .or_default()
                .push(case.name());
        }
    }
    let style = style(Verdict::NonStrict);
    if detail != Detail::Quiet {
        for ((verdict, reason), ids) in &by_reason {
            let head = format!("known {} {}", verdict.name(), ids.len());
            let reason = paper.hang(&format!(": {reason}"), head.len(), 2);
            let _ = writeln!(text, "{style}{head}{style:#}{reason}");
            wrapped(text, &whole_families(ids, run), paper);
        }
    }
    for unmet in &run.unmet {
        let unmet = paper.hang(&format!(": {unmet}"), "expect".len(), 2);
        let _ = writeln!(text, "{style}expect{style:#}{unmet}");
    }
    if !run.unmet.is_empty() || (detail != Detail::Quiet && !by_reason.is_empty()) {
        text.push('\n');
    }
}

/// The fixtures that were written, and what to do with them.
pub(super) fn pending(text: &mut String, run: &RunResult, paper: Paper) {
    // The plays of a case over two transports write the same one.
    let mut paths: Vec<&String> = run
        .cases
        .iter()
        .filter_map(|case| case.pending.as_ref())
        .collect();
    paths.dedup();
    if paths.is_empty() {
        return;
    }
    let bold = Style::new().bold();
    let next = ": look at what was written, then type the same with --accept instead of --update";
    let head = format!("pending {}", paths.len());
    let _ = writeln!(text, "{bold}{head}{bold:#}{}", paper.hang(next, head.len(), 2));
    let paths: Vec<Listed> = paths.into_iter().map(Listed::one).collect();
    wrapped(text, &paths, paper);
    text.push('\n');
}

/// An entry of a list: an id, or a family.
pub(super) struct Listed {
    pub(super) name: String,
    /// How many of the listed things it stands for.
    pub(super) count: usize,
}

impl Listed {
    /// An entry that stands for itself.
    pub(super) fn one(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            count: 1,
        }
    }
}

/// Ids, with one `family/*` for all cases of a family if there are several.
fn whole_families(ids: &[Arc<str>], run: &RunResult) -> Vec<Listed> {
    let size = |of: &str| run.cases.iter().filter(|case| family(&case.id) == of).count();
    let mut shown: Vec<Listed> = Vec::new();
    for id in ids {
        let family = family(id);
        let here = ids.iter().filter(|id| super::family(id) == family).count();
        let whole = format!("{family}/*");
        if family == OWN || here == 1 || here < size(family) {
            shown.push(Listed::one(&**id));
        } else if shown.last().is_none_or(|it| it.name != whole) {
            shown.push(Listed {
                name: whole,
                count: here,
            });
        }
    }
    shown
}

/// Entries, as many on a line as fit, up to the maximum number of lines.
pub(super) fn wrapped(text: &mut String, entries: &[Listed], paper: Paper) {
    let dim = Style::new().dimmed();
    let mut lines = vec![String::new()];
    for (number, Listed { name, .. }) in entries.iter().enumerate() {
        let (separator, mut line) = match lines.pop() {
            Some(line) if line.is_empty() => ("", line),
            Some(line) if line.chars().count() + name.chars().count() + 6 > paper.columns() => {
                lines.push(format!("{line},"));
                ("", String::new())
            }
            line => (", ", line.unwrap_or_default()),
        };
        if lines.len() == MOST_LINES {
            let more: usize = entries[number..].iter().map(|it| it.count).sum();
            lines.push(format!("and {more} more"));
            break;
        }
        let _ = write!(line, "{separator}{name}");
        lines.push(line);
    }
    for line in lines {
        let _ = writeln!(text, "  {dim}{line}{dim:#}");
    }
}

/// The warnings about the version that the server behaves like.
pub(super) fn warnings(text: &mut String, run: &RunResult, paper: Paper) {
    for warning in &run.warnings {
        let style = style(Verdict::Undecided);
        let told = format!(
            ": {}; mended in {}: phxproof explain {}",
            warning.about, warning.mended_in, warning.id
        );
        let told = paper.hang(&told, "warning".len(), 2);
        let _ = writeln!(text, "{style}warning{style:#}{told}");
    }
    if !run.warnings.is_empty() {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_leaves_out_is_counted_in_cases() {
        let family = |number: usize| Listed {
            name: format!("family-with-a-long-name-{number}/*"),
            count: 3,
        };
        let entries: Vec<Listed> = (0..20).map(family).collect();
        let mut text = String::new();
        wrapped(&mut text, &entries, Paper::Pipe);
        let shown = text.matches("/*").count();
        let more = format!("and {} more", (20 - shown) * 3);
        assert!(shown < 20 && text.contains(&more), "{text}");
    }
}
