//! The settings of a run of experiments for reports, so that it can be repeated.

use std::time::Duration;

use super::super::object::object;
use crate::load::Machine;
use crate::prove::ExperimentName;
use crate::report::load::words::{seconds, things};

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct ProveSetup {
    /// The command line without secrets, with the seed.
    pub command_line: String,
    /// The experiments that were asked for, in their order.
    pub(super) experiments: Vec<ExperimentName>,
    /// The number of sockets of each experiment.
    pub(super) sockets: u64,
    /// The time limit of each experiment.
    pub(super) max_time_s: f64,
    pub(super) machine: Machine,
}

object! { ProveSetup { command_line, experiments, sockets, max_time_s, machine } }

impl ProveSetup {
    /// The description of these settings.
    pub fn new(
        experiments: &[ExperimentName],
        (sockets, max_time): (u64, Duration),
        command_line: String,
    ) -> Self {
        Self {
            command_line,
            experiments: experiments.to_vec(),
            sockets,
            max_time_s: max_time.as_secs_f64(),
            machine: Machine::this(),
        }
    }

    /// The lines that are printed before the first experiment.
    pub fn head(&self, target: &str, seed: u64) -> Vec<String> {
        let names: Vec<&str> = self.experiments.iter().map(|it| it.name()).collect();
        vec![
            format!("proving {} at {target}; seed {seed}", names.join(", ")),
            format!("{} for each experiment", self.extent()),
        ]
    }

    /// The number of sockets and the time limit.
    pub(super) fn extent(&self) -> String {
        let sockets = things(self.sockets, "socket");
        format!("{sockets} and at most {}", seconds(self.max_time_s))
    }
}
