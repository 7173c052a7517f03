//! Turns the flags and settings of `prove` into the settings of its experiments. Finds every mistake before anything opens.

use std::time::{Duration, SystemTime};

use super::super::args::{self, TransportArg, VsnArg};
use super::super::beam::check_beam;
use super::super::check::{Server, server};
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::load::command_line;
use super::super::results;
use super::super::under_test::{check_loopback, check_pid, rehearsed_at};
use crate::beam::BeamAddress;
use crate::prove::{ExperimentName, ProveSettings};
use crate::report::{Folder, ProveSetup};
use crate::transport::{Endpoint, Target, Transport};

/// How many sockets an experiment has at the reference server.
const SOCKETS_OF_OWN: u32 = 10_000;
/// How many sockets an experiment has at the server of somebody else.
const SOCKETS_OF_TARGET: u32 = 200;
/// With fewer sockets there are no rooms.
const FEWEST_SOCKETS: u32 = 20;
const MAX_TIME: Duration = Duration::from_secs(90);
/// A shorter experiment has no time for its blocks.
const SHORTEST: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The validated arguments of a `prove`.
pub(super) struct Job {
    /// The server under test.
    pub(super) server: Server,
    /// The seed of all random choices.
    pub(super) seed: u64,
    experiments: Vec<ExperimentName>,
    meant: args::Prove,
}

impl Job {
    /// Validates the arguments from the command line and the settings file.
    pub(super) fn new(meant: args::Prove) -> Result<Self, CliError> {
        let mut experiments: Vec<ExperimentName> = Vec::new();
        for name in meant.experiments.iter().flat_map(|typed| typed.meant()) {
            if !experiments.contains(&name) {
                experiments.push(name);
            }
        }
        let job = Self {
            server: server(&meant.target, None)?.over(meant.transport.map(TransportArg::meant)),
            seed: results::seed(&meant.results)?,
            experiments,
            meant,
        };
        job.check()?;
        Ok(job)
    }

    fn check(&self) -> Result<(), CliError> {
        let sockets = self.sockets();
        if sockets < FEWEST_SOCKETS {
            let what = format!("{sockets} sockets are too few to compare treated conversations with others");
            let complaint = Complaint::new(what).expected(format!("--sockets {FEWEST_SOCKETS} or more"));
            return Err(complaint.into());
        }
        let limit = self.max_time();
        if limit < SHORTEST {
            let what = format!(
                "an experiment cannot be made in {}",
                humantime::format_duration(limit)
            );
            let shortest = humantime::format_duration(SHORTEST);
            return Err(Complaint::new(what)
                .expected(format!("--max-time {shortest} or more"))
                .into());
        }
        check_pid(self.server_pid())?;
        if !self.meant.yes {
            check_beam(self.beam())?;
        }
        let target = rehearsed_at(&self.server, self.transport())?;
        if !self.meant.yes {
            check_loopback(&target, || {
                let names: Vec<&str> = self.experiments.iter().map(|it| it.name()).collect();
                let names = names.join(", ");
                format!("{sockets} sockets would crash, cut off and flood conversations there ({names})")
            })?;
        }
        Ok(())
    }

    /// The settings of the run, for a server at `target`.
    pub(super) fn settings(&self, target: &Target, server_pid: Option<u32>) -> ProveSettings {
        let typed = &self.meant.target;
        ProveSettings {
            endpoint: Endpoint {
                target: target.clone(),
                params: typed.params.clone(),
                headers: typed.all_headers(),
            },
            vsn: typed.vsn.map_or_else(Default::default, VsnArg::meant),
            experiments: self.experiments.clone(),
            sockets: usize::try_from(self.sockets()).unwrap_or(usize::MAX),
            max_time: self.max_time(),
            timeout: self.meant.timeout.unwrap_or(TIMEOUT),
            seed: self.seed,
            server_pid,
            beam: None,
        }
    }

    /// The description of the run.
    pub(super) fn setup(&self) -> ProveSetup {
        let mut line = command_line(std::env::args_os());
        if self.meant.results.seed.is_none() {
            line.push_str(&format!(" --seed {}", self.seed));
        }
        ProveSetup::new(&self.experiments, (self.sockets().into(), self.max_time()), line)
    }

    /// How many sockets each experiment has.
    fn sockets(&self) -> u32 {
        self.meant.sockets.unwrap_or(match self.server {
            Server::Embedded(_) => SOCKETS_OF_OWN,
            Server::There(_) | Server::Exec(..) => SOCKETS_OF_TARGET,
        })
    }

    fn max_time(&self) -> Duration {
        self.meant.max_time.unwrap_or(MAX_TIME)
    }

    /// The transport of the run, if one was named.
    pub(super) fn transport(&self) -> Option<Transport> {
        self.meant.transport.map(TransportArg::meant)
    }

    /// The target as typed.
    pub(super) const fn target(&self) -> &args::Target {
        &self.meant.target
    }

    /// The port of the Erlang VM, if one was named.
    pub(super) const fn beam(&self) -> Option<&BeamAddress> {
        self.meant.beam.as_ref()
    }

    /// The server, as it is named before it has started.
    pub(super) fn server_named(&self) -> String {
        match &self.server {
            Server::Embedded(_) => "a free port of 127.0.0.1".to_owned(),
            Server::There(target) | Server::Exec(target, _) => target.url(),
        }
    }

    /// How the run is watched while it goes on.
    pub(super) const fn page(&self) -> args::LivePage {
        self.meant.page
    }

    /// The process to watch, if one was named.
    pub(super) const fn server_pid(&self) -> Option<u32> {
        self.meant.server_pid
    }

    /// The folder for the results.
    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, "prove", started_at)
    }
}
