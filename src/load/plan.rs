//! What a run needs of this machine, worked out before the first socket opens: threads, descriptor tables, addresses.

use std::net::{SocketAddr, ToSocketAddrs as _};

use super::dial::Route;
use super::settings::Settings;
use super::tables::Table;

/// How a swarm will be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) shards: Vec<ShardPlan>,
}

/// A thread of the swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShardPlan {
    pub(super) table: Table,
    pub(super) routes: Vec<Route>,
}

/// Why a swarm cannot be opened from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The name of the server has no address.
    #[error("cannot find {host}: {why}")]
    NoAddress {
        /// The name.
        host: String,
        /// What the system said.
        why: String,
    },
}

impl Plan {
    /// Works out what a run needs.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    pub(super) fn new(settings: &Settings) -> Result<Self, PlanError> {
        let destination = resolve(settings)?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = settings.shards.unwrap_or(processors).min(settings.sockets as usize);
        let route = Route { destination, source: None };
        let shard = ShardPlan { table: Table::Common, routes: vec![route] };
        Ok(Self { shards: vec![shard; shards] })
    }
}

fn resolve(settings: &Settings) -> Result<SocketAddr, PlanError> {
    let host = settings.target.host();
    let fail = |why: String| PlanError::NoAddress { host: host.to_owned(), why };
    let mut addresses = (host, settings.target.port()).to_socket_addrs().map_err(|error| fail(error.to_string()))?;
    addresses.next().ok_or_else(|| fail("it has no address".to_owned()))
}
