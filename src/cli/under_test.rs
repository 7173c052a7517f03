//! The server under test of `load`, `capacity` and `prove`: one that runs, one that a command starts, or the reference
//! server in a process of its own.

use super::args;
use super::check::Server;
use super::complaint::Complaint;
use super::embedded::OwnServer;
use super::exec::{Exec, Log, STARTS_WITHIN};
use super::interrupt::Stop;
use super::wait;
use crate::driver::{Host as _, Lent};
use crate::process::usage_of;
use crate::report::Folder;
use crate::transport::{Target, Transport};

/// A server that can be reached.
pub(super) struct UnderTest {
    /// Its address.
    pub(super) target: Target,
    /// Its process, if this run started it.
    pub(super) pid: Option<u32>,
    started: Started,
}

/// The server that this run has started, if any.
enum Started {
    Nothing,
    Own(Box<OwnServer>),
    Exec(Exec),
}

/// A server that did not start.
pub(super) struct NotStarted {
    /// Its URL; empty for the reference server.
    pub(super) target: String,
    /// The reason why it did not start.
    pub(super) why: Complaint,
}

/// The way to a server: how it is started and reached.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) transport: Option<Transport>,
    pub(super) how: &'a args::Target,
    pub(super) folder: &'a Folder,
    pub(super) stop: &'a Stop,
}

impl Visit<'_> {
    /// Starts the server, if this run has to, waits for it if the user asks for that, does the work, and stops it. Returns the URL of
    /// the server, too.
    pub(super) async fn make<T>(
        self,
        server: &Server,
        work: impl AsyncFnOnce(&mut UnderTest) -> Result<T, Complaint>,
    ) -> (String, Result<T, Complaint>) {
        let own = (self.transport, processors());
        match UnderTest::start(server, own, self.how, self.folder, self.stop).await {
            Ok(mut server) => {
                let outcome = match self.wait_for(&server.target).await {
                    Ok(()) => work(&mut server).await,
                    Err(why) => Err(why),
                };
                let target = server.target.url();
                server.stop().await;
                (target, outcome)
            }
            Err(NotStarted { target, why }) => (target, Err(why)),
        }
    }

    async fn wait_for(&self, target: &Target) -> Result<(), Complaint> {
        let Some(limit) = self.how.wait_for else {
            return Ok(());
        };
        tokio::select! {
            reached = wait::wait_for(limit, target, self.how) => reached,
            () = self.stop.clone().asked() => Err(Complaint::new("ended before the server answered")),
        }
    }
}

impl UnderTest {
    /// Starts the server, if this run has to. The reference server gets so many threads.
    pub(super) async fn start(
        server: &Server,
        (transport, shards): (Option<Transport>, usize),
        how: &args::Target,
        folder: &Folder,
        stop: &Stop,
    ) -> Result<Self, NotStarted> {
        match server {
            Server::There(target) => Ok(Self {
                target: target.clone(),
                pid: None,
                started: Started::Nothing,
            }),
            Server::Embedded(profile) => match OwnServer::start(*profile, shards).await {
                Ok(server) => Ok(Self {
                    target: over(server.at(), transport),
                    pid: server.pid(),
                    started: Started::Own(Box::new(server)),
                }),
                Err(why) => Err(NotStarted {
                    target: String::new(),
                    why: Complaint::new(format!("cannot start the reference server: {why}")),
                }),
            },
            Server::Exec(target, command) => {
                let started = tokio::select! {
                    started = exec(command, target, how, folder) => started,
                    () = stop.clone().asked() => Err(Complaint::new("ended before the server of --exec answered")),
                };
                let exec = started.map_err(|why| NotStarted {
                    target: target.url(),
                    why,
                })?;
                Ok(Self {
                    target: target.clone(),
                    pid: exec.pid().await,
                    started: Started::Exec(exec),
                })
            }
        }
    }

    /// Lends the server to a run that restarts it; nothing if this run did not start it.
    pub(super) async fn lend(&mut self) -> Result<Option<Box<dyn Lent>>, Complaint> {
        match std::mem::replace(&mut self.started, Started::Nothing) {
            Started::Nothing => Ok(None),
            Started::Own(server) => Ok(Some(server)),
            Started::Exec(exec) => {
                let lent = exec.lend().await.map_err(Complaint::new);
                self.started = Started::Exec(exec);
                lent.map(Some)
            }
        }
    }

    /// Stops the server, unless it was lent or this run did not start it.
    pub(super) async fn stop(self) {
        match self.started {
            Started::Nothing => {}
            Started::Own(server) => server.stop().await,
            Started::Exec(exec) => exec.stop().await,
        }
    }
}

/// The number of processors, which is the default number of threads.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Refuses a `--server-pid` that no process has. Only Linux can tell.
pub(super) fn check_pid(pid: Option<u32>) -> Result<(), Complaint> {
    match pid {
        Some(pid) if cfg!(target_os = "linux") && usage_of(pid).is_none() => Err(Complaint::new(format!(
            "no process has the pid {pid} that --server-pid names"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a target on another machine. `harm` describes, as a clause, the harm that the run would do there.
pub(super) fn check_loopback(target: &Target, harm: impl FnOnce() -> String) -> Result<(), Complaint> {
    if target.is_loopback() {
        return Ok(());
    }
    Err(elsewhere(&target.to_string(), &harm()))
}

/// The complaint about an address on another machine. `harm` is a clause about the run.
pub(super) fn elsewhere(address: &str, harm: &str) -> Complaint {
    let what = format!("{address} is not on this machine: {harm}");
    Complaint::new(what).next("add --yes if its owner agrees")
}

/// The target for checks before the run. The port of the reference server is not known yet, so it has a stand-in.
pub(super) fn rehearsed_at(server: &Server, transport: Option<Transport>) -> Result<Target, Complaint> {
    match server {
        Server::There(target) | Server::Exec(target, _) => Ok(target.clone()),
        Server::Embedded(_) => {
            let own = Target::parse("ws://127.0.0.1/socket");
            let own = own.map_err(|why| Complaint::new(why.to_string()))?;
            Ok(over(&own, transport))
        }
    }
}

/// The target over another transport, if one is asked for.
fn over(target: &Target, transport: Option<Transport>) -> Target {
    match transport {
        Some(transport) => target.over(transport),
        None => target.clone(),
    }
}

async fn exec(
    command: &str,
    target: &Target,
    how: &args::Target,
    folder: &Folder,
) -> Result<Exec, Complaint> {
    let within = how.wait_for.unwrap_or(STARTS_WITHIN);
    Exec::start(command, target, Log::new(folder)?, within).await
}
