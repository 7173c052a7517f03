//! Turns the flags and settings of `load` into the settings of a swarm. Finds every mistake before anything opens.

use std::time::SystemTime;

use super::super::args::{self, RateArg, ReplyArg, TransportArg, VsnArg};
use super::super::beam::check_beam;
use super::super::check::{Server, server};
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::results;
use super::super::under_test::{check_loopback, check_pid, processors, rehearsed_at};
use super::ordered::Ordered;
use super::refused;
use super::scenarios::{nothing_to_play, objectives, share};
use super::typed::command_line;
use crate::beam::BeamAddress;
use crate::load::{
    self, Arrivals, LoadResult, LoadSettings, Marks, Objective, ObjectiveOutcome, Override, Pacing, PlayedBy,
    RateStage, Rehearsal, Schedule, Sends, Share, Steering, Unsteerable, gentle_rate, usual_sockets,
};
use crate::report::{Folder, LoadCommand, Setup, things};
use crate::transport::{Target, Transport};

/// The most threads that `serve --shards` takes. A swarm that needs more does not fit on one machine, and its
/// plan says so.
const MOST_SHARDS: usize = 256;

/// Whether a failure ends the run early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abort {
    /// The first failure ends it.
    OnFail,
    /// Only a signal ends it.
    Never,
}

/// The origin of the send rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RateSource {
    /// The command line, the settings file or the scenario names it; or nothing is sent, so no rate is needed.
    User,
    /// The default, which is low.
    Gentle,
}

/// The validated arguments of a `load`.
pub(in super::super) struct Job {
    /// The server under test.
    pub(super) server: Server,
    /// The scenarios as typed.
    pub(super) scenario: String,
    /// The seed of all random choices.
    pub(in super::super) seed: u64,
    first: Share,
    others: Vec<Share>,
    rehearsal: Rehearsal,
    steering: Steering,
    objectives: Vec<Objective>,
    ordered: Option<Ordered>,
    meant: args::Load,
}

impl Job {
    /// Validates the arguments from the command line and the settings file.
    pub(in super::super) fn new(
        meant: args::Load,
        objectives_from: &str,
        ordered: Option<Ordered>,
    ) -> Result<Self, CliError> {
        let mut shares = meant
            .scenarios
            .iter()
            .map(|typed| share(typed, &meant.target.variables));
        let first = shares.next().ok_or_else(nothing_to_play)??;
        let others = shares.collect::<Result<Vec<_>, _>>()?;
        let unknown = Rehearsal {
            sends: Sends::Something,
            played_by: PlayedBy::Roles,
            connections: 1,
        };
        let mut job = Self {
            server: server(&meant.target, None)?.over(meant.connecting.transport.map(TransportArg::meant)),
            scenario: meant.scenarios.join(" "),
            seed: results::seed(&meant.results)?,
            objectives: objectives(&meant, objectives_from, std::iter::once(&first).chain(&others))?,
            first,
            others,
            rehearsal: unknown,
            steering: Steering::default(),
            ordered,
            meant,
        };
        (job.rehearsal, job.steering) = job.check()?;
        Ok(job)
    }

    /// Refuses arguments that make no sense, before anything is opened. Returns the rehearsal of the run, and the
    /// control of its rate.
    fn check(&self) -> Result<(Rehearsal, Steering), CliError> {
        let typed = &self.meant;
        let stages = self.first.program.load().stages.len();
        if stages > 0 && typed.duration.is_some() && typed.rate.is_none() {
            let what = format!("--duration says nothing to a scenario of {stages} stages, each with its own");
            let complaint = Complaint::new(what);
            return Err(complaint
                .expected("--rate R beside it, which stands in their place")
                .into());
        }
        check_pid(self.server_pid())?;
        if !self.meant.yes {
            check_beam(self.beam())?;
        }
        let target = rehearsed_at(&self.server, self.transport())?;
        let settings = self.settings(&target, None);
        let rehearsal = load::rehearse(&settings).map_err(refused)?;
        if rehearsal.sends == Sends::Nothing && typed.rate.is_some() {
            let what = format!("--rate says nothing to {}, which sends nothing", self.scenario);
            return Err(Complaint::new(what)
                .expected("a scenario that pushes, such as echo")
                .into());
        }
        if !typed.yes {
            check_loopback(&target, || {
                let wish = Setup::new(&settings, rehearsal.sends).wish();
                format!("it would be loaded with {}: {wish}", self.scenario)
            })?;
        }
        let steering = match rehearsal.sends {
            Sends::Nothing => Steering::locked(Unsteerable::SendsNothing),
            Sends::Something => settings.schedule.steering(),
        };
        Ok((rehearsal, steering))
    }

    /// The settings of the run, for a server at `target`.
    pub(super) fn settings(&self, target: &Target, server_pid: Option<u32>) -> LoadSettings {
        let (typed, instead) = (&self.meant, &self.meant.connecting.instead);
        let (first, others) = (self.first.clone(), self.others.clone());
        let usual = LoadSettings::of_several(target.clone(), first, others);
        let duration = typed.duration.unwrap_or(usual.duration);
        let schedule = match (typed.rate, usual.schedule) {
            (Some(RateArg::Max), _) => Schedule::Closed,
            (Some(RateArg::PerSecond(rate)), _) => {
                Schedule::Open(vec![RateStage { rate, duration }], Pacing::Even)
            }
            (None, Schedule::Open(mut stages, pacing)) => {
                // If the scenario has a single rate, the typed duration applies to it.
                if let ([only], Some(duration)) = (stages.as_mut_slice(), typed.duration) {
                    only.duration = duration;
                }
                Schedule::Open(stages, pacing)
            }
            (None, Schedule::Closed) if self.rate() == RateSource::Gentle => {
                let rate = gentle_rate(self.sockets());
                Schedule::Open(vec![RateStage { rate, duration }], Pacing::Even)
            }
            (None, other @ (Schedule::PerSocket(_) | Schedule::Closed)) => other,
        };
        let settings = LoadSettings {
            vsn: typed.target.vsn.map_or(usual.vsn, VsnArg::meant),
            params: typed.target.params.clone(),
            headers: typed.target.all_headers(),
            instead: Override {
                topic: instead.topic.clone(),
                join_params: instead.join_params.clone(),
                push: instead.push.clone(),
                push_reply: instead.push_reply.map(ReplyArg::meant),
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
            heartbeat: typed.connecting.heartbeat.unwrap_or(usual.heartbeat),
            shards: typed.connecting.shards.map(usize::from),
            sources: typed.connecting.source_ip.clone(),
            server_pid,
            seed: self.seed,
            steering: self.steering.clone(),
            ..usual
        };
        match &self.ordered {
            Some(ordered) => ordered.apply(settings),
            None => settings,
        }
    }

    /// The number of sockets.
    pub(super) fn sockets(&self) -> u32 {
        if let Some(ordered) = &self.ordered {
            return ordered.scaling.most();
        }
        let of_scenario = || usual_sockets(&self.first.program);
        self.meant.sockets.unwrap_or_else(of_scenario)
    }

    /// The origin of the send rate.
    pub(super) fn rate(&self) -> RateSource {
        let load = self.first.program.load();
        if self.ordered.is_some()
            || self.meant.rate.is_some()
            || load.rate.is_some()
            || !load.stages.is_empty()
            || self.rehearsal.sends == Sends::Nothing
        {
            RateSource::User
        } else {
            RateSource::Gentle
        }
    }

    /// Changes the rate while the run goes on.
    pub(super) const fn steering(&self) -> &Steering {
        &self.steering
    }

    /// How the scenarios are played.
    pub(super) fn played_by(&self) -> PlayedBy {
        self.rehearsal.played_by
    }

    /// The transport of the run, if one was named.
    pub(super) fn transport(&self) -> Option<Transport> {
        self.meant.connecting.transport.map(TransportArg::meant)
    }

    /// The number of threads of the reference server.
    pub(super) fn shards(&self) -> usize {
        let needed = || {
            // Connections are distributed to the shards at random, so some get more than others. Plan for two
            // thirds.
            let each = (crate::descriptors::raise_limit() / 3 * 2).max(100);
            let connections = u64::from(self.sockets()) * self.rehearsal.connections;
            usize::try_from(connections.div_ceil(each)).unwrap_or(1)
        };
        self.meant
            .connecting
            .shards
            .map_or_else(|| processors().max(needed()).min(MOST_SHARDS), usize::from)
    }

    /// The target as typed.
    pub(super) const fn target(&self) -> &args::Target {
        &self.meant.target
    }

    /// The port of the Erlang VM, if one was named.
    pub(super) const fn beam(&self) -> Option<&BeamAddress> {
        self.meant.beam.as_ref()
    }

    /// The process to watch, if one was named.
    pub(super) const fn server_pid(&self) -> Option<u32> {
        self.meant.server_pid
    }

    /// Whether a topic replaces that of the scenario.
    pub(super) const fn has_topic(&self) -> bool {
        self.meant.connecting.instead.topic.is_some()
    }

    /// How the run is watched while it goes on.
    pub(super) const fn watching(&self) -> args::Watching {
        self.meant.watching
    }

    /// The objectives that the run must meet.
    pub(in super::super) fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// Whether the run stops at the first failure (`--abort-on-fail`).
    pub(super) const fn abort(&self) -> Abort {
        if self.meant.abort_on_fail {
            Abort::OnFail
        } else {
            Abort::Never
        }
    }

    /// Evaluates the objectives on a result.
    pub(super) fn judge(&self, result: &LoadResult) -> Vec<ObjectiveOutcome> {
        self.objectives.iter().map(|it| it.judge(result)).collect()
    }

    /// Describes the run for reports: command line, scenarios, rates, machine.
    pub(super) fn setup(&self, settings: &LoadSettings) -> Setup {
        let mut setup = Setup::new(settings, self.rehearsal.sends);
        setup.command_line = command_line(std::env::args_os());
        setup
    }

    /// The lines printed before the load: target, scenario, rate and objectives. They say if the rate is the
    /// low default.
    pub(super) fn head(&self, target: &Target, setup: &Setup) -> Vec<String> {
        let said = setup
            .server_said
            .as_ref()
            .map_or(String::new(), |it| format!(" ({it})"));
        let mut lines = vec![format!(
            "loading {target}{said} with {}: {}",
            self.scenario,
            setup.wish()
        )];
        if self.rate() == RateSource::Gentle {
            let rate = gentle_rate(self.sockets());
            lines.push(format!(
                "no rate was asked for: {}, {rate} a second; --rate says otherwise",
                things(self.sockets().into(), "socket")
            ));
        }
        lines.extend(setup.told());
        let objectives: Vec<String> = self
            .objectives
            .iter()
            .map(|it| format!("{} ({})", it.text(), it.source()))
            .collect();
        if !objectives.is_empty() {
            lines.push(format!("must hold: {}", objectives.join(", ")));
        }
        lines
    }

    /// The folder for the results. The later tests of a worker have folders of their own in that of the first.
    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        let folder = results::folder(&self.meant.results, self.command().name(), started_at);
        match (&self.ordered, &self.meant.results.out) {
            (Some(ordered), Some(out)) if ordered.test > 1 => {
                Folder::new(out.join(format!("test-{}", ordered.test)))
            }
            _ => folder,
        }
    }

    /// The command.
    pub(super) const fn command(&self) -> LoadCommand {
        match self.ordered {
            Some(_) => LoadCommand::Worker,
            None => LoadCommand::Load,
        }
    }

    /// The orders of a Locust master, in a worker.
    pub(in super::super) const fn ordered(&self) -> Option<&Ordered> {
        self.ordered.as_ref()
    }

    /// The next run is that of these orders.
    pub(in super::super) fn order(&mut self, ordered: Ordered) {
        self.seed = ordered.seed;
        self.ordered = Some(ordered);
    }

    /// The names and weights of the scenarios.
    pub(in super::super) fn scenarios(&self) -> impl Iterator<Item = (&str, u32)> {
        let shares = std::iter::once(&self.first).chain(&self.others);
        shares.map(|share| (&*share.name, share.weight))
    }
}
