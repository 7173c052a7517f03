//! `serve`: the reference server in the foreground, until SIGTERM or ctrl-c.

use std::io::IsTerminal;

use super::args::Serve;
use super::complaint::Complaint;
use super::config;
use super::exit::{CliError, Exit};
use super::interrupt::Interrupts;
use super::{output, profile};
use crate::descriptors;
use crate::profile::Profile;
use crate::scenario::nearest;
use crate::server::faults::{self, Fault};
use crate::server::{Descriptors, Server, Settings, StartError};

/// The port that new Phoenix applications use, too.
const USUAL_PORT: u16 = 4000;

/// Serves until it is told to stop.
pub(super) fn run(typed: Serve) -> Result<Exit, CliError> {
    let settings = settings(typed)?;
    descriptors::raise_limit();
    let runtime = super::runtime()?;
    runtime.block_on(async {
        // Before the server starts, so that no signal is missed.
        let mut interrupts = Interrupts::listen()?;
        let server = Server::start(&settings).map_err(|error| refused(&error))?;
        output::print(&format_args!("listening on http://{}\n", server.address()))?;
        if std::io::stderr().is_terminal() {
            let target = format!("ws://{}/socket", server.address());
            output::note(&format!("  next      phxproof check --target {target}"));
        }
        interrupts.next().await;
        server.drain();
        let ended = tokio::task::spawn_blocking(move || server.join());
        tokio::select! {
            _ = ended => {}
            () = interrupts.next() => {}
        }
        Ok(Exit::Held)
    })
}

fn settings(typed: Serve) -> Result<Settings, CliError> {
    let file = config::Settings::load(typed.config.config.as_deref())?;
    let typed = file.serve(typed);
    let usual = Settings::default();
    Ok(Settings {
        host: typed.host.unwrap_or(usual.host),
        port: typed.port.unwrap_or(USUAL_PORT),
        store: typed.store,
        profile: typed
            .profile
            .as_deref()
            .map(profile::named)
            .transpose()?
            .unwrap_or(Profile::DEFAULT),
        faults: typed
            .faults
            .iter()
            .map(|name| fault(name))
            .collect::<Result<_, _>>()?,
        shards: typed.shards.map_or(usual.shards, usize::from),
        descriptors: Descriptors::Shard,
    })
}

fn fault(name: &str) -> Result<&'static Fault, Complaint> {
    faults::find(name).ok_or_else(|| {
        Complaint::new(format!("no fault is named `{name}`"))
            .expected("one of `phxproof list faults`")
            .did_you_mean(nearest(name, faults::all().map(|fault| fault.id)))
    })
}

/// What the user can put right is wrong usage; what the system lacks is not.
fn refused(error: &StartError) -> CliError {
    let complaint = Complaint::new(error.to_string());
    match error {
        StartError::Host { .. }
        | StartError::InUse { .. }
        | StartError::Listen { .. }
        | StartError::Store(_) => CliError::Usage(complaint),
        _ => CliError::Undone(complaint),
    }
}
