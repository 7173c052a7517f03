//! What a run is to be.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pace::{Pacing, Stage};
use super::role::Override;
use crate::protocol::Vsn;
use crate::scenario::{LoadRate, Program};
use crate::transport::Target;

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub target: Target,
    /// The serializer.
    pub vsn: Vsn,
    /// Connect params, beside those of the scenario.
    pub params: Vec<(String, String)>,
    /// Request headers, beside those of the scenario.
    pub headers: Vec<(String, String)>,
    /// What is played.
    pub program: Arc<Program>,
    /// What stands in the place of what the scenario says.
    pub instead: Override,
    /// How many connections, over all roles.
    pub sockets: u32,
    /// How they come.
    pub arrivals: Arrivals,
    /// When they send.
    pub schedule: Schedule,
    /// How long the load lasts once all have come.
    pub duration: Duration,
    /// The heartbeat interval of each client.
    pub heartbeat: Duration,
    /// How long an answer may take, and a connection attempt.
    pub timeout: Duration,
    /// Threads; chosen by what is asked for if left out.
    pub shards: Option<usize>,
    /// Addresses of this machine to connect from; chosen if empty.
    pub sources: Vec<IpAddr>,
    /// A server on this machine to watch.
    pub server_pid: Option<u32>,
    /// Where every random choice follows from.
    pub seed: u64,
}

/// How the sockets come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// As fast as both ends can.
    AtOnce,
    /// Evenly over a while.
    Over(Duration),
    /// So many a second.
    Rate(f64, Pacing),
}

/// When the sockets send.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// At intended times, whatever the server does.
    Open(Vec<Stage>, Pacing),
    /// Each when it has its answer: it saturates by design.
    Closed,
}

/// A wish that makes no sense: the user's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// Nobody would come.
    #[error("0 sockets are no swarm; expected at least 1")]
    NoSockets,
    /// Nothing would be measured.
    #[error("a duration of nothing measures nothing; expected something like 30s")]
    NoDuration,
    /// Nothing would be sent.
    #[error("a rate of {0} sends nothing; expected more than 0 a second, or max")]
    NoRate(String),
    /// More than a schedule can tell apart.
    #[error(
        "a rate of {0} a second is more than microseconds can tell apart; expected at most 1000000, or max"
    )]
    TooFast(String),
    /// No thread.
    #[error("0 shards run nothing; expected at least 1")]
    NoShards,
    /// A heartbeat all the time, or an answer in no time.
    #[error("{0} cannot be nothing; expected something like 30s")]
    NoWait(&'static str),
}

impl Settings {
    /// A run of `program` against `target`, as its `load:` section says; what that leaves out: 1,000 sockets at once,
    /// 30 seconds, each sends again when it has its answer.
    pub fn new(target: Target, program: Arc<Program>) -> Self {
        let load = program.load();
        let duration = load.duration.unwrap_or(Duration::from_secs(30));
        let stages: Vec<Stage> = match load.rate {
            _ if !load.stages.is_empty() => load
                .stages
                .iter()
                .map(|it| Stage {
                    rate: it.rate,
                    duration: it.duration,
                })
                .collect(),
            Some(LoadRate::PerSecond(rate)) => vec![Stage { rate, duration }],
            Some(LoadRate::Max) | None => Vec::new(),
        };
        let sockets = load
            .sockets
            .map_or(1000, |sockets| u32::try_from(sockets).unwrap_or(u32::MAX));
        Self {
            target,
            vsn: program.vsn.unwrap_or_default(),
            params: Vec::new(),
            headers: Vec::new(),
            program: Arc::clone(&program),
            instead: Override::default(),
            sockets,
            arrivals: load.ramp.map_or(Arrivals::AtOnce, Arrivals::Over),
            schedule: if stages.is_empty() {
                Schedule::Closed
            } else {
                Schedule::Open(stages, Pacing::Even)
            },
            duration,
            heartbeat: load.heartbeat.unwrap_or(Duration::from_secs(30)),
            timeout: Duration::from_secs(10),
            shards: None,
            sources: Vec::new(),
            server_pid: None,
            seed: 0,
        }
    }

    /// How long the load lasts: the stages of an open model, else the duration.
    pub fn lasts(&self) -> Duration {
        match &self.schedule {
            Schedule::Open(stages, _) => stages.iter().map(|stage| stage.duration).sum(),
            Schedule::Closed => self.duration,
        }
    }

    /// Refuses what makes no sense, before anything is opened.
    ///
    /// # Errors
    /// The first nonsense that is found.
    pub fn check(&self) -> Result<(), Nonsense> {
        if self.sockets == 0 {
            return Err(Nonsense::NoSockets);
        }
        if self.shards == Some(0) {
            return Err(Nonsense::NoShards);
        }
        let waits = [("the heartbeat", self.heartbeat), ("the timeout", self.timeout)];
        if let Some((name, _)) = waits.into_iter().find(|(_, wait)| wait.is_zero()) {
            return Err(Nonsense::NoWait(name));
        }
        let rates: Vec<f64> = match &self.schedule {
            Schedule::Open(stages, _) => stages.iter().map(|stage| stage.rate).collect(),
            Schedule::Closed => Vec::new(),
        };
        let arrivals = match self.arrivals {
            Arrivals::Rate(rate, _) => Some(rate),
            Arrivals::AtOnce | Arrivals::Over(_) => None,
        };
        for rate in rates.into_iter().chain(arrivals) {
            if !rate.is_finite() || rate <= 0.0 {
                return Err(Nonsense::NoRate(rate.to_string()));
            }
            if rate > 1e6 {
                return Err(Nonsense::TooFast(rate.to_string()));
            }
        }
        if self.lasts().is_zero() {
            return Err(Nonsense::NoDuration);
        }
        Ok(())
    }

    /// The arrivals as a schedule; nothing if they come as fast as both ends can.
    pub(super) fn arrival_stage(&self) -> Option<(Stage, Pacing)> {
        const FOR_EVER: Duration = Duration::from_secs(1 << 32);
        let (rate, pacing) = match self.arrivals {
            Arrivals::AtOnce => return None,
            Arrivals::Over(ramp) if ramp.is_zero() => return None,
            Arrivals::Over(ramp) => (f64::from(self.sockets) / ramp.as_secs_f64(), Pacing::Even),
            Arrivals::Rate(rate, pacing) => (rate, pacing),
        };
        Some((
            Stage {
                rate,
                duration: FOR_EVER,
            },
            pacing,
        ))
    }
}
