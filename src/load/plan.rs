//! Computes, before the first socket opens, what a run needs of this machine: threads, descriptors, ports and memory.
//! If something is insufficient, the error says what is missing and how to get it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use super::dial::Route;
use super::machine::memory;
use super::settings::LoadSettings;
use super::tables::{self, Limit, RESERVE, Table, Tables};
use super::way::{Way, WayError};

pub(super) use needs::SocketNeeds;

mod needs;

/// The preferred number of connections per address pair: with more, the kernel's search for a free port dominates.
const PER_ROUTE: usize = 5_000;
/// The most connections per address pair: the kernel has some 28,000 ephemeral ports.
const MOST_PER_ROUTE: usize = 27_000;
/// Kernel memory per connection: some 3 KB for each end that is on this machine.
const KERNEL_BYTES: u64 = 3_000;
/// How the run opens its sockets.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) shards: Vec<ShardPlan>,
    sockets: u64,
    routes: usize,
    spread: Spread,
    memory_bytes: u64,
    way: Way,
}

/// A thread of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShardPlan {
    pub(super) table: Table,
    pub(super) routes: Vec<Route>,
}

/// Which end of the connections uses several addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spread {
    None,
    Destinations,
    Sources,
}

/// Why this machine cannot open the sockets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The server cannot be reached at all.
    #[error(transparent)]
    Way(#[from] WayError),
    /// A source address that cannot be used.
    #[error(
        "cannot connect to {destination} from {source_ip}: {why}; --source-ip takes addresses of this machine"
    )]
    Source {
        /// The source address.
        source_ip: IpAddr,
        /// The server's address.
        destination: SocketAddr,
        /// What is wrong with it.
        why: String,
    },
    /// Not enough descriptors.
    #[error(
        "{sockets} sockets need {descriptors} descriptors, and this process may open {limit} ({why}); \
         raise the hard limit (`ulimit -Hn {needed}`, or fs.nr_open), or ask for {possible} sockets"
    )]
    Descriptors {
        /// The number of sockets requested.
        sockets: u64,
        /// The number of descriptors that they need.
        descriptors: u64,
        /// The number of descriptors that is possible.
        limit: u64,
        /// The number of sockets that is possible.
        possible: u64,
        /// The descriptor limit that would be enough.
        needed: u64,
        /// Why threads cannot have descriptor tables of their own.
        why: &'static str,
    },
    /// Not enough open files in the whole system.
    #[error(
        "{sockets} sockets need {needed} open files, and the system allows {limit}; \
         raise it as root: `sysctl fs.file-max={needed}`"
    )]
    Files {
        /// The number of sockets requested.
        sockets: u64,
        /// The limit of the system.
        limit: u64,
        /// The limit that would be enough.
        needed: u64,
    },
    /// Not enough ports.
    #[error(
        "{sockets} sockets need {needed} source addresses, and there {are} ({most} ports each); \
         name more by --source-ip A,B, or ask for {possible} sockets"
    )]
    Ports {
        /// The number of sockets requested.
        sockets: u64,
        /// The number of addresses that would be enough.
        needed: usize,
        /// The number of addresses there are, as part of the sentence.
        are: String,
        /// The most connections per address.
        most: usize,
        /// The number of sockets that is possible.
        possible: u64,
    },
    /// Not enough memory.
    #[error(
        "{sockets} sockets need about {needed_mb} MB of memory, kernel included, and {free_mb} MB are free; \
         ask for {possible} sockets, or free some"
    )]
    Memory {
        /// The number of sockets requested.
        sockets: u64,
        /// The memory that they need.
        needed_mb: u64,
        /// The memory that is free.
        free_mb: u64,
        /// The number of sockets that fit.
        possible: u64,
    },
}

/// The resources of this machine.
#[derive(Clone, Copy, Debug)]
struct Machine {
    limit: Limit,
    processors: usize,
    /// The limit of open files of the whole system; `None` if the system does not report it.
    files: Option<u64>,
    free_bytes: Option<u64>,
}

impl Plan {
    /// What happens on each connection before HTTP.
    pub(super) const fn way(&self) -> &Way {
        &self.way
    }

    /// Plans a run whose sockets each take this memory and these connections.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    pub(super) fn new(settings: &LoadSettings, each: SocketNeeds) -> Result<Self, PlanError> {
        let machine = Machine::look();
        let sockets = u64::from(settings.sockets);
        let (way, destination) = Way::find(settings)?;
        let (count, table) = machine.threads(settings, each.connections)?;
        for source in &settings.sources {
            check_source(*source, destination)?;
        }
        let (routes, spread) = routes(settings, each.connections, (destination, count))?;
        // A server on this machine holds the other end of each connection here, too.
        let ends = if destination.ip().is_loopback() { 2 } else { 1 };
        let bytes_of_connection = Way::bytes_each(settings) + KERNEL_BYTES * ends;
        let memory_bytes = sockets * (each.bytes + each.connections * bytes_of_connection);
        machine.check(sockets, sockets * each.connections * ends, memory_bytes)?;
        let shards = (0..count).map(|number| ShardPlan {
            table,
            routes: share(&routes, number, count),
        });
        Ok(Self {
            shards: shards.collect(),
            sockets,
            routes: routes.len(),
            spread,
            memory_bytes,
            way,
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.shards.len();
        write!(
            f,
            "{} sockets by {threads} thread{}",
            self.sockets,
            if threads == 1 { "" } else { "s" }
        )?;
        if self.shards.iter().any(|shard| shard.table == Table::Own) {
            f.write_str(", each with a descriptor table of its own")?;
        }
        match self.spread {
            Spread::None => {}
            Spread::Destinations => write!(f, ", to {} addresses of the server", self.routes)?,
            Spread::Sources => write!(f, ", from {} addresses of this machine", self.routes)?,
        }
        write!(
            f,
            ", about {} MB of memory, kernel included",
            self.memory_bytes.div_ceil(1_000_000)
        )
    }
}

impl Machine {
    fn look() -> Self {
        Self {
            limit: tables::limit(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            files: number_in("/proc/sys/fs/file-max"),
            free_bytes: memory("MemAvailable:"),
        }
    }

    fn check(&self, sockets: u64, files: u64, bytes: u64) -> Result<(), PlanError> {
        let needed = files + 10_000;
        if let Some(limit) = self.files.filter(|limit| *limit < needed) {
            return Err(PlanError::Files {
                sockets,
                limit,
                needed,
            });
        }
        if let Some(free) = self.free_bytes.filter(|free| *free < bytes) {
            return Err(PlanError::Memory {
                sockets,
                needed_mb: bytes.div_ceil(1_000_000),
                free_mb: free / 1_000_000,
                possible: sockets * free / bytes,
            });
        }
        Ok(())
    }

    /// The number of threads, and whose descriptor tables they use.
    fn threads(&self, settings: &LoadSettings, connections: u64) -> Result<(usize, Table), PlanError> {
        let sockets = u64::from(settings.sockets);
        let descriptors = sockets * connections;
        let each = self.limit.each.saturating_sub(RESERVE).max(1);
        let wanted = settings
            .shards
            .unwrap_or(self.processors)
            .min(settings.sockets as usize)
            .max(1);
        if descriptors <= each {
            return Ok((wanted, Table::Common));
        }
        match self.limit.tables {
            // One more than strictly necessary, because a thread gets whole instances.
            Tables::Many => {
                let tables = usize::try_from(descriptors.div_ceil(each) + 1).unwrap_or(usize::MAX);
                Ok((wanted.max(tables), Table::Own))
            }
            Tables::One(why) => Err(PlanError::Descriptors {
                sockets,
                descriptors,
                limit: each,
                possible: each / connections,
                needed: descriptors + RESERVE,
                why,
            }),
        }
    }
}

/// The routes of one of `of` threads: an equal part of them, or some routes again if there are fewer than threads.
fn share(routes: &[Route], number: usize, of: usize) -> Vec<Route> {
    if routes.len() < of {
        return vec![routes[number % routes.len()]];
    }
    routes.iter().skip(number).step_by(of).copied().collect()
}

/// The address pairs for the connections of all threads, of which each socket has `each`.
fn routes(
    settings: &LoadSettings,
    each: u64,
    (destination, threads): (SocketAddr, usize),
) -> Result<(Vec<Route>, Spread), PlanError> {
    let each = usize::try_from(each).unwrap_or(usize::MAX);
    let connections = settings.sockets as usize * each;
    if !settings.sources.is_empty() {
        check_ports(settings.sockets, each, settings.sources.len())?;
        let routes = settings.sources.iter().map(|source| Route {
            destination,
            source: Some(*source),
        });
        return Ok((routes.collect(), Spread::Sources));
    }
    // A multiple of the number of threads, so that no two threads share a route.
    let needed = match connections.div_ceil(PER_ROUTE) {
        1 => 1,
        _ => connections.div_ceil(threads).div_ceil(PER_ROUTE) * threads,
    };
    let many = match destination.ip() {
        IpAddr::V4(address) if needed > 1 && address.is_loopback() => Some(address),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    };
    let Some(address) = many else {
        check_ports(settings.sockets, each, 1)?;
        let only = Route {
            destination,
            source: None,
        };
        return Ok((vec![only], Spread::None));
    };
    // A server that listens on all loopback addresses can be reached at each of them.
    let next = loopback(address, 1);
    let everywhere = SocketAddr::new(next.into(), destination.port());
    if TcpStream::connect_timeout(&everywhere, Duration::from_secs(1)).is_ok() {
        let to = |number| SocketAddr::new(loopback(address, number).into(), destination.port());
        let routes = (0..needed).map(|number| Route {
            destination: to(number),
            source: None,
        });
        return Ok((routes.collect(), Spread::Destinations));
    }
    let from = |number| Some(loopback(Ipv4Addr::LOCALHOST, number + 1).into());
    let routes = (0..needed).map(|number| Route {
        destination,
        source: from(number),
    });
    Ok((routes.collect(), Spread::Sources))
}

/// Whether this machine can connect from a source address.
fn check_source(source_ip: IpAddr, destination: SocketAddr) -> Result<(), PlanError> {
    let fail = |why: String| PlanError::Source {
        source_ip,
        destination,
        why,
    };
    if source_ip.is_ipv4() != destination.is_ipv4() {
        return Err(fail("one is IPv4 and the other IPv6".to_owned()));
    }
    UdpSocket::bind((source_ip, 0))
        .map(drop)
        .map_err(|why| fail(why.to_string()))
}

/// Checks that so many addresses have ports for the sockets, each of which has `each` connections.
fn check_ports(sockets: u32, each: usize, addresses: usize) -> Result<(), PlanError> {
    let (sockets, possible) = (sockets as usize, addresses * MOST_PER_ROUTE / each);
    if sockets <= possible {
        return Ok(());
    }
    Err(PlanError::Ports {
        sockets: sockets as u64,
        needed: (sockets * each).div_ceil(MOST_PER_ROUTE),
        are: if addresses == 1 {
            "is 1".to_owned()
        } else {
            format!("are {addresses}")
        },
        most: MOST_PER_ROUTE,
        possible: possible as u64,
    })
}

/// The loopback address that comes `number` after this one.
fn loopback(address: Ipv4Addr, number: usize) -> Ipv4Addr {
    let within = (address.to_bits() & 0x00ff_ffff) as usize + number;
    // 127.255.255.255 is a broadcast address, and 127.0.0.0 a network address.
    Ipv4Addr::from_bits(0x7f00_0000 | u32::try_from(within % 0x00ff_fffe).unwrap_or(1).max(1))
}

fn number_in(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
