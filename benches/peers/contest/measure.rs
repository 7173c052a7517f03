//! The three measurements, the same for every tool.

use std::time::Duration;

use tempfile::TempDir;

use super::Outcome;
use super::group::Group;
use super::server::ReferenceServer;
use super::tool::{Installed, Load, PUSHES_A_SECOND, Pace};

/// The number of sockets of the run with few sockets, when memory is measured.
pub(super) const FEW_SOCKETS: u32 = 10;

/// How long the clients of the shorter run push: long enough for all to join and for code that is compiled at run
/// time.
const SHORT_S: u32 = 3;
/// How long a tool may take beyond the time that its clients push.
const SPARE: Duration = Duration::from_secs(40);
/// How long after the last connect memory is read.
const SETTLES: Duration = Duration::from_secs(3);
/// A push time that is longer than the measurement of memory.
const IDLE_S: u32 = 60;

/// A thousand pushes a second for ten seconds. With 100 clients that think for 100 ms, the pushes that a closed
/// loop has under way in the stall are just 1 % of all, so p99 would depend on chance. So there are fewer clients
/// that push more often.
const STALL_SOCKETS: u32 = 50;
const STALL_RUN_S: u32 = 10;
const STALL: Duration = Duration::from_secs(1);

/// The p99 that a tool reported of a stall, and the true one.
pub(super) struct Told {
    pub(super) p99: Duration,
    pub(super) truth: Duration,
}

/// The cost of a whole run.
struct Spent {
    round_trips: u64,
    cpu: Duration,
}

/// Round trips for each CPU second: those of a longer run minus those of a shorter one.
pub(super) fn round_trips_per_cpu_second(tool: &Installed, sockets: u32, seconds: u32) -> Outcome<f64> {
    let short = whole_run(tool, sockets, SHORT_S)?;
    let long = whole_run(tool, sockets, SHORT_S + seconds)?;
    let more = long.round_trips.saturating_sub(short.round_trips);
    let cpu = long.cpu.saturating_sub(short.cpu);
    if more == 0 || cpu.is_zero() {
        return Err("the longer run did no more than the shorter one".into());
    }
    Ok(more as f64 / cpu.as_secs_f64())
}

fn whole_run(tool: &Installed, sockets: u32, seconds: u32) -> Outcome<Spent> {
    let run = Run::start(tool, sockets, seconds, Pace::Echo)?;
    run.wait_for_end(seconds)?;
    Ok(Spent {
        round_trips: tool.round_trips(run.folder.path())?,
        cpu: run.client.cpu()?,
    })
}

/// Resident bytes a joined socket.
pub(super) fn memory_a_socket(tool: &Installed, sockets: u32) -> Outcome<f64> {
    let few = resident_bytes(tool, FEW_SOCKETS)?;
    let many = resident_bytes(tool, sockets)?;
    Ok(many.saturating_sub(few) as f64 / f64::from(sockets - FEW_SOCKETS))
}

fn resident_bytes(tool: &Installed, sockets: u32) -> Outcome<u64> {
    let run = Run::start(tool, sockets, IDLE_S, Pace::Idle)?;
    run.goes_on_for(SETTLES)?;
    run.client.resident_bytes()
}

/// The 99th percentile beside a server that stops in the middle of a run.
pub(super) fn told_of_a_stall(tool: &Installed) -> Outcome<Told> {
    let run = Run::start(tool, STALL_SOCKETS, STALL_RUN_S, Pace::Think)?;
    run.goes_on_for(Duration::from_secs(u64::from(STALL_RUN_S / 2)))?;
    let stalled = run.server.stall(STALL, &run.client)?;
    run.wait_for_end(STALL_RUN_S)?;
    Ok(Told {
        p99: tool.p99(run.folder.path())?,
        truth: true_p99(stalled),
    })
}

/// Pushes are due evenly all the time, so those in the stall wait evenly between nothing and all of it, and
/// the longest waits are those at its begin: a hundredth of all pushes is due in the first hundredth of the
/// run's time.
fn true_p99(stalled: Duration) -> Duration {
    stalled.saturating_sub(Duration::from_secs(u64::from(STALL_RUN_S)) / 100)
}

/// Pushes a second, over all clients of the stall.
pub(super) const STALL_RATE: u32 = STALL_SOCKETS * PUSHES_A_SECOND;

/// A tool that loads a server. The fields are dropped in this order, so the client ends before the server.
struct Run {
    client: Group,
    server: ReferenceServer,
    folder: TempDir,
}

impl Run {
    /// Starts both, and waits until all clients are connected.
    fn start(tool: &Installed, sockets: u32, seconds: u32, pace: Pace) -> Outcome<Self> {
        let server = ReferenceServer::start()?;
        let folder = TempDir::new()?;
        let client = tool.start(&Load {
            server: server.address(),
            sockets,
            seconds,
            pace,
            transport: tool.transport(),
            folder: folder.path(),
        })?;
        server.wait_for(tool.connections_of(sockets), &client)?;
        Ok(Self {
            client,
            server,
            folder,
        })
    }

    fn goes_on_for(&self, time: Duration) -> Outcome<()> {
        if self.client.ends_within(time)? {
            return Err("it ended too early".into());
        }
        Ok(())
    }

    fn wait_for_end(&self, seconds: u32) -> Outcome<()> {
        let limit = Duration::from_secs(u64::from(seconds)) + SPARE;
        if !self.client.ends_within(limit)? {
            return Err(format!("it did not end within {} s", limit.as_secs()).into());
        }
        Ok(())
    }
}
