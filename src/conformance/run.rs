//! A run of `check`: examines the target, chooses the cases, plays them side by side, and reports the result
//! of each.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;

use super::catalogue::Case;
use super::idle::{self, ServerPushes};
use super::likeness::{self, Likeness};
use super::outcome::{CaseResult, CheckEvent, HeldTo, RunResult, Verdict};
use super::probe::{self, Offers};
use super::punctual::Punctual;
use super::queue::{Begun, Queue, ToDo};
use super::reach::{self, CheckError};
use super::rehearsal;
use super::settings::CheckSettings;
use super::silence::IdleFinding;
use super::single::{Attempt, play_case, undecided, unplayed};
use super::{choice, context::RunContext, known};
use crate::clock::{Clock, Time};
use crate::driver::{Host, Lent, Line};
use crate::scenario::Level;

/// Replays the cases of `settings` against its target.
///
/// `stop` ends the run early: running cases are dropped, and results are kept.
///
/// # Errors
/// If nothing can be judged at the target.
pub async fn check(
    settings: CheckSettings,
    host: &dyn Host,
    on_event: &mut dyn FnMut(CheckEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<RunResult, CheckError> {
    LocalSet::new()
        .run_until(run(settings, host, on_event, stop))
        .await
}

/// Plays and judges one case, without examining the target first.
pub async fn judge_one(
    case: &Case,
    settings: CheckSettings,
    held_to: HeldTo,
    lent: Option<Box<dyn Lent>>,
) -> CaseResult {
    let context = Rc::new(RunContext {
        target: settings.target.clone(),
        timeout: settings.timeout,
        line: Line::default(),
        clock: Clock::start(),
        settings: Rc::new(settings),
    });
    let fresh = choice::Fresh::new(context.settings.seed, context.settings.retries).next_case();
    let attempt = Attempt {
        context,
        held_to,
        fresh,
        baseline: None,
        punctual: Punctual::default(),
    };
    LocalSet::new().run_until(play_case(case, attempt, lent)).await
}

async fn run(
    settings: CheckSettings,
    host: &dyn Host,
    on_event: &mut dyn FnMut(CheckEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<RunResult, CheckError> {
    let settings = Rc::new(settings);
    let clock = Clock::start();
    let begun = clock.now();
    tokio::pin!(stop);
    let fresh = choice::Fresh::new(settings.seed, settings.retries);
    let (context, offers, likeness) = tokio::select! {
        biased;
        () = &mut stop => return Ok(not_begun(&settings, Ended::Stopped)),
        limit = over(settings.max_time) => return Ok(not_begun(&settings, Ended::TooLong(limit))),
        looked = look(&settings, clock, fresh.of_probe()) => looked?,
    };
    let held_to = held_to(&settings, likeness.as_ref());
    let chosen = choice::choose(&settings, &offers, held_to, host.restarts());
    on_event(CheckEvent::Started {
        target: &settings.target.url(),
        held_to,
        offers: &sentences(&offers, likeness.as_ref()),
        cases: chosen.run.len() + chosen.alone.len() + chosen.skipped.len(),
    });
    let mut cases = skipped(chosen.skipped, on_event);
    let (limit, longest) = settings.run_limits(context.line.round_trip());
    let pushes = ServerPushes::of(&offers, fresh.of_probe());
    let baseline = offers.baseline.map(Rc::new);
    let to_do = ToDo::new(chosen.run, chosen.alone);
    let mut queue = Queue::new(Rc::clone(&context), held_to, fresh, baseline, to_do);
    let punctual = queue.punctual.clone();
    let ended = tokio::select! {
        biased;
        () = &mut stop => Some(Ended::Stopped),
        taken = punctual.ended(clock, begun, limit, longest) => Some(Ended::TooLong(taken)),
        () = queue.work(host, &mut cases, on_event) => None,
    };
    cases.extend(
        queue
            .left()
            .map(|(case, begun)| unfinished(&case, begun, ended.as_ref())),
    );
    let unmet = known::unmet(&settings.known, &cases);
    let idle = match ended {
        Some(Ended::Stopped) => None,
        _ => measured(&context, pushes, begun, on_event, stop).await,
    };
    cases.sort_by(|a, b| (&a.id, a.transport).cmp(&(&b.id, b.transport)));
    Ok(RunResult {
        target: settings.target.url(),
        held_to,
        cases,
        warnings: likeness.map(|likeness| likeness.warnings()).unwrap_or_default(),
        unmet,
        cut_short: idle.is_none(),
        idle: idle.unwrap_or_default(),
        strict: settings.strict,
    })
}

/// The results of the cases that are skipped, each with its reason.
fn skipped(chosen: Vec<(Arc<Case>, String)>, on_event: &mut dyn FnMut(CheckEvent<'_>)) -> Vec<CaseResult> {
    let unplayed = |(case, why): (Arc<Case>, String)| unplayed(&case, Verdict::Skipped, why);
    let cases: Vec<CaseResult> = chosen.into_iter().map(unplayed).collect();
    for result in &cases {
        on_event(CheckEvent::CaseFinished(result));
    }
    cases
}

/// The idle time-outs, if they are to be measured; nothing if the user ends the run meanwhile.
async fn measured(
    context: &Rc<RunContext>,
    pushes: ServerPushes,
    run_began: Time,
    on_event: &mut dyn FnMut(CheckEvent<'_>),
    stop: Pin<&mut impl Future<Output = ()>>,
) -> Option<Vec<IdleFinding>> {
    tokio::select! {
        biased;
        () = stop => None,
        idle = idle::measure(context, pushes, run_began, on_event) => Some(idle),
    }
}

/// Connects to the target and finds out what it offers, and which version it behaves like if the user has not
/// named one.
async fn look(
    settings: &Rc<CheckSettings>,
    clock: Clock,
    first_fresh: u64,
) -> Result<(Rc<RunContext>, Offers, Option<Likeness>), CheckError> {
    let context = reached(settings, clock).await?;
    if let Some(room) = settings.room.as_ref().filter(|_| settings.needs_room()) {
        rehearsal::rehearse(&context, room, first_fresh).await?;
    }
    let looking = probe::look(&context, settings.room.as_ref(), first_fresh);
    // A server that answers nothing in that time offers nothing.
    let offers = tokio::time::timeout(context.line.look(), looking)
        .await
        .unwrap_or_else(|_| Offers::of_a_socket(context.target.transport()));
    let likeness = if settings.held_to.is_none() && offers.levels.contains(&Level::Lab) {
        // If a server stops answering here, its version stays unknown.
        let finding = likeness::find(&context, &offers, first_fresh);
        tokio::time::timeout(settings.longest_repetition(context.line.round_trip()), finding)
            .await
            .ok()
            .flatten()
    } else {
        None
    };
    Ok((context, offers, likeness))
}

/// Opens a first connection and measures its round trip. On a slow connection everything may take longer, up
/// to a limit.
pub(super) async fn reached(
    settings: &Rc<CheckSettings>,
    clock: Clock,
) -> Result<Rc<RunContext>, CheckError> {
    let (target, timeout) = (settings.target.clone(), settings.timeout);
    let mut context = RunContext {
        target,
        timeout,
        line: Line::default(),
        clock,
        settings: Rc::clone(settings),
    };
    let before = clock.now();
    let connection = reach::reach(&context).await?;
    let opening = clock.now().since(before);
    context.line = Line::measure(connection, settings.vsn, clock, opening).await;
    context.timeout = context.line.wait(timeout);
    Ok(Rc::new(context))
}

/// Waits for the time limit of the run, if there is one.
async fn over(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}

/// The result of a run that ended before any case started.
fn not_begun(settings: &CheckSettings, ended: Ended) -> RunResult {
    let held_to = settings.held_to.unwrap_or(HeldTo::TheLine);
    let cases = settings
        .cases
        .iter()
        .map(|case| unfinished(case, Begun::No, Some(&ended)))
        .collect();
    RunResult {
        target: settings.target.url(),
        held_to,
        cases,
        warnings: Vec::new(),
        unmet: Vec::new(),
        idle: Vec::new(),
        cut_short: matches!(ended, Ended::Stopped),
        strict: settings.strict,
    }
}

/// Why a run ended before its cases did.
enum Ended {
    Stopped,
    TooLong(Duration),
}

/// What the server is held to: what the user named, otherwise the version that it behaves like, otherwise
/// what clients survive.
fn held_to(settings: &CheckSettings, likeness: Option<&Likeness>) -> HeldTo {
    let like = || likeness.map(|likeness| HeldTo::Likeness(likeness.profile));
    settings.held_to.or_else(like).unwrap_or(HeldTo::TheLine)
}

/// What was found out about the target, one sentence each.
fn sentences(offers: &Offers, likeness: Option<&Likeness>) -> Vec<String> {
    let mut sentences = offers.sentences();
    sentences.extend(likeness.map(Likeness::sentence));
    sentences
}

/// The result of a case that had not started or not ended when the run ended.
fn unfinished(case: &Case, begun: Begun, ended: Option<&Ended>) -> CaseResult {
    let why = match ended {
        Some(Ended::Stopped) => "the run was ended".to_owned(),
        Some(Ended::TooLong(limit)) => {
            let limit = humantime::format_duration(*limit);
            format!("the run had taken {limit} (--max-time)")
        }
        None => "the run stopped at the first failure".to_owned(),
    };
    match begun {
        Begun::Yes { passed: 0 } => undecided(case, format!("{why} before this case was done")),
        Begun::Yes { passed } => CaseResult {
            runs: passed,
            ..undecided(
                case,
                format!("{why} before all runs of this case were done, after {passed} that passed"),
            )
        },
        Begun::No => unplayed(case, Verdict::NotRun, format!("{why} before this case began")),
    }
}
