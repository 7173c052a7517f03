//! The settings of a search for reports, so that it can be identified and repeated.

use serde::Serialize;

use super::super::INSECURE;
use super::super::object::Show;
use super::words::load;
use crate::capacity::{CapacitySettings, Dimension};
use crate::load::Machine;
use crate::report::load::words::{bytes, seconds, things};

/// The settings of a search.
#[derive(Clone, Debug, Serialize)]
pub struct CapacitySetup {
    /// The command line without secrets.
    pub command_line: String,
    by: &'static str,
    objectives: Vec<String>,
    max: u64,
    width: f64,
    trial_s: f64,
    sum_s: f64,
    soak_s: f64,
    max_time_s: f64,
    pause_s: f64,
    heartbeat_s: f64,
    scenario: String,
    #[serde(serialize_with = "Show::show")]
    machine: Machine,
    /// The `server` header of the target, if it sends one.
    pub server_said: Option<String>,
    insecure: bool,
    #[serde(skip)]
    dimension: Dimension,
}

impl CapacitySetup {
    /// The description of these settings.
    pub fn new(settings: &CapacitySettings, command_line: String) -> Self {
        let goal = &settings.goal;
        let objectives = settings.objectives.iter();
        Self {
            command_line,
            by: settings.dimension.name(),
            objectives: objectives.map(|it| it.text().to_owned()).collect(),
            max: *settings.range.end(),
            width: goal.width,
            trial_s: goal.trial.as_secs_f64(),
            sum_s: goal.sum.as_secs_f64(),
            soak_s: settings.soak.as_secs_f64(),
            max_time_s: settings.max_time.as_secs_f64(),
            pause_s: settings.pause.as_secs_f64(),
            heartbeat_s: settings.base.heartbeat.as_secs_f64(),
            scenario: settings.dimension.scenario().name.to_owned(),
            machine: Machine::this(),
            server_said: None,
            insecure: settings.base.target.is_insecure(),
            dimension: settings.dimension,
        }
    }

    /// The lines that are printed before the search.
    pub fn head(&self, target: &str, seed: u64) -> Vec<String> {
        let said = self.server_said.as_ref();
        let said = said.map_or(String::new(), |it| format!(" ({it})"));
        let mut lines = vec![
            format!(
                "searching the most {} that {target}{said} holds; seed {seed}",
                self.dimension.unit()
            ),
            format!("must hold: {}", self.objectives.join(", ")),
            self.goal(),
        ];
        if self.insecure {
            lines.push(format!("{}: {}", INSECURE.0, INSECURE.1));
        }
        lines
    }

    /// The rows of the table of settings: names and values.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let machine = &self.machine;
        let memory = machine
            .memory_bytes
            .map_or(String::new(), |it| format!(", {} of memory", bytes(it)));
        let mut rows = vec![
            ("command", self.command_line.clone()),
            ("must hold", self.objectives.join(", ")),
            ("search", self.goal()),
            (
                "trials",
                format!(
                    "scenario {} with fresh sockets for each, sends at intended times (open model); short trials grow the load by 2, \
                     trials of {} narrow it to {} %, a load is decided by {} of trials of {}; the answer is held for {}",
                    self.scenario,
                    seconds(self.trial_s / 2.0),
                    self.width * 400.0,
                    seconds(self.sum_s),
                    seconds(self.trial_s),
                    seconds(self.soak_s)
                ),
            ),
            (
                "machine",
                format!(
                    "{}{memory}, {}",
                    things(machine.processors as u64, "processor"),
                    machine.os
                ),
            ),
        ];
        if self.insecure {
            rows.push((INSECURE.0, INSECURE.1.to_owned()));
        }
        rows.extend(self.server_said.iter().map(|it| ("server", it.clone())));
        rows
    }

    /// The largest load, the width, the length of trials and the time limit, as a sentence.
    fn goal(&self) -> String {
        format!(
            "up to {}, to {} %, trials of up to {}, within {}",
            load(self.dimension, self.max),
            self.width * 100.0,
            seconds(self.trial_s),
            seconds(self.max_time_s)
        )
    }
}
