//! `prove`: finds or starts the server, makes the experiments, reports them, and turns their verdicts into the exit code.

mod job;

use super::args::{self, Look};
use super::beam::watch_beam;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::under_test::{UnderTest, Visit};
use super::watching::Watch;
use super::{config, output};
use crate::clock::{Clock, Time, wall_clock};
use crate::prove::{ProofVerdict, ProveEvent, ProveResult, prove};
use crate::report::{
    About, ProveBeginning, ProveFile, ProveFinished, ProveJob, ProveLive, ProveTerminal, Reporters, announce,
};
use job::Job;

/// Makes experiments at a server.
pub(super) fn run(typed: args::Prove, look: Look) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let job = Job::new(file.proofs(typed)?)?;
    // Raise the limit of open descriptors for the many connections.
    crate::descriptors::raise_limit();
    in_order.run(|stop| experiments(job, look, stop))
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
    let watch = Watch::start(job.page(), ProveLive::board)?;
    let mut reporters = Reporters::default();
    ProveFile::all(&folder)
        .into_iter()
        .for_each(|file| reporters.add(file));
    reporters.add(ProveTerminal::new(look.detail(), folder.clone()));
    if let Some(watch) = &watch {
        let beginning = ProveBeginning {
            about: about.clone(),
            target: job.server_named(),
            profile: job.server.profile(),
            setup: job.setup(),
        };
        reporters.add(ProveLive::new(watch.board(), beginning, clock));
    }
    let visit = Visit {
        transport: job.transport(),
        how: job.target(),
        folder: &folder,
        stop: &stop,
    };
    let work = async |server: &mut UnderTest| made(&job, look, server, (&mut reporters, &stop)).await;
    let (target, outcome) = visit.make(&job.server, work).await;
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
        profile: job.server.profile(),
        setup: &job.setup(),
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
        trouble: trouble_text.as_deref(),
    });
    let exit = output::exit_with_results(exit, &unreported);
    trouble.map_or(Ok(exit), |why| Err(CliError::Undone(why)))
}

/// Nothing is proved by a run that was cut short, unless something failed before.
fn exit(result: &ProveResult) -> Exit {
    match result.verdict() {
        ProofVerdict::Fail => Exit::FellShort,
        ProofVerdict::Pass if !result.cut_short => Exit::Held,
        ProofVerdict::Pass | ProofVerdict::Undecided | ProofVerdict::Skipped => Exit::Undecided,
    }
}

/// Makes the experiments at a server.
async fn made(
    job: &Job,
    look: Look,
    server: &mut UnderTest,
    (reporters, stop): (&mut Reporters<ProveJob>, &Stop),
) -> Result<ProveResult, Complaint> {
    if !look.quiet {
        let head = job.setup().head(&server.target.to_string(), job.seed);
        announce(&head).map_err(|why| Complaint::new(why.to_string()))?;
    }
    let mut settings = job.settings(&server.target, job.server_pid().or(server.pid));
    settings.beam = watch_beam(job.beam(), stop).await?;
    let lent = server.lend().await?;
    let mut on_event = |event: ProveEvent<'_>| reporters.event(&event);
    let result = prove(&settings, lent, &mut on_event, stop.clone().asked()).await;
    result.map_err(|why| Complaint::new(why.to_string()))
}
