//! `fuzz` and `diff`: finds or starts the servers, plays generated conversations, writes what failed, and turns the verdict into the
//! exit code.

use std::time::{Duration, SystemTime};

use super::args::{self, Look, TransportArg};
use super::check::{Server, replay_flags, server};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::load::command_line;
use super::under_test::{UnderTest, Visit, check_loopback, processors, rehearsed_at};
use super::{config, output, profile, results};
use crate::clock::{Clock, Time, wall_clock};
use crate::fuzz::{Bound, Find, FuzzError, FuzzEvent, FuzzResult, FuzzSettings, fuzz};
use crate::profile::Profile;
use crate::report::{
    About, Folder, FuzzFile, FuzzFinished, FuzzJob, FuzzScenarios, FuzzServer, FuzzTerminal, Reporters,
};
use crate::stream::Certificates;
use crate::transport::{Endpoint, Target, Transport};

/// How many conversations are made if nothing is said.
const CASES: u32 = 10_000;
const TIMEOUT: Duration = Duration::from_secs(1);

/// Fuzzes a server.
pub(super) fn run(typed: args::Fuzz, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.conversing.config.config.as_deref())?;
    let replay = replay_flags(&args::Check {
        target: typed.target.clone(),
        transport: typed.conversing.transport,
        ..args::Check::default()
    });
    let meant = file.fuzzing(typed)?;
    let named = meant
        .profile
        .as_deref()
        .map(profile::named_or_auto)
        .transpose()?
        .flatten();
    let place = Place {
        server: server(&meant.target, named)?,
        how: meant.target,
        replay,
    };
    let job = Job::new("fuzz", (place, None), named, meant.conversing)?;
    in_order.run(|stop| conversations(job, look, stop))
}

/// Compares two servers.
pub(super) fn diff(mut typed: args::Diff, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let a = Place::named(&mut typed, |typed| typed.a.clone())?;
    let b = Place::named(&mut typed, |typed| typed.b.clone())?;
    let job = Job::new("diff", (a, Some(b)), None, typed.conversing)?;
    in_order.run(|stop| conversations(job, look, stop))
}

/// A server, and how it is reached.
struct Place {
    server: Server,
    how: args::Target,
    /// The flags by which `check` reaches it.
    replay: String,
}

impl Place {
    /// One of the servers of a `diff`.
    fn named(typed: &mut args::Diff, name: impl Fn(&args::Diff) -> String) -> Result<Self, CliError> {
        let name = name(typed);
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
            target: Some(name),
            ..how
        };
        let replay = replay_flags(&args::Check {
            target: how.clone(),
            transport: typed.conversing.transport,
            ..args::Check::default()
        });
        let file = config::SettingsFile::load(typed.conversing.config.config.as_deref())?;
        let how = file.comparing(how, &mut typed.conversing)?;
        Ok(Self {
            server: server(&how, None)?,
            how,
            replay,
        })
    }

    fn endpoint(&self, target: &Target) -> Endpoint {
        Endpoint {
            target: target.clone(),
            params: self.how.params.clone(),
            headers: self.how.all_headers(),
        }
    }
}

/// The validated arguments of a `fuzz` or a `diff`.
struct Job {
    command: &'static str,
    place: Place,
    /// The second server of a `diff`.
    other: Option<Place>,
    /// The version that the server is held to, if it need not be found out.
    profile: Option<Profile>,
    seed: u64,
    meant: args::Conversing,
}

impl Job {
    fn new(
        command: &'static str,
        (place, other): (Place, Option<Place>),
        named: Option<Profile>,
        meant: args::Conversing,
    ) -> Result<Self, CliError> {
        let transport = meant.transport.map(TransportArg::meant);
        let over = |place: Place| Place {
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
        for place in job.places() {
            let target = rehearsed_at(&place.server, job.transport())?;
            if !job.meant.yes {
                check_loopback(&target, || {
                    format!(
                        "{} would crash channels and break connections there",
                        job.amount()
                    )
                })?;
            }
        }
        Ok(job)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.place).chain(&self.other)
    }

    fn certificates(&self) -> Certificates {
        let mut all = self.places().map(|place| place.server.certificates());
        match all.any(|it| it == Certificates::Insecure) {
            true => Certificates::Insecure,
            false => Certificates::Verified,
        }
    }

    fn transport(&self) -> Option<Transport> {
        self.meant.transport.map(TransportArg::meant)
    }

    fn bound(&self) -> Bound {
        match self.meant.duration {
            Some(time) => Bound::Time(time),
            None => Bound::Cases(self.meant.cases.unwrap_or(CASES).into()),
        }
    }

    /// The size of the run in words.
    fn amount(&self) -> String {
        match self.bound() {
            Bound::Cases(number) => crate::report::things(number, "conversation"),
            Bound::Time(time) => format!("conversations for {}", humantime::format_duration(time)),
        }
    }

    fn settings(&self, target: &Target, other: Option<&Target>) -> FuzzSettings {
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
    fn command_line(&self) -> String {
        let mut line = command_line(std::env::args_os());
        if self.meant.results.seed.is_none() {
            line.push_str(&format!(" --seed {}", self.seed));
        }
        line
    }

    fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, self.command, started_at)
    }

    /// The folder of the scenarios of failures. It is made before the run, so that no failure is lost.
    fn failures(&self, folder: &Folder) -> Result<Folder, CliError> {
        let Some(path) = &self.meant.save else {
            return Ok(Folder::new(folder.path().join("failures")));
        };
        std::fs::create_dir_all(path).map_err(|why| {
            let what = format!("cannot create the folder {}: {why}", path.display());
            CliError::Undone(Complaint::new(what).next("--save DIR names another folder"))
        })?;
        Ok(Folder::new(path))
    }
}

/// The URLs of the servers of a run.
#[derive(Default)]
struct Urls {
    target: String,
    other: String,
}

async fn conversations(job: Job, look: Look, stop: Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let failures = job.failures(&folder)?;
    let mut reporters = Reporters::default();
    reporters.add(FuzzScenarios::new(failures.clone()));
    for file in FuzzFile::all(&folder) {
        reporters.add(file);
    }
    reporters.add(FuzzTerminal::new(
        look.detail(),
        job.seed,
        folder.clone(),
        failures.clone(),
    ));
    let mut urls = Urls::default();
    let outcome = visited(&job, (&folder, &failures), &mut urls, (&mut reporters, &stop)).await;
    let (result, trouble) = match outcome {
        Ok(result) => (result, None),
        Err(why) => (FuzzResult::default(), Some(why)),
    };
    let exit = exit(&result);
    let trouble_text = trouble.as_ref().map(ToString::to_string);
    let unreported = reporters.finish(&FuzzFinished {
        command: job.command,
        result: &result,
        about: &about,
        server: reported(&job.place, &urls.target),
        other: job.other.as_ref().map(|other| reported(other, &urls.other)),
        command_line: &job.command_line(),
        failures: &failures,
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    trouble.map_or(Ok(exit), |why| Err(CliError::Undone(why)))
}

fn reported<'a>(place: &'a Place, target: &'a str) -> FuzzServer<'a> {
    FuzzServer {
        target,
        own_profile: place.server.profile(),
        replay: &place.replay,
    }
}

/// Nothing is said by a run without a conversation, or one that was cut short without a failure.
fn exit(result: &FuzzResult) -> Exit {
    if !result.finds.is_empty() {
        Exit::FellShort
    } else if result.cut_short || result.gone.is_some() || result.undecided > 0 || result.conversations == 0 {
        Exit::Undecided
    } else {
        Exit::Held
    }
}

/// Starts the servers that this run has to start, and plays.
async fn visited(
    job: &Job,
    (folder, failures): (&Folder, &Folder),
    urls: &mut Urls,
    (reporters, stop): (&mut Reporters<FuzzJob>, &Stop),
) -> Result<FuzzResult, Complaint> {
    let visit = |place| Visit {
        transport: job.transport(),
        how: place,
        folder,
        stop,
    };
    let mut other_url = String::new();
    let work = async |one: &mut UnderTest| {
        let Some(other) = &job.other else {
            let settings = job.settings(&one.target, None);
            return played(&settings, reporters, failures, stop).await;
        };
        let work = async |two: &mut UnderTest| {
            let settings = job.settings(&one.target, Some(&two.target));
            played(&settings, reporters, failures, stop).await
        };
        let (url, outcome) = visit(&other.how).make(&other.server, work).await;
        other_url = url;
        outcome
    };
    let (target, outcome) = visit(&job.place.how).make(&job.place.server, work).await;
    *urls = Urls {
        target,
        other: other_url,
    };
    outcome
}

async fn played(
    settings: &FuzzSettings,
    reporters: &mut Reporters<FuzzJob>,
    failures: &Folder,
    stop: &Stop,
) -> Result<FuzzResult, Complaint> {
    let mut on_event = |event: FuzzEvent<'_>| reporters.event(&event);
    let result = fuzz(settings, &mut on_event, stop.clone().asked()).await;
    let mut result = result.map_err(|why| {
        let complaint = Complaint::new(why.to_string());
        match why {
            FuzzError::NoEntrance { .. } => complaint
                .next("is there a socket of Phoenix? --param NAME=VALUE and --header give what it asks for"),
            FuzzError::Scenario(_) | FuzzError::Thread(_) => complaint,
        }
    })?;
    call_anew(&mut result.finds, failures);
    Ok(result)
}

/// Calls the failures so that no earlier file is overwritten.
fn call_anew(finds: &mut [Find], folder: &Folder) {
    for find in finds {
        let free = (1..).map(|number| match number {
            1 => find.name.clone(),
            number => format!("{}-{number}", find.name),
        });
        let is_free = |name: &String| !folder.path().join(format!("{name}.yaml")).exists();
        if let Some(name) = free.take(1000).find(is_free) {
            find.name = name;
        }
    }
}
