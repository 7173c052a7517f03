//! The settings of a run for which a Locust master orders the number of sockets and the end.

use super::super::args::RateArg;
use crate::load::{Arrivals, LoadSettings, Scaling, Schedule, usual_sockets};
use crate::report::{LoadBeginning, LoadJob, Reporters};
use crate::scenario::{LoadRate, Program};

/// Sends a second of each socket, if nothing says otherwise: each sends once in five seconds.
const SELDOM: f64 = 0.2;

/// Adds the reporters of a worker to those of the run.
pub(in super::super) type Listen = Box<dyn Fn(LoadBeginning, &mut Reporters<LoadJob>) + Send>;

/// The orders of a Locust master for a run, and the settings that only a worker has.
pub(in super::super) struct Ordered {
    /// Changes the number of sockets, and ends the run.
    pub(in super::super) scaling: Scaling,
    /// The number of this process among those that load the server.
    pub(in super::super) worker: u32,
    /// The number of the run among those of this process, from 1.
    pub(in super::super) test: u32,
    /// The seed that all processes share.
    pub(in super::super) seed: u64,
    /// Sends a second of each socket, if the user names it.
    pub(in super::super) rate: Option<RateArg>,
    pub(in super::super) listen: Listen,
}

impl Ordered {
    /// These settings for a run that is ordered.
    pub(super) fn apply(&self, settings: LoadSettings) -> LoadSettings {
        let programs = settings.shares.iter().map(|share| &*share.program);
        let is_closed =
            settings.shares.first().map(|share| share.program.load().rate) == Some(Some(LoadRate::Max));
        let schedule = match self.rate {
            Some(RateArg::Max) => Schedule::Closed,
            None if is_closed => Schedule::Closed,
            Some(RateArg::PerSecond(rate)) => Schedule::PerSocket(programs.map(|_| rate).collect()),
            None => Schedule::PerSocket(programs.map(usual_rate).collect()),
        };
        LoadSettings {
            sockets: self.scaling.most(),
            arrivals: Arrivals::AtOnce,
            schedule,
            scaling: Some(self.scaling.clone()),
            worker: self.worker,
            seed: self.seed,
            ..settings
        }
    }
}

/// The rate that the scenario names, for each of its sockets.
fn usual_rate(program: &Program) -> f64 {
    let load = program.load();
    let stages = load.stages.iter().map(|stage| stage.rate);
    let rate = match load.rate {
        Some(LoadRate::PerSecond(rate)) => rate,
        Some(LoadRate::Max) | None => stages.fold(0.0, f64::max),
    };
    match rate / f64::from(usual_sockets(program)) {
        each if each > 0.0 => each,
        _ => SELDOM,
    }
}
