//! The server under test of a swarm: one that runs, one that a command starts, or the reference server in a process of
//! its own.

use super::args;
use super::check::Server;
use super::complaint::Complaint;
use super::embedded::OwnServer;
use super::exec::{Exec, Log, STARTS_WITHIN};
use super::interrupt::Stop;
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

    /// Stops what was started.
    pub(super) async fn stop(self) {
        match self.started {
            Started::Nothing => {}
            Started::Own(server) => server.stop().await,
            Started::Exec(exec) => exec.stop().await,
        }
    }
}

/// The target over another transport, if one is asked for.
pub(super) fn over(target: &Target, transport: Option<Transport>) -> Target {
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
