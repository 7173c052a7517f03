//! Leads the shards of a run through its phases and collects their readings.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use super::control::{Control, Phase};
use super::event::{LoadError, LoadEvent, PhaseProgress};
use super::record::Record;
use super::result::LoadResult;
use super::role::Sends;
use super::scaling::{Scale, Scaling};
use super::series;
use super::settings::{LoadSettings, Schedule};
use super::shard::Reading;
use super::steering::{NewRate, Unsteerable};
use crate::clock::{Clock, Time};

/// How often the conductor checks the shards.
const LOOK: Duration = Duration::from_millis(20);
/// Delay between announcing the load and starting it, so that every shard has seen the announcement.
const RUN_UP: Duration = Duration::from_millis(60);
/// Sockets that failed at first may still join while others do. After this time without a new join, the conductor
/// stops waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long replies may still arrive when the user has stopped the run.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// A second is reported this long after its end, even if a shard has not sent its reading.
const OVERDUE: Duration = Duration::from_millis(500);

/// The handle of a running shard.
pub(super) type Running<'s> = ScopedJoinHandle<'s, io::Result<()>>;

/// Leads the shards of a run.
pub(super) struct Conductor<'c> {
    pub(super) settings: &'c LoadSettings,
    /// How many sockets were requested.
    pub(super) asked: u64,
    pub(super) control: &'c Control,
    pub(super) clock: Clock,
    pub(super) readings: Receiver<Reading>,
    pub(super) on_event: &'c mut dyn FnMut(LoadEvent<'_>),
    pub(super) stop: &'c AtomicBool,
    pub(super) record: Record,
    pub(super) sends: Sends,
    /// The last change of the rate.
    pub(super) new_rate: Option<NewRate>,
    /// The wanted number of sockets of each scenario, where that changes.
    pub(super) wanted: Vec<u32>,
    /// When the current phase of the run started.
    pub(super) began: Time,
    /// The end of the last second that the series contains.
    pub(super) heard: Time,
    /// Per shard: the end of its last reading.
    pub(super) told: Vec<Time>,
}

impl Conductor<'_> {
    /// Leads the shards through all phases of the run.
    pub(super) fn conduct(mut self, shards: Vec<Running<'_>>) -> Result<LoadResult, LoadError> {
        match &self.settings.scaling {
            Some(scaling) => self.play(scaling),
            None => self.open_and_load(),
        }
        self.end(shards)
    }

    /// Opens all sockets, and then lasts as long as the settings say.
    fn open_and_load(&mut self) {
        self.open();
        if self.is_stopped() {
            self.record.cut_short();
        } else if self.control.totals().1 > 0 {
            self.load();
        }
    }

    fn end(mut self, shards: Vec<Running<'_>>) -> Result<LoadResult, LoadError> {
        for phase in [Phase::Draining, Phase::Stopped, Phase::Closing] {
            self.enter(phase);
            // A push waits at most for its timeout, and the closing phase has its own time limit.
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

    /// Whether the user stopped the run and the time for last replies is over.
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

    /// Waits until all sockets have joined, or no more sockets join.
    fn open(&mut self) {
        (self.on_event)(LoadEvent::Began("opening"));
        let asked = self.asked;
        let scheduled = self.settings.arrival_stage().is_some();
        let (mut most, mut since) = (0, Time::ZERO);
        self.wait(None, |it| {
            let (_, joined) = it.control.totals();
            let now = it.clock.now();
            if joined > most {
                (most, since) = (joined, now);
            }
            let all_tried = it.control.all_done(Phase::Opening);
            // Long enough for a second connect attempt of sockets whose first attempt timed out.
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
        self.settings.steering.lock(Unsteerable::Over);
        let over = self.clock.now();
        self.record.loaded(over.min(end).since(start));
        if over < end {
            self.record.cut_short();
        }
    }

    /// Lets sockets come and go by the orders of `scaling`, until it ends the run.
    fn play(&mut self, scaling: &Scaling) {
        (self.on_event)(LoadEvent::Began("running"));
        self.control.run_from(self.clock.now() + RUN_UP);
        self.wait(None, |it| it.is_stopped() || scaling.is_over());
        if self.is_stopped() {
            self.record.cut_short();
        }
        let lasted = self.clock.now().since(self.control.start());
        self.record.loaded(lasted);
    }

    /// Tells the shards the wanted number of sockets if it has changed, and publishes how many there are.
    fn scale(&mut self) {
        let Some(scaling) = &self.settings.scaling else {
            return;
        };
        if self.control.phase() <= Phase::Running
            && let Some(wanted) = scaling.take()
        {
            self.control.scale(wanted.clone());
            self.record.scaled(&self.wanted, &wanted);
            self.wanted = wanted;
        }
        scaling.publish(Scale {
            is_complete: self.control.is_scaled(),
            sockets: (0..self.settings.shares.len())
                .map(|play| self.control.came(play))
                .collect(),
        });
    }

    /// Tells the shards of another rate, if somebody asks for one. They see it before it holds, and the one before holds
    /// by then.
    fn steer(&mut self) {
        let now = self.clock.now();
        let is_loading = self.control.phase() == Phase::Running && now >= self.control.start();
        if !is_loading || self.new_rate.is_some_and(|it| now < it.at) {
            return;
        }
        if let Some(sends_per_s) = self.settings.steering.take() {
            let new = NewRate {
                at: now + RUN_UP,
                sends_per_s,
            };
            self.control.change_rate(new);
            self.record.changed(new);
            self.new_rate = Some(new);
        }
    }

    /// The rate that is asked for now.
    fn asked_rate(&self) -> f64 {
        let (now, start) = (self.clock.now(), self.control.start());
        if self.control.phase() != Phase::Running || now < start {
            return 0.0;
        }
        if let Schedule::PerSocket(_) = self.settings.schedule {
            return self.control.rate();
        }
        let new = self.new_rate.map(|it| it.sends_per_s);
        new.or_else(|| self.settings.schedule.rate_at(now.since(start)))
            .unwrap_or_default()
    }

    /// Collects readings until the condition holds or the time is up.
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
            self.steer();
            self.scale();
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
        let asked = self.record.asked();
        (self.on_event)(LoadEvent::Progress(PhaseProgress {
            phase,
            open,
            joined,
            asked,
            so_far,
            of,
        }));
    }

    /// Ends one second of the series.
    fn second(&mut self, at: Time) {
        self.heard = at;
        let (open, joined) = self.control.totals();
        let rate = self.asked_rate();
        if self.control.phase() == Phase::Running {
            self.record.loaded(at.since(self.control.start()));
        }
        let second = self
            .record
            .second(self.heard, self.control.phase(), (open, joined), rate);
        (self.on_event)(LoadEvent::Second(&second));
        let so_far = Arc::new(self.record.so_far(self.settings, self.sends));
        (self.on_event)(LoadEvent::SoFar(&so_far));
    }
}
