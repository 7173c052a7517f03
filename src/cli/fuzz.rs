//! `fuzz`: finds or starts the server, plays generated conversations, writes what failed, and turns the verdict into the exit code.

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
use crate::report::{About, Folder, FuzzFile, FuzzFinished, FuzzJob, FuzzScenarios, FuzzTerminal, Reporters};
use crate::transport::{Endpoint, Target, Transport};

/// How many conversations are made if nothing is said.
const CASES: u32 = 10_000;
const TIMEOUT: Duration = Duration::from_secs(1);

/// Fuzzes a server.
pub(super) fn run(typed: args::Fuzz, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let replay = replay_flags(&args::Check {
        target: typed.target.clone(),
        transport: typed.transport,
        ..args::Check::default()
    });
    let job = Job::new(file.fuzzing(typed)?, replay)?;
    in_order.run(|stop| conversations(job, look, stop))
}

/// The validated arguments of a `fuzz`.
struct Job {
    server: Server,
    /// The version that the server is held to, if it need not be found out.
    profile: Option<Profile>,
    seed: u64,
    /// The flags by which `check` reaches the same server.
    replay: String,
    meant: args::Fuzz,
}

impl Job {
    fn new(meant: args::Fuzz, replay: String) -> Result<Self, CliError> {
        let named = meant
            .profile
            .as_deref()
            .map(profile::named_or_auto)
            .transpose()?
            .flatten();
        let server = server(&meant.target, named)?.over(meant.transport.map(TransportArg::meant));
        let job = Self {
            profile: match server {
                Server::Embedded(profile) => Some(profile),
                Server::There(_) | Server::Exec(..) => named,
            },
            server,
            seed: results::seed(&meant.results)?,
            replay,
            meant,
        };
        if job.meant.cases == Some(0) {
            return Err(Complaint::new("no conversation is to be made")
                .expected("--cases 1 or more")
                .into());
        }
        let target = rehearsed_at(&job.server, job.transport())?;
        if !job.meant.yes {
            check_loopback(&target, || {
                format!(
                    "{} would crash channels and break connections there",
                    job.amount()
                )
            })?;
        }
        Ok(job)
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

    fn settings(&self, target: &Target) -> FuzzSettings {
        let typed = &self.meant.target;
        FuzzSettings {
            endpoint: Endpoint {
                target: target.clone(),
                params: typed.params.clone(),
                headers: typed.all_headers(),
            },
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
        results::folder(&self.meant.results, "fuzz", started_at)
    }
}

async fn conversations(job: Job, look: Look, stop: Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.server.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let failures = match &job.meant.save {
        Some(path) => {
            std::fs::create_dir_all(path).map_err(|why| {
                let what = format!("cannot create the folder {}: {why}", path.display());
                CliError::Undone(Complaint::new(what).next("--save DIR names another folder"))
            })?;
            Folder::new(path)
        }
        None => Folder::new(folder.path().join("failures")),
    };
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
    let visit = Visit {
        transport: job.transport(),
        how: &job.meant.target,
        folder: &folder,
        stop: &stop,
    };
    let work = async |server: &mut UnderTest| played(&job, server, (&mut reporters, &failures), &stop).await;
    let (target, outcome) = visit.make(&job.server, work).await;
    let (result, trouble) = match outcome {
        Ok(result) => (result, None),
        Err(why) => (FuzzResult::default(), Some(why)),
    };
    let exit = exit(&result);
    let trouble_text = trouble.as_ref().map(ToString::to_string);
    let unreported = reporters.finish(&FuzzFinished {
        result: &result,
        about: &about,
        target: &target,
        own_profile: job.server.profile(),
        command_line: &job.command_line(),
        replay: &job.replay,
        failures: &failures,
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    trouble.map_or(Ok(exit), |why| Err(CliError::Undone(why)))
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

async fn played(
    job: &Job,
    server: &UnderTest,
    (reporters, failures): (&mut Reporters<FuzzJob>, &Folder),
    stop: &Stop,
) -> Result<FuzzResult, Complaint> {
    let settings = job.settings(&server.target);
    let mut on_event = |event: FuzzEvent<'_>| reporters.event(&event);
    let result = fuzz(&settings, &mut on_event, stop.clone().asked()).await;
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
