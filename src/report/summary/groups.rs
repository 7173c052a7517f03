//! Cases that need no line each: grouped by what is said of them, their ids below it, whole families as one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::{OWN, family, style};
use crate::conformance::{RunResult, Verdict};

/// Lists of ids are wrapped here.
const WIDTH: usize = 80;

/// Cases with one verdict that have a note, grouped by what it says.
pub(super) fn noted(text: &mut String, run: &RunResult, verdict: Verdict) {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in run
        .cases
        .iter()
        .filter(|case| case.verdict == verdict && case.finding.is_none())
    {
        if let Some(note) = &case.note {
            groups.entry(note).or_default().push(&case.id);
        }
    }
    for (note, ids) in &groups {
        let style = style(verdict);
        let _ = writeln!(text, "{style}{} {}{style:#}: {note}", verdict.name(), ids.len());
        wrapped(text, &whole_families(ids, run));
    }
    if !groups.is_empty() {
        text.push('\n');
    }
}

/// Cases that passed only when they were tried again.
pub(super) fn flaky(text: &mut String, run: &RunResult) {
    let ids: Vec<&str> = run
        .cases
        .iter()
        .filter(|case| case.flaky)
        .map(|case| &*case.id)
        .collect();
    if !ids.is_empty() {
        let style = style(Verdict::NonStrict);
        let _ = writeln!(
            text,
            "{style}flaky {}{style:#}: did not pass at once, but when tried again",
            ids.len()
        );
        wrapped(text, &whole_families(&ids, run));
        text.push('\n');
    }
}

/// Ids, with one `family/*` for all cases of a family if there are several.
fn whole_families(ids: &[&str], run: &RunResult) -> Vec<String> {
    let size = |of: &str| run.cases.iter().filter(|case| family(&case.id) == of).count();
    let mut shown: Vec<String> = Vec::new();
    for id in ids {
        let family = family(id);
        let here = ids.iter().filter(|id| super::family(id) == family).count();
        let whole = format!("{family}/*");
        if family == OWN || here == 1 || here < size(family) {
            shown.push((*id).to_owned());
        } else if shown.last() != Some(&whole) {
            shown.push(whole);
        }
    }
    shown
}

/// Ids, as many to a line as fit.
fn wrapped(text: &mut String, ids: &[String]) {
    let dim = Style::new().dimmed();
    let mut line = String::new();
    for (number, id) in ids.iter().enumerate() {
        let separator = if number + 1 < ids.len() { "," } else { "" };
        if !line.is_empty() && line.len() + id.len() + 4 > WIDTH {
            let _ = writeln!(text, " {dim}{line}{dim:#}");
            line.clear();
        }
        let _ = write!(line, " {id}{separator}");
    }
    let _ = writeln!(text, " {dim}{line}{dim:#}");
}
