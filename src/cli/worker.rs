//! `worker`: plays sockets as a worker of a Locust master, writes the locustfile of the master, or merges the messages of workers
//! that the master kept.

mod connection;
mod ear;
mod itself;
mod locustfile;
mod merge;
mod session;

use super::args::{self, Look};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::InOrder;
use super::load::{Job, Ordered};
use super::{config, results};
use crate::load::Scaling;
use crate::locust::Classes;
use crate::report::LoadCommand;
use session::{Master, Session};

/// The default for the most sockets of a worker. The ports of one address are enough for them.
const USUAL_SOCKETS: u32 = 20_000;

/// Runs the command.
pub(super) fn run(typed: args::Worker, look: Look) -> Result<Exit, CliError> {
    if let Some(folder) = &typed.merge {
        return merge::run(folder, &typed.objectives, look);
    }
    match (&typed.write_locustfile, &typed.locust) {
        (Some(file), _) => {
            let file = file.clone();
            let (objectives, out) = (typed.objectives.clone(), typed.results.out.clone());
            let (job, classes) = job(typed)?;
            locustfile::write(&file, &job, &classes, (&objectives, out.as_deref()))
        }
        (None, Some(master)) => {
            let in_order = InOrder::listen()?;
            let master = Master {
                address: master.clone(),
                waits: typed.wait_for_master,
            };
            let (job, classes) = job(typed)?;
            // Raise the limit of open descriptors for the many connections.
            crate::descriptors::raise_limit();
            in_order.run(async |stop| Session::new(job, classes, master, (look, stop))?.run().await)
        }
        (None, None) => Err(Complaint::new("nothing says what the worker is to do")
            .expected("--locust HOST:PORT, --write-locustfile FILE or --merge DIR")
            .into()),
    }
}

/// Checks the flags as those of a `load` whose number of sockets the master orders.
fn job(typed: args::Worker) -> Result<(Job, Classes), CliError> {
    let most = typed.sockets.unwrap_or(USUAL_SOCKETS);
    let ordered = Ordered {
        scaling: Scaling::new(typed.scenarios.len(), most),
        worker: 0,
        test: 1,
        seed: results::seed(&typed.results)?,
        rate: typed.rate_per_socket,
        listen: Box::new(|_, _| {}),
    };
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let load = args::Load {
        scenarios: typed.scenarios,
        target: typed.target,
        connecting: typed.connecting,
        server_pid: typed.server_pid,
        no_marks: typed.no_marks,
        // Writing a file loads nobody.
        yes: typed.yes || typed.locust.is_none(),
        results: typed.results,
        ..args::Load::default()
    };
    let load = args::Load {
        sockets: None,
        ramp: None,
        arrivals: None,
        duration: None,
        rate: None,
        ..file.swarm(load)?
    };
    let job = Job::new(load, LoadCommand::Worker.name(), Some(ordered))?;
    let classes = Classes::of(job.scenarios().map(|(name, _)| name));
    let classes = classes.map_err(|why| Complaint::new(why.to_string()))?;
    Ok((job, classes))
}
