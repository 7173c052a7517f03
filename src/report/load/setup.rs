//! The settings of a run for reports: command line, scenarios, sockets, rates and machine, so that it can be
//! identified and repeated.

use std::time::Duration;

use super::super::INSECURE;
use super::words::{machine, rate, things};
use crate::load::{Arrivals, LoadSettings, Machine, Model, Pacing, Schedule, Sends};
use crate::protocol::Vsn;
use crate::stream::Certificates;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The command line without secrets.
    pub command_line: String,
    pub(super) scenarios: Vec<Part>,
    pub(super) sockets: u32,
    pub(super) arrivals: String,
    pub(super) rates: Vec<Rate>,
    /// Sends a second of each socket, by scenario, where the rate follows the number of sockets.
    pub(super) rates_per_socket: Vec<f64>,
    pub(super) model: Model,
    pub(super) duration_s: f64,
    pub(super) heartbeat_s: f64,
    pub(super) serializer: Vsn,
    pub(super) machine: Machine,
    /// The `server` header of the target, if it sends one.
    pub server_said: Option<String>,
    pub(super) sends: Sends,
    pub(super) certificates: Certificates,
}

/// One of the scenarios.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) weight: u32,
}

/// A rate and its duration. Several follow each other.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    pub(super) sends_per_s: f64,
    pub(super) for_s: f64,
}

impl Setup {
    /// The description of these settings.
    pub fn new(settings: &LoadSettings, sends: Sends) -> Self {
        let shares = settings.shares.iter().map(|share| Part {
            name: share.name.to_string(),
            weight: share.weight,
        });
        let (model, stages) = match &settings.schedule {
            Schedule::Open(stages, _) => (Model::Open, stages.as_slice()),
            Schedule::PerSocket(_) => (Model::Open, &[][..]),
            Schedule::Closed => (Model::Closed, &[][..]),
        };
        let rates_per_socket = match &settings.schedule {
            Schedule::PerSocket(rates) => rates.clone(),
            Schedule::Open(..) | Schedule::Closed => Vec::new(),
        };
        let rates = stages.iter().map(|stage| Rate {
            sends_per_s: stage.rate,
            for_s: stage.duration.as_secs_f64(),
        });
        Self {
            command_line: String::new(),
            scenarios: shares.collect(),
            sockets: settings.sockets,
            arrivals: match settings.scaling {
                Some(_) => "at most, as a Locust master orders".to_owned(),
                None => arrivals(settings.arrivals),
            },
            rates: rates.collect(),
            rates_per_socket,
            model,
            duration_s: match settings.scaling {
                Some(_) => 0.0,
                None => settings.lasts().as_secs_f64(),
            },
            heartbeat_s: settings.heartbeat.as_secs_f64(),
            serializer: settings.vsn,
            machine: Machine::this(),
            server_said: None,
            sends,
            certificates: if settings.target.is_insecure() {
                Certificates::Insecure
            } else {
                Certificates::Verified
            },
        }
    }

    /// `1,000 sockets at once, 500 sends a second (open model) for 30s`
    pub fn wish(&self) -> String {
        let swarm = format!(
            "{} {}{}",
            things(self.sockets.into(), "socket"),
            self.arrivals,
            self.pace()
        );
        // A run without a duration is ended from outside.
        match self.duration_s {
            0.0 => swarm,
            seconds => format!("{swarm} for {}", duration(seconds)),
        }
    }

    fn pace(&self) -> String {
        if self.sends == Sends::Nothing {
            return String::new();
        }
        if !self.rates_per_socket.is_empty() {
            let rates: Vec<String> = self.rates_per_socket.iter().copied().map(rate).collect();
            return format!(
                ", {} sends a second of each socket (open model)",
                rates.join(" and ")
            );
        }
        if self.rates.is_empty() {
            return ", each sends again when it has its reply (closed model)".to_owned();
        }
        let rates: Vec<String> = self.rates.iter().map(|it| rate(it.sends_per_s)).collect();
        format!(", {} sends a second (open model)", rates.join(", then "))
    }

    /// The other lines that are printed before the run.
    pub fn told(&self) -> Vec<String> {
        let rows = self.rows().into_iter();
        let told = rows.filter(|(name, _)| ["heartbeat", "machine", INSECURE.0].contains(name));
        told.map(|(name, value)| format!("{name}: {value}")).collect()
    }

    /// The rows of the table of settings: names and values.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let scenarios: Vec<String> = self
            .scenarios
            .iter()
            .map(|it| match self.scenarios.len() {
                1 => it.name.clone(),
                _ => format!("{}={}", it.name, it.weight),
            })
            .collect();
        let mut rows = vec![
            ("command", self.command_line.clone()),
            ("scenario", scenarios.join(" ")),
            ("load", self.wish()),
            (
                "heartbeat",
                format!(
                    "{}, serializer {}",
                    duration(self.heartbeat_s),
                    self.serializer.as_str()
                ),
            ),
            ("machine", machine(&self.machine)),
        ];
        if self.certificates == Certificates::Insecure {
            rows.push((INSECURE.0, INSECURE.1.to_owned()));
        }
        rows.extend(self.server_said.iter().map(|it| ("server", it.clone())));
        rows
    }
}

pub(super) fn duration(seconds: f64) -> String {
    humantime::format_duration(Duration::from_secs_f64(seconds)).to_string()
}

fn arrivals(arrivals: Arrivals) -> String {
    match arrivals {
        Arrivals::AtOnce => "at once".to_owned(),
        Arrivals::Over(ramp) => format!("within {}", humantime::format_duration(ramp)),
        Arrivals::Rate(per_second, Pacing::Even) => format!("at {} a second", rate(per_second)),
        Arrivals::Rate(per_second, Pacing::Poisson) => {
            format!("at {} a second at random times (Poisson)", rate(per_second))
        }
    }
}
