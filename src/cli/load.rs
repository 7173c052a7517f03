//! `load`: finds or starts the server, runs the swarm on threads of its own, reports it, and turns what it proves into
//! the exit code.

mod job;
mod ordered;
pub(super) mod preflight;
mod scenarios;
mod typed;

pub(super) use job::Job;
pub(super) use ordered::{Listen, Ordered};
pub(super) use typed::command_line;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::args::{self, Look};
use super::beam::watch_beam;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::keys::Keys;
use super::threaded::{lock, on_thread};
use super::under_test::{NotStarted, UnderTest};
use super::watching::Watch;
use super::{config, output};
use crate::clock::{Clock, Time, wall_clock};
use crate::load::{
    self, LoadConclusion, LoadError, LoadEvent, LoadResult, LoadSettings, Objective, ObjectiveOutcome,
    PlayedBy,
};
use crate::report::{
    About, Folder, HistogramLog, LoadBeginning, LoadFile, LoadFinished, LoadJob, LoadLive, LoadProgress,
    LoadTerminal, ProgressStyle, Reporters, Setup, announce,
};
use crate::transport::Target;
use job::Abort;
use preflight::got_in;

/// Loads a server.
pub(super) fn run(typed: args::Load, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let objectives_from = if typed.objectives.is_empty() {
        "the settings file"
    } else {
        "--objective"
    };
    let job = Job::new(file.swarm(typed)?, objectives_from, None)?;
    // Raise the limit of open descriptors for the many connections.
    crate::descriptors::raise_limit();
    in_order.run(async |stop| swarm(&job, look, &stop).await)
}

/// The end of a run.
struct Ended {
    target: String,
    /// The description of the run; none if it failed before the load began.
    setup: Option<Setup>,
    outcome: Result<Ran, CliError>,
}

/// A run that took place.
struct Ran {
    result: LoadResult,
    /// The objectives that ended it early (--abort-on-fail).
    failures: Vec<String>,
}

impl Ran {
    /// The conclusion of the run. A run that was ended for a failure has failed, unless the generator was the
    /// cause.
    fn conclusion(&self, objectives: &[ObjectiveOutcome]) -> LoadConclusion {
        match self.result.conclusion(objectives) {
            LoadConclusion::Undecided(_) if !self.failures.is_empty() && self.result.generator.valid => {
                LoadConclusion::FellShort(self.failures.clone())
            }
            other => other,
        }
    }
}

/// The reporters of a run. They receive its events on the thread that runs the swarm, and its end here.
struct Reports {
    look: Look,
    folder: Folder,
    start: Start,
    watch: Option<Watch>,
    reporters: Arc<Mutex<Reporters<LoadJob>>>,
}

/// The start of a command.
struct Start {
    about: About,
    clock: Clock,
}

impl Reports {
    /// The reporters that write files, and the one that shows the report where the run is watched.
    fn new(look: Look, folder: Folder, start: Start, watch: Option<Watch>) -> Self {
        let mut reporters = Reporters::default();
        LoadFile::all(&folder)
            .into_iter()
            .for_each(|file| reporters.add(file));
        reporters.add(HistogramLog::new(folder.clone()));
        if let Some(watch) = &watch {
            reporters.add(LoadLive::end(watch.board()));
        }
        Self {
            look,
            folder,
            start,
            watch,
            reporters: Arc::new(Mutex::new(reporters)),
        }
    }

    /// Adds the reporters for the terminal, and for those who watch.
    fn show(&self, job: &Job, settings: &LoadSettings, setup: &Setup) {
        let style = match self.look.verbose {
            0 => ProgressStyle::Usual,
            _ => ProgressStyle::EachCase,
        };
        let mut all = self.all();
        if !self.look.quiet {
            all.add(LoadProgress::new(
                style,
                job.objectives().to_vec(),
                &settings.schedule,
            ));
        }
        all.add(LoadTerminal::new(
            self.look.detail(),
            settings.seed,
            self.folder.clone(),
        ));
        let beginning = LoadBeginning {
            command: job.command(),
            about: self.start.about.clone(),
            scenario: job.scenario.clone(),
            target: settings.target.url(),
            profile: job.server.profile(),
            setup: setup.clone(),
            objectives: job.objectives().to_vec(),
            steering: job.steering().clone(),
        };
        if let Some(ordered) = job.ordered() {
            (ordered.listen)(beginning.clone(), &mut all);
        }
        if let Some(watch) = &self.watch {
            all.add(LoadLive::new(watch.board(), beginning, self.start.clock));
        }
    }

    fn all(&self) -> MutexGuard<'_, Reporters<LoadJob>> {
        lock(&self.reporters)
    }
}

/// Runs the swarm and reports it.
pub(super) async fn swarm(job: &Job, look: Look, stop: &Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.server.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let watch = Watch::start(job.watching(), || LoadLive::board(&job.scenario, job.steering()))?;
    let reports = Reports::new(look, folder, Start { about, clock }, watch);
    let about = &reports.start.about;
    let ended = serve_and_load(job, &reports, stop).await;
    let (ran, trouble) = match ended.outcome {
        Ok(ran) => (ran, None),
        // The user has to correct this. Nothing ran, so there is nothing to report.
        Err(error @ (CliError::Usage(_) | CliError::File(_))) => return Err(error),
        Err(error) => (unrun(job, stop), Some(error)),
    };
    let result = &ran.result;
    let objectives = job.judge(result);
    let conclusion = match &trouble {
        None => ran.conclusion(&objectives),
        Some(_) => LoadConclusion::Undecided(Vec::new()),
    };
    let exit = exit(&conclusion);
    let trouble_text = trouble.as_ref().map(ToString::to_string);
    let unreported = reports.all().finish(&LoadFinished {
        command: job.command(),
        result,
        objectives: &objectives,
        conclusion: &conclusion,
        about,
        scenario: &job.scenario,
        target: &ended.target,
        profile: job.server.profile(),
        setup: ended.setup.as_ref(),
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    if let Some(error) = trouble {
        return Err(error);
    }
    hints(job, result);
    Ok(exit)
}

/// The exit code of a conclusion.
pub(super) const fn exit(conclusion: &LoadConclusion) -> Exit {
    match conclusion {
        LoadConclusion::Held => Exit::Held,
        LoadConclusion::FellShort(_) => Exit::FellShort,
        LoadConclusion::Undecided(_) => Exit::Undecided,
    }
}

/// Prints hints if the run was probably not what the user wanted.
fn hints(job: &Job, result: &LoadResult) {
    for note in &result.notes {
        output::note(note);
    }
    let refused = ["join-refused", "join-timeout"]
        .iter()
        .any(|kind| result.troubles.contains_key(kind));
    if result.sockets.joined == 0 && refused && !job.has_topic() {
        output::note("a topic of your own application can be named: --topic T --join-params JSON");
    }
    let fails_by_steps = !result.mismatches.is_empty() || result.counts.awaited_missing > 0;
    if fails_by_steps && job.played_by() == PlayedBy::Roles {
        output::note(
            "in a swarm each actor joins first and then repeats its other steps by itself: what they say must hold in every \
             round, whatever the other actors do meanwhile",
        );
    }
}

/// Finds or starts the server, runs the swarm, and stops what was started.
async fn serve_and_load(job: &Job, reports: &Reports, stop: &Stop) -> Ended {
    let own = (job.transport(), job.shards());
    match UnderTest::start(&job.server, own, job.target(), &reports.folder, stop).await {
        Ok(server) => {
            let pid = job.server_pid().or(server.pid);
            let ended = play(job, &server.target, pid, reports, stop).await;
            server.stop().await;
            ended
        }
        Err(NotStarted { target, why }) => Ended {
            target,
            setup: None,
            outcome: Err(CliError::Undone(why)),
        },
    }
}

/// Runs the swarm on its own thread, while this one handles signals.
async fn play(job: &Job, target: &Target, pid: Option<u32>, reports: &Reports, stop: &Stop) -> Ended {
    let mut settings = job.settings(target, pid);
    let mut setup = job.setup(&settings);
    let outcome = async {
        setup.server_said = got_in(job.target(), &settings, stop).await?;
        settings.beam = watch_beam(job.beam(), stop).await.map_err(CliError::Undone)?;
        if !reports.look.quiet {
            let unsaid = announce(&job.head(target, &setup));
            unsaid.map_err(|why| CliError::undone(why.to_string()))?;
        }
        reports.show(job, &settings, &setup);
        let _keys = Keys::start(&settings.steering);
        let reporters = Arc::clone(&reports.reporters);
        let (objectives, abort) = (job.objectives().to_vec(), job.abort());
        let work =
            move |flag: &AtomicBool| conduct(&settings, &mut lock(&reporters), (&objectives, abort), flag);
        on_thread("swarm", stop, work).await
    };
    let outcome = outcome.await;
    Ended {
        target: target.url(),
        setup: Some(setup),
        outcome,
    }
}

/// Runs the swarm, and ends it at the first failure if objectives are watched.
fn conduct(
    settings: &LoadSettings,
    reporters: &mut Reporters<LoadJob>,
    (objectives, abort): (&[Objective], Abort),
    stop: &AtomicBool,
) -> Result<Ran, CliError> {
    let mut failures = Vec::new();
    let mut on_event = |event: LoadEvent<'_>| {
        if let (LoadEvent::SoFar(result), Abort::OnFail, false) = (event, abort, stop.load(Ordering::Relaxed))
        {
            failures = result.failures_so_far(objectives);
            if !failures.is_empty() {
                stop.store(true, Ordering::Relaxed);
            }
        }
        reporters.event(&event);
    };
    let outcome = load::run(settings, &mut on_event, stop);
    let ran = |result| Ran { result, failures };
    outcome.map(ran).map_err(refused)
}

/// Errors that the user can correct are wrong usage; a shortage of the machine is not.
pub(super) fn refused(error: LoadError) -> CliError {
    match error {
        LoadError::InvalidSettings(why) => Complaint::new(why.to_string()).into(),
        LoadError::Scenario(error) => error.into(),
        LoadError::Plan(_) | LoadError::Shard(_) => CliError::undone(error.to_string()),
    }
}

/// The result for `result.json` of a run that did not take place.
fn unrun(job: &Job, stop: &Stop) -> Ran {
    let mut result = LoadResult {
        cut_short: stop.is_asked(),
        ..LoadResult::default()
    };
    result.sockets.asked = u64::from(job.sockets());
    Ran {
        result,
        failures: Vec::new(),
    }
}
