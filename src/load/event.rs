//! The events that a run tells while it goes on, and the errors that prevent a run.

use std::io;
use std::time::Duration;

use super::latency::Histograms;
use super::plan::{Plan, PlanError};
use super::result::LoadResult;
use super::series::Point;
use super::settings::InvalidSettings;
use crate::scenario::ScenarioError;

/// What happens during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadEvent<'a> {
    /// What will be opened, and how.
    Planned(&'a Plan),
    /// A part of the run begins: opening, running, draining, closing.
    Began(&'static str),
    /// How far the run is; a few times a second.
    Progress(PhaseProgress),
    /// A second of the run is over.
    Second(&'a Second),
    /// What is known after that second; without the series, and as if the run were cut short.
    SoFar(&'a LoadResult),
}

/// What was measured in a second of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Second {
    /// Its figures.
    pub point: Point,
    /// When it began, since the start of the run.
    pub start: Duration,
    /// How long it lasted; the last one of a run is shorter.
    pub length: Duration,
    /// The times that were measured in it.
    pub histograms: Histograms,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseProgress {
    /// The part of the run.
    pub phase: &'static str,
    /// Open connections.
    pub open: u64,
    /// Joined sockets.
    pub joined: u64,
    /// How many are wanted.
    pub asked: u64,
    /// How long this part has lasted.
    pub so_far: Duration,
    /// How long it will last, if that is known.
    pub of: Option<Duration>,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The user's wish makes no sense.
    #[error(transparent)]
    InvalidSettings(#[from] InvalidSettings),
    /// The scenario is none for a swarm.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// More than this machine can give.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The system has no epoll or thread to give.
    #[error("cannot start a shard of the swarm: {0}")]
    Shard(#[source] io::Error),
}
