//! Ctrl-c and SIGTERM: ends the processes of a run, which are in process groups of their own and get no signal from the
//! terminal.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;

/// Whether a signal came. A signal is for the whole process, so this is a static.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Notes a signal from now on; the run ends at its next wait.
pub(super) fn watch() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a thread can wait for signals");
        runtime.block_on(async {
            let mut terminated = signal(SignalKind::terminate()).expect("SIGTERM can be caught");
            let mut interrupted = signal(SignalKind::interrupt()).expect("SIGINT can be caught");
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        });
        INTERRUPTED.store(true, Ordering::Relaxed);
    });
}

/// An error once a signal has come.
pub(super) fn heed() -> Outcome<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err("interrupted: what is missing was not measured".into());
    }
    Ok(())
}
