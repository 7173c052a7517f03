//! The `check` command: builds the settings of a run from the command line and `phxproof.toml`, finds a way
//! to restart the server, sets up the reporters, and turns the conclusion into the exit code.

mod job;
mod replay;
mod server;
mod witness;

use std::path::PathBuf;

use super::args::{self, Look, OutputArg};
use super::complaint::Complaint;
use super::embedded::Embedded;
use super::exec::{Exec, Log};
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::{config, output, results};
use crate::clock::{Clock, Time, wall_clock};
use crate::conformance::{self, CheckConclusion, Host, NoHost, RunResult};
use crate::report::{
    About, CheckFinished, CheckJob, CheckPage, CheckProgress, Folder, Frames, GitHub, Json, Junit, Markdown,
    ProgressStyle, Replay, Reporters, Terminal,
};
use crate::transport::Target;
use job::Job;
pub(super) use replay::{flags as replay_flags, network_flags};
pub(super) use server::{Server, server};

/// Checks a server.
pub(super) fn run(typed: args::Check, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let flags = replay::flags(&typed);
    let settings = config::SettingsFile::load(typed.config.config.as_deref())?;
    let meant = settings.check(typed)?;
    let witness = witness::find(&meant)?;
    let job = Job::new(meant)?;
    if job.accept {
        return accept(&job);
    }
    let transport = job.transport;
    let replay = Replay { flags, transport };
    in_order.run(|stop| check(job, witness, (look, replay), stop))
}

/// Accepts the pending fixtures.
fn accept(job: &Job) -> Result<Exit, CliError> {
    let failed = |why| CliError::undone(format!("cannot accept a pending fixture: {why}"));
    let accepted = conformance::accept(&job.cases).map_err(failed)?;
    if accepted.is_empty() {
        output::print(&"no pending fixture; `phxproof check --update missing` writes them\n")?;
    }
    for path in accepted {
        output::print(&format_args!("accepted {}\n", path.display()))?;
    }
    Ok(Exit::Held)
}

async fn check(
    job: Job,
    witness: Option<witness::FoundClient>,
    (look, replay): (Look, Replay),
    stop: Stop,
) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.server.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let terminal = terminal(&job, &about, &folder, look, replay);
    let mut reporters = reporters(&folder, look);
    let markdown = Markdown::new(folder.clone());
    match job.format {
        OutputArg::Text => {
            reporters.add(terminal);
            reporters.add(markdown);
        }
        OutputArg::Github => {
            reporters.add(GitHub::new(terminal, results::secret()?));
            reporters.add(markdown.also(std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from)));
        }
    }
    let outcome = judge(&job, witness.as_ref(), &folder, &mut reporters, &stop).await;
    let unjudged = unjudged(&job, &stop);
    let (run, trouble) = match &outcome {
        Ok(run) => (run, None),
        Err(complaint) => (&unjudged, Some(complaint)),
    };
    let exit = exit(run.conclusion());
    let trouble_text = trouble.map(ToString::to_string);
    let unreported = reporters.finish(&CheckFinished {
        run,
        about: &about,
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    outcome.map(|_| exit).map_err(CliError::Undone)
}

const fn exit(conclusion: CheckConclusion) -> Exit {
    match conclusion {
        CheckConclusion::Held => Exit::Held,
        CheckConclusion::FellShort => Exit::FellShort,
        CheckConclusion::Undecided => Exit::Undecided,
    }
}

fn reporters(folder: &Folder, look: Look) -> Reporters<CheckJob> {
    let mut reporters = Reporters::default();
    match (look.quiet, look.verbose) {
        (true, _) => {}
        (false, 0) => reporters.add(CheckProgress::new(ProgressStyle::Usual)),
        (false, _) => reporters.add(CheckProgress::new(ProgressStyle::EachCase)),
    }
    reporters.add(Frames::new(folder.clone()));
    reporters.add(Json::new(folder.clone()));
    reporters.add(Junit::new(folder.clone()));
    reporters.add(CheckPage::new(folder.clone()));
    reporters
}

fn terminal(job: &Job, about: &About, folder: &Folder, look: Look, replay: Replay) -> Terminal {
    let results = format!("{}/", folder.path().display());
    let terminal = Terminal::new(look.detail(), about.clone(), replay, results);
    match job.server {
        Server::Embedded(_) => terminal.checking("the reference server"),
        Server::There(_) | Server::Exec(..) => terminal,
    }
}

/// Finds or starts the server, replays the cases, and stops what was started.
async fn judge(
    job: &Job,
    witness: Option<&witness::FoundClient>,
    folder: &Folder,
    reporters: &mut Reporters<CheckJob>,
    stop: &Stop,
) -> Result<RunResult, Complaint> {
    match &job.server {
        Server::There(target) => play(job, witness, (target, &NoHost), reporters, stop).await,
        Server::Embedded(profile) => {
            let server = Embedded::start(*profile)?;
            let target = server.target().clone();
            let result = play(job, witness, (&target, &server), reporters, stop).await;
            server.stop().await;
            result
        }
        Server::Exec(target, command) => {
            let log = Log::new(folder)?;
            let exec = tokio::select! {
                started = Exec::start(command, target, log, job.starts_within()) => started?,
                () = stop.clone().asked() => return Err(Complaint::new("ended before the server of --exec answered")),
            };
            let result = play(job, witness, (target, &exec), reporters, stop).await;
            exec.stop().await;
            result
        }
    }
}

async fn play(
    job: &Job,
    witness: Option<&witness::FoundClient>,
    (target, host): (&Target, &dyn Host),
    reporters: &mut Reporters<CheckJob>,
    stop: &Stop,
) -> Result<RunResult, Complaint> {
    tokio::select! {
        waited = job.wait(target) => waited?,
        () = stop.clone().asked() => return Err(Complaint::new("ended before the target answered")),
    }
    let settings = job.settings(target);
    let result = conformance::check(
        settings,
        host,
        &mut |event| reporters.event(&event),
        stop.clone().asked(),
    )
    .await;
    let mut run = result.map_err(|why| {
        let complaint = Complaint::new(why.to_string());
        match why.next() {
            Some(next) => complaint.next(next),
            None => complaint,
        }
    })?;
    if let Some(witness) = witness {
        witness::hear(witness, job, (target, host), (reporters, stop), &mut run).await;
    }
    Ok(run)
}

/// The result for `result.json` of a run that did not take place.
fn unjudged(job: &Job, stop: &Stop) -> RunResult {
    let target = match &job.server {
        Server::Embedded(_) => String::new(),
        Server::There(target) | Server::Exec(target, _) => target.url(),
    };
    RunResult {
        target,
        held_to: job.held_to(),
        cases: Vec::new(),
        warnings: Vec::new(),
        unmet: Vec::new(),
        idle: Vec::new(),
        cut_short: stop.is_asked(),
        strict: job.strict(),
    }
}
