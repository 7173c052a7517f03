//! The CPU time and memory of the server's process during experiments.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::site::Site;
use crate::load::ServerUse;
use crate::process::usage_of;

/// The time between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// A look at a process from time to time. A server that is restarted is watched until then.
#[derive(Debug)]
pub(super) struct ServerWatch {
    seen: Rc<Cell<ServerUse>>,
    watching: JoinHandle<()>,
}

impl ServerWatch {
    /// Watches this process; nothing if the system tells nothing about it.
    pub(super) fn new(site: &Rc<Site>, pid: u32) -> Option<Self> {
        let begin = usage_of(pid)?;
        let seen = Rc::new(Cell::new(ServerUse {
            cpu_s: 0.0,
            rss_bytes_start: begin.rss_bytes,
            rss_bytes_peak: begin.rss_bytes,
        }));
        let (site, noted) = (Rc::clone(site), Rc::clone(&seen));
        let watching = tokio::task::spawn_local(async move {
            while let Some(now) = usage_of(pid) {
                let before = noted.get();
                noted.set(ServerUse {
                    cpu_s: now.cpu.saturating_sub(begin.cpu).as_secs_f64(),
                    rss_bytes_peak: before.rss_bytes_peak.max(now.rss_bytes),
                    ..before
                });
                site.until(site.now() + EVERY).await;
            }
        });
        Some(Self { seen, watching })
    }

    /// Its use until now.
    pub(super) fn seen(&self) -> ServerUse {
        self.seen.get()
    }
}

impl Drop for ServerWatch {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
