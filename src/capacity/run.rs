//! Runs a search: makes the trials that it asks for, holds the answer for longer, and measures the latency below it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::event::CapacityEvent;
use super::fit::{NoFit, fit};
use super::forecast::forecasts;
use super::goal::{Measured, TrialVerdict};
use super::judge::{impossible, judge};
use super::limit::Limit;
use super::result::{CapacityResult, Ended};
use super::search::{NextTrial, Search, Soak};
use super::settings::CapacitySettings;
use super::trial::{Asked, Trial, TrialPurpose};
use crate::clock::{Clock, Time};
use crate::load::{self, Histograms, LoadError, LoadEvent, LoadResult, Machine, Timing};

/// The latency is measured at these percentages of the answer.
const SHARES: [u8; 3] = [50, 75, 90];
/// The most attempts at a share of the answer whose trial is undecided.
const TRIES: usize = 2;
/// How often the clock is looked at while waiting between trials.
const LOOK: Duration = Duration::from_millis(20);

/// Searches, and returns when it is over. Setting `stop` ends it early, in an orderly way.
///
/// # Errors
/// The first trial finds an error that makes every trial impossible.
pub fn run(
    settings: &CapacitySettings,
    on_event: &mut dyn FnMut(CapacityEvent<'_>),
    stop: &AtomicBool,
) -> Result<CapacityResult, LoadError> {
    let mut run = Run {
        settings,
        on_event,
        stop,
        clock: Clock::start(),
        search: Search::new(settings.search()),
        trials: Vec::new(),
        held: BTreeMap::new(),
    };
    let (ended, soak) = run.find()?;
    if ended == Ended::Goal {
        run.measure_shares()?;
    }
    let bounds = run.search.bounds();
    let machine = Machine::this();
    let limited_by = match ended {
        Ended::Goal => Limit::at(bounds, &run.trials, &machine),
        Ended::Time | Ended::Noise | Ended::ServerGone | Ended::Unmeasured(_) | Ended::Stopped => Limit::Time,
    };
    Ok(CapacityResult {
        dimension: settings.dimension,
        bounds,
        limited_by,
        inversions: run.search.inversions(),
        soak,
        ended: match run.is_stopped() {
            true => Ended::Stopped,
            false => ended,
        },
        at_capacity: bounds
            .lower
            .and_then(|load| run.held.remove(&load))
            .map(|(_, it)| it),
        fit: fit(&run.trials, settings.dimension, settings.base.seed),
        forecasts: forecasts(&run.trials, settings.dimension, &machine),
        trials: run.trials,
        most: settings.most,
    })
}

/// The reason, as a full sentence, why an objective cannot be decided: neither the last trial, which went well otherwise, nor
/// an earlier one measured anything for it.
fn why_unmeasured(trials: &[Trial]) -> Option<String> {
    let last = trials.last()?;
    let is_measured = |text: &str| {
        let mut all = trials.iter().flat_map(|it| &it.objectives);
        all.any(|it| it.text == text && it.value.is_some())
    };
    let never = last.never_measured().find(|it| !is_measured(&it.text))?;
    let times = Timing::ALL.into_iter().filter(|timing| {
        let figures = last.latency_us.figures(*timing);
        figures.is_some_and(|it| it.count > 0)
    });
    let times: Vec<&str> = times.map(Timing::name).collect();
    Some(format!(
        "nothing was measured for the objective {}, so no trial can decide it; the times of this load are {}",
        never.text,
        times.join(", ")
    ))
}

struct Run<'r> {
    settings: &'r CapacitySettings,
    on_event: &'r mut dyn FnMut(CapacityEvent<'_>),
    stop: &'r AtomicBool,
    clock: Clock,
    search: Search,
    trials: Vec<Trial>,
    /// For each load that held the longest trial: its length and its result, without histograms.
    held: BTreeMap<u64, (Duration, LoadResult)>,
}

impl Run<'_> {
    /// Searches until the bounds are close and the answer was held for longer.
    fn find(&mut self) -> Result<(Ended, Soak), LoadError> {
        let ended = loop {
            let (purpose, load, duration) = match self.search.next() {
                NextTrial::Try {
                    purpose,
                    load,
                    duration,
                } => (purpose, load, duration),
                NextTrial::Over(soak) => return Ok((Ended::Goal, soak)),
                NextTrial::TooNoisy => break Ended::Noise,
            };
            if !self.has_time_for(load, duration) {
                break Ended::Time;
            }
            let (verdict, joined) = self.try_load(purpose, load, duration)?;
            if self.is_stopped() {
                break Ended::Stopped;
            }
            if let Some(why) = why_unmeasured(&self.trials) {
                break Ended::Unmeasured(why);
            }
            if joined == 0 && verdict == TrialVerdict::Undecided {
                break Ended::ServerGone;
            }
        };
        Ok((ended, Soak::NotTried))
    }

    /// Measures the latency at percentages of the answer, as far as there is time.
    fn measure_shares(&mut self) -> Result<(), LoadError> {
        let Some(answer) = self.search.bounds().lower else {
            return Ok(());
        };
        let duration = self.settings.goal.trial;
        for percent in SHARES {
            let load = (answer * u64::from(percent) / 100).max(*self.settings.range.start());
            for _ in 0..TRIES {
                if self.is_stopped() || !self.has_time_for(load, duration) {
                    return Ok(());
                }
                let (verdict, _) = self.try_load(TrialPurpose::Share(percent), load, duration)?;
                if verdict != TrialVerdict::Undecided {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes one trial. Returns its verdict, and how many sockets had joined.
    fn try_load(
        &mut self,
        purpose: TrialPurpose,
        load: u64,
        duration: Duration,
    ) -> Result<(TrialVerdict, u64), LoadError> {
        if !self.trials.is_empty() {
            self.pause();
        }
        let number = self.trials.len() + 1;
        let asked = Asked {
            number,
            purpose,
            load,
            duration,
        };
        (self.on_event)(CapacityEvent::Trying {
            number,
            purpose,
            load,
        });
        let began = self.clock.now();
        let on_event = &mut self.on_event;
        let mut tell = |event: LoadEvent<'_>| {
            if let LoadEvent::Progress(progress) = event {
                on_event(CapacityEvent::Progress(progress));
            }
        };
        let outcome = load::run(&self.settings.trial(load, duration, number), &mut tell, self.stop);
        let took = self.clock.now().since(began);
        let trial = match outcome {
            Ok(result) => {
                let trial = judge(asked, &result, self.settings, took);
                self.keep(&trial, result);
                trial
            }
            Err(LoadError::Plan(why)) => impossible(asked, why.to_string()),
            Err(error) => return Err(error),
        };
        let measured = Measured {
            load,
            duration,
            verdict: trial.verdict,
        };
        self.search.tell(purpose, measured);
        (self.on_event)(CapacityEvent::Tried(&trial));
        let outcome = (trial.verdict, trial.sockets);
        self.trials.push(trial);
        let so_far = self.so_far();
        (self.on_event)(CapacityEvent::SoFar(&so_far));
        Ok(outcome)
    }

    /// The result so far, without a fit and without forecasts.
    fn so_far(&self) -> CapacityResult {
        CapacityResult {
            dimension: self.settings.dimension,
            trials: self.trials.clone(),
            bounds: self.search.bounds(),
            limited_by: Limit::Time,
            inversions: self.search.inversions(),
            soak: Soak::NotTried,
            ended: Ended::Stopped,
            at_capacity: None,
            fit: Err(NoFit::TooFew(0)),
            forecasts: Vec::new(),
            most: self.settings.most,
        }
    }

    fn keep(&mut self, trial: &Trial, result: LoadResult) {
        let known = self.held.get(&trial.load);
        let is_longer = known.is_none_or(|(length, _)| trial.duration >= *length);
        if trial.verdict == TrialVerdict::Held && is_longer {
            let result = LoadResult {
                histograms: Histograms::default(),
                ..result
            };
            self.held.insert(trial.load, (trial.duration, result));
        }
    }

    /// Lets the server tidy up after a trial.
    fn pause(&self) {
        let until = self.clock.now() + self.settings.pause;
        while self.clock.now() < until && !self.is_stopped() {
            std::thread::park_timeout(LOOK);
        }
    }

    /// Whether a trial would end before the time is over, going by what the last one took beside its load.
    fn has_time_for(&self, load: u64, duration: Duration) -> bool {
        let beside = self.trials.last().map_or(0.0, |it| {
            let beside = it.took.saturating_sub(it.duration).as_secs_f64();
            // Sockets take time to connect; the rest does not depend on the load.
            beside * (load as f64 / it.load.max(1) as f64).max(1.0)
        });
        let needed = duration + self.settings.pause + Duration::from_secs_f64(beside.min(1e6));
        self.clock.now().since(Time::ZERO) + needed <= self.settings.max_time
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
