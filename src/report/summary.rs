//! The summary of a check on the terminal: one line per family, each failure with expected and actual, the
//! conversation before it and the command to repeat it, then the skipped cases, and the verdict.

mod failures;
mod families;
mod fields;
mod groups;

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::paper::Paper;
use super::{CheckFinished, Detail};
use crate::conformance::{CaseResult, CheckConclusion, HeldTo, RunResult, Verdict};
use crate::profile::Gate;
use crate::transport::Transport;
use fields::Fields;

/// The family name for scenario files of the user.
pub(super) const OWN: &str = "own files";

/// What a deviation is called that the user expects.
pub(super) const KNOWN: &str = "known";

/// How a case of this run is repeated.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The flags to add to `phxproof check CASE`; they start with a space unless there are none.
    pub flags: String,
    /// The transport that these flags choose; none if they leave the choice to the case.
    pub transport: Option<Transport>,
}

/// Where the reader can find out more.
#[derive(Clone, Debug)]
pub(super) struct Onward {
    /// How a case is repeated.
    pub(super) replay: Replay,
    /// The folder of the results, with a trailing slash.
    pub(super) results: String,
}

/// The whole summary.
pub(super) fn render(finished: &CheckFinished<'_>, detail: Detail, onward: &Onward, paper: Paper) -> String {
    let run = finished.run;
    let mut text = String::new();
    if detail != Detail::Quiet {
        families::rows(&mut text, run, paper);
    }
    let view = failures::View {
        finished,
        detail,
        onward,
        paper,
    };
    failures::write(&mut text, view);
    failures::undecided(&mut text, view);
    groups::noted(&mut text, run, Verdict::Undecided, detail, paper);
    groups::noted(&mut text, run, Verdict::NotRun, detail, paper);
    if detail != Detail::Quiet {
        non_strict(&mut text, run, paper);
        closings(&mut text, run, paper);
        groups::noted(&mut text, run, Verdict::Skipped, detail, paper);
        groups::noted(&mut text, run, Verdict::Pass, detail, paper);
        groups::flaky(&mut text, run, paper);
    }
    groups::known(&mut text, run, detail, paper);
    groups::pending(&mut text, run, paper);
    groups::warnings(&mut text, run, paper);
    super::idle::sentences(&mut text, &run.idle, paper);
    conclusion(&mut text, finished);
    if detail != Detail::Quiet {
        let dim = Style::new().dimmed();
        let _ = writeln!(text, "{dim}results in {}{dim:#}", onward.results);
    }
    text
}

/// The family of a case: `join` of `join/ok`; all scenarios of the user form one family.
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

/// A number with its noun, in the plural if needed.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The findings of a case as plain text.
pub(super) fn findings(case: &CaseResult) -> String {
    let mut text = String::new();
    let fields = Fields {
        style: Style::new(),
        paper: Paper::File,
    };
    for finding in case.findings() {
        let _ = writeln!(text, "{}", finding.what);
        fields.everything(&mut text, finding);
    }
    if let Some(testimony) = &case.testimony {
        fields.add(&mut text, "witness", &testimony.sentence());
    }
    if text.is_empty() {
        text.push_str(case.note.as_deref().unwrap_or_default());
    }
    text
}

const fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::NonStrict | Verdict::Undecided | Verdict::NotRun => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
        Verdict::Skipped => return Style::new().dimmed(),
    };
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// The flag for the version that the server was found to behave like, with a leading space, or nothing. A
/// lost push fails only if the version is detected, so then the flag is `--profile auto`.
fn profile(case: &CaseResult, run: &RunResult) -> String {
    let lost = Gate::NullJoinRef;
    match run.held_to {
        HeldTo::Profile(_) | HeldTo::TheLine => String::new(),
        HeldTo::Likeness(profile)
            if case.rules.iter().any(|rule| rule == lost.rule()) && !lost.holds_in(profile.phoenix()) =>
        {
            " --profile auto".to_owned()
        }
        HeldTo::Likeness(profile) => format!(" --profile {profile}"),
    }
}

/// The verdict that counts: a wrong close that makes the run fail counts as a fail.
fn counted(case: &CaseResult, run: &RunResult) -> Verdict {
    if case.failed(run.held_to, run.strict) {
        Verdict::Fail
    } else {
        case.verdict
    }
}

/// The word under which a case is counted: its verdict, or [`KNOWN`].
pub(super) fn word(case: &CaseResult, run: &RunResult) -> &'static str {
    match case.known {
        Some(_) => KNOWN,
        None => counted(case, run).name(),
    }
}

/// The words in their order, each with the number of its cases; only words that occur.
pub(super) fn words(run: &RunResult) -> Vec<(&'static str, usize)> {
    let all = Verdict::ALL.map(Verdict::name).into_iter().chain([KNOWN]);
    let number = |wanted| run.cases.iter().filter(|case| word(case, run) == wanted).count();
    all.map(|word| (word, number(word)))
        .filter(|(_, number)| *number > 0)
        .collect()
}

/// `3 pass, 1 fail, 2 known`
pub(super) fn counted_words(run: &RunResult) -> String {
    let words: Vec<String> = words(run)
        .iter()
        .map(|(word, number)| format!("{number} {word}"))
        .collect();
    if words.is_empty() {
        return "no case was judged".to_owned();
    }
    words.join(", ")
}

/// `3 pass, 1 fail, 2 known`: only verdicts that occur, and the deviations that the user expects.
fn counts<'c>(
    cases: impl Iterator<Item = &'c CaseResult> + Clone,
    verdict: impl Fn(&CaseResult) -> Verdict,
) -> String {
    let parts = Verdict::ALL.into_iter().filter_map(|wanted| {
        let new = cases.clone().filter(|case| case.known.is_none());
        let number = new.filter(|case| verdict(case) == wanted).count();
        let style = style(wanted);
        (number > 0).then(|| format!("{style}{number} {}{style:#}", wanted.name()))
    });
    let known = cases.clone().filter(|case| case.known.is_some()).count();
    let style = style(Verdict::NonStrict);
    let known = (known > 0).then(|| format!("{style}{known} known{style:#}"));
    parts.chain(known).collect::<Vec<_>>().join(", ")
}

/// `fail join/ok: what happened`
fn headline(text: &mut String, verdict: Verdict, id: &str, what: &str, paper: Paper) {
    let (bold, style) = (Style::new().bold(), style(verdict).bold());
    let begun = verdict.name().len() + 1 + id.chars().count();
    let what = paper.hang(&format!(": {what}"), begun, 2);
    let _ = writeln!(
        text,
        "{style}{}{style:#} {bold}{id}{bold:#}{what}",
        verdict.name()
    );
}

/// One line for each case in which the server differs from Phoenix in a way that clients survive.
fn non_strict(text: &mut String, run: &RunResult, paper: Paper) {
    let mut found = false;
    for case in run
        .cases
        .iter()
        .filter(|case| case.known.is_none() && counted(case, run) == Verdict::NonStrict)
    {
        let what = case.message().unwrap_or_default();
        headline(text, Verdict::NonStrict, &case.name(), &what, paper);
        found = true;
    }
    if found {
        text.push('\n');
    }
}

/// Connections that closed differently from Phoenix, if that does not count.
fn closings(text: &mut String, run: &RunResult, paper: Paper) {
    let otherwise = |case: &&CaseResult| {
        matches!(case.close_verdict, Verdict::NonStrict | Verdict::Fail)
            && case.known.is_none()
            && counted(case, run) != Verdict::Fail
    };
    let cases: Vec<&CaseResult> = run.cases.iter().filter(otherwise).collect();
    if cases.is_empty() {
        return;
    }
    let counts_not = match run.held_to {
        HeldTo::TheLine => ", which does not count here",
        HeldTo::Profile(_) | HeldTo::Likeness(_) => "",
    };
    let _ = writeln!(text, "closed otherwise than Phoenix{counts_not}:");
    for case in cases {
        let what = case.close_finding.as_ref().map_or("", |finding| &finding.what);
        let line = format!("{}: {what}", case.name());
        let _ = writeln!(text, "  {}", paper.hang(&line, 2, 4));
    }
    text.push('\n');
}

/// The end of the summary: the verdict, the counts and the time.
fn conclusion(text: &mut String, finished: &CheckFinished<'_>) {
    let run = finished.run;
    let (words, verdict) = match run.conclusion() {
        CheckConclusion::Held => ("all held", Verdict::Pass),
        CheckConclusion::FellShort => ("fell short", Verdict::Fail),
        CheckConclusion::Undecided if run.cut_short => {
            ("undecided, as the run was cut short", Verdict::Undecided)
        }
        CheckConclusion::Undecided => ("undecided", Verdict::Undecided),
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
        "{style}{words}{style:#}: {counts}{}, in {}{cut}",
        each(run),
        took(finished.duration)
    );
}

/// How often each case ran, if more than once.
fn each(run: &RunResult) -> String {
    let runs = || run.cases.iter().map(|case| case.runs).filter(|runs| *runs > 0);
    match (runs().min(), runs().max()) {
        (Some(least), Some(most @ 2..)) if least == most => format!(" ({most} runs of each)"),
        (_, Some(most @ 2..)) => format!(" (up to {most} runs of each)"),
        _ => String::new(),
    }
}

/// A duration in words. It counts whole milliseconds like `result.json`, so that a page that is written again says the same.
pub(super) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_millis() as f64 / 1e3),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests;
