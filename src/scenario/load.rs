//! The `load:` section: how a scenario runs as a swarm where the command line says nothing else.

use std::time::Duration;

/// What stands under `load:`. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadSection {
    /// Connections, over all roles.
    pub sockets: Option<u64>,
    /// How long the connections take to come, evenly spread.
    pub ramp: Option<Duration>,
    /// How long the load lasts once all have come.
    pub duration: Option<Duration>,
    /// The heartbeat interval of each client.
    pub heartbeat: Option<Duration>,
    /// Its weight among the scenarios of a swarm that plays several.
    pub weight: Option<u32>,
    /// How often something is sent.
    pub rate: Option<LoadRate>,
    /// Rates that follow each other, in place of `rate` and `duration`.
    pub stages: Vec<LoadStage>,
    /// What is said of the actors.
    pub roles: Vec<(String, LoadRole)>,
    /// What must hold, such as `reply.p99<50ms`.
    pub objectives: Vec<String>,
}

/// How often something is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadRate {
    /// So often a second, over the whole swarm.
    PerSecond(f64),
    /// As often as the answers allow.
    Max,
}

/// A rate for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadStage {
    /// Sends a second, over the whole swarm.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// What a swarm makes of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRole {
    /// How many sockets of an instance play it; 1 if left out.
    pub share: u32,
    /// A slow reader: it reads one buffer's worth, then nothing for so long.
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
