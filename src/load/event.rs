//! The events that a run reports while it goes on, and the errors that prevent a run.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::latency::Histograms;
use super::plan::{Plan, PlanError};
use super::result::LoadResult;
use super::series::Point;
use super::settings::InvalidSettings;
use crate::scenario::ScenarioError;

/// An event of a run.
#[derive(Clone, Copy, Debug)]
pub enum LoadEvent<'a> {
    /// The plan: what will be opened, and how.
    Planned(&'a Plan),
    /// A phase of the run starts: opening, running, draining or closing.
    Began(&'static str),
    /// The progress of the run; sent a few times a second.
    Progress(PhaseProgress),
    /// A second of the run has ended.
    Second(&'a Second),
    /// The result so far, without the series, as if the run were cut short here.
    SoFar(&'a Arc<LoadResult>),
}

/// The measurements of one second of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Second {
    /// The figures of the second.
    pub point: Point,
    /// When the second started, since the start of the run.
    pub start: Duration,
    /// The length of the second; the last one of a run may be shorter.
    pub length: Duration,
    /// The latencies that were measured in it.
    pub histograms: Histograms,
    /// The same of each scenario, if there are several.
    pub of_plays: Vec<Histograms>,
}

/// The progress of a phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseProgress {
    /// The name of the phase.
    pub phase: &'static str,
    /// Open connections.
    pub open: u64,
    /// Joined sockets.
    pub joined: u64,
    /// How many sockets were requested.
    pub asked: u64,
    /// How long the phase has lasted.
    pub so_far: Duration,
    /// How long the phase will last, if that is known.
    pub of: Option<Duration>,
}

/// Why the run could not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The settings are invalid.
    #[error(transparent)]
    InvalidSettings(#[from] InvalidSettings),
    /// The scenario cannot be used for load.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The run needs more than this machine has.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The system could not provide an epoll instance or a thread.
    #[error("cannot start a shard of the swarm: {0}")]
    Shard(#[source] io::Error),
}
