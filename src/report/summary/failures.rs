//! What failed, grouped by the rule that was broken and by how: the probable first cause first, of each group one case
//! in full and the others by name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::super::paper::Paper;
use super::fields::Fields;
use super::{OWN, Onward, count, counted, family, groups, headline, profile, style};
use crate::conformance::{CaseResult, Finding, RunResult, Verdict, rules};
use crate::report::{Detail, Finished};
use crate::scenario::FailureKind;

/// Cases in which the same rule was broken in the same way.
struct Group<'r> {
    rules: Vec<&'r str>,
    cases: Vec<&'r CaseResult>,
}

/// All failures, and at the end how many cases each rule failed in.
pub(super) fn write(
    text: &mut String,
    finished: &Finished<'_>,
    detail: Detail,
    onward: &Onward,
    paper: Paper,
) {
    let groups = grouped(finished.run);
    for group in &groups {
        let shown = match detail {
            Detail::All => group.cases.len(),
            Detail::Usual | Detail::Quiet => 1,
        };
        promise(text, group, paper);
        for case in group.cases.iter().take(shown) {
            one(text, case, finished, onward, paper);
        }
        others(text, &group.cases[shown..], paper);
        text.push('\n');
    }
    broken_rules(text, finished.run, paper);
}

/// Cases that never came to what they judge, because a step that must work first did not.
pub(super) fn undecided(
    text: &mut String,
    finished: &Finished<'_>,
    detail: Detail,
    onward: &Onward,
    paper: Paper,
) {
    let mut cases: Vec<&CaseResult> = finished
        .run
        .cases
        .iter()
        .filter(|case| counted(case, finished.run) == Verdict::Undecided && case.finding.is_some())
        .collect();
    cases.sort_by_key(|case| steps(case));
    let shown = match detail {
        Detail::All => cases.len(),
        Detail::Usual | Detail::Quiet => cases.len().min(1),
    };
    for case in &cases[..shown] {
        one(text, case, finished, onward, paper);
    }
    others(text, &cases[shown..], paper);
    if !cases.is_empty() {
        text.push('\n');
    }
}

/// By rule and kind of finding, in the order of the rules.
fn grouped(run: &RunResult) -> Vec<Group<'_>> {
    let mut by_kind: BTreeMap<(Vec<&str>, FailureKind), Vec<&CaseResult>> = BTreeMap::new();
    for case in run.failed() {
        let kind = findings(case)
            .next()
            .map(|finding| finding.kind)
            .unwrap_or_default();
        by_kind.entry((case.broken(), kind)).or_default().push(case);
    }
    let mut groups: Vec<Group<'_>> = by_kind
        .into_iter()
        .map(|((rules, _), mut cases)| {
            cases.sort_by_key(|case| (place(case, &rules), steps(case)));
            Group { rules, cases }
        })
        .collect();
    let order = run.broken();
    groups.sort_by_key(|group| {
        let first = order.iter().position(|(rule, _)| group.rules.contains(rule));
        (first.unwrap_or(order.len()), Reverse(group.cases.len()))
    });
    groups
}

/// How far the case is from being about the rules: it cites them first, or later, or not at all.
fn place(case: &CaseResult, rules: &[&str]) -> usize {
    let cited = case.rules.iter().position(|rule| rules.contains(&rule.as_str()));
    cited.unwrap_or(usize::MAX)
}

fn findings(case: &CaseResult) -> impl Iterator<Item = &Finding> {
    [&case.finding, &case.close_finding].into_iter().flatten()
}

/// How long a case is: the shortest one shows best what is wrong.
fn steps(case: &CaseResult) -> usize {
    findings(case).next().map_or(usize::MAX, |finding| finding.steps)
}

/// The rules of a group, each with its promise.
fn promise(text: &mut String, group: &Group<'_>, paper: Paper) {
    let (bold, style) = (Style::new().bold(), style(Verdict::Fail).bold());
    let cases = count(group.cases.len(), "case");
    for id in &group.rules {
        let about = rules::find(id).map_or(String::new(), |rule| format!(": {}", rule.about));
        let begun = "broken ".len() + id.chars().count();
        let about = paper.hang(&format!("{about} ({cases})"), begun, 2);
        let _ = writeln!(text, "{style}broken{style:#} {bold}{id}{bold:#}{about}");
    }
}

/// One case in full.
fn one(text: &mut String, case: &CaseResult, finished: &Finished<'_>, onward: &Onward, paper: Paper) {
    let verdict = counted(case, finished.run);
    let what = case.message().unwrap_or_default();
    headline(text, verdict, &case.id, &what, paper);
    let fields = Fields {
        style: Style::new().dimmed(),
        paper,
    };
    if case.runs > 1 {
        let run = format!(
            "run {} of this case, after {} that passed",
            case.runs,
            case.runs - 1
        );
        fields.add(text, "when", &run);
    }
    let own = family(&case.id) == OWN;
    for (number, finding) in findings(case).enumerate() {
        if number > 0 {
            fields.add(text, "closing", &finding.what);
        }
        fields.facts(text, finding);
        if own || finding.step.is_some() && !finding.place.starts_with("scenarios/") {
            fields.add(text, "where", &finding.place);
        }
        fields.steps(text, finding);
        if number == 0 {
            fields.said(text, &finding.said);
        }
    }
    if let Some(note) = case.note.as_ref().filter(|note| **note != what) {
        fields.add(text, "note", note);
    }
    if let Some(pending) = &case.pending {
        fields.add_whole(text, "wrote", pending);
    }
    let mut next = vec![format!(
        "phxproof check {}{}{}",
        case.id,
        onward.replay,
        profile(case, finished.run)
    )];
    if !own {
        next.push(format!("phxproof show {}", case.id));
    }
    next.extend(
        case.broken()
            .iter()
            .filter(|id| rules::find(id).is_some())
            .map(|id| format!("phxproof explain {id}")),
    );
    for (number, command) in next.iter().enumerate() {
        fields.add_whole(text, if number == 0 { "next" } else { "" }, command);
    }
    if let Some(frames) = finished.frames_of(case) {
        fields.add_whole(text, "frames", &format!("{}{frames}", onward.results));
    }
}

/// The names of the other cases of a group.
fn others(text: &mut String, cases: &[&CaseResult], paper: Paper) {
    if cases.is_empty() {
        return;
    }
    let style = Style::new().dimmed();
    let _ = writeln!(
        text,
        "  {style}the same in {} (-v shows all in full):{style:#}",
        count(cases.len(), "more case")
    );
    let ids: Vec<String> = cases.iter().map(|case| case.id.to_string()).collect();
    groups::wrapped(text, &ids, paper);
}

/// Each broken rule, by the number of cases that found it broken.
fn broken_rules(text: &mut String, run: &RunResult, paper: Paper) {
    let mut rows = run.broken();
    if rows.len() < 2 {
        return;
    }
    rows.sort_by_key(|(_, cases)| Reverse(*cases));
    let _ = writeln!(text, "broken rules, by cases:");
    for (id, number) in rows {
        let about = rules::find(id).map_or("", |rule| rule.about);
        let line = format!("{number:>5}  {id}: {about}");
        let _ = writeln!(text, "{}", paper.hang(&line, 0, 7));
    }
    text.push('\n');
}
