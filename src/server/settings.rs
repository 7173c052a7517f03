//! The settings of a server, and why it does not start.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use super::faults::Fault;
use super::store::OpenError;
use crate::profile::Profile;
use crate::stream::ServerTls;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The address to listen on, by name or number.
    pub host: String,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The file of the annotations; none: they are kept in memory.
    pub store: Option<PathBuf>,
    /// The profile that it behaves as.
    pub profile: Profile,
    /// What it does wrong on purpose; none: nothing.
    pub faults: Vec<&'static Fault>,
    /// Faults with a value of their own, in place of the usual one.
    pub fault_values: Vec<(&'static Fault, u64)>,
    /// A fault of deliveries changes one delivery of so many; none: as many as the fault itself says.
    pub one_in: Option<NonZeroU32>,
    /// The seed that decides what Phoenix leaves open; none: nothing of it happens.
    pub chance: Option<u64>,
    /// How many threads; at least one.
    pub shards: usize,
    /// Whose descriptors the shards use.
    pub descriptors: Descriptors,
    /// The TLS of its connections; none: they are plain.
    pub tls: Option<ServerTls>,
}

/// Whose descriptors the shards of a server use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Descriptors {
    /// The process's, and its limit counts for all of them together.
    #[default]
    Process,
    /// Each its own, and the limit counts for each, where the system can do that. Only for a process that is a server
    /// and nothing else: what is open when it starts stays open in the shards.
    Shard,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            store: None,
            profile: Profile::DEFAULT,
            faults: Vec::new(),
            fault_values: Vec::new(),
            one_in: None,
            chance: None,
            shards: 1,
            descriptors: Descriptors::Process,
            tls: None,
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name has no address.
    #[error("`{host}` is no address to listen on: {source}")]
    Host {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Another process listens there.
    #[error("{address} is in use: end what listens there, or choose another port (0 for any that is free)")]
    InUse {
        /// Where.
        address: SocketAddr,
    },
    /// The system does not let this process listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The store of the annotations cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system has no epoll or no thread to give.
    #[error("cannot start a shard of the server: {0}")]
    Shard(#[source] io::Error),
}

impl StartError {
    pub(super) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            _ => Self::Listen { address, source },
        }
    }
}
