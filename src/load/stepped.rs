//! Scenarios that are played step by step by the interpreter that `check` uses, so a load test can do everything that
//! a case can do. If all scenarios of a run can be compiled, each actor becomes a [`Role`](super::role::Role) instead,
//! which takes about a tenth of the memory and half of the CPU time for each push.

use std::sync::Arc;

use super::role::{Deliveries, Override, Sends};
use super::settings::{InvalidSettings, LoadSettings};
use super::validity::Demand;
use serde_json::{Value, json};

use crate::scenario::{LoadSection, Offer, Program, Purpose, Setting};

mod counting;
mod instance;
mod state;
mod thread;
mod turns;

pub(super) use thread::{ThreadPlan, run};

/// The memory of a socket, with its task, its play and the buffers of its connection. Measured with a scenario of two
/// pushes: 18 KB with 4,000 sockets that play a round every ten seconds, 30 KB with 1,000 that play without a pause.
pub(super) const BYTES_OF_A_SOCKET: u64 = 27_000;

/// The scenarios of a run whose instances are played step by step.
#[derive(Debug)]
pub(super) struct SteppedScenarios {
    pub(super) plays: Box<[Stepped]>,
    /// The number of names that each instance may have of its own.
    own_names: u64,
    first_name: u64,
    offers: Vec<(Offer, Value)>,
}

/// One scenario.
#[derive(Debug)]
pub(super) struct Stepped {
    pub(super) program: Arc<Program>,
    pub(super) weight: u32,
    pub(super) instances: u32,
}

/// What a round of an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounds {
    /// The steps after the joins, on the connections of the round before: the scenario has a `load:` section, so it
    /// is written to be repeated.
    OnTheSameConnections,
    /// All steps on new connections, with new names, as if `check` played the case again.
    OnNewConnections,
}

/// Identifies an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InstanceId {
    /// The scenario; an index into [`SteppedScenarios::plays`].
    pub(super) play: usize,
    /// The number of the instance in its scenario, over all threads.
    pub(super) number: u32,
}

impl SteppedScenarios {
    /// The scenarios of a run, divided into whole instances: as many as the requested number of sockets allows.
    ///
    /// # Errors
    /// There are too few sockets for one instance of each scenario.
    pub(super) fn new(settings: &LoadSettings, first_name: u64) -> Result<Self, InvalidSettings> {
        let mut plays = Vec::new();
        for (share, sockets) in settings.shares.iter().zip(settings.divided()) {
            let size = size_of_instance(&share.program);
            let instances = sockets / size;
            if instances == 0 {
                return Err(InvalidSettings::NoInstance {
                    scenario: share.name.to_string(),
                    sockets,
                    needed: size,
                });
            }
            let users = u64::from(instances) * u64::from(size);
            if let Some(lack) = share.program.users.as_ref().and_then(|it| it.lack(users)) {
                let scenario = share.name.to_string();
                return Err(InvalidSettings::NoUsers { scenario, lack });
            }
            plays.push(Stepped {
                program: Arc::clone(&share.program),
                weight: share.weight,
                instances,
            });
        }
        let names = plays.iter().map(|play| play.program.fresh.len().max(1) as u64);
        Ok(Self {
            own_names: names.max().unwrap_or(1),
            first_name,
            offers: settings.instead.offers.clone(),
            plays: plays.into(),
        })
    }

    /// The number of sockets of each scenario.
    pub(super) fn divided(&self) -> Vec<u32> {
        self.plays
            .iter()
            .map(|play| play.instances * play.size())
            .collect()
    }

    /// Whether a send rate applies to the scenarios.
    pub(super) fn take_a_rate(&self) -> Sends {
        match self.plays.iter().any(Stepped::has_rounds) {
            true => Sends::Something,
            false => Sends::Nothing,
        }
    }

    /// How deliveries are followed: only by the steps that wait for them.
    pub(super) fn deliveries(&self) -> Deliveries {
        match self.plays.iter().any(|play| play.program.receives()) {
            true => Deliveries::NotFollowed,
            false => Deliveries::None,
        }
    }

    /// Whether the scenarios push anything.
    pub(super) fn sends(&self) -> Sends {
        match self.plays.iter().any(|play| play.program.pushes()) {
            true => Sends::Something,
            false => Sends::Nothing,
        }
    }

    /// The demands on each scenario in an open model with `rate` rounds per second.
    pub(super) fn demands(&self, rate: f64) -> Vec<Demand> {
        let demand = |play: usize| Demand {
            rate: rate * self.part_of_rounds(play),
            senders: u64::from(self.plays[play].instances * self.plays[play].size()),
        };
        (0..self.plays.len()).map(demand).collect()
    }

    /// The fraction of all rounds of an open model that belongs to a scenario. A scenario without rounds has none.
    pub(super) fn part_of_rounds(&self, play: usize) -> f64 {
        let weight = |play: &Stepped| {
            if play.has_rounds() {
                f64::from(play.weight)
            } else {
                0.0
            }
        };
        let sum: f64 = self.plays.iter().map(weight).sum();
        weight(&self.plays[play]) / sum.max(1.0)
    }

    /// The settings for a play of an instance; `round` counts its plays, each of which has new names.
    fn setting(&self, settings: &LoadSettings, id: InstanceId, round: u64) -> Setting {
        let most = self.plays.iter().map(|play| play.instances).max().unwrap_or(1);
        let instance = round * u64::from(most) + u64::from(id.number);
        let number = instance * self.plays.len() as u64 + id.play as u64;
        let own = [
            (Offer::Sender, json!(number)),
            (Offer::Seq, json!(round)),
            (Offer::Mount, json!(settings.target.mount())),
            (
                Offer::Mark,
                json!(format!("{}-{number}-{round}", self.first_name)),
            ),
        ];
        Setting {
            timeout: settings.timeout,
            round_trip: std::time::Duration::ZERO,
            vsn: settings.vsn,
            offers: own.into_iter().chain(self.offers.iter().cloned()).collect(),
            first_fresh: self.first_name + (self.plays.len() as u64 + number) * self.own_names,
            first_user: u64::from(id.number) * u64::from(self.plays[id.play].size()),
            purpose: Purpose::Swarm {
                first_shared: self.first_name + id.play as u64 * self.own_names,
            },
        }
    }

    /// Notes about the scenarios that are played step by step.
    pub(super) fn notes(&self, settings: &LoadSettings) -> Vec<String> {
        let mut notes = vec![
            "played step by step, as `check` does: a delivery is followed if a step waits for it".to_owned(),
        ];
        if self
            .plays
            .iter()
            .any(|play| play.rounds() == Rounds::OnNewConnections)
        {
            notes.push(
                "each round has connections and names of its own; give the scenario a `load:` section to repeat the steps \
                 behind the joins on the same connections"
                    .to_owned(),
            );
        }
        for play in &self.plays {
            let users = play.instances * play.size();
            notes.extend(play.program.users.as_ref().and_then(|it| it.again(users.into())));
        }
        let used: u32 = self.divided().iter().sum();
        if used < settings.sockets {
            notes.push(format!(
                "{used} of {} sockets are used, as whole instances are played: {}",
                settings.sockets,
                self.sizes(settings).join(", ")
            ));
        }
        notes
    }

    fn sizes(&self, settings: &LoadSettings) -> Vec<String> {
        let names = settings.shares.iter().map(|share| &share.name);
        let size = |(name, play): (&Arc<str>, &Stepped)| format!("{name} has {} sockets", play.size());
        names.zip(&self.plays).map(size).collect()
    }
}

impl Stepped {
    /// Whether it has steps that are repeated, that is, steps other than the connects and joins that run once.
    pub(super) fn has_rounds(&self) -> bool {
        self.program.opening_groups() < self.program.groups()
    }

    /// What a round is.
    pub(super) fn rounds(&self) -> Rounds {
        match *self.program.load() == LoadSection::default() {
            true => Rounds::OnNewConnections,
            false => Rounds::OnTheSameConnections,
        }
    }

    /// The number of sockets in an instance.
    pub(super) fn size(&self) -> u32 {
        size_of_instance(&self.program)
    }
}

fn size_of_instance(program: &Program) -> u32 {
    u32::try_from(program.actor_count()).unwrap_or(u32::MAX).max(1)
}

impl Override {
    /// Whether the options replace steps of the scenario.
    pub(super) fn replaces_steps(&self) -> bool {
        self.topic.is_some() || self.join_params.is_some() || self.push.is_some()
    }
}
