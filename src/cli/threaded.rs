//! Runs a load or a search on a thread of its own, while the caller handles signals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::exit::CliError;
use super::interrupt::Stop;

/// Runs `work` on a thread of this name. Its flag is set when the user asks to stop; it then ends in an orderly way.
pub(super) async fn on_thread<T: Send + 'static>(
    name: &str,
    stop: &Stop,
    work: impl FnOnce(&AtomicBool) -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    let (tell, mut told) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned());
    let thread = thread.spawn(move || {
        // Sending fails only if the run was aborted.
        let _ = tell.send(work(&flag));
    });
    thread.map_err(|why| CliError::undone(format!("the system has no thread to give: {why}")))?;
    let outcome = tokio::select! {
        outcome = &mut told => outcome,
        () = stop.clone().asked() => {
            asked.store(true, Ordering::Relaxed);
            told.await
        }
    };
    outcome.map_err(|_| CliError::undone(format!("the {name} panicked")))?
}

/// Locks a value that the thread shares, also after a panic of the thread.
pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
