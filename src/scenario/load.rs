//! The `load:` section: the settings of a swarm that the command line does not override.

use std::time::Duration;

/// The keys of `load:`. All are optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadSection {
    /// Connections of all roles together.
    pub sockets: Option<u64>,
    /// The time over which the connections are opened, evenly spread.
    pub ramp: Option<Duration>,
    /// How long the load lasts once all connections are open.
    pub duration: Option<Duration>,
    /// The heartbeat interval of each client.
    pub heartbeat: Option<Duration>,
    /// The weight of the scenario in a swarm that plays several.
    pub weight: Option<u32>,
    /// The send rate.
    pub rate: Option<LoadRate>,
    /// Rates that follow each other, instead of `rate` and `duration`.
    pub stages: Vec<LoadStage>,
    /// The settings of the actors.
    pub roles: Vec<(String, LoadRole)>,
    /// The objectives, such as `reply.p99<50ms`.
    pub objectives: Vec<String>,
}

/// The send rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadRate {
    /// Sends per second, over the whole swarm.
    PerSecond(f64),
    /// As fast as the replies allow.
    Max,
}

/// A rate for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadStage {
    /// Sends per second, over the whole swarm.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// The settings of an actor in a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRole {
    /// How many sockets of an instance play the actor; 1 by default.
    pub share: u32,
    /// Makes the actor a slow reader: it reads one buffer, then nothing for this long.
    pub reads_every: Option<Duration>,
}

impl Default for LoadRole {
    fn default() -> Self {
        Self {
            share: 1,
            reads_every: None,
        }
    }
}
