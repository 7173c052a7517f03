//! `capacity`: finds or starts the server, searches on a thread of its own, reports it, and turns its conclusion into the
//! exit code.

mod job;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::args::{self, Look};
use super::beam::watch_beam;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::load::preflight::got_in;
use super::load::refused;
use super::threaded::{lock, on_thread};
use super::under_test::{NotStarted, UnderTest};
use super::watching::Watch;
use super::{config, output};
use crate::capacity::{self, CapacityConclusion, CapacityResult};
use crate::clock::{Clock, Time, wall_clock};
use crate::report::{
    About, CapacityBeginning, CapacityFile, CapacityFinished, CapacityJob, CapacityLive, CapacityProgress,
    CapacitySetup, CapacityTerminal, Folder, Reporters, announce,
};
use job::Job;

/// Searches for the capacity of a server.
pub(super) fn run(typed: args::Capacity, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let job = Job::new(file.search(typed)?)?;
    // Raise the limit of open descriptors for the many connections.
    crate::descriptors::raise_limit();
    in_order.run(|stop| search(job, look, stop))
}

/// The end of a search.
struct Ended {
    target: String,
    /// The description of the search; none if there was no server.
    setup: Option<CapacitySetup>,
    outcome: Result<CapacityResult, CliError>,
}

/// The reporters of a search. They receive its events on the thread that searches, and its end here.
type Shared = Arc<Mutex<Reporters<CapacityJob>>>;
/// Adds the reporter for those who watch: the description of the search and the target are known now.
type Show<'s> = dyn Fn(&CapacitySetup, &str) + 's;

async fn search(job: Job, look: Look, stop: Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.server.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let watch = Watch::start(job.page(), CapacityLive::board)?;
    let reporters = reporters(look, &job, &folder);
    if let Some(watch) = &watch {
        lock(&reporters).add(CapacityLive::end(watch.board()));
    }
    let show = |setup: &CapacitySetup, target: &str| {
        if let Some(watch) = &watch {
            let beginning = CapacityBeginning {
                about: about.clone(),
                target: target.to_owned(),
                profile: job.server.profile(),
                setup: setup.clone(),
            };
            lock(&reporters).add(CapacityLive::new(watch.board(), beginning, clock));
        }
    };
    let ended = serve_and_search(&job, look, (&reporters, &folder, &show), &stop).await;
    let trouble = match &ended.outcome {
        Ok(_) => None,
        // The user has to correct this. Nothing ran, so there is nothing to report.
        Err(CliError::Usage(_) | CliError::File(_)) => return ended.outcome.map(|_| Exit::WrongUsage),
        Err(error) => Some(error.to_string()),
    };
    let conclusion = match &ended.outcome {
        Ok(result) => result.conclusion(),
        Err(_) => CapacityConclusion::Undecided(Vec::new()),
    };
    let exit = exit(&conclusion);
    let unreported = lock(&reporters).finish(&CapacityFinished {
        result: ended.outcome.as_ref().ok(),
        conclusion: &conclusion,
        about: &about,
        target: &ended.target,
        profile: job.server.profile(),
        setup: ended.setup.as_ref(),
        duration: clock.now().since(Time::ZERO),
        cut_short: stop.is_asked(),
        exit_code: exit.code(),
        trouble: trouble.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    ended.outcome.map(|_| exit)
}

const fn exit(conclusion: &CapacityConclusion) -> Exit {
    match conclusion {
        CapacityConclusion::Found => Exit::Held,
        CapacityConclusion::FellShort(_) => Exit::FellShort,
        CapacityConclusion::Undecided(_) => Exit::Undecided,
    }
}

fn reporters(look: Look, job: &Job, folder: &Folder) -> Shared {
    let mut reporters = Reporters::default();
    CapacityFile::all(folder)
        .into_iter()
        .for_each(|file| reporters.add(file));
    if !look.quiet {
        reporters.add(CapacityProgress::new());
    }
    reporters.add(CapacityTerminal::new(
        look.detail(),
        job.dimension(),
        folder.clone(),
    ));
    Arc::new(Mutex::new(reporters))
}

/// Finds or starts the server, searches, and stops what was started.
async fn serve_and_search(
    job: &Job,
    look: Look,
    (reporters, folder, show): (&Shared, &Folder, &Show<'_>),
    stop: &Stop,
) -> Ended {
    let own = (job.transport(), job.server_shards());
    match UnderTest::start(&job.server, own, job.target(), folder, stop).await {
        Ok(server) => {
            let mut settings = job.settings(&server.target, job.server_pid().or(server.pid));
            let mut setup = CapacitySetup::new(&settings, job.command_line());
            let outcome = async {
                setup.server_said = got_in(job.target(), &settings.smallest(), stop).await?;
                settings.base.beam = watch_beam(job.beam(), stop).await.map_err(CliError::Undone)?;
                if !look.quiet {
                    let unsaid = announce(&setup.head(&server.target.to_string(), job.seed));
                    unsaid.map_err(|why| CliError::undone(why.to_string()))?;
                }
                show(&setup, &server.target.url());
                let reporters = Arc::clone(reporters);
                let work = move |flag: &AtomicBool| {
                    let mut reporters = lock(&reporters);
                    let outcome = capacity::run(&settings, &mut |event| reporters.event(&event), flag);
                    outcome.map_err(refused)
                };
                on_thread("search", stop, work).await
            };
            let outcome = outcome.await;
            let target = server.target.url();
            server.stop().await;
            Ended {
                target,
                setup: Some(setup),
                outcome,
            }
        }
        Err(NotStarted { target, why }) => Ended {
            target,
            setup: None,
            outcome: Err(CliError::Undone(why)),
        },
    }
}
