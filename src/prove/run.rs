//! A run: looks at the target, makes one experiment after the other, and adds up the figures.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;

use super::concurrency::{self, concurrency};
use super::context::Context;
use super::delivery::{self, delivery};
use super::isolation::{self, isolation};
use super::offers::Offers;
use super::presence::{self, presence};
use super::punctuality::{LATE, late_in_words};
use super::recovery::{self, recovery};
use super::result::{Claim, Experiment, ExperimentName, ProofVerdict, ProveResult};
use super::server_use::ServerWatch;
use super::site::{NotOpened, Site};
use crate::beam::{BeamUse, BeamWatch};
use crate::clock::Clock;
use crate::driver::Lent;
use crate::load::{Figures, Generator, Latencies, Timing};
use crate::process::{Usage, own_usage};
use crate::protocol::Vsn;
use crate::transport::Endpoint;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct ProveSettings {
    /// The server, and what each connection sends it.
    pub(crate) endpoint: Endpoint,
    /// The serializer.
    pub vsn: Vsn,
    /// The experiments, in this order.
    pub experiments: Vec<ExperimentName>,
    /// The number of sockets of each experiment.
    pub sockets: usize,
    /// The time limit of each experiment.
    pub max_time: Duration,
    /// The longest wait for an answer.
    pub timeout: Duration,
    /// All random choices follow from it.
    pub seed: u64,
    /// The process of the server, if it is watched.
    pub server_pid: Option<u32>,
    /// The Erlang VM of the server, if it is asked for its figures.
    pub beam: Option<BeamWatch>,
}

/// An event of a run.
#[derive(Debug)]
pub enum ProveEvent<'a> {
    /// An experiment begins.
    Begins(ExperimentName),
    /// An experiment goes on to this.
    Phase(&'a str),
    /// An experiment is over.
    Ends(&'a Experiment),
}

/// The reason why nothing was proved.
#[derive(Debug, thiserror::Error)]
#[error("no socket could be opened: {0}")]
pub struct ProveError(#[from] NotOpened);

/// Makes all experiments of a run, until `stop` ends it early.
///
/// # Errors
/// The target lets no socket in.
pub async fn prove(
    settings: &ProveSettings,
    server: Option<Box<dyn Lent>>,
    on_event: &mut dyn FnMut(ProveEvent<'_>),
    stop: impl Future<Output = ()>,
) -> Result<ProveResult, ProveError> {
    let begin = own_usage().unwrap_or_default();
    let run = settings.seed % 1_000_000_007;
    let clock = Clock::start();
    let site = Site::new(
        settings.endpoint.clone(),
        settings.vsn,
        settings.timeout,
        run,
        clock,
    );
    let site = Rc::new(site);
    let mut result = ProveResult::default();
    let local = LocalSet::new();
    let (outcome, watch) = local
        .run_until(async {
            let watch = ServerWatch::new(&site, settings.server_pid, settings.beam.clone());
            let watch = Rc::new(watch);
            let outcome = tokio::select! {
                outcome = experiments(settings, (&site, &watch), server, &mut result, on_event) => Some(outcome),
                () = stop => None,
            };
            (outcome, watch)
        })
        .await;
    result.server = watch.seen();
    result.beam = watch.beam();
    result.server_pictures = watch.pictures();
    result.notes.extend(result.beam.as_ref().and_then(BeamUse::note));
    // Tasks of an experiment that was ended early end with the set.
    drop(local);
    match outcome {
        Some(outcome) => outcome?,
        None => result.cut_short = true,
    }
    let figures = site.figures.take();
    result.sockets = figures.sockets;
    result.messages = figures.messages;
    result.latency_us = Latencies::of(&figures.times);
    result.lateness_us = Figures::of(figures.times.of(Timing::Lateness));
    result.generator = generator(begin, result.lateness_us);
    Ok(result)
}

/// The resources of this process since `begin`, and whether it was late.
fn generator(begin: Usage, lateness: Figures) -> Generator {
    let end = own_usage().unwrap_or_default();
    let cpu_s = end.cpu.saturating_sub(begin.cpu).as_secs_f64();
    let late = Duration::from_micros(lateness.p99);
    let why_invalid = (late > LATE).then(|| late_in_words(late));
    Generator {
        cpu_s,
        cpu_s_steady: cpu_s,
        rss_bytes_start: begin.rss_bytes,
        rss_bytes_peak: end.rss_bytes.max(begin.rss_bytes),
        valid: why_invalid.is_none(),
        why_invalid,
    }
}

async fn experiments(
    settings: &ProveSettings,
    (site, server_watch): (&Rc<Site>, &Rc<ServerWatch>),
    server: Option<Box<dyn Lent>>,
    result: &mut ProveResult,
    on_event: &mut dyn FnMut(ProveEvent<'_>),
) -> Result<(), ProveError> {
    let offers = Offers::look(site).await?;
    let server = Rc::new(RefCell::new(server));
    for name in &settings.experiments {
        on_event(ProveEvent::Begins(*name));
        let experiment = {
            let mut on_phase = |phase: &str| on_event(ProveEvent::Phase(phase));
            let context = Context {
                site: Rc::clone(site),
                offers,
                server: Rc::clone(&server),
                server_pid: settings.server_pid,
                server_watch: Rc::clone(server_watch),
                sockets: settings.sockets,
                seed: settings.seed,
                deadline: site.now() + settings.max_time,
                on_phase: RefCell::new(&mut on_phase),
            };
            make(*name, &context).await
        };
        on_event(ProveEvent::Ends(&experiment));
        result.experiments.push(experiment);
    }
    Ok(())
}

/// Makes one experiment, if the target offers the channels that it takes.
async fn make(name: ExperimentName, context: &Context<'_>) -> Experiment {
    let begun = context.site.now();
    let mut experiment = Experiment::new(name);
    let Needs {
        offered,
        topics,
        claim,
    } = needs(name, context.offers);
    if !offered {
        experiment.claims.push(Claim::without(claim, topics));
        return experiment;
    }
    let outcome = match name {
        ExperimentName::Isolation => isolation(context, &mut experiment).await,
        ExperimentName::Delivery => delivery(context, &mut experiment).await,
        ExperimentName::Concurrency => concurrency(context, &mut experiment).await,
        ExperimentName::Presence => presence(context, &mut experiment).await,
        ExperimentName::Recovery => recovery(context, &mut experiment).await,
    };
    if let Err(why) = outcome {
        let undecided = Claim::new(claim, ProofVerdict::Undecided, why.to_string());
        experiment.claims.push(undecided);
    }
    experiment.took = context.site.now().since(begun);
    experiment
}

/// The channels that an experiment takes.
struct Needs {
    offered: bool,
    /// Their topics, for messages.
    topics: &'static str,
    /// The claim that is told where the experiment cannot be made.
    claim: &'static str,
}

const fn needs(name: ExperimentName, offers: Offers) -> Needs {
    let (offered, topics, claim) = match name {
        ExperimentName::Isolation => (offers.lab, "lab:*", isolation::FIRST_CLAIM),
        ExperimentName::Concurrency => (offers.lab, "lab:*", concurrency::FIRST_CLAIM),
        ExperimentName::Delivery => (offers.lab, "lab:*", delivery::FIRST_CLAIM),
        ExperimentName::Presence => (offers.presence, "presence:*", presence::FIRST_CLAIM),
        ExperimentName::Recovery => (offers.videos, "videos:*", recovery::FIRST_CLAIM),
    };
    Needs {
        offered,
        topics,
        claim,
    }
}
