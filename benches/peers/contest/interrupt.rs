//! Ctrl-c and SIGTERM: the processes of a run are in groups of their own, which a terminal does not reach.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;

/// Signals come to the process, not to a part of it.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on a signal is noted, and the run ends where it next waits.
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
