//! A run: looks at the target, chooses what can be judged there, plays the cases side by side and tells what each
//! came to.

use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use super::catalogue::Case;
use super::host::{Host, Lent};
use super::outcome::{CaseResult, Event, HeldTo, RunResult, Verdict};
use super::probe::{self, CheckError, Offers};
use super::settings::{Settings, StopAt};
use super::single::{Attempt, play_case};
use super::{choice, drive::Place};
use crate::clock::Clock;
use crate::profile::Profile;
use crate::scenario::Level;

/// A run ends after this long whatever the server does, unless a longer timeout is asked for.
const LONGEST_RUN: Duration = Duration::from_secs(55);

/// Replays the cases of `settings` against its target.
///
/// `stop` ends the run in order: what is under way is dropped, what was judged is kept.
///
/// # Errors
/// There is nothing at the target that could be judged.
pub async fn check(
    settings: Settings,
    host: &dyn Host,
    on_event: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Result<RunResult, CheckError> {
    LocalSet::new()
        .run_until(run(settings, host, on_event, stop))
        .await
}

/// Plays one case and judges it, without a look at the target first.
pub async fn judge_one(
    case: &Case,
    settings: Settings,
    held_to: HeldTo,
    lent: Option<Box<dyn Lent>>,
) -> CaseResult {
    let place = Rc::new(Place {
        target: settings.target.clone(),
        timeout: settings.timeout,
        clock: Clock::start(),
        settings: Rc::new(settings),
    });
    let fresh = choice::Fresh::new(place.settings.seed, 1).next_case();
    LocalSet::new()
        .run_until(play_case(
            case,
            Attempt {
                place,
                held_to,
                fresh,
            },
            lent,
        ))
        .await
}

async fn run(
    settings: Settings,
    host: &dyn Host,
    on_event: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Result<RunResult, CheckError> {
    let settings = Rc::new(settings);
    let place = reached(&settings).await?;
    let fresh = choice::Fresh::new(settings.seed, settings.cases.len());
    let offers = probe::look(&place, settings.room.as_ref(), fresh.of_probe()).await;
    let held_to = settings
        .held_to
        .unwrap_or_else(|| default_held_to(&offers, &settings));
    let chosen = choice::choose(&settings, &offers, host.restarts());
    on_event(Event::Started {
        target: &settings.target.url(),
        held_to,
        offers: &offers.sentences(),
        cases: chosen.run.len() + chosen.alone.len() + chosen.skipped.len(),
    });
    let mut cases: Vec<CaseResult> = chosen
        .skipped
        .into_iter()
        .map(|(case, why)| skipped(&case, why))
        .collect();
    for result in &cases {
        on_event(Event::CaseFinished(result));
    }
    let limit = LONGEST_RUN.max(place.timeout * 11);
    let mut queue = Queue {
        place,
        held_to,
        fresh,
        waiting: chosen.run.into(),
        alone: chosen.alone.into(),
        under_way: Vec::new(),
        tasks: JoinSet::new(),
    };
    let ended = tokio::select! {
        biased;
        () = stop => Some(Ended::Stopped),
        () = tokio::time::sleep(limit) => Some(Ended::TooLong(limit)),
        () = queue.work(host, &mut cases, on_event) => None,
    };
    let cut_short = matches!(ended, Some(Ended::Stopped));
    cases.extend(queue.left().map(|case| unfinished(&case, ended.as_ref())));
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(RunResult {
        target: settings.target.url(),
        held_to,
        cases,
        cut_short,
        strict: settings.strict,
    })
}

/// The target, if there is a Phoenix socket. One that takes long to let somebody in gets longer for everything.
async fn reached(settings: &Rc<Settings>) -> Result<Rc<Place>, CheckError> {
    let clock = Clock::start();
    let (target, timeout) = (settings.target.clone(), settings.timeout);
    let mut place = Place {
        target,
        timeout,
        clock,
        settings: Rc::clone(settings),
    };
    let before = clock.now();
    probe::reach(&place).await?;
    place.timeout = place.timeout.max(clock.now().since(before) * 10);
    Ok(Rc::new(place))
}

/// Why a run ended before its cases did.
enum Ended {
    Stopped,
    TooLong(Duration),
}

/// Whom a server is held to where nobody said so.
fn default_held_to(offers: &Offers, settings: &Settings) -> HeldTo {
    if settings.strict == super::outcome::Strictness::Strict {
        HeldTo::Profile(Profile::DEFAULT)
    } else if offers.levels.contains(&Level::Lab) {
        HeldTo::AnyRecorded
    } else {
        HeldTo::TheLine
    }
}

/// The cases that are still to be judged.
struct Queue {
    place: Rc<Place>,
    held_to: HeldTo,
    fresh: choice::Fresh,
    waiting: VecDeque<Arc<Case>>,
    alone: VecDeque<Arc<Case>>,
    under_way: Vec<Arc<Case>>,
    tasks: JoinSet<()>,
}

impl Queue {
    /// Runs all: side by side, then alone those that restart the server. Gives up at the first failure if that is
    /// asked for.
    async fn work(
        &mut self,
        host: &dyn Host,
        cases: &mut Vec<CaseResult>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) {
        let (done, mut results) = mpsc::unbounded_channel();
        loop {
            self.begin(&done, on_event);
            if self.under_way.is_empty() {
                break;
            }
            let Some(result) = results.recv().await else {
                return;
            };
            if self.finish(result, cases, on_event) {
                return;
            }
        }
        while let Some(case) = self.alone.front().cloned() {
            on_event(Event::CaseStarted(&case.id));
            let attempt = self.attempt();
            let result = match host.lend().await {
                Ok(lent) => play_case(&case, attempt, Some(lent)).await,
                Err(why) => undecided(&case, format!("no server could be started for it: {why}")),
            };
            self.alone.pop_front();
            if self.finish(result, cases, on_event) {
                return;
            }
        }
    }

    /// Begins as many cases as may run side by side.
    fn begin(&mut self, done: &mpsc::UnboundedSender<CaseResult>, on_event: &mut dyn FnMut(Event<'_>)) {
        while self.under_way.len() < self.place.settings.jobs.max(1) {
            let Some(case) = self.waiting.pop_front() else {
                return;
            };
            on_event(Event::CaseStarted(&case.id));
            self.under_way.push(Arc::clone(&case));
            let attempt = self.attempt();
            let done = done.clone();
            self.tasks.spawn_local(async move {
                // Nobody waits for it any more where the run has been stopped.
                let _ = done.send(play_case(&case, attempt, None).await);
            });
        }
    }

    /// What has not been judged.
    fn left(&mut self) -> impl Iterator<Item = Arc<Case>> {
        self.under_way
            .drain(..)
            .chain(self.waiting.drain(..))
            .chain(self.alone.drain(..))
    }

    fn attempt(&mut self) -> Attempt {
        Attempt {
            place: Rc::clone(&self.place),
            held_to: self.held_to,
            fresh: self.fresh.next_case(),
        }
    }

    /// Takes a result; says whether the run is to stop.
    fn finish(
        &mut self,
        mut result: CaseResult,
        cases: &mut Vec<CaseResult>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> bool {
        self.under_way.retain(|case| case.id != result.id);
        on_event(Event::CaseFinished(&result));
        result.recording = None;
        let settings = &self.place.settings;
        let stop = settings.stop == StopAt::FirstFailure && result.failed(self.held_to, settings.strict);
        cases.push(result);
        stop
    }
}

/// A result without a play.
fn unplayed(case: &Case, verdict: Verdict, note: String) -> CaseResult {
    CaseResult {
        id: Arc::clone(&case.id),
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
        flaky: false,
        recording: None,
    }
}

fn skipped(case: &Case, why: String) -> CaseResult {
    unplayed(case, Verdict::Skipped, why)
}

pub(super) fn undecided(case: &Case, why: String) -> CaseResult {
    unplayed(case, Verdict::Undecided, why)
}

fn unfinished(case: &Case, ended: Option<&Ended>) -> CaseResult {
    let why = match ended {
        Some(Ended::Stopped) => "the run was ended before this case was done".to_owned(),
        Some(Ended::TooLong(limit)) => {
            format!(
                "the run had taken {} when this case was not done",
                humantime::format_duration(*limit)
            )
        }
        None => "the run stopped at the first failure".to_owned(),
    };
    undecided(case, why)
}
