//! Lists the failures grouped by broken rule and kind, with the most probable cause first. Of each group one
//! case is shown in full, and the others by name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::super::paper::Paper;
use super::fields::Fields;
use super::{OWN, Onward, Replay, count, counted, family, groups, headline, profile, style};
use crate::conformance::{CaseResult, RunResult, Verdict, rules};
use crate::report::folder::frames_of;
use crate::report::{CheckFinished, Detail};
use crate::scenario::FailureKind;
use crate::transport::Transport;

/// Cases in which the same rule was broken in the same way.
struct Group<'r> {
    rules: Vec<&'r str>,
    cases: Vec<&'r CaseResult>,
}

/// What to show, in which detail, and on which output.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) finished: &'a CheckFinished<'a>,
    pub(super) detail: Detail,
    pub(super) onward: &'a Onward,
    pub(super) paper: Paper,
}

/// All failures, followed by the number of failed cases for each rule.
pub(super) fn write(text: &mut String, view: View<'_>) {
    for group in &grouped(view.finished.run) {
        promise(text, group, view.paper);
        alike(text, &group.cases, view);
    }
    broken_rules(text, view.finished.run, view.paper);
}

/// Cases that could not judge anything, because a precondition failed.
pub(super) fn undecided(text: &mut String, view: View<'_>) {
    let mut by_what: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &view.finished.run.cases {
        if let Some(finding) = &case.finding
            && case.known.is_none()
            && counted(case, view.finished.run) == Verdict::Undecided
        {
            by_what.entry(&finding.what).or_default().push(case);
        }
    }
    for mut cases in by_what.into_values() {
        cases.sort_by_key(|case| steps(case));
        alike(text, &cases, view);
    }
}

/// Cases that failed in the same way: the first in full, the others by name; all in full with -v.
fn alike(text: &mut String, cases: &[&CaseResult], view: View<'_>) {
    let shown = match view.detail {
        Detail::All => cases.len(),
        Detail::Usual | Detail::Quiet => cases.len().min(1),
    };
    for case in &cases[..shown] {
        one(text, case, view);
    }
    others(text, &cases[shown..], view.paper);
    text.push('\n');
}

/// The failures by rule and kind of finding, in the order of the rules.
fn grouped(run: &RunResult) -> Vec<Group<'_>> {
    let mut by_kind: BTreeMap<(Vec<&str>, FailureKind), Vec<&CaseResult>> = BTreeMap::new();
    for case in run.failed() {
        let kind = case
            .findings()
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

/// How closely the case is about the rules: it cites them first, later, or not at all.
fn place(case: &CaseResult, rules: &[&str]) -> usize {
    let cited = case.rules.iter().position(|rule| rules.contains(&rule.as_str()));
    cited.unwrap_or(usize::MAX)
}

/// The number of steps of a case; the shortest case shows the failure best.
fn steps(case: &CaseResult) -> usize {
    case.findings().next().map_or(usize::MAX, |finding| finding.steps)
}

/// The rules of a group, each with its description.
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

/// Shows one case in full.
fn one(text: &mut String, case: &CaseResult, view: View<'_>) {
    let View {
        finished,
        onward,
        paper,
        ..
    } = view;
    let verdict = counted(case, finished.run);
    let what = case.message().unwrap_or_default();
    headline(text, verdict, &case.name(), &what, paper);
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
    for (number, finding) in case.findings().enumerate() {
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
    if let Some(testimony) = &case.testimony {
        fields.add(text, "witness", &testimony.sentence());
    }
    if let Some(note) = case.note.as_ref().filter(|note| **note != what) {
        fields.add(text, "note", note);
    }
    if let Some(pending) = &case.pending {
        fields.add_whole(text, "wrote", pending);
    }
    commands(text, case, view, &fields);
    if let Some(frames) = frames_of(case) {
        fields.add_whole(text, "frames", &format!("{}{frames}", onward.results));
    }
}

/// The commands to repeat a case, and to see more of it.
fn commands(text: &mut String, case: &CaseResult, view: View<'_>, fields: &Fields) {
    let mut next = vec![format!(
        "phxproof check {}{}{}{}",
        case.id,
        over(case, &view.onward.replay),
        view.onward.replay.flags,
        profile(case, view.finished.run)
    )];
    if family(&case.id) != OWN {
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
}

/// The flag that repeats a case over its transport, unless the other flags choose one.
fn over(case: &CaseResult, replay: &Replay) -> String {
    match replay.transport {
        None if case.transport != Transport::default() => format!(" --transport {}", case.transport),
        None | Some(_) => String::new(),
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
    let ids: Vec<groups::Listed> = cases
        .iter()
        .map(|case| groups::Listed::one(&*case.name()))
        .collect();
    groups::wrapped(text, &ids, paper);
}

/// Each broken rule with the number of cases that found it.
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
