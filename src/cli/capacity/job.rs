//! Turns the flags and settings of `capacity` into the settings of a search. Finds every mistake before anything opens.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::args::{self, ByArg, ReplyArg, TransportArg, VsnArg};
use super::super::beam::check_beam;
use super::super::check::{Server, server};
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::load::{command_line, refused};
use super::super::results;
use super::super::under_test::{check_loopback, check_pid, processors, rehearsed_at};
use crate::beam::BeamAddress;
use crate::capacity::{CapacitySettings, Dimension, Goal, Most};
use crate::load::{self, LoadSettings, Objective, Override, Share};
use crate::report::Folder;
use crate::transport::{Target, Transport};

/// The largest load unless another one is named.
const USUAL_MAX: u64 = 1_000_000;
/// The first load that is tried.
const START: u64 = 100;
/// The sockets that send where rates are searched.
const USUAL_SENDERS: u32 = 500;
/// How close the answer has to be.
const USUAL_WIDTH: f64 = 0.025;
/// The length of a full trial, and of the soak at the end.
const USUAL_TRIAL: Duration = Duration::from_secs(3);
const USUAL_SOAK: Duration = Duration::from_secs(10);
/// A load is decided by two of three full trials.
const TRIALS: u32 = 3;
/// The length of the search.
const USUAL_TIME: Duration = Duration::from_secs(150);
const LONG_POLL_TIME: Duration = Duration::from_secs(600);
/// The time in which a server notices that a long poll client has gone: Phoenix waits some ten seconds.
const LONG_POLL_PAUSE: Duration = Duration::from_secs(15);

/// The validated arguments of a `capacity`.
pub(super) struct Job {
    /// The server under test.
    pub(super) server: Server,
    /// The seed of all random choices.
    pub(super) seed: u64,
    objectives: Vec<Objective>,
    meant: args::Capacity,
}

impl Job {
    /// Validates the arguments from the command line and the settings file.
    pub(super) fn new(meant: args::Capacity) -> Result<Self, CliError> {
        let job = Self {
            server: server(&meant.target, None)?.over(meant.transport.map(TransportArg::meant)),
            seed: results::seed(&meant.results)?,
            objectives: objectives(&meant),
            meant,
        };
        job.check()?;
        Ok(job)
    }

    /// Refuses arguments that make no sense, before anything is opened.
    fn check(&self) -> Result<(), CliError> {
        let typed = &self.meant;
        let by = self.dimension();
        let says_nothing = |flag: &str, to: &str| {
            let what = format!("{flag} has no effect with --by {}", by.name());
            Complaint::new(what).expected(format!("--by {to}"))
        };
        if typed.sockets.is_some() && by != Dimension::Rate {
            return Err(says_nothing("--sockets", "rate")
                .next("--max is the largest load to try")
                .into());
        }
        if typed.rate.is_some() && !matches!(by, Dimension::Sockets | Dimension::Fanout) {
            return Err(says_nothing("--rate", "sockets or fanout").into());
        }
        if typed.max == Some(0) {
            return Err(Complaint::new("--max 0 leaves nothing to try")
                .expected("at least 1")
                .into());
        }
        check_pid(typed.server_pid)?;
        if !typed.yes {
            check_beam(typed.beam.as_ref())?;
        }
        let target = rehearsed_at(&self.server, self.transport())?;
        let settings = self.settings(&target, None);
        load::rehearse(&settings.smallest()).map_err(refused)?;
        if typed.yes {
            return Ok(());
        }
        let checked = check_loopback(&target, || {
            format!(
                "it would be loaded with up to {} {}, for up to {}",
                settings.range.end(),
                by.unit(),
                humantime::format_duration(settings.max_time)
            )
        });
        checked.map_err(|it| {
            it.next("add --yes if its owner agrees; --max bounds the load")
                .into()
        })
    }

    /// The settings of the search, for a server at `target`.
    pub(super) fn settings(&self, target: &Target, server_pid: Option<u32>) -> CapacitySettings {
        let typed = &self.meant;
        let trial = typed.trial.unwrap_or(USUAL_TRIAL);
        let most = typed.max.map_or(USUAL_MAX, u64::from);
        let polls = target.transport() == Transport::LongPoll;
        let max_time = if polls { LONG_POLL_TIME } else { USUAL_TIME };
        let pause = if polls { LONG_POLL_PAUSE } else { Duration::ZERO };
        CapacitySettings {
            dimension: self.dimension(),
            base: self.base(target, server_pid),
            pushes: typed.rate,
            objectives: self.objectives.clone(),
            range: 1..=most,
            most: typed.max.map_or(Most::Usual, |_| Most::Asked),
            start: START.min(most),
            goal: Goal {
                width: typed.width.unwrap_or(USUAL_WIDTH),
                trial,
                sum: trial * TRIALS,
            },
            soak: typed.soak.unwrap_or(USUAL_SOAK),
            max_time: typed.max_time.unwrap_or(max_time),
            pause: typed.pause.unwrap_or(pause),
        }
    }

    /// The load test of every trial, without its load.
    fn base(&self, target: &Target, server_pid: Option<u32>) -> LoadSettings {
        let typed = &self.meant;
        let scenario = self.dimension().scenario();
        let share = Share {
            name: scenario.name.into(),
            ..Share::new(Arc::clone(&scenario.program))
        };
        let usual = LoadSettings::of_several(target.clone(), share, []);
        LoadSettings {
            vsn: typed.target.vsn.map_or(usual.vsn, VsnArg::meant),
            params: typed.target.params.clone(),
            headers: typed.target.all_headers(),
            instead: Override {
                topic: typed.instead.topic.clone(),
                join_params: typed.instead.join_params.clone(),
                push: typed.instead.push.clone(),
                push_reply: typed.instead.push_reply.map(ReplyArg::meant),
                offers: Vec::new(),
            },
            sockets: typed.sockets.unwrap_or(USUAL_SENDERS),
            heartbeat: typed.heartbeat.unwrap_or(usual.heartbeat),
            shards: typed.shards.map(usize::from),
            server_pid,
            seed: self.seed,
            ..usual
        }
    }

    /// The load that grows.
    pub(super) fn dimension(&self) -> Dimension {
        self.meant.by.map_or(Dimension::Sockets, ByArg::meant)
    }

    /// The transport of the trials, if one was named.
    pub(super) fn transport(&self) -> Option<Transport> {
        self.meant.transport.map(TransportArg::meant)
    }

    /// The number of threads of the reference server.
    pub(super) fn server_shards(&self) -> usize {
        self.meant.shards.map_or_else(processors, usize::from)
    }

    /// The target as typed.
    pub(super) const fn target(&self) -> &args::Target {
        &self.meant.target
    }

    /// The port of the Erlang VM, if one was named.
    pub(super) const fn beam(&self) -> Option<&BeamAddress> {
        self.meant.beam.as_ref()
    }

    /// How the run is watched while it goes on.
    pub(super) const fn page(&self) -> args::LivePage {
        self.meant.page
    }

    /// The process to watch, if one was named.
    pub(super) const fn server_pid(&self) -> Option<u32> {
        self.meant.server_pid
    }

    /// The command line for reports.
    pub(super) fn command_line(&self) -> String {
        command_line(std::env::args_os())
    }

    /// The folder for the results.
    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, "capacity", started_at)
    }
}

/// The objectives from the command line or the settings file, or else the usual ones.
fn objectives(meant: &args::Capacity) -> Vec<Objective> {
    if !meant.objectives.is_empty() {
        let named = meant.objectives.iter().cloned();
        return named.map(|it| it.asked_by("--objective")).collect();
    }
    let by = meant.by.map_or(Dimension::Sockets, ByArg::meant);
    let usual = by.usual_objectives().iter().filter_map(|text| text.parse().ok());
    usual.map(|it: Objective| it.asked_by("default")).collect()
}
