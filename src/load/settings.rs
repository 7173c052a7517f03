//! The settings of a run: target, scenarios, sockets, arrivals, schedule and limits.

mod invalid;

pub use invalid::InvalidSettings;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pace::{Pacing, RateStage};
use super::role::{Marks, Override};
use super::scaling::Scaling;
use super::share::{Share, divide};
use super::steering::{Steering, Unsteerable};
use crate::beam::BeamWatch;
use crate::protocol::Vsn;
use crate::scenario::{LoadRate, Program};
use crate::transport::{Endpoint, Target};

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct LoadSettings {
    /// The server.
    pub target: Target,
    /// The serializer.
    pub vsn: Vsn,
    /// Connect params in addition to those of the scenario.
    pub params: Vec<(String, String)>,
    /// Request headers in addition to those of the scenario.
    pub headers: Vec<(String, String)>,
    /// The scenarios with their weights.
    pub shares: Vec<Share>,
    /// Options that replace parts of the scenarios.
    pub instead: Override,
    /// Whether marks are added to pushes.
    pub marks: Marks,
    /// The number of sockets over all roles.
    pub sockets: u32,
    /// How the sockets arrive.
    pub arrivals: Arrivals,
    /// When the sockets send.
    pub schedule: Schedule,
    /// How long the load lasts once all sockets have joined.
    pub duration: Duration,
    /// The heartbeat interval of each client.
    pub heartbeat: Duration,
    /// The timeout of pushes, joins and connect attempts.
    pub timeout: Duration,
    /// The number of threads; if absent, it depends on the other settings.
    pub shards: Option<usize>,
    /// The source addresses; if empty, they are chosen automatically.
    pub sources: Vec<IpAddr>,
    /// The process id of a server on this machine to watch.
    pub server_pid: Option<u32>,
    /// The Erlang VM of the server, if it is asked for its figures.
    pub beam: Option<BeamWatch>,
    /// The seed of all random choices.
    pub seed: u64,
    /// Changes the rate while the run goes on.
    pub steering: Steering,
    /// Changes the number of sockets while the run goes on, and ends it. [`LoadSettings::sockets`] are then the most that
    /// there can be.
    pub scaling: Option<Scaling>,
    /// The number of this process among those that load the same server with the same seed, from 0.
    pub worker: u32,
}

/// How the sockets arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// As fast as the generator and the server allow.
    AtOnce,
    /// Evenly, as a ramp of this length.
    Over(Duration),
    /// At this rate per second.
    Rate(f64, Pacing),
}

/// When the sockets send.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Open model: at intended times, whatever the server does.
    Open(Vec<RateStage>, Pacing),
    /// Open model whose rate grows with the number of joined sockets: sends a second of each socket, by scenario.
    PerSocket(Vec<f64>),
    /// Closed model: each socket sends again when it has its reply, so it saturates the server by design.
    Closed,
}

/// The model of the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// Sends at intended times.
    Open,
    /// Each socket sends again when it has its reply; saturates the server by design.
    #[default]
    Closed,
}

impl Schedule {
    /// The highest send rate of an open model.
    pub(super) fn highest_rate(&self) -> Option<f64> {
        match self {
            Self::Open(stages, _) => Some(stages.iter().map(|stage| stage.rate).fold(0.0, f64::max)),
            Self::PerSocket(_) | Self::Closed => None,
        }
    }

    /// The control that changes the rate while the run goes on; only a single rate can be changed.
    pub fn steering(&self) -> Steering {
        match self {
            Self::Open(stages, _) => match stages.as_slice() {
                [only] => Steering::from(only.rate),
                _ => Steering::locked(Unsteerable::Staged),
            },
            Self::PerSocket(_) => Steering::locked(Unsteerable::PerSocket),
            Self::Closed => Steering::locked(Unsteerable::Closed),
        }
    }

    /// The rate that is asked for so long after the start of the load.
    pub(super) fn rate_at(&self, after: Duration) -> Option<f64> {
        let Self::Open(stages, _) = self else {
            return None;
        };
        let mut end = Duration::ZERO;
        let mut stages = stages.iter();
        let now = stages.find(|stage| {
            end += stage.duration;
            after < end
        });
        now.map(|stage| stage.rate)
    }

    /// The model, as named in results.
    pub(super) const fn model(&self) -> Model {
        match self {
            Self::Open(..) | Self::PerSocket(_) => Model::Open,
            Self::Closed => Model::Closed,
        }
    }
}

impl LoadSettings {
    /// The server, with the params and headers of every connection.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            params: self.params.clone(),
            headers: self.headers.clone(),
        }
    }

    /// The settings for a run of `program` against `target`, from its `load:` section. Defaults: ten sockets at once,
    /// 30 seconds, closed model.
    pub fn new(target: Target, program: Arc<Program>) -> Self {
        Self::as_first(target, Share::new(program))
    }

    /// The settings for a run of several scenarios; apart from the scenarios they come from the `load:` section of
    /// the first.
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
            beam: None,
            seed: 0,
            steering: Steering::default(),
            scaling: None,
            worker: 0,
            shares: vec![first],
        }
    }

    /// How long the load lasts: the sum of the stages in an open model, otherwise the duration.
    pub fn lasts(&self) -> Duration {
        match &self.schedule {
            Schedule::Open(stages, _) => stages.iter().map(|stage| stage.duration).sum(),
            Schedule::PerSocket(_) | Schedule::Closed => self.duration,
        }
    }

    /// Validates the settings before anything is opened.
    ///
    /// # Errors
    /// The first invalid setting.
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
            Schedule::PerSocket(rates) => rates.clone(),
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

    /// The number of sockets for each scenario: the most, if they change while the run goes on.
    pub(super) fn divided(&self) -> Vec<u32> {
        if self.scaling.is_some() {
            return vec![self.sockets; self.shares.len()];
        }
        let weights: Vec<u32> = self.shares.iter().map(|share| share.weight).collect();
        divide(self.sockets, &weights)
    }

    /// The arrivals as a schedule; `None` if they arrive as fast as possible.
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

/// The default number of sockets of a scenario.
const FEW: u64 = 10;
/// By default, each socket sends once in this time.
const SELDOM: Duration = Duration::from_secs(5);

/// The number of sockets from the `load:` section; otherwise a small number of whole instances.
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

/// A gentle default rate: each socket sends once in five seconds, and all sockets together at most 100 times per
/// second.
pub fn gentle_rate(sockets: u32) -> f64 {
    const MOST: f64 = 100.0;
    (f64::from(sockets) / SELDOM.as_secs_f64()).min(MOST)
}
