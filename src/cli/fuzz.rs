//! `fuzz` and `diff`: finds or starts the servers, plays generated conversations, writes what failed, and turns the verdict into the
//! exit code.

mod job;

use super::args::{self, Look};
use super::check::{replay_flags, server};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::under_test::{UnderTest, Visit};
use super::{config, output, profile};
use crate::clock::{Clock, Time, wall_clock};
use crate::fuzz::{Corpus, Find, FuzzError, FuzzEvent, FuzzResult, FuzzSettings, fuzz};
use crate::report::{
    About, Folder, FuzzFile, FuzzFinished, FuzzJob, FuzzScenarios, FuzzServer, FuzzTerminal, Reporters,
};
use job::{FuzzTarget, Job};

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
    let place = FuzzTarget {
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
    let (a, b) = (typed.a.clone(), typed.b.clone());
    let a = FuzzTarget::named(&a, &mut typed)?;
    let b = FuzzTarget::named(&b, &mut typed)?;
    let job = Job::new("diff", (a, Some(b)), None, typed.conversing)?;
    in_order.run(|stop| conversations(job, look, stop))
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
    let corpus = job.corpus()?;
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
    let outcome = visited(
        &job,
        (&folder, &failures, &corpus),
        &mut urls,
        (&mut reporters, &stop),
    )
    .await;
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

fn reported<'a>(place: &'a FuzzTarget, target: &'a str) -> FuzzServer<'a> {
    FuzzServer {
        target,
        own_profile: place.server.profile(),
        replay: &place.replay,
    }
}

/// Nothing is said by a run without a conversation, or one that was cut short without a failure.
fn exit(result: &FuzzResult) -> Exit {
    if result.has_failed() {
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
    (folder, failures, corpus): (&Folder, &Folder, &Corpus),
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
            return played(&settings, reporters, (failures, corpus), stop).await;
        };
        let work = async |two: &mut UnderTest| {
            let settings = job.settings(&one.target, Some(&two.target));
            played(&settings, reporters, (failures, corpus), stop).await
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
    (failures, corpus): (&Folder, &Corpus),
    stop: &Stop,
) -> Result<FuzzResult, Complaint> {
    let mut on_event = |event: FuzzEvent<'_>| reporters.event(&event);
    let result = fuzz(settings, corpus, &mut on_event, stop.clone().asked()).await;
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
