//! The lateness of this process itself. Times that a late generator measures say nothing about a server.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::JoinHandle;

use super::site::Site;
use crate::load::Timing;

/// The time between two measurements.
const EVERY: Duration = Duration::from_millis(5);
/// Later than this at the 99th percentile, and small differences cannot be told.
pub(super) const LATE: Duration = Duration::from_millis(20);

/// A measurement of how late timers fire. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Punctuality {
    late: Rc<RefCell<Histogram<u64>>>,
    measuring: JoinHandle<()>,
}

impl Punctuality {
    /// Begins to measure.
    pub(super) fn watch(site: &Rc<Site>) -> Self {
        let late = Rc::new(RefCell::new(Histogram::new(3).expect("three digits are allowed")));
        let (site, noted) = (Rc::clone(site), Rc::clone(&late));
        let measuring = tokio::task::spawn_local(async move {
            loop {
                let due = site.now() + EVERY;
                site.until(due).await;
                let now = site.now();
                site.measure(Timing::Lateness, due, now);
                let micros = u64::try_from(now.since(due).as_micros()).unwrap_or(u64::MAX);
                // It resizes itself, so this cannot fail.
                let _ = noted.borrow_mut().record(micros);
            }
        });
        Self { late, measuring }
    }

    /// The 99th percentile so far.
    pub(super) fn p99(&self) -> Duration {
        Duration::from_micros(self.late.borrow().value_at_quantile(0.99))
    }

    /// The latest so far.
    pub(super) fn latest(&self) -> Duration {
        Duration::from_micros(self.late.borrow().max())
    }

    /// The reason why answers may have been missed, if this process itself stood still for too long.
    pub(super) fn standstill(&self, timeout: Duration) -> Option<String> {
        let latest = self.latest();
        (latest * 3 > timeout).then(|| {
            format!(
                "this process itself stood still for {:.1} s: the machine is too busy to tell what was lost",
                latest.as_secs_f64()
            )
        })
    }

    /// The reason why times say nothing, if this process was late.
    pub(super) fn excuse(&self) -> Option<String> {
        let p99 = self.p99();
        (p99 > LATE).then(|| late_in_words(p99))
    }
}

/// The sentence of a process that was so late at the 99th percentile.
pub(super) fn late_in_words(p99: Duration) -> String {
    let millis = p99.as_secs_f64() * 1e3;
    format!(
        "this process itself was {millis:.0} ms late at the 99th percentile: the machine is too busy to measure"
    )
}

impl Drop for Punctuality {
    fn drop(&mut self) {
        self.measuring.abort();
    }
}
