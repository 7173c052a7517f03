//! The validated arguments of a `fuzz` or a `diff`.

use std::time::{Duration, SystemTime};

use super::super::args::{self, TransportArg};
use super::super::check::{Server, replay_flags, server};
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::load::command_line;
use super::super::under_test::{check_loopback, processors, rehearsed_at};
use super::super::{config, profile, results};
use crate::fuzz::{Bound, Corpus, CorpusError, FuzzSettings};
use crate::profile::Profile;
use crate::report::Folder;
use crate::stream::Certificates;
use crate::transport::{Endpoint, Target, Transport};

/// How many conversations are made if nothing is said.
const CASES: u32 = 10_000;
const TIMEOUT: Duration = Duration::from_secs(1);

/// A server, and how it is reached.
pub(super) struct FuzzTarget {
    pub(super) server: Server,
    pub(super) how: args::Target,
    /// The flags by which `check` reaches it.
    pub(super) replay: String,
}

impl FuzzTarget {
    /// One of the servers of a `diff`.
    pub(super) fn named(name: &str, typed: &mut args::Diff) -> Result<Self, CliError> {
        let how = args::Target {
            wait_for: typed.wait_for,
            params: typed.params.clone(),
            headers: typed.headers.clone(),
            network: typed.network.clone(),
            ..args::Target::default()
        };
        if let Ok(profile) = name.parse::<Profile>() {
            return Ok(Self {
                server: Server::Embedded(profile),
                how,
                replay: format!(" --profile {name}"),
            });
        }
        let how = args::Target {
            target: Some(name.to_owned()),
            ..how
        };
        let replay = replay_flags(&args::Check {
            target: how.clone(),
            transport: typed.conversing.transport,
            ..args::Check::default()
        });
        let file = config::SettingsFile::load(typed.conversing.config.config.as_deref())?;
        let how = file.comparing(how, &mut typed.conversing).map_err(|why| {
            let meant = name.starts_with("phoenix-").then(|| profile::named(name).err());
            meant.flatten().map_or(why, Into::into)
        })?;
        Ok(Self {
            server: server(&how, None)?,
            how,
            replay,
        })
    }

    pub(super) fn endpoint(&self, target: &Target) -> Endpoint {
        Endpoint {
            target: target.clone(),
            params: self.how.params.clone(),
            headers: self.how.all_headers(),
        }
    }
}

/// The validated arguments of a `fuzz` or a `diff`.
pub(super) struct Job {
    pub(super) command: &'static str,
    pub(super) place: FuzzTarget,
    /// The second server of a `diff`.
    pub(super) other: Option<FuzzTarget>,
    /// The version that the server is held to, if it need not be found out.
    profile: Option<Profile>,
    pub(super) seed: u64,
    meant: args::Conversing,
}

impl Job {
    pub(super) fn new(
        command: &'static str,
        (place, other): (FuzzTarget, Option<FuzzTarget>),
        named: Option<Profile>,
        meant: args::Conversing,
    ) -> Result<Self, CliError> {
        let transport = meant.transport.map(TransportArg::meant);
        let over = |place: FuzzTarget| FuzzTarget {
            server: place.server.over(transport),
            ..place
        };
        let place = over(place);
        let job = Self {
            command,
            profile: match place.server {
                Server::Embedded(profile) => Some(profile),
                Server::There(_) | Server::Exec(..) => named,
            },
            place,
            other: other.map(over),
            seed: results::seed(&meant.results)?,
            meant,
        };
        if job.meant.cases == Some(0) {
            return Err(Complaint::new("no conversation is to be made")
                .expected("--cases 1 or more")
                .into());
        }
        job.check_targets()?;
        Ok(job)
    }

    /// Refuses servers on other machines without `--yes`, and two servers that are reached over different transports.
    fn check_targets(&self) -> Result<(), Complaint> {
        let targets: Result<Vec<Target>, Complaint> = self
            .places()
            .map(|place| rehearsed_at(&place.server, self.transport()))
            .collect();
        let targets = targets?;
        for target in targets.iter().filter(|_| !self.meant.yes) {
            check_loopback(target, || {
                let amount = self.amount();
                format!("{amount} would crash channels and break connections there")
            })?;
        }
        match targets.as_slice() {
            [a, b] if a.transport() != b.transport() => Err(Complaint::new(format!(
                "A is reached over {}, and B over {}",
                a.transport(),
                b.transport()
            ))
            .next("--transport websocket or longpoll, for both")),
            _ => Ok(()),
        }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &FuzzTarget> {
        std::iter::once(&self.place).chain(&self.other)
    }

    pub(super) fn certificates(&self) -> Certificates {
        let mut all = self.places().map(|place| place.server.certificates());
        match all.any(|it| it == Certificates::Insecure) {
            true => Certificates::Insecure,
            false => Certificates::Verified,
        }
    }

    pub(super) fn transport(&self) -> Option<Transport> {
        self.meant.transport.map(TransportArg::meant)
    }

    pub(super) fn bound(&self) -> Bound {
        match self.meant.duration {
            Some(time) => Bound::Time(time),
            None => Bound::Cases(self.meant.cases.unwrap_or(CASES).into()),
        }
    }

    /// The size of the run in words.
    pub(super) fn amount(&self) -> String {
        match self.bound() {
            Bound::Cases(number) => crate::report::things(number, "conversation"),
            Bound::Time(time) => format!("conversations for {}", humantime::format_duration(time)),
        }
    }

    pub(super) fn settings(&self, target: &Target, other: Option<&Target>) -> FuzzSettings {
        FuzzSettings {
            endpoint: self.place.endpoint(target),
            other: self
                .other
                .as_ref()
                .zip(other)
                .map(|(place, target)| place.endpoint(target)),
            profile: self.profile,
            seed: self.seed,
            command_line: self.command_line(),
            bound: self.bound(),
            fail_fast: self.meant.fail_fast,
            focus: self
                .meant
                .focus
                .map_or_else(Default::default, args::FocusArg::meant),
            timeout: self.meant.timeout.unwrap_or(TIMEOUT),
            threads: processors(),
        }
    }

    /// The command line that makes the same conversations.
    pub(super) fn command_line(&self) -> String {
        let mut line = command_line(std::env::args_os());
        if self.meant.results.seed.is_none() {
            line.push_str(&format!(" --seed {}", self.seed));
        }
        line
    }

    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, self.command, started_at)
    }

    /// The folder of the scenarios of failures. It is made before the run, so that no failure is lost.
    pub(super) fn failures(&self, folder: &Folder) -> Result<Folder, CliError> {
        let Some(path) = &self.meant.save else {
            return Ok(Folder::new(folder.path().join("failures")));
        };
        std::fs::create_dir_all(path).map_err(|why| {
            let what = format!("cannot create the folder {}: {why}", path.display());
            CliError::Undone(Complaint::new(what).next("--save DIR names another folder"))
        })?;
        Ok(Folder::new(path))
    }

    /// The failures of earlier runs. A `diff` plays none: their fixtures hold the messages of one of its servers.
    pub(super) fn corpus(&self) -> Result<Corpus, CliError> {
        let Some(path) = self.meant.save.as_ref().filter(|_| self.other.is_none()) else {
            return Ok(Corpus::default());
        };
        Corpus::read(path).map_err(|why| match why {
            CorpusError::Scenario(why) => why.into(),
            CorpusError::File { .. } | CorpusError::Fixture(_) => Complaint::new(why.to_string())
                .next("--save DIR names another folder, or the file is mended or taken away")
                .into(),
        })
    }
}
