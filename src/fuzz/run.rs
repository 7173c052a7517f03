//! A run: workers generate and play conversations side by side. Failures are shrunk afterwards.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::find::{Failed, Find, KindOfFailure};
use super::generate::{self, Ground, Offers};
use super::look::look;
use super::numbers::Numbers;
use super::play::{Script, Stage};
use super::prediction::StepInState;
use super::property::Property;
use super::settings::{Bound, FuzzError, FuzzSettings};
use crate::clock::{Clock, Time};
use crate::driver::ConnectionSettings;
use crate::profile::Profile;
use crate::scenario::ScenarioError;

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct FuzzResult {
    pub(crate) profile: Option<Profile>,
    pub(crate) offers: Offers,
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
    pub(crate) finds: Vec<Find>,
    /// Conversations that could not be judged, with a reason of one of them.
    pub(crate) undecided: u64,
    pub(crate) why_undecided: Option<String>,
    /// How often each kind of step was taken in each kind of state.
    pub(crate) covered: BTreeMap<StepInState, u64>,
    pub(crate) cut_short: bool,
    /// The reason why the server counts as gone, if it lets nobody in any more.
    pub(crate) gone: Option<String>,
}

/// An event of a run.
#[derive(Clone, Copy, Debug)]
pub enum FuzzEvent<'a> {
    /// The server is known, and the first conversations begin.
    Started {
        /// Its URL.
        target: &'a str,
        /// The version that it is held to.
        profile: Profile,
        /// The channels that it has.
        offers: Offers,
    },
    /// One more conversation was played.
    Played {
        /// How many so far.
        conversations: u64,
        /// How many of them failed.
        failed: u64,
    },
    /// A failure is being shrunk.
    Shrinking {
        /// The difference from the prediction.
        told: &'a str,
    },
}

/// How many conversations a thread plays at a time.
const AT_A_TIME: usize = 8;
/// The shortest limit of shrinking after a run with `--cases`.
const SHORTEST_SHRINKING: Duration = Duration::from_secs(60);
/// After so many conversations in a row whose clients were not let in, the server counts as gone.
const GONE_AFTER: usize = 40;
/// The most failures of one kind that are kept.
const MOST_OF_A_KIND: usize = 3;

/// Plays conversations until the bound is reached or `stop` ends it.
///
/// # Errors
/// If no conversation could be played.
pub(crate) async fn fuzz(
    settings: &FuzzSettings,
    on_event: &mut dyn FnMut(FuzzEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<FuzzResult, FuzzError> {
    LocalSet::new().run_until(run(settings, on_event, stop)).await
}

async fn run(
    settings: &FuzzSettings,
    on_event: &mut dyn FnMut(FuzzEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<FuzzResult, FuzzError> {
    let clock = Clock::start();
    let numbers = Arc::new(Numbers::anywhere());
    let mut stage = stage(settings, clock);
    let offers = look(&mut stage, settings, &numbers).await?;
    let ground = Ground {
        focus: settings.focus,
        offers,
        transport: settings.endpoint.target.transport(),
    };
    on_event(FuzzEvent::Started {
        target: &settings.endpoint.target.url(),
        profile: stage.profile,
        offers,
    });
    let mut result = FuzzResult {
        profile: Some(stage.profile),
        offers,
        ..FuzzResult::default()
    };
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
    for (_, kind) in found {
        on_event(FuzzEvent::Shrinking {
            told: &kind.first.flaw.told,
        });
        let mut find = Find::of(&kind, &stage, &numbers, settings, until).await?;
        if result.finds.iter().any(|it| it.name == find.name) {
            find.name.push_str(&format!("-{}", result.finds.len() + 1));
        }
        result.finds.push(find);
    }
    Ok(result)
}

fn stage(settings: &FuzzSettings, clock: Clock) -> Stage {
    Stage {
        connections: Rc::new(ConnectionSettings {
            endpoint: settings.endpoint.clone(),
            timeout: settings.timeout,
            clock,
        }),
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

type Kinds = BTreeMap<(Property, String), KindOfFailure>;

/// The failures of a run.
#[derive(Default)]
struct Failures {
    kinds: Kinds,
    /// The last failures, in a row, whose clients were not let in.
    shut_out: Vec<Failed>,
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
                    if failures.take(failed, result, &work) {
                        work.over.store(true, Ordering::Relaxed);
                    }
                    let failed = failures.kinds.values().map(|kind| kind.times).sum();
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

impl Failures {
    /// Takes the outcome of a conversation. Returns whether the run is over: at the first failure, if the user wants that, or because
    /// the server is gone.
    fn take(&mut self, failed: Option<Box<Failed>>, result: &mut FuzzResult, work: &Work) -> bool {
        let Some(failed) = failed else {
            self.keep_shut_out(result);
            return false;
        };
        if !failed.was_let_in() {
            self.shut_out.push(*failed);
            if self.shut_out.len() >= GONE_AFTER {
                result.gone.get_or_insert(self.shut_out[0].flaw.told.clone());
            }
            return result.gone.is_some();
        }
        self.keep_shut_out(result);
        // Later failures are left for another run.
        if !work.settings.fail_fast || self.kinds.is_empty() {
            self.keep(*failed);
        }
        work.settings.fail_fast
    }

    /// Keeps the failures of clients that were not let in, unless the server was gone: then they follow from that.
    fn keep_shut_out(&mut self, result: &mut FuzzResult) {
        for failed in std::mem::take(&mut self.shut_out) {
            if result.gone.is_some() || failed.flaw.property == Property::Undecided {
                result.undecided += 1;
                result.why_undecided.get_or_insert(failed.flaw.told);
            } else {
                self.keep(failed);
            }
        }
    }

    /// Keeps a failure, beside those of its kind.
    fn keep(&mut self, failed: Failed) {
        let key = (failed.flaw.property, failed.flaw.about.clone());
        match self.kinds.get_mut(&key) {
            None => {
                let kind = KindOfFailure {
                    first: failed,
                    others: Vec::new(),
                    times: 1,
                };
                self.kinds.insert(key, kind);
            }
            Some(kind) => {
                kind.times += 1;
                if kind.others.len() < MOST_OF_A_KIND {
                    kind.others.push(failed);
                }
            }
        }
    }
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
            let played = stage.play(&script, self.numbers.next()).await;
            let reached = script.prediction.reached.clone();
            let failed = played.flaw.map(|flaw| {
                Box::new(Failed {
                    number,
                    conversation,
                    script,
                    flaw,
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
