//! `worker` as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::super::units;
use super::{Config, Connecting, RateArg, Results, Target, rate};
use crate::load::Objective;
use crate::locust::MasterAddress;

const SWARM: &str = "Swarm";
const MASTER: &str = "Locust master";

/// `worker`
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags as typed")]
#[command(group = ArgGroup::new("job").required(true).multiple(false).args(["locust", "write_locustfile", "merge"]))]
pub(in super::super) struct Worker {
    /// A built-in scenario such as echo (see `phxproof list scenarios`), or a file of your own; each is a user class of
    /// the locustfile, and its weight is that of the class
    #[arg(value_name = "SCENARIO[=WEIGHT]", required_unless_present = "merge")]
    pub(in super::super) scenarios: Vec<String>,
    /// Register at this Locust master and play as many sockets as it orders users [default port: 5557]
    #[arg(long, value_name = "HOST:PORT", help_heading = MASTER)]
    pub(in super::super) locust: Option<MasterAddress>,
    /// How long to wait for the master, at the start and when its connection is lost [default: 5m]
    #[arg(long, value_name = "DUR", help_heading = MASTER, value_parser = units::duration, requires = "locust")]
    pub(in super::super) wait_for_master: Option<Duration>,
    /// Write the locustfile that the master loads, and end
    #[arg(long, value_name = "FILE", help_heading = MASTER)]
    pub(in super::super) write_locustfile: Option<PathBuf>,
    /// Merge the messages of workers that a master kept in this folder, as the locustfile does at the end of a test
    #[arg(long, value_name = "DIR", help_heading = MASTER, conflicts_with = "scenarios")]
    pub(in super::super) merge: Option<PathBuf>,
    /// With --write-locustfile: a limit that must hold over all workers, for example 'reply.p99<50ms'; the exit code of the
    /// master follows it; repeatable [default: what the scenario says]
    #[arg(long = "objective", value_name = "OBJECTIVE", help_heading = MASTER, conflicts_with = "locust")]
    pub(in super::super) objectives: Vec<Objective>,
    #[command(flatten)]
    pub(in super::super) target: Target,
    /// The most sockets that this worker plays, whatever the master orders, for example 500, 100k or 1M [default: 20k]
    #[arg(long, value_name = "N", help_heading = SWARM, value_parser = units::count, allow_negative_numbers = true)]
    pub(in super::super) sockets: Option<u32>,
    /// Sends a second of each socket, at intended times (open model); max: each socket sends again when it has its answer
    /// (closed model) [default: the rate of the scenario, divided by its sockets, else 0.2]
    #[arg(long, value_name = "R|max", help_heading = SWARM, value_parser = rate, allow_negative_numbers = true)]
    pub(in super::super) rate_per_socket: Option<RateArg>,
    #[command(flatten)]
    pub(in super::super) connecting: Connecting,
    /// Process id of a local server, to measure its CPU time, memory, threads and descriptors [default: the server that
    /// this run starts]
    #[arg(long, value_name = "PID", help_heading = SWARM, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(in super::super) server_pid: Option<u32>,
    /// Add no marks to payloads; without a mark a broadcast cannot be followed to each receiver
    #[arg(long, help_heading = SWARM)]
    pub(in super::super) no_marks: bool,
    /// Load a target that is not loopback without asking first
    #[arg(long, help_heading = SWARM)]
    pub(in super::super) yes: bool,
    #[command(flatten)]
    pub(in super::super) results: Results,
    #[command(flatten)]
    pub(in super::super) config: Config,
}
