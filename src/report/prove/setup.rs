//! The settings of a run of experiments for reports, so that it can be repeated.

use std::time::Duration;

use super::super::object::object;
use crate::load::Machine;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct ProveSetup {
    /// The command line without secrets, with the seed.
    pub command_line: String,
    /// The number of sockets of each experiment.
    pub(super) sockets: u64,
    /// The time limit of each experiment.
    pub(super) max_time_s: f64,
    pub(super) machine: Machine,
}

object! { ProveSetup { command_line, sockets, max_time_s, machine } }

impl ProveSetup {
    /// The description of these settings.
    pub fn new(sockets: u64, max_time: Duration, command_line: String) -> Self {
        Self {
            command_line,
            sockets,
            max_time_s: max_time.as_secs_f64(),
            machine: Machine::this(),
        }
    }
}
