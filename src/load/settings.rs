//! What a run is to be.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pace::{Pacing, RateStage};
use super::role::{Marks, Override};
use super::share::{Share, divide};
use crate::protocol::Vsn;
use crate::scenario::{LoadRate, Program};
use crate::transport::{Endpoint, Target};

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct LoadSettings {
    /// The server.
    pub target: Target,
    /// The serializer.
    pub vsn: Vsn,
    /// Connect params, beside those of the scenario.
    pub params: Vec<(String, String)>,
    /// Request headers, beside those of the scenario.
    pub headers: Vec<(String, String)>,
    /// What is played, and by which share of the sockets.
    pub shares: Vec<Share>,
    /// What stands in the place of what the scenario says.
    pub instead: Override,
    /// Whether marks are added to what is pushed.
    pub marks: Marks,
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
    Open(Vec<RateStage>, Pacing),
    /// Each when it has its answer: it saturates by design.
    Closed,
}

/// How the sends were scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// At intended times.
    Open,
    /// Each when it has its answer: saturates by design.
    #[default]
    Closed,
}

impl Schedule {
    /// The most sends a second of an open model.
    pub(super) fn highest_rate(&self) -> Option<f64> {
        match self {
            Self::Open(stages, _) => Some(stages.iter().map(|stage| stage.rate).fold(0.0, f64::max)),
            Self::Closed => None,
        }
    }

    /// What it is called in results.
    pub(super) const fn model(&self) -> Model {
        match self {
            Self::Open(..) => Model::Open,
            Self::Closed => Model::Closed,
        }
    }
}

/// A wish that makes no sense: the user's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
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
    /// A scenario that nobody plays.
    #[error("a weight of 0 leaves a scenario out; expected at least 1")]
    NoWeight,
    /// Too few for all scenarios.
    #[error(
        "{sockets} sockets are too few for {scenarios} scenarios with such weights; each needs at least 1"
    )]
    TooFew {
        /// How many were asked for.
        sockets: u32,
        /// How many scenarios there are.
        scenarios: usize,
    },
    /// The senders of a scenario have their places behind those who listen, and so few sockets do not reach them.
    #[error(
        "the {sockets} sockets of {scenario} would only listen: its first sender is socket {needed} of each \
         {instance}; expected at least {needed} for it"
    )]
    OnlyListeners {
        /// The scenario.
        scenario: String,
        /// How many sockets play it.
        sockets: u32,
        /// How many it takes until somebody sends.
        needed: usize,
        /// How many an instance of it has.
        instance: usize,
    },
    /// Too few for one instance of a scenario that is played step by step.
    #[error(
        "{scenario} is played by whole instances of {needed} sockets, and has {sockets}; expected at least {needed} for it"
    )]
    NoInstance {
        /// The scenario.
        scenario: String,
        /// How many sockets play it.
        sockets: u32,
        /// How many an instance of it has.
        needed: u32,
    },
    /// Nobody speaks two serializers on one run.
    #[error("the scenarios are written for different serializers; run them one after another")]
    TwoSerializers,
    /// A heartbeat all the time, or an answer in no time.
    #[error("{0} cannot be nothing; expected something like 30s")]
    NoWait(&'static str),
}

impl LoadSettings {
    /// The server, and what every connection of the run sends it.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            params: self.params.clone(),
            headers: self.headers.clone(),
        }
    }

    /// A run of `program` against `target`, as its `load:` section says; what that leaves out: ten sockets at once, 30
    /// seconds, each sends again when it has its reply.
    pub fn new(target: Target, program: Arc<Program>) -> Self {
        Self::as_first(target, Share::new(program))
    }

    /// A run of several scenarios; in all else as the `load:` section of the first says.
    pub fn of_several(target: Target, first: Share, others: impl IntoIterator<Item = Share>) -> Self {
        let mut settings = Self::as_first(target, first);
        settings.shares.extend(others);
        let vsn = settings.shares.iter().find_map(|share| share.program.vsn);
        settings.vsn = vsn.unwrap_or_default();
        settings
    }

    fn as_first(target: Target, first: Share) -> Self {
        let load = first.program.load();
        let duration = load.duration.unwrap_or(Duration::from_secs(30));
        let stages: Vec<RateStage> = match load.rate {
            _ if !load.stages.is_empty() => load
                .stages
                .iter()
                .map(|it| RateStage {
                    rate: it.rate,
                    duration: it.duration,
                })
                .collect(),
            Some(LoadRate::PerSecond(rate)) => vec![RateStage { rate, duration }],
            Some(LoadRate::Max) | None => Vec::new(),
        };
        let sockets = usual_sockets(&first.program);
        Self {
            target,
            vsn: first.program.vsn.unwrap_or_default(),
            params: Vec::new(),
            headers: Vec::new(),
            instead: Override::default(),
            marks: Marks::Added,
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
            shares: vec![first],
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
    pub fn check(&self) -> Result<(), InvalidSettings> {
        if self.sockets == 0 {
            return Err(InvalidSettings::NoSockets);
        }
        if self.shards == Some(0) {
            return Err(InvalidSettings::NoShards);
        }
        self.check_shares()?;
        let waits = [("the heartbeat", self.heartbeat), ("the timeout", self.timeout)];
        if let Some((name, _)) = waits.into_iter().find(|(_, wait)| wait.is_zero()) {
            return Err(InvalidSettings::NoWait(name));
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
                return Err(InvalidSettings::NoRate(rate.to_string()));
            }
            if rate > 1e6 {
                return Err(InvalidSettings::TooFast(rate.to_string()));
            }
        }
        if self.lasts().is_zero() {
            return Err(InvalidSettings::NoDuration);
        }
        Ok(())
    }

    fn check_shares(&self) -> Result<(), InvalidSettings> {
        if self.shares.iter().any(|share| share.weight == 0) {
            return Err(InvalidSettings::NoWeight);
        }
        if self.divided().contains(&0) {
            return Err(InvalidSettings::TooFew {
                sockets: self.sockets,
                scenarios: self.shares.len(),
            });
        }
        let mut said = self.shares.iter().filter_map(|share| share.program.vsn);
        let first = said.next();
        if said.any(|vsn| Some(vsn) != first) {
            return Err(InvalidSettings::TwoSerializers);
        }
        Ok(())
    }

    /// How many sockets play each scenario.
    pub(super) fn divided(&self) -> Vec<u32> {
        let weights: Vec<u32> = self.shares.iter().map(|share| share.weight).collect();
        divide(self.sockets, &weights)
    }

    /// The arrivals as a schedule; nothing if they come as fast as both ends can.
    pub(super) fn arrival_stage(&self) -> Option<(RateStage, Pacing)> {
        const FOR_EVER: Duration = Duration::from_secs(1 << 32);
        let (rate, pacing) = match self.arrivals {
            Arrivals::AtOnce => return None,
            Arrivals::Over(ramp) if ramp.is_zero() => return None,
            Arrivals::Over(ramp) => (f64::from(self.sockets) / ramp.as_secs_f64(), Pacing::Even),
            Arrivals::Rate(rate, pacing) => (rate, pacing),
        };
        Some((
            RateStage {
                rate,
                duration: FOR_EVER,
            },
            pacing,
        ))
    }
}

/// How many sockets a scenario has where nobody asked for a number.
const FEW: u64 = 10;
/// Where no rate was asked for, a socket sends once in this time.
const SELDOM: Duration = Duration::from_secs(5);

/// What a `load:` section says; without one few, but as many as an instance has.
pub fn usual_sockets(program: &Program) -> u32 {
    let load = program.load();
    let said = |name: &String| load.roles.iter().find(|(known, _)| known == name);
    let shares = program
        .actors
        .iter()
        .map(|it| said(it).map_or(1, |(_, role)| u64::from(role.share)));
    let instance = shares.sum::<u64>().max(1);
    let sockets = load.sockets.unwrap_or(FEW.div_ceil(instance) * instance);
    u32::try_from(sockets).unwrap_or(u32::MAX)
}

/// A rate that hurts nobody: each of so many sockets sends once in five seconds, and all together a hundred times a second.
pub fn gentle_rate(sockets: u32) -> f64 {
    const MOST: f64 = 100.0;
    (f64::from(sockets) / SELDOM.as_secs_f64()).min(MOST)
}
