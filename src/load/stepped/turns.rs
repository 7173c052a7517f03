//! Decides when the instances of a thread begin their rounds: at once in a closed model, at the due time in an open
//! model.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;

use super::SteppedScenarios;
use crate::clock::Time;
use crate::load::lane::{Lane, NeverSent, Turn};
use crate::load::pace::Stream;
use crate::load::role::SenderSelection;
use crate::load::settings::{LoadSettings, Schedule};
use crate::load::steering::NewRate;

/// The rounds of one thread.
pub(super) struct Turns {
    /// The send schedules, by scenario.
    lanes: Box<[Lane]>,
    /// Instances that wait for a due round, by their number in the thread.
    waiting: HashMap<u32, oneshot::Sender<Turn>>,
}

/// A round that is due.
pub(super) struct Due {
    pub(super) play: usize,
    pub(super) intended: Time,
    pub(super) kept: Kept,
}

/// What happens to a due round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// An instance begins it now or later.
    Yes,
    /// The queue is full, so the round is dropped.
    Dropped,
}

impl Turns {
    /// `blocks` are the instances of each scenario in this thread, by their numbers in the thread.
    pub(super) fn new(blocks: &[std::ops::Range<u32>]) -> Self {
        let lanes = blocks.iter().map(|block| {
            let mut lane = Lane::new(block.clone().collect(), SenderSelection::All);
            lane.time_rounds(block.clone());
            lane
        });
        Self {
            lanes: lanes.collect(),
            waiting: HashMap::new(),
        }
    }

    /// Starts the load.
    pub(super) fn begin(
        &mut self,
        settings: &LoadSettings,
        scenarios: &SteppedScenarios,
        start: Time,
        stream: Stream,
    ) {
        for (play, lane) in self.lanes.iter_mut().enumerate() {
            let has_rounds = scenarios.plays[play].has_rounds();
            lane.begin(
                settings,
                start,
                scenarios.part_of_rounds(play),
                has_rounds.then_some(stream),
            );
        }
    }

    /// Changes the rate.
    pub(super) fn change(&mut self, new: NewRate, scenarios: &SteppedScenarios) {
        for (play, lane) in self.lanes.iter_mut().enumerate() {
            lane.change(new, scenarios.part_of_rounds(play));
        }
    }

    /// Ends the load; returns the rounds that were never begun, by scenario.
    pub(super) fn end(&mut self, now: Time) -> Vec<NeverSent> {
        self.waiting.clear();
        self.lanes.iter_mut().map(|lane| lane.end(now)).collect()
    }

    /// An instance is free: returns its next round, or a receiver that will get it.
    pub(super) fn ask(
        &mut self,
        play: usize,
        local: u32,
        now: Time,
    ) -> Result<Turn, oneshot::Receiver<Turn>> {
        // An instance that lost its connection while it waited is in the queue of free instances already.
        if !self.waiting.contains_key(&local)
            && let Some(turn) = self.lanes[play].round_for(local, now)
        {
            return Ok(turn);
        }
        let (sender, told) = oneshot::channel();
        self.waiting.insert(local, sender);
        Err(told)
    }

    /// When the next round is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.lanes.iter().filter_map(Lane::next).min()
    }

    /// Takes a due round, and gives it to a free instance.
    pub(super) fn take(&mut self, now: Time) -> Option<Due> {
        for (play, lane) in self.lanes.iter_mut().enumerate() {
            let Some(intended) = lane.take(now) else { continue };
            let kept = loop {
                let Some((local, turn)) = lane.begin_with_free(intended, now) else {
                    break if lane.keep(intended) {
                        Kept::Yes
                    } else {
                        Kept::Dropped
                    };
                };
                // An instance that has ended meanwhile is not free.
                let told = self.waiting.remove(&local).map(|waiting| waiting.send(turn));
                if let Some(Ok(())) = told {
                    break Kept::Yes;
                }
            };
            return Some(Due { play, intended, kept });
        }
        None
    }

    /// Ends a round; returns how long it took, if that is measured.
    pub(super) fn over(&mut self, play: usize, local: u32, now: Time) -> Option<Duration> {
        self.lanes[play].times.end(local, now)
    }

    /// How much earlier than its start the first push of a round counts from, because the server delayed the
    /// instance.
    pub(super) fn take_held_up(&mut self, play: usize, local: u32) -> Duration {
        self.lanes[play].times.take_held_up(local)
    }
}

/// Whether the run uses an open model.
pub(super) fn is_open(settings: &LoadSettings) -> bool {
    settings.schedule != Schedule::Closed
}
