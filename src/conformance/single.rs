//! Plays one case, judges it, retries it if that was asked for, and writes its fixture.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::catalogue::Case;
use super::choice::Fresh;
use super::context::RunContext;
use super::excerpt;
use super::invariants;
use super::judge::{self, Judgement};
use super::log::Log;
use super::normalise::{RunNames, log_of};
use super::offered::{Baseline, offered, setting};
use super::outcome::{CaseRecording, CaseResult, HeldTo, NamedBy, Pace, Recorded, Verdict};
use super::punctual::Punctual;
use super::symptoms;
use super::update;
use crate::driver::Lent;
use crate::protocol::Vsn;
use crate::scenario::{Play, PlayStatus};

/// What is needed to play a case.
pub(super) struct Attempt {
    pub(super) context: Rc<RunContext>,
    pub(super) held_to: HeldTo,
    pub(super) fresh: u64,
    pub(super) baseline: Option<Rc<Baseline>>,
    pub(super) punctual: Punctual,
}

/// A case that was played.
pub(super) struct Played {
    pub(super) case: Arc<Case>,
    pub(super) result: CaseResult,
}

/// Plays a case, and retries it if it did not pass and retries are left.
pub(super) async fn play_case(case: &Case, attempt: Attempt, mut lent: Option<Box<dyn Lent>>) -> CaseResult {
    let retries = attempt.context.settings.retries;
    let mut tries = 0;
    loop {
        let mut result = play_once(case, &attempt, tries, &mut lent).await;
        let held = result.verdict == Verdict::Pass && result.close_verdict == Verdict::Pass;
        if held || tries == retries {
            result.flaky = held && tries > 0;
            return result;
        }
        tries += 1;
    }
}

async fn play_once(
    case: &Case,
    attempt: &Attempt,
    tries: u32,
    lent: &mut Option<Box<dyn Lent>>,
) -> CaseResult {
    let target = match lent {
        None => attempt.context.target.clone(),
        Some(lent) => lent.target(),
    };
    let context = Rc::new(RunContext {
        target: target.over(case.transport),
        ..(*attempt.context).clone()
    });
    let fresh = Fresh::again(attempt.fresh, tries);
    // The numbers for the topics of the room must differ from those for the names of the case.
    let offers = offered(&context.settings, attempt.baseline.as_deref(), fresh + 50);
    let mut play = Play::new(Arc::clone(&case.program), setting(&context, offers, fresh));
    let begun = context.clock.now();
    let held_to = attempt.held_to;
    // Unless a case says otherwise, the recorded servers used 2.0.0.
    let judged = case.program.vsn.is_some() || play.vsn() == Vsn::V2;
    let complete = |play: &Play| !judged || judge::complete(case, held_to, &log(case, play));
    let patience = patience(held_to, &context);
    context.drive(&mut play, lent.as_mut(), complete, patience).await;
    let log = log(case, &play);
    let breach = invariants::breach(case, held_to, &play);
    let judgement = match play.progress() {
        PlayStatus::Failed(failure) => judge::failed(case, failure),
        _ if breach.is_some() => judge::breached(breach),
        _ if judged => judge::held(case, held_to, &log),
        _ => steps_only(),
    };
    let judgement = named_by_recording(judgement, case, &play);
    let judgement = noted(judgement, &play);
    let judgement = explained(judgement, case, &play);
    let written = update::write(case, &context.settings, held_to, &log, &judgement).transpose();
    let duration = context.clock.now().since(begun);
    let mut result = result(case, judgement, written, duration, &play);
    result.pace = attempt.punctual.pace_since(begun);
    result
}

/// How long to wait for messages that the fixture contains and no step waits for. If the server is not held
/// to a version, the wait is short.
fn patience(held_to: HeldTo, context: &RunContext) -> Duration {
    match held_to {
        HeldTo::Profile(_) | HeldTo::Likeness(_) => context.timeout,
        HeldTo::TheLine => context
            .timeout
            .min(Duration::from_millis(300) + context.line.round_trip()),
    }
}

/// The log of a play, in the form of fixtures.
pub(super) fn log(case: &Case, play: &Play) -> Log {
    let fresh: Vec<(&str, &str)> = play.named_values().collect();
    log_of(play.recording(), &names(case, play, &fresh))
}

fn names<'a>(case: &'a Case, play: &Play, fresh: &'a [(&'a str, &'a str)]) -> RunNames<'a> {
    RunNames {
        program: &case.program,
        fresh,
        vsn: play.vsn(),
    }
}

/// Adds the size of the largest message of a failure and, if its recording shows a symptom, the rule that is broken.
fn named_by_recording(mut judgement: Judgement, case: &Case, play: &Play) -> Judgement {
    let Some(finding) = judgement
        .finding
        .as_mut()
        .filter(|_| judgement.verdict == Verdict::Fail)
    else {
        return judgement;
    };
    finding.largest = play.recording().largest_message();
    if let Some(symptom) = symptoms::of(case, play) {
        finding.what = format!("{}; {}", finding.what, symptom.what);
        finding.broken = Some(symptom.rule.to_owned());
        finding.named_by = NamedBy::Recording;
    }
    judgement
}

/// Adds the conversation to the findings.
fn explained(judgement: Judgement, case: &Case, play: &Play) -> Judgement {
    let fresh: Vec<(&str, &str)> = play.named_values().collect();
    let names = names(case, play, &fresh);
    let steps = case.program.acts().count();
    let explain = |finding| excerpt::explain(finding, play.recording(), &names, steps);
    Judgement {
        finding: judgement.finding.map(explain),
        close_finding: judgement.close_finding.map(explain),
        ..judgement
    }
}

/// Adds the play's note to a passing judgement that has no note.
fn noted(judgement: Judgement, play: &Play) -> Judgement {
    let note = judgement.note.or_else(|| match judgement.verdict {
        Verdict::Pass => play.told_note().map(str::to_owned),
        _ => None,
    });
    Judgement { note, ..judgement }
}

fn steps_only() -> Judgement {
    Judgement {
        verdict: Verdict::Pass,
        finding: None,
        close_verdict: Verdict::Pass,
        close_finding: None,
        note: Some("only its steps were compared: the recorded answers are of 2.0.0".to_owned()),
    }
}

fn result(
    case: &Case,
    judgement: Judgement,
    written: Result<Option<String>, String>,
    duration: Duration,
    play: &Play,
) -> CaseResult {
    let recorded = Recorded {
        recording: play.recording().clone(),
        actors: case.program.actors.clone(),
        vsn: play.vsn(),
    };
    let (pending, unwritten) = match written {
        Ok(pending) => (pending, None),
        Err(why) => (None, Some(why)),
    };
    CaseResult {
        id: Arc::clone(&case.id),
        transport: case.transport,
        about: case.about().into(),
        rules: case.rules().into(),
        level: case.level(),
        verdict: judgement.verdict,
        close_verdict: judgement.close_verdict,
        finding: judgement.finding,
        close_finding: judgement.close_finding,
        note: unwritten.or(judgement.note),
        pending,
        duration,
        known: None,
        flaky: false,
        testimony: None,
        runs: 1,
        pace: Pace::OnTime,
        recording: CaseRecording::Whole(Arc::new(recorded)),
    }
}

/// The result of a case that was not played.
pub(super) fn unplayed(case: &Case, verdict: Verdict, note: String) -> CaseResult {
    CaseResult {
        id: Arc::clone(&case.id),
        transport: case.transport,
        about: case.about().into(),
        rules: case.rules().into(),
        level: case.level(),
        verdict,
        close_verdict: verdict,
        finding: None,
        close_finding: None,
        note: Some(note),
        pending: None,
        duration: Duration::ZERO,
        known: None,
        flaky: false,
        testimony: None,
        runs: 0,
        pace: Pace::OnTime,
        recording: CaseRecording::None,
    }
}

pub(super) fn undecided(case: &Case, why: String) -> CaseResult {
    unplayed(case, Verdict::Undecided, why)
}
