//! Conducts a run: starts the shards, leads them through its phases, and puts together what they tell.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use super::control::{Control, Phase};
use super::event::{LoadError, LoadEvent, PhaseProgress};
use super::handshake::Request;
use super::ledger::Common;
use super::pace::Stream;
use super::plan::{Plan, ShardPlan};
use super::record::{Meant, Record};
use super::result::LoadResult;
use super::role::{CompiledScenarios, Sends};
use super::scout::Scout;
use super::series;
use super::settings::{InvalidSettings, LoadSettings};
use super::shard::{Blueprint, Reading, Shard};
use super::tables;
use crate::client::Config;
use crate::clock::{Clock, Time};

/// How often the conductor looks at the shards.
const LOOK: Duration = Duration::from_millis(20);
/// The load begins so long after the word is given, so that all shards have heard it.
const RUN_UP: Duration = Duration::from_millis(60);
/// Sockets that failed at first may still get in while others do; after so long without one, no more are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long after the end answers may still come, where somebody ended the run.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// So long after its end a second is told, even if a shard has not told what it counted.
const OVERDUE: Duration = Duration::from_millis(500);

/// Looks through what a run is to be, and opens nothing: whether it sends anything.
///
/// # Errors
/// What makes no sense, or is nothing for a swarm.
pub fn rehearse(settings: &LoadSettings) -> Result<Sends, LoadError> {
    Ok(cast(settings, 0)?.sends())
}

/// Runs a swarm, and returns when it is over. `stop` ends it in order before its time.
///
/// # Errors
/// What makes a run impossible, found before the first socket opens.
pub fn run(
    settings: &LoadSettings,
    on_event: &mut dyn FnMut(LoadEvent<'_>),
    stop: &AtomicBool,
) -> Result<LoadResult, LoadError> {
    // Numbers in the topics of different runs differ, and all follow from the seed.
    let run = settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
    let first_name = (run % 900 + 100) * 100_000_000_000;
    let mut cast = cast(settings, first_name)?;
    let plan = Plan::new(settings)?;
    on_event(LoadEvent::Planned(&plan));
    let clock = Clock::start();
    let questions = cast.questions(settings.marks);
    let scout = Scout {
        settings,
        cast: &cast,
        destination: plan.destination(),
        run: run ^ 1,
        first_name,
        clock,
        stop,
    };
    let found = scout.find_out(questions);
    let notes = cast.arrange(&found);
    let common = Common::new(cast.shared_topics.len(), &cast.silent);
    let control = Control::new(plan.shards.len());
    let blue = Blueprint {
        settings,
        cast: &cast,
        common: &common,
        control: &control,
        clock,
        requests: cast
            .roles
            .iter()
            .map(|role| Request::of(settings, role))
            .collect(),
        config: Config {
            heartbeat: settings.heartbeat,
            timeout: settings.timeout,
            ..Config::phoenix_js()
        },
        run,
        first_name,
    };
    let (sender, readings) = channel();
    let conductor = Conductor {
        settings,
        control: &control,
        clock,
        readings,
        on_event,
        stop,
        record: Record::new(settings, &plan, Meant::new(settings, &cast, notes)),
        sends: cast.sends(),
        began: Time::ZERO,
        heard: clock.now().whole_second(),
        told: vec![Time::ZERO; plan.shards.len()],
    };
    thread::scope(|scope| {
        let shards = start(scope, &blue, &plan, sender)?;
        conductor.conduct(shards)
    })
}

/// All roles, once it is certain that the wish makes sense.
fn cast(settings: &LoadSettings, first_name: u64) -> Result<CompiledScenarios, LoadError> {
    settings.check()?;
    let cast = CompiledScenarios::compile(&settings.shares, &settings.instead, settings.vsn, first_name)?;
    for (play, sockets) in settings.divided().into_iter().enumerate() {
        if let Some(before) = cast.first_sender(play)
            && before >= sockets as usize
        {
            return Err(LoadError::InvalidSettings(InvalidSettings::OnlyListeners {
                scenario: settings.shares[play].name.to_string(),
                sockets,
                needed: before + 1,
                instance: cast.plays[play].places.len(),
            }));
        }
    }
    Ok(cast)
}

/// Starts a thread for each shard of the plan.
fn start<'s>(
    scope: &'s Scope<'s, '_>,
    blue: &'s Blueprint<'s>,
    plan: &'s Plan,
    sender: Sender<Reading>,
) -> Result<Vec<Running<'s>>, LoadError> {
    let mut shards = Vec::new();
    for (number, shard) in plan.shards.iter().enumerate() {
        let sender = sender.clone();
        let stream = Stream {
            number,
            of: plan.shards.len(),
        };
        let thread = thread::Builder::new().name(format!("swarm-{number}"));
        let running = thread.spawn_scoped(scope, move || run_shard(blue, stream, shard, sender));
        shards.push(running.map_err(|error| {
            blue.control.enter(Phase::Over);
            LoadError::Shard(error)
        })?);
    }
    Ok(shards)
}

/// A shard that runs.
type Running<'s> = ScopedJoinHandle<'s, io::Result<()>>;

/// A thread of the swarm, from its begin to its end.
fn run_shard(
    blue: &Blueprint<'_>,
    stream: Stream,
    plan: &ShardPlan,
    readings: Sender<Reading>,
) -> io::Result<()> {
    let run = || {
        tables::prepare(plan.table)?;
        Shard::new(blue, stream, &plan.routes, readings)?.run()
    };
    let mut fallen = Fallen(Some(blue.control));
    let outcome = run();
    if outcome.is_ok() {
        fallen.0 = None;
    }
    outcome
}

/// Ends the run for all when a shard fails or panics: without it the others would wait for ever.
struct Fallen<'c>(Option<&'c Control>);

impl Drop for Fallen<'_> {
    fn drop(&mut self) {
        if let Some(control) = self.0 {
            control.enter(Phase::Over);
        }
    }
}

/// Leads the shards.
struct Conductor<'c> {
    settings: &'c LoadSettings,
    control: &'c Control,
    clock: Clock,
    readings: Receiver<Reading>,
    on_event: &'c mut dyn FnMut(LoadEvent<'_>),
    stop: &'c AtomicBool,
    record: Record,
    sends: Sends,
    /// When this part of the run began.
    began: Time,
    /// Until when the series goes.
    heard: Time,
    /// By shard, until when it has told what it counted.
    told: Vec<Time>,
}

impl Conductor<'_> {
    fn conduct(mut self, shards: Vec<Running<'_>>) -> Result<LoadResult, LoadError> {
        self.open();
        if self.is_stopped() {
            self.record.cut_short();
        } else if self.control.totals().1 > 0 {
            self.load();
        }
        for phase in [Phase::Draining, Phase::Stopped, Phase::Closing] {
            self.enter(phase);
            // A push waits no longer than its timeout, and closing has an end of its own.
            self.wait(Some(self.settings.timeout + PATIENCE), |it| {
                let enough = phase == Phase::Draining && it.has_waited_enough();
                it.control.all_done(phase) || enough
            });
            if phase == Phase::Draining && self.is_stopped() {
                self.record.cut_short();
            }
        }
        self.enter(Phase::Over);
        let mut failed = None;
        for shard in shards {
            match shard.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(io::Error::other("a shard panicked")),
            }
        }
        while let Ok(reading) = self.readings.try_recv() {
            self.record.take(&reading);
        }
        self.second(self.clock.now());
        match failed {
            Some(error) => Err(LoadError::Shard(error)),
            None => Ok(self.record.finish(self.settings, self.sends)),
        }
    }

    /// Who ends a run does not want to wait for answers that may never come.
    fn has_waited_enough(&self) -> bool {
        self.is_stopped() && self.clock.now().since(self.began) > LAST_ANSWERS
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.control.phase() == Phase::Over
    }

    fn enter(&mut self, phase: Phase) {
        let now = self.clock.now();
        let before = self.control.phase();
        self.record.took(before, now.since(self.began));
        self.began = now;
        if self.control.phase() != Phase::Over {
            self.control.enter(phase);
        }
        if series::name(before) != series::name(phase) {
            (self.on_event)(LoadEvent::Began(series::name(phase)));
        }
    }

    /// Waits until all have joined, or no more do.
    fn open(&mut self) {
        (self.on_event)(LoadEvent::Began("opening"));
        let asked = u64::from(self.settings.sockets);
        let scheduled = self.settings.arrival_stage().is_some();
        let (mut most, mut since) = (0, Time::ZERO);
        self.wait(None, |it| {
            let (_, joined) = it.control.totals();
            let now = it.clock.now();
            if joined > most {
                (most, since) = (joined, now);
            }
            let all_tried = it.control.all_done(Phase::Opening);
            // Long enough for a second attempt of those who had no answer to the first.
            let stalled = now.since(since) > it.settings.timeout + PATIENCE && !scheduled;
            joined >= asked || it.is_stopped() || (all_tried && now.since(since) > PATIENCE) || stalled
        });
    }

    fn load(&mut self) {
        let now = self.clock.now();
        self.record.took(Phase::Opening, now.since(self.began));
        self.began = now;
        (self.on_event)(LoadEvent::Began("running"));
        let start = now + RUN_UP;
        self.control.run_from(start);
        let end = start + self.settings.lasts();
        self.wait(Some(RUN_UP + self.settings.lasts()), |it| {
            it.clock.now() >= end || it.is_stopped()
        });
        let over = self.clock.now();
        self.record.loaded(over.min(end).since(start));
        if over < end {
            self.record.cut_short();
        }
    }

    /// Takes what the shards tell until something holds, or the time is up.
    fn wait(&mut self, at_most: Option<Duration>, mut done: impl FnMut(&Self) -> bool) {
        let end = at_most.map(|wait| self.clock.now() + wait);
        loop {
            match self.readings.recv_timeout(LOOK) {
                Ok(reading) => {
                    self.told[reading.shard] = reading.at;
                    self.record.take(&reading);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // All shards have ended.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.clock.now();
            let second = now.whole_second();
            let all_told = self.told.iter().all(|told| *told >= second);
            if second > self.heard && (all_told || now >= second + OVERDUE) {
                self.second(second);
            }
            if done(self) || end.is_some_and(|end| now >= end) {
                return;
            }
            self.progress(at_most);
        }
    }

    fn progress(&mut self, of: Option<Duration>) {
        let (open, joined) = self.control.totals();
        self.record.saw(joined);
        let phase = series::name(self.control.phase());
        let so_far = self.clock.now().since(self.began);
        let asked = self.settings.sockets.into();
        (self.on_event)(LoadEvent::Progress(PhaseProgress {
            phase,
            open,
            joined,
            asked,
            so_far,
            of,
        }));
    }

    /// Ends a second of the series.
    fn second(&mut self, at: Time) {
        self.heard = at;
        let (open, joined) = self.control.totals();
        let second = self
            .record
            .second(self.heard, self.control.phase(), (open, joined));
        (self.on_event)(LoadEvent::Second(&second));
        let so_far = self.record.so_far(self.settings, self.sends);
        (self.on_event)(LoadEvent::SoFar(&so_far));
    }
}
