//! A run: workers generate and play conversations side by side. Failures are shrunk afterwards.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::corpus::{Corpus, CorpusResult, StillFailing};
use super::event::FuzzEvent;
use super::failures::{Failures, Kinds};
use super::find::Failed;
use super::generate::{self, Ground};
use super::look::{Looked, look};
use super::numbers::Numbers;
use super::play::Stage;
use super::prediction::StepInState;
use super::property::Flaw;
use super::result::FuzzResult;
use super::script::Script;
use super::settings::{Bound, FuzzError, FuzzSettings};
use super::shrinking::Shrinking;
use super::written;
use crate::clock::{Clock, Time};
use crate::driver::ConnectionSettings;
use crate::profile::Profile;
use crate::scenario::ScenarioError;
use crate::transport::Endpoint;

/// How many conversations a thread plays at a time.
const AT_A_TIME: usize = 8;
/// The shortest limit of shrinking after a run with `--cases`.
const SHORTEST_SHRINKING: Duration = Duration::from_secs(60);

/// Plays conversations until the bound is reached or `stop` ends it.
///
/// # Errors
/// If no conversation could be played.
pub(crate) async fn fuzz(
    settings: &FuzzSettings,
    corpus: &Corpus,
    on_event: &mut dyn FnMut(FuzzEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<FuzzResult, FuzzError> {
    LocalSet::new()
        .run_until(run(settings, corpus, on_event, stop))
        .await
}

async fn run(
    settings: &FuzzSettings,
    corpus: &Corpus,
    on_event: &mut dyn FnMut(FuzzEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<FuzzResult, FuzzError> {
    let clock = Clock::start();
    let numbers = Arc::new(Numbers::anywhere());
    let mut stage = stage(settings, clock);
    let (a, b) = looked(&stage, settings.profile, &numbers).await?;
    stage.profile = a.profile;
    let offers = b.map_or(a.offers, |b| a.offers.and(b.offers));
    let ground = Ground {
        focus: settings.focus,
        offers,
        transport: settings.endpoint.target.transport(),
    };
    let url = |endpoint: &Endpoint| endpoint.target.url();
    let other = settings.other.as_ref().zip(b);
    on_event(FuzzEvent::Started {
        target: &url(&settings.endpoint),
        profile: a.profile,
        other: other.map(|(it, b)| (url(it), b.profile)),
        offers,
    });
    let mut result = FuzzResult {
        profile: Some(a.profile),
        other_profile: b.map(|b| b.profile),
        offers,
        ..FuzzResult::default()
    };
    result.corpus = replayed(corpus, &stage, &numbers).await;
    if settings.fail_fast && result.has_failed() {
        return Ok(result);
    }
    let began = clock.now();
    let work = Work {
        next: AtomicU64::new(0),
        over: AtomicBool::new(false),
        numbers: Arc::clone(&numbers),
        settings: settings.clone(),
        profile: stage.profile,
        ground,
    };
    let found = generated(work, on_event, &mut result, stop).await?;
    let took = clock.now().since(began);
    let longest = match settings.bound {
        _ if result.cut_short || result.gone.is_some() => Duration::ZERO,
        Bound::Time(time) => time,
        Bound::Cases(_) => took.max(SHORTEST_SHRINKING),
    };
    let until = clock.now() + longest;
    let shrinking = Shrinking {
        stage,
        numbers,
        settings,
        until,
    };
    shrinking.all(found, &mut result, on_event).await?;
    Ok(result)
}

/// Plays the failures of earlier runs again.
async fn replayed(corpus: &Corpus, stage: &Stage, numbers: &Numbers) -> CorpusResult {
    let mut result = CorpusResult::default();
    for saved in &corpus.0 {
        let mut played = stage.play(&saved.script, numbers).await;
        if played.flaw.as_ref().is_some_and(Flaw::is_about_time) {
            played = stage.patient().play(&saved.script, numbers).await;
        }
        result.played += 1;
        if let Some(flaw) = played.flaw {
            result.failing.push(StillFailing {
                path: saved.path.clone(),
                property: flaw.property.name(),
                told: flaw.told.clone(),
                steps: written::steps_of(&saved.script.text),
                times: 0,
                flaw,
            });
        }
    }
    result
}

/// Looks at the server, and at the second one if there is one.
async fn looked(
    stage: &Stage,
    named: Option<Profile>,
    numbers: &Numbers,
) -> Result<(Looked, Option<Looked>), FuzzError> {
    let alone = |connections: &Rc<ConnectionSettings>| Stage {
        connections: Rc::clone(connections),
        other: None,
        ..stage.clone()
    };
    let a = look(&alone(&stage.connections), named, numbers).await?;
    let b = match &stage.other {
        Some(other) => Some(look(&alone(other), None, numbers).await?),
        None => None,
    };
    Ok((a, b))
}

fn stage(settings: &FuzzSettings, clock: Clock) -> Stage {
    let connections = |endpoint: &Endpoint| {
        Rc::new(ConnectionSettings {
            endpoint: endpoint.clone(),
            timeout: settings.timeout,
            clock,
        })
    };
    Stage {
        connections: connections(&settings.endpoint),
        other: settings.other.as_ref().map(connections),
        timeout: settings.timeout,
        profile: settings.profile.unwrap_or(Profile::DEFAULT),
    }
}

/// The news of a worker.
enum News {
    Played {
        messages: u64,
        reached: Vec<StepInState>,
        failed: Option<Box<Failed>>,
    },
    Wrong(ScenarioError),
}

/// Makes and plays conversations on several threads.
async fn generated(
    work: Work,
    on_event: &mut dyn FnMut(FuzzEvent<'_>),
    result: &mut FuzzResult,
    stop: impl Future<Output = ()>,
) -> Result<Kinds, FuzzError> {
    let (tell, mut news) = mpsc::unbounded_channel();
    let work = Arc::new(work);
    let mut threads = Vec::new();
    for _ in 0..work.settings.threads {
        let (work, tell) = (Arc::clone(&work), tell.clone());
        let built = std::thread::Builder::new().name("fuzz".to_owned());
        threads.push(built.spawn(move || work.work(&tell)).map_err(FuzzError::Thread)?);
    }
    drop(tell);
    tokio::pin!(stop);
    let mut failures = Failures::default();
    let mut wrong = None;
    loop {
        tokio::select! {
            biased;
            () = &mut stop, if !result.cut_short => {
                result.cut_short = true;
                work.over.store(true, Ordering::Relaxed);
            }
            told = news.recv() => match told {
                None => break,
                Some(News::Wrong(error)) => {
                    wrong = Some(error);
                    work.over.store(true, Ordering::Relaxed);
                }
                Some(News::Played { messages, reached, failed }) => {
                    result.conversations += 1;
                    result.messages += messages;
                    if failed.as_ref().is_none_or(|it| it.was_let_in()) {
                        for step in reached {
                            *result.covered.entry(step).or_default() += 1;
                        }
                    }
                    if failures.take(failed, result, &work.settings) {
                        work.over.store(true, Ordering::Relaxed);
                    }
                    let failed = failures.number();
                    on_event(FuzzEvent::Played { conversations: result.conversations, failed });
                }
            },
        }
    }
    for thread in threads {
        // A worker that panicked has said why.
        let _ = thread.join();
    }
    failures.keep_shut_out(result);
    wrong.map_or(Ok(failures.kinds), |error| Err(error.into()))
}

/// The state that the workers of a run share.
struct Work {
    next: AtomicU64,
    over: AtomicBool,
    numbers: Arc<Numbers>,
    settings: FuzzSettings,
    profile: Profile,
    ground: Ground,
}

impl Work {
    fn work(self: &Arc<Self>, tell: &mpsc::UnboundedSender<News>) {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without a runtime the run has been told of nothing, and ends without conversations.
        let Ok(runtime) = built else { return };
        let clock = Clock::start();
        let stage = Stage {
            profile: self.profile,
            ..stage(&self.settings, clock)
        };
        let end = match self.settings.bound {
            Bound::Time(limit) => Some(clock.now() + limit),
            Bound::Cases(_) => None,
        };
        let local = LocalSet::new();
        for _ in 0..AT_A_TIME {
            let (work, stage, tell) = (Arc::clone(self), stage.clone(), tell.clone());
            local.spawn_local(async move { work.play(&stage, end, &tell).await });
        }
        runtime.block_on(local);
    }

    async fn play(&self, stage: &Stage, end: Option<Time>, tell: &mpsc::UnboundedSender<News>) {
        while let Some(number) = self.another(stage, end) {
            let conversation = generate::conversation(self.settings.seed, number, self.ground);
            let script = match Script::new(&conversation, self.profile) {
                Ok(Some(script)) => script,
                Ok(None) => continue,
                Err(error) => {
                    let _ = tell.send(News::Wrong(error));
                    return;
                }
            };
            let played = stage.play(&script, &self.numbers).await;
            let reached = script.prediction.reached.clone();
            let failed = played.flaw.map(|flaw| {
                Box::new(Failed {
                    number,
                    conversation,
                    script,
                    flaw,
                    reference: played.reference,
                })
            });
            // If this cannot be sent, the run has ended.
            let _ = tell.send(News::Played {
                messages: played.messages,
                reached,
                failed,
            });
        }
    }

    /// The number of the next conversation, if there is one more.
    fn another(&self, stage: &Stage, end: Option<Time>) -> Option<u64> {
        let is_over =
            self.over.load(Ordering::Relaxed) || end.is_some_and(|end| stage.connections.clock.now() >= end);
        if is_over {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match self.settings.bound {
            Bound::Cases(most) if number >= most => None,
            Bound::Cases(_) | Bound::Time(_) => Some(number),
        }
    }
}
