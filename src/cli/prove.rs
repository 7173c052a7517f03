//! `prove`: finds or starts the server, makes the experiments, reports them, and turns their verdicts into the exit code.

mod job;

use std::time::Duration;

use super::args::{self, Look};
use super::check::Server;
use super::complaint::Complaint;
use super::embedded::OwnServer;
use super::exec::{Exec, Log, STARTS_WITHIN};
use super::exit::{CliError, Exit};
use super::interrupt::{self, Stop};
use super::{config, output, wait};
use crate::clock::{Clock, Time, wall_clock};
use crate::driver::{Host as _, Lent};
use crate::prove::{ProofVerdict, ProveResult, prove};
use crate::report::{About, Folder, ProveFile, ProveFinished, ProveJob, ProveTerminal, Reporters};
use crate::transport::Target;
use job::Job;

/// Makes experiments at a server.
pub(super) fn run(typed: args::Prove, look: Look) -> Result<Exit, CliError> {
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let job = Job::new(file.proofs(typed)?)?;
    // Raise the limit of open descriptors for the many connections.
    crate::descriptors::raise_limit();
    super::runtime()?.block_on(interrupt::in_order(|stop| experiments(job, look, stop)))
}

/// A server that is reached, and may be restarted if this run started it.
struct Reached {
    target: Target,
    pid: Option<u32>,
    lent: Option<Box<dyn Lent>>,
    /// Kept until the end of the run, because it stops the server.
    exec: Option<Exec>,
}

async fn experiments(job: Job, look: Look, stop: Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: job.seed,
        certificates: job.server.certificates(),
    };
    let folder = job.folder(about.started_at);
    output::make(&folder)?;
    let mut reporters = Reporters::default();
    ProveFile::all(&folder)
        .into_iter()
        .for_each(|file| reporters.add(file));
    reporters.add(ProveTerminal::new(look.detail(), folder.clone()));
    let reached = tokio::select! {
        reached = reach(&job, &folder) => reached,
        () = stop.clone().asked() => Err(Complaint::new("ended before the server answered")),
    };
    let (target, outcome) = match reached {
        Ok(reached) => made(&job, reached, &mut reporters, stop).await,
        Err(why) => (job.target_url(), Err(why)),
    };
    let (result, trouble) = match outcome {
        Ok(result) => (result, None),
        Err(why) => (ProveResult::default(), Some(why)),
    };
    let exit = exit(&result);
    let trouble_text = trouble.as_ref().map(ToString::to_string);
    let unreported = reporters.finish(&ProveFinished {
        result: &result,
        about: &about,
        target: &target,
        profile: job.profile(),
        setup: &job.setup(),
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    output::unreported(&unreported);
    match trouble {
        Some(why) => Err(CliError::Undone(why)),
        None if exit == Exit::Held && !unreported.is_empty() => Ok(Exit::Undecided),
        None => Ok(exit),
    }
}

/// Nothing is proved by a run that was cut short, unless something failed before.
fn exit(result: &ProveResult) -> Exit {
    match result.verdict() {
        ProofVerdict::Fail => Exit::FellShort,
        ProofVerdict::Pass if !result.cut_short => Exit::Held,
        ProofVerdict::Pass | ProofVerdict::Undecided | ProofVerdict::Skipped => Exit::Undecided,
    }
}

/// Makes the experiments at a server. Returns its address as well.
async fn made(
    job: &Job,
    reached: Reached,
    reporters: &mut Reporters<ProveJob>,
    stop: Stop,
) -> (String, Result<ProveResult, Complaint>) {
    let target = reached.target.url();
    let settings = job.settings(&reached.target, reached.pid);
    let mut on_event = |event: crate::prove::ProveEvent<'_>| reporters.event(&event);
    let result = prove(&settings, reached.lent, &mut on_event, stop.asked()).await;
    if let Some(exec) = reached.exec {
        exec.stop().await;
    }
    (target, result.map_err(|why| Complaint::new(why.to_string())))
}

/// Starts the server if this run is to do that, and waits for it if that is asked for.
async fn reach(job: &Job, folder: &Folder) -> Result<Reached, Complaint> {
    let typed = job.target();
    match &job.server {
        Server::There(target) => {
            if let Some(limit) = typed.wait_for {
                wait::wait_for(limit, target, typed).await?;
            }
            Ok(Reached {
                target: target.clone(),
                pid: job.server_pid(),
                lent: None,
                exec: None,
            })
        }
        Server::Embedded(profile) => {
            let server = OwnServer::start(*profile, job.shards())
                .await
                .map_err(|why| Complaint::new(format!("cannot start the reference server: {why}")))?;
            Ok(Reached {
                target: job.over(server.at()),
                pid: job.server_pid().or(server.pid()),
                lent: Some(Box::new(server)),
                exec: None,
            })
        }
        Server::Exec(target, command) => {
            let within: Duration = typed.wait_for.unwrap_or(STARTS_WITHIN);
            let exec = Exec::start(command, target, Log::new(folder)?, within).await?;
            let lent = exec.lend().await.map_err(Complaint::new)?;
            Ok(Reached {
                target: target.clone(),
                pid: job.server_pid().or(exec.pid().await),
                lent: Some(lent),
                exec: Some(exec),
            })
        }
    }
}
