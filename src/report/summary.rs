//! What a run came to, as a person reads it: a line a family, then each failure with what was expected, what came
//! instead, where, and the command that repeats it; then what was skipped and why; then the verdict.

mod groups;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{Detail, Finished};
use crate::conformance::{CaseResult, Conclusion, Finding, HeldTo, RunResult, Verdict, rules};

/// Families with more cases than this have no marks.
const MOST_MARKS: usize = 32;
/// The family of scenarios that are files.
const OWN: &str = "own";

/// The whole summary.
pub(super) fn render(finished: &Finished<'_>, detail: Detail, replay: &str, results: &str) -> String {
    let run = finished.run;
    let mut text = String::new();
    if detail == Detail::Usual {
        families(&mut text, run);
    }
    for case in &run.cases {
        let undecided = case.verdict == Verdict::Undecided && case.finding.is_some();
        if case.failed(run.held_to, run.strict) || undecided {
            failure(&mut text, case, finished, replay);
        }
    }
    groups::noted(&mut text, run, Verdict::Undecided);
    if detail == Detail::Usual {
        non_strict(&mut text, run);
        closings(&mut text, run);
        groups::noted(&mut text, run, Verdict::Skipped);
        groups::noted(&mut text, run, Verdict::Pass);
        groups::flaky(&mut text, run);
    }
    conclusion(&mut text, finished);
    if detail == Detail::Usual {
        let dim = Style::new().dimmed();
        let _ = writeln!(text, "{dim}results in {results}{dim:#}");
    }
    text
}

/// The family of a case: `join` of `join/ok`; all scenarios of the user's own are one.
pub(super) fn family(id: &str) -> &str {
    match id.split_once('/') {
        Some((family, case))
            if !family.is_empty() && family != "." && family != ".." && !case.contains(['/', '.']) =>
        {
            family
        }
        _ => OWN,
    }
}

/// A number of things, in words.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The findings of a case as plain text.
pub(super) fn findings(case: &CaseResult) -> String {
    let mut text = String::new();
    for finding in [&case.finding, &case.close_finding].into_iter().flatten() {
        let _ = writeln!(text, "{}", finding.what);
        facts(&mut text, finding, Style::new());
    }
    if text.is_empty() {
        text.push_str(case.note.as_deref().unwrap_or_default());
    }
    text
}

const fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::NonStrict | Verdict::Undecided => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
        Verdict::Skipped => return Style::new().dimmed(),
    };
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

const fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '.',
        Verdict::NonStrict => '~',
        Verdict::Fail => 'F',
        Verdict::Skipped => '-',
        Verdict::Undecided => '?',
    }
}

/// How a case counts: a close that makes the run fail counts as a fail.
fn counted(case: &CaseResult, run: &RunResult) -> Verdict {
    if case.failed(run.held_to, run.strict) {
        Verdict::Fail
    } else {
        case.verdict
    }
}

/// `3 pass, 1 fail`: only what there is.
fn counts<'c>(
    cases: impl Iterator<Item = &'c CaseResult> + Clone,
    verdict: impl Fn(&CaseResult) -> Verdict,
) -> String {
    let parts = Verdict::ALL.into_iter().filter_map(|wanted| {
        let number = cases.clone().filter(|case| verdict(case) == wanted).count();
        let style = style(wanted);
        (number > 0).then(|| format!("{style}{number} {}{style:#}", wanted.name()))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A line a family: a mark for each case, and the counts.
fn families(text: &mut String, run: &RunResult) {
    let mut families: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        families.entry(family(&case.id)).or_default().push(case);
    }
    let name_width = families.keys().map(|name| name.len()).max().unwrap_or_default();
    let fits = |cases: &Vec<&CaseResult>| (cases.len() <= MOST_MARKS).then_some(cases.len());
    let mark_width = families.values().filter_map(fits).max().unwrap_or_default();
    for (name, cases) in &families {
        let _ = write!(text, "  {name:<name_width$}  ");
        let shown: &[&CaseResult] = if cases.len() <= MOST_MARKS { cases } else { &[] };
        for case in shown {
            let verdict = counted(case, run);
            let style = style(verdict);
            let _ = write!(text, "{style}{}{style:#}", mark(verdict));
        }
        let padding = mark_width - shown.len();
        let counts = counts(cases.iter().copied(), |case| counted(case, run));
        let _ = writeln!(text, "{:padding$}  {counts}", "");
    }
    if !families.is_empty() {
        text.push('\n');
    }
}

/// A case that counts against the server, or that was not decided.
fn failure(text: &mut String, case: &CaseResult, finished: &Finished<'_>, replay: &str) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let verdict = counted(case, finished.run);
    let style = style(verdict).bold();
    let what = case.message().unwrap_or_default();
    let _ = writeln!(
        text,
        "{style}{}{style:#} {bold}{}{bold:#}: {what}",
        verdict.name(),
        case.id
    );
    if let Some(finding) = &case.finding {
        facts(text, finding, dim);
    }
    if let Some(finding) = &case.close_finding {
        if case.finding.is_some() {
            let _ = writeln!(text, "  {dim}closing{dim:#}   {}", finding.what);
        }
        facts(text, finding, dim);
    }
    if let Some(frames) = finished.frames_of(case) {
        field(text, "frames", &frames, dim);
    }
    if verdict == Verdict::Fail {
        for id in case.rules.iter() {
            let about = rules::find(id).map_or(String::new(), |rule| format!(": {}", rule.about));
            field(text, "rule", &format!("{id}{about}"), dim);
        }
    }
    field(text, "next", &format!("phxproof check {}{replay}", case.id), dim);
    text.push('\n');
}

fn facts(text: &mut String, finding: &Finding, names: Style) {
    field(text, "expected", &finding.expected, names);
    field(text, "actual", &finding.actual, names);
    field(text, "where", &finding.place, names);
}

/// A named line; further lines of the same stand below its first word.
fn field(text: &mut String, name: &str, value: &str, style: Style) {
    for (number, line) in value.lines().enumerate() {
        let name = if number == 0 { name } else { "" };
        let _ = writeln!(text, "  {style}{name:<8}{style:#}  {line}");
    }
}

/// What a client survives, and Phoenix does not do: a line each.
fn non_strict(text: &mut String, run: &RunResult) {
    let mut found = false;
    for case in run
        .cases
        .iter()
        .filter(|case| counted(case, run) == Verdict::NonStrict)
    {
        let style = style(Verdict::NonStrict);
        let what = case.message().unwrap_or_default();
        let _ = writeln!(text, "{style}non-strict{style:#} {}: {what}", case.id);
        found = true;
    }
    if found {
        text.push('\n');
    }
}

/// Connections that closed otherwise than Phoenix closes them, where that does not count.
fn closings(text: &mut String, run: &RunResult) {
    let otherwise = |case: &&CaseResult| {
        matches!(case.close_verdict, Verdict::NonStrict | Verdict::Fail)
            && counted(case, run) != Verdict::Fail
    };
    let cases: Vec<&CaseResult> = run.cases.iter().filter(otherwise).collect();
    if cases.is_empty() {
        return;
    }
    let counts_not = match run.held_to {
        HeldTo::TheLine => ", which does not count here",
        HeldTo::Profile(_) | HeldTo::AnyRecorded => "",
    };
    let _ = writeln!(text, "closed otherwise than Phoenix{counts_not}:");
    for case in cases {
        let what = case.close_finding.as_ref().map_or("", |finding| &finding.what);
        let _ = writeln!(text, "  {}: {what}", case.id);
    }
    text.push('\n');
}

/// The last words: the verdict, the counts, the time.
fn conclusion(text: &mut String, finished: &Finished<'_>) {
    let run = finished.run;
    let (words, verdict) = match run.conclusion() {
        Conclusion::Held => ("all held", Verdict::Pass),
        Conclusion::FellShort => ("fell short", Verdict::Fail),
        Conclusion::Undecided if run.cut_short => ("undecided, as the run was cut short", Verdict::Undecided),
        Conclusion::Undecided => ("undecided", Verdict::Undecided),
    };
    let style = style(verdict).bold();
    let counts = counts(run.cases.iter(), |case| counted(case, run));
    let counts = if counts.is_empty() {
        "no case was judged".to_owned()
    } else {
        counts
    };
    let cut = if run.cut_short && verdict == Verdict::Fail {
        ", cut short"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "{style}{words}{style:#}: {counts}, in {}{cut}",
        took(finished.duration)
    );
}

/// A duration as a person says it.
fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::conformance::Strictness;

    fn plain(run: &RunResult, detail: Detail) -> String {
        let about = made_up::ABOUT;
        let finished = made_up::finished(run, &about);
        let text = render(
            &finished,
            detail,
            " --target ws://127.0.0.1:4000/socket",
            "reports/check-x/",
        );
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_run_with_every_verdict_tells_all_of_them() {
        insta::assert_snapshot!(plain(&made_up::run(), Detail::Usual));
    }

    #[test]
    fn a_quiet_run_tells_only_what_is_wrong() {
        insta::assert_snapshot!(plain(&made_up::run(), Detail::Quiet));
    }

    #[test]
    fn a_run_in_which_all_held_is_short() {
        insta::assert_snapshot!(plain(&made_up::good_run(), Detail::Usual));
    }

    #[test]
    fn a_run_that_was_cut_short_says_so() {
        let run = RunResult {
            cut_short: true,
            cases: Vec::new(),
            ..made_up::good_run()
        };
        let expected = "undecided, as the run was cut short: no case was judged, in 4.2 s\nresults in reports/check-x/\n";
        assert_eq!(plain(&run, Detail::Usual), expected);
    }

    #[test]
    fn where_closing_does_not_count_it_is_told_apart() {
        let run = RunResult {
            held_to: HeldTo::TheLine,
            ..made_up::run()
        };
        let text = plain(&run, Detail::Usual);
        assert!(
            text.contains(
                "closed otherwise than Phoenix, which does not count here:\n  malformed/text-empty: "
            ),
            "{text}"
        );
        assert!(text.contains("4 pass, 1 non-strict, 1 fail"), "{text}");
    }

    #[test]
    fn a_strict_run_counts_what_is_not_strict() {
        let run = RunResult {
            strict: Strictness::Strict,
            ..made_up::run()
        };
        assert!(
            plain(&run, Detail::Usual)
                .contains("fail handshake/minor-vsn: a vsn of 2.1.0 was let in\n  expected")
        );
    }

    #[test]
    fn a_family_that_is_skipped_as_a_whole_is_told_by_its_name() {
        let mut run = made_up::run();
        let sizes = CaseResult {
            id: "binary/sizes".into(),
            ..run.cases[0].clone()
        };
        run.cases.insert(1, sizes);
        let text = plain(&run, Detail::Usual);
        assert!(
            text.contains(
                "skipped 3: the target does not offer the lab channel\n  binary/*, events/replies\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn families_are_told_by_ids_and_files_are_their_own() {
        for (id, expected) in [
            ("join/ok", "join"),
            ("mine.yaml", "own"),
            ("a/mine.yaml", "own"),
            ("/a/b", "own"),
            ("../b", "own"),
        ] {
            assert_eq!(family(id), expected, "{id}");
        }
    }
}
