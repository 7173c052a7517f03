//! What a `load` means: everything that can be wrong with what was asked is found here, before anything opens.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::super::args::{self, RateArg, ReplyArg, VsnArg};
use super::super::check::{Server, server};
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::results;
use super::refused;
use crate::conformance::{Case, CaseError, catalogue};
use crate::load::{
    self, Arrivals, LoadResult, Marks, Objective, Outcome, Override, Pacing, Schedule, Sends, Settings,
    Share, Stage, built_in, usage_of,
};
use crate::report::{Folder, grouped};
use crate::scenario::{Program, nearest};
use crate::transport::Target;

/// The most threads that `serve --shards` takes; a swarm that needs more has no room on one machine, and its plan says so.
const MOST_SHARDS: usize = 256;

/// A `load` that makes sense.
pub(super) struct Job {
    /// The server under test.
    pub(super) server: Server,
    /// The scenarios as they were typed.
    pub(super) scenario: String,
    /// Where all random choices come from.
    pub(super) seed: u64,
    first: Share,
    others: Vec<Share>,
    sends: Sends,
    objectives: Vec<Objective>,
    meant: args::Load,
}

impl Job {
    /// What was typed and configured, as meant.
    pub(super) fn new(meant: args::Load) -> Result<Self, CliError> {
        let mut shares = meant.scenarios.iter().map(|typed| share(typed));
        let first = shares.next().ok_or_else(nothing_to_play)??;
        let others = shares.collect::<Result<Vec<_>, _>>()?;
        let mut job = Self {
            server: server(&meant.target, None)?,
            scenario: meant.scenarios.join(" "),
            seed: results::seed(&meant.results)?,
            objectives: objectives(&meant, std::iter::once(&first).chain(&others))?,
            first,
            others,
            sends: Sends::Something,
            meant,
        };
        job.sends = job.check()?;
        Ok(job)
    }

    /// Refuses what makes no sense, before anything is opened; tells whether anything is sent.
    fn check(&self) -> Result<Sends, CliError> {
        let typed = &self.meant;
        let stages = self.first.program.load().stages.len();
        if stages > 0 && typed.duration.is_some() && typed.rate.is_none() {
            let what = format!("--duration says nothing to a scenario of {stages} stages, each with its own");
            let complaint = Complaint::new(what);
            return Err(complaint
                .expected("--rate R beside it, which stands in their place")
                .into());
        }
        let target = match &self.server {
            Server::There(target) | Server::Exec(target, _) => target.clone(),
            // Where it will listen is not known yet, and does not matter here.
            Server::Embedded(_) => {
                Target::parse("ws://127.0.0.1/socket").map_err(|why| Complaint::new(why.to_string()))?
            }
        };
        if cfg!(target_os = "linux")
            && let Some(pid) = self.server_pid()
            && usage_of(pid).is_none()
        {
            let complaint = Complaint::new(format!("no process has the pid {pid} that --server-pid names"));
            return Err(complaint.into());
        }
        let settings = self.settings(&target, None);
        let sends = load::rehearse(&settings).map_err(refused)?;
        if sends == Sends::Nothing && typed.rate.is_some() {
            let what = format!("--rate says nothing to {}, which sends nothing", self.scenario);
            return Err(Complaint::new(what)
                .expected("a scenario that pushes, such as echo")
                .into());
        }
        if target.is_loopback() || typed.yes {
            return Ok(sends);
        }
        let what = format!(
            "{target} is not on this machine: it would be loaded with {}",
            self.describe(&settings)
        );
        let complaint = Complaint::new(what);
        Err(complaint.next("add --yes if its owner agrees").into())
    }

    /// The settings of the run, once it is known where the server is.
    pub(super) fn settings(&self, target: &Target, server_pid: Option<u32>) -> Settings {
        let typed = &self.meant;
        let (first, others) = (self.first.clone(), self.others.clone());
        let usual = Settings::of_several(target.clone(), first, others);
        let duration = typed.duration.unwrap_or(usual.duration);
        let schedule = match (typed.rate, usual.schedule) {
            (Some(RateArg::Max), _) => Schedule::Closed,
            (Some(RateArg::PerSecond(rate)), _) => {
                Schedule::Open(vec![Stage { rate, duration }], Pacing::Even)
            }
            (None, Schedule::Open(mut stages, pacing)) => {
                // One rate of the scenario's, for as long as was typed.
                if let ([only], Some(duration)) = (stages.as_mut_slice(), typed.duration) {
                    only.duration = duration;
                }
                Schedule::Open(stages, pacing)
            }
            (None, Schedule::Closed) => Schedule::Closed,
        };
        Settings {
            vsn: typed.target.vsn.map_or(usual.vsn, VsnArg::meant),
            params: typed.target.params.clone(),
            headers: typed.target.headers.clone(),
            instead: Override {
                topic: typed.instead.topic.clone(),
                join_params: typed.instead.join_params.clone(),
                push: typed.instead.push.clone(),
                push_reply: typed.instead.push_reply.map(ReplyArg::meant),
                offers: Vec::new(),
            },
            marks: match typed.no_marks {
                true => Marks::AsWritten,
                false => Marks::Added,
            },
            sockets: self.sockets(),
            arrivals: typed
                .arrivals
                .or(typed.ramp.map(Arrivals::Over))
                .unwrap_or(usual.arrivals),
            schedule,
            duration,
            heartbeat: typed.heartbeat.unwrap_or(usual.heartbeat),
            shards: typed.shards.map(usize::from),
            sources: typed.source_ip.clone(),
            server_pid,
            seed: self.seed,
            ..usual
        }
    }

    /// How many sockets are wanted.
    pub(super) fn sockets(&self) -> u32 {
        let of_scenario = || self.first.program.load().sockets.unwrap_or(1000);
        self.meant
            .sockets
            .unwrap_or_else(|| u32::try_from(of_scenario()).unwrap_or(u32::MAX))
    }

    /// Threads of the reference server.
    pub(super) fn shards(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let needed = || {
            // Connections are dealt to the shards by chance, so that some get more than others: two thirds are planned.
            let each = (crate::descriptors::raise_limit() / 3 * 2).max(100);
            usize::try_from(u64::from(self.sockets()).div_ceil(each)).unwrap_or(1)
        };
        self.meant
            .shards
            .map_or_else(|| processors().max(needed()).min(MOST_SHARDS), usize::from)
    }

    /// The process that is to be watched, if one was named.
    pub(super) const fn server_pid(&self) -> Option<u32> {
        self.meant.server_pid
    }

    /// Whether a topic stands in the place of the scenario's.
    pub(super) const fn has_topic(&self) -> bool {
        self.meant.instead.topic.is_some()
    }

    /// The Phoenix version that the reference server behaves as.
    pub(super) const fn profile(&self) -> Option<&'static str> {
        match self.server {
            Server::Embedded(profile) => Some(profile.name()),
            Server::There(_) | Server::Exec(..) => None,
        }
    }

    /// What ends the run before its time: nothing if it is not to be ended by failures.
    pub(super) fn watched(&self) -> Option<Vec<Objective>> {
        self.meant.abort_on_fail.then(|| self.objectives.clone())
    }

    /// Holds what had to hold against a result.
    pub(super) fn judge(&self, result: &LoadResult) -> Vec<Outcome> {
        self.objectives.iter().map(|it| it.judge(result)).collect()
    }

    /// `echo: 1,000 sockets, 500 sends a second for 30s`
    pub(super) fn describe(&self, settings: &Settings) -> String {
        let sends = match &settings.schedule {
            _ if self.sends == Sends::Nothing => String::new(),
            Schedule::Closed => ", as many sends as the answers allow".to_owned(),
            Schedule::Open(stages, _) => {
                let rates: Vec<String> = stages.iter().map(|stage| stage.rate.to_string()).collect();
                format!(", {} sends a second", rates.join(", then "))
            }
        };
        let lasts = humantime::format_duration(settings.lasts());
        let sockets = grouped(settings.sockets.into());
        let come = match settings.arrivals {
            Arrivals::AtOnce => String::new(),
            Arrivals::Over(ramp) => format!(" within {}", humantime::format_duration(ramp)),
            Arrivals::Rate(rate, Pacing::Even) => format!(" at {rate} a second"),
            Arrivals::Rate(rate, Pacing::Poisson) => format!(" at {rate} a second, like a Poisson process"),
        };
        format!("{}: {sockets} sockets{come}{sends} for {lasts}", self.scenario)
    }

    /// Where the results go.
    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, "load", started_at)
    }
}

fn nothing_to_play() -> Complaint {
    Complaint::new("no scenario was named").expected("one such as echo, or a file of your own")
}

/// A scenario with its weight, if one stands behind it. A file may be called so.
fn share(typed: &str) -> Result<Share, CliError> {
    let weight = typed.rsplit_once('=').filter(|_| !Path::new(typed).exists());
    let Some((name, weight)) = weight else {
        return named(typed);
    };
    let weight = weight.parse().map_err(|_| {
        Complaint::new(format!("`{weight}` is no weight of {name}")).expected("a whole number, as in echo=3")
    })?;
    Ok(Share {
        weight,
        ..named(name)?
    })
}

fn named(scenario: &str) -> Result<Share, CliError> {
    let share = Share::new(program(scenario)?);
    Ok(Share {
        name: scenario.into(),
        ..share
    })
}

/// A scenario of the swarm by its name, a case by its id, or a file.
fn program(scenario: &str) -> Result<Arc<Program>, CliError> {
    if let Some(it) = built_in().iter().find(|it| it.name == scenario) {
        return Ok(Arc::clone(&it.program));
    }
    if let Some(case) = catalogue::built_in().iter().find(|case| &*case.id == scenario) {
        return Ok(Arc::clone(&case.program));
    }
    let path = Path::new(scenario);
    if path.exists() || path.extension().is_some_and(|it| it == "yaml" || it == "yml") {
        return match Case::read(path) {
            Ok(case) => Ok(case.program),
            Err(CaseError::Scenario(error)) => Err(error.into()),
            Err(error) => Err(Complaint::new(error.to_string()).into()),
        };
    }
    let names = built_in().iter().map(|it| it.name);
    let known: Vec<&str> = names.clone().collect();
    Err(Complaint::new(format!("no scenario is named `{scenario}`"))
        .expected(format!(
            "one of {}, or a scenario file of your own",
            known.join(", ")
        ))
        .did_you_mean(nearest(scenario, names))
        .into())
}

/// What was typed; if nothing was, what the scenarios say.
fn objectives<'s>(
    meant: &args::Load,
    shares: impl Iterator<Item = &'s Share>,
) -> Result<Vec<Objective>, Complaint> {
    if !meant.objectives.is_empty() {
        return Ok(meant.objectives.clone());
    }
    let parse = |(program, text): (&Program, &String)| {
        text.parse()
            .map_err(|why: load::ObjectiveError| Complaint::new(why.to_string()).place(&*program.path))
    };
    let programs = shares.map(|share| &*share.program);
    programs
        .flat_map(|program| program.load().objectives.iter().map(move |text| (program, text)))
        .map(parse)
        .collect()
}
