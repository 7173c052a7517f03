//! `result.json` of `check`, and the parts that all commands share. Names of fields are a promise; more may come.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::folder::frames_of;
use super::object::{Shown, object, words};
use super::past::SCHEMA;
use super::{About, CheckFinished, CheckJob, Folder, ReportError, Reporter};
use crate::conformance::{
    CaseResult, CutBy, Finding, HeldTo, IdleFinding, RunResult, SilentDirection, Testimony, TestimonyKind,
    Verdict, Warning,
};
use crate::profile::Profile;
use crate::stream::Certificates;

/// Writes the file when the run is over.
pub struct Json {
    folder: Folder,
}

impl Json {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl Reporter<CheckJob> for Json {
    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        self.folder.write("result.json", &render(finished))?;
        Ok(())
    }
}

/// The content of the file.
fn render(finished: &CheckFinished<'_>) -> Vec<u8> {
    pretty(&Document::new(finished))
}

/// The first fields of `result.json`, the same for all commands but `report`.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    schema: u64,
    command: &'static str,
    version: &'static str,
    started_at: String,
    duration_ms: u64,
    target: &'a str,
    profile: Option<&'static str>,
}

impl<'a> Head<'a> {
    /// The head of a run of this command at a server, which behaves as this Phoenix version if that is known.
    pub(super) fn new(
        command: &'static str,
        about: &About,
        duration: Duration,
        (target, profile): (&'a str, Option<&'static str>),
    ) -> Self {
        Self {
            schema: SCHEMA,
            command,
            version: env!("CARGO_PKG_VERSION"),
            started_at: timestamp(about.started_at),
            duration_ms: millis(duration),
            target,
            profile,
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as they stand in the file")]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    held_to: &'static str,
    strict: bool,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    cut_short: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    summary: Summary,
    close_summary: Summary,
    cases: Vec<Case<'a>>,
    warnings: Shown<'a, [Warning]>,
    unmet_expectations: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    idle: Vec<Idle<'a>>,
}

#[derive(Serialize)]
struct Summary {
    pass: usize,
    non_strict: usize,
    fail: usize,
    skipped: usize,
    undecided: usize,
    not_run: usize,
    /// How many of all these the user expects; told once, beside the verdicts on answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<usize>,
}

#[derive(Serialize)]
struct Case<'a> {
    id: &'a str,
    transport: &'static str,
    about: &'a str,
    verdict: &'static str,
    close_verdict: &'static str,
    rules: &'a [String],
    broken: Vec<&'a str>,
    level: Option<&'static str>,
    duration_ms: u64,
    message: Option<String>,
    flaky: bool,
    runs: u32,
    /// The user's reason, if the user expects the deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Shown<'a, Finding>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_finding: Option<Shown<'a, Finding>>,
    /// The testimony of the official client (`--witness`).
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Shown<'a, Testimony>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<String>,
}

object! { Warning { id, about, mended_in } }
object! { Testimony { client, kind, told } }
words! { TestimonyKind {
    Breaks => "breaks", Unnoticed => "unnoticed", NotPlayable => "not-playable", Undecided => "undecided",
} }
object! { Finding {
    what, expected, actual, place, step if step.is_some(), broken if broken.is_some();
    kind, named_by, largest, actor, before, said, steps
} }

impl<'a> Document<'a> {
    fn new(finished: &CheckFinished<'a>) -> Self {
        let run = finished.run;
        let profile = run.held_to.profile().map(Profile::name);
        Self {
            head: Head::new("check", finished.about, finished.duration, (&run.target, profile)),
            held_to: match run.held_to {
                HeldTo::Profile(_) => "profile",
                HeldTo::Likeness(_) => "auto",
                HeldTo::TheLine => "what-a-client-survives",
            },
            strict: run.strict == crate::conformance::Strictness::Strict,
            seed: finished.about.seed,
            insecure: finished.about.certificates == Certificates::Insecure,
            exit_code: finished.exit_code,
            cut_short: run.cut_short,
            trouble: finished.trouble,
            summary: Summary {
                known: Some(run.cases.iter().filter(|case| case.known.is_some()).count()),
                ..Summary::of(run, |case| case.verdict)
            },
            close_summary: Summary::of(run, |case| case.close_verdict),
            cases: run.cases.iter().map(Case::new).collect(),
            warnings: Shown(&run.warnings[..]),
            unmet_expectations: &run.unmet,
            idle: run.idle.iter().map(Idle::new).collect(),
        }
    }
}

impl Summary {
    fn of(run: &RunResult, verdict: impl Fn(&CaseResult) -> Verdict) -> Self {
        let count = |wanted| run.cases.iter().filter(|case| verdict(case) == wanted).count();
        Self {
            pass: count(Verdict::Pass),
            non_strict: count(Verdict::NonStrict),
            fail: count(Verdict::Fail),
            skipped: count(Verdict::Skipped),
            undecided: count(Verdict::Undecided),
            not_run: count(Verdict::NotRun),
            known: None,
        }
    }
}

impl<'a> Case<'a> {
    fn new(case: &'a CaseResult) -> Self {
        Self {
            id: &case.id,
            transport: case.transport.name(),
            about: &case.about,
            verdict: case.verdict.name(),
            close_verdict: case.close_verdict.name(),
            rules: &case.rules,
            broken: case.broken(),
            level: case.level.map(crate::scenario::Level::name),
            duration_ms: millis(case.duration),
            message: case.message(),
            flaky: case.flaky,
            runs: case.runs,
            known: case.known.as_deref(),
            pending: case.pending.as_deref(),
            finding: case.finding.as_ref().map(Shown),
            close_finding: case.close_finding.as_ref().map(Shown),
            witness: case.testimony.as_ref().map(Shown),
            frames: frames_of(case),
        }
    }
}

/// One entry of `idle` in `result.json`.
#[derive(Serialize)]
struct Idle<'a> {
    transport: &'static str,
    direction: &'static str,
    traffic: &'a str,
    cut_after_ms: Option<u64>,
    alive_after_ms: Option<u64>,
    by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    heartbeat_leaves_ms: Option<i64>,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'a str>,
}

impl<'a> Idle<'a> {
    fn new(finding: &'a IdleFinding) -> Self {
        let (by, code) = match finding.by {
            None => (None, None),
            Some(CutBy::CloseFrame(code)) => (Some("close-frame"), code),
            Some(CutBy::Fin) => (Some("fin"), None),
            Some(CutBy::Rst) => (Some("rst"), None),
            Some(CutBy::Status(status)) => (Some("status"), Some(status)),
            Some(CutBy::Nothing) => (Some("nothing"), None),
            Some(CutBy::Other) => (Some("other"), None),
        };
        Self {
            transport: finding.transport.name(),
            direction: match finding.direction {
                SilentDirection::Both => "both",
                SilentDirection::FromClient => "from-client",
                SilentDirection::FromServer => "from-server",
                SilentDirection::Neither => "neither",
            },
            traffic: &finding.traffic,
            cut_after_ms: finding.cut_after.map(millis),
            alive_after_ms: finding.alive_after.map(millis),
            by,
            code,
            heartbeat_leaves_ms: finding.heartbeat_leaves_ms,
            sentence: &finding.sentence,
            warning: finding.warning.as_deref(),
        }
    }
}

/// A document as the text of a file.
pub(super) fn pretty(document: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(document).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339, in UTC, to the millisecond.
pub(super) fn timestamp(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn everything_that_was_promised_is_there() {
        let (run, about) = (made_up::run(), made_up::ABOUT);
        let text = String::from_utf8(render(&made_up::finished(&run, &about))).unwrap();
        insta::assert_snapshot!(text);
    }
}
