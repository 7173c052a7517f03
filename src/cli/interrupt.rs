//! Handles ctrl-c and SIGTERM: the first one asks a job to finish early, the second one aborts it.

use std::future::Future;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::{CliError, Exit};
use super::output;

/// Both signals as one stream.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Listens for the signals, which no longer end the process by themselves.
    pub(super) fn listen() -> Result<Self, CliError> {
        let listen =
            |kind| signal(kind).map_err(|why| CliError::undone(format!("cannot listen to signals: {why}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Whether a job should finish early.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until it should.
    pub(super) async fn asked(mut self) {
        // The sender outlives the job.
        let _ = self.0.wait_for(|asked| *asked).await;
    }

    /// Whether it should finish now.
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}

/// Runs a job that signals end in order, also those that come while its arguments are still being read.
pub(super) struct InOrder {
    runtime: Runtime,
    interrupts: Interrupts,
}

impl InOrder {
    /// Listens for the signals from now on.
    pub(super) fn listen() -> Result<Self, CliError> {
        let runtime = super::runtime()?;
        let entered = runtime.enter();
        let interrupts = Interrupts::listen()?;
        drop(entered);
        Ok(Self { runtime, interrupts })
    }

    /// Runs the job. The first signal asks it to finish early; the second one drops it together with the processes
    /// that it started.
    pub(super) fn run<J>(self, job: impl FnOnce(Stop) -> J) -> Result<Exit, CliError>
    where
        J: Future<Output = Result<Exit, CliError>>,
    {
        self.runtime.block_on(in_order(self.interrupts, job))
    }
}

async fn in_order<J>(mut interrupts: Interrupts, job: impl FnOnce(Stop) -> J) -> Result<Exit, CliError>
where
    J: Future<Output = Result<Exit, CliError>>,
{
    let (ask, asked) = watch::channel(false);
    let job = job(Stop(asked));
    tokio::pin!(job);
    tokio::select! {
        result = &mut job => return result,
        () = interrupts.next() => {}
    }
    // Sending fails only if the job is over.
    let _ = ask.send(true);
    output::note("ending the run; once more ends it at once");
    tokio::select! {
        result = &mut job => result,
        () = interrupts.next() => Err(CliError::undone("ended at once; no report was written")),
    }
}
