//! The fields of `result.json` of `check` as they are read; fields that are not needed are passed over.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::idle::{self, WrittenIdle};
use super::{PastCheck, PastError, SCHEMA, WrittenAbout};
use crate::conformance::{
    CaseRecording, CaseResult, Finding, HeldTo, IdleFinding, Pace, RunResult, Strictness, Testimony,
    TestimonyKind, Verdict, Warning,
};
use crate::profile::Profile;
use crate::scenario::Level;
use crate::transport::Transport;

#[derive(Deserialize)]
struct Written {
    schema: u64,
    command: String,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as they stand in the file")]
struct WrittenCheck {
    version: String,
    started_at: String,
    duration_ms: u64,
    target: String,
    profile: Option<String>,
    held_to: String,
    strict: bool,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    cut_short: bool,
    trouble: Option<String>,
    cases: Vec<WrittenCase>,
    warnings: Vec<WrittenWarning>,
    /// Older results do not have them.
    #[serde(default)]
    unmet_expectations: Vec<String>,
    #[serde(default)]
    idle: Vec<WrittenIdle>,
}

#[derive(Deserialize)]
struct WrittenCase {
    id: String,
    transport: String,
    about: String,
    verdict: String,
    close_verdict: String,
    rules: Vec<String>,
    level: Option<String>,
    duration_ms: u64,
    message: Option<String>,
    flaky: bool,
    runs: u32,
    known: Option<String>,
    pending: Option<String>,
    witness: Option<WrittenTestimony>,
    finding: Option<WrittenFinding>,
    close_finding: Option<WrittenFinding>,
    frames: Option<String>,
}

#[derive(Deserialize)]
struct WrittenFinding {
    what: String,
    expected: String,
    actual: String,
    place: String,
    step: Option<String>,
    broken: Option<String>,
}

#[derive(Deserialize)]
struct WrittenTestimony {
    client: String,
    kind: String,
    told: String,
}

#[derive(Deserialize)]
struct WrittenWarning {
    id: String,
    about: String,
    mended_in: String,
}

/// The command that wrote the file.
pub(super) fn command(path: &Path, text: &str) -> Result<String, PastError> {
    let path = path.to_owned();
    match serde_json::from_str::<Written>(text) {
        Err(why) => Err(PastError::NoResult {
            path,
            why: why.to_string(),
        }),
        Ok(Written { schema, .. }) if schema != SCHEMA => Err(PastError::OtherSchema { path, found: schema }),
        Ok(written) => Ok(written.command),
    }
}

/// The run of a `check`; else what is wrong with the text.
pub(super) fn check(folder: &Path, text: &str) -> Result<PastCheck, String> {
    let written: WrittenCheck = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let held_to = held_to(&written)?;
    let about = WrittenAbout {
        started_at: written.started_at,
        seed: written.seed,
        insecure: written.insecure,
    };
    let idle: Result<Vec<IdleFinding>, String> = written.idle.into_iter().map(idle::finding).collect();
    let cases: Result<Vec<CaseResult>, String> = written.cases.into_iter().map(case).collect();
    let warnings = written.warnings.into_iter().map(|it| Warning {
        id: it.id.into(),
        about: it.about.into(),
        mended_in: it.mended_in.into(),
    });
    Ok(PastCheck {
        folder: folder.to_owned(),
        version: written.version,
        about: about.read()?,
        duration: Duration::from_millis(written.duration_ms),
        exit_code: written.exit_code,
        trouble: written.trouble,
        run: RunResult {
            target: written.target,
            held_to,
            cases: cases?,
            warnings: warnings.collect(),
            unmet: written.unmet_expectations,
            idle: idle?,
            cut_short: written.cut_short,
            strict: if written.strict {
                Strictness::Strict
            } else {
                Strictness::Lenient
            },
        },
    })
}

fn held_to(written: &WrittenCheck) -> Result<HeldTo, String> {
    let profile = || {
        let name = written.profile.as_deref().unwrap_or_default();
        name.parse::<Profile>().map_err(|why| why.to_string())
    };
    match written.held_to.as_str() {
        "profile" => Ok(HeldTo::Profile(profile()?)),
        "auto" => Ok(HeldTo::Likeness(profile()?)),
        "what-a-client-survives" => Ok(HeldTo::TheLine),
        other => Err(format!("held_to is `{other}`")),
    }
}

fn case(written: WrittenCase) -> Result<CaseResult, String> {
    let unknown = |field: &str, value: &str| format!("{field} of case {} is `{value}`", written.id);
    let verdict = |field: &str, name: &str| {
        let found = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
        found.ok_or_else(|| unknown(field, name))
    };
    let level = written.level.as_deref().map(|name| {
        let found = Level::ALL.into_iter().find(|level| level.name() == name);
        found.ok_or_else(|| unknown("level", name))
    });
    let testimony = written.witness.map(|it| {
        let kind = TestimonyKind::ALL.into_iter().find(|kind| kind.name() == it.kind);
        Ok::<_, String>(Testimony {
            kind: kind.ok_or_else(|| unknown("witness", &it.kind))?,
            client: it.client,
            told: it.told,
        })
    });
    let transport = Transport::named(&written.transport);
    // The message is that of a finding, or else a note.
    let has_finding = written.finding.is_some() || written.close_finding.is_some();
    Ok(CaseResult {
        transport: transport.ok_or_else(|| unknown("transport", &written.transport))?,
        verdict: verdict("verdict", &written.verdict)?,
        close_verdict: verdict("close_verdict", &written.close_verdict)?,
        level: level.transpose()?,
        id: written.id.into(),
        about: written.about.into(),
        rules: written.rules.into(),
        finding: written.finding.map(finding),
        close_finding: written.close_finding.map(finding),
        testimony: testimony.transpose()?,
        note: written.message.filter(|_| !has_finding),
        pending: written.pending,
        duration: Duration::from_millis(written.duration_ms),
        flaky: written.flaky,
        known: written.known.map(Into::into),
        runs: written.runs,
        pace: Pace::OnTime,
        recording: if written.frames.is_some() {
            CaseRecording::Told
        } else {
            CaseRecording::None
        },
    })
}

fn finding(written: WrittenFinding) -> Finding {
    Finding {
        what: written.what,
        expected: written.expected,
        actual: written.actual,
        place: written.place,
        step: written.step,
        broken: written.broken,
        ..Finding::default()
    }
}
