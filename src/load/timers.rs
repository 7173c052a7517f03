//! Measures how late this process handles the timers of its sockets (heartbeats, timeouts, rejoins). If it is seconds
//! late, connections may be lost and joins may time out although the server works.

use std::time::Duration;

/// A timer that is later than this may cost a connection, because a server's timeout is only a little longer than the
/// heartbeat interval.
pub(super) const LATE_TIMER: Duration = Duration::from_secs(1);

/// One timer in this many may be overdue.
const OF: u64 = 1000;

/// The number of timers, and of those that were overdue when this process handled them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers {
    count: u64,
    overdue: u64,
    latest: Duration,
}

impl Timers {
    /// Counts a timer that went off `late` after its deadline.
    pub(super) fn count(&mut self, late: Duration) {
        self.count += 1;
        self.overdue += u64::from(late > LATE_TIMER);
        self.latest = self.latest.max(late);
    }

    /// Adds the counts of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.overdue += other.overdue;
        self.latest = self.latest.max(other.latest);
    }

    /// Explains why lost connections say nothing about the server; `None` if the timers were in time.
    pub(super) fn why_overdue(&self) -> Option<String> {
        (self.overdue * OF > self.count).then(|| {
            format!(
                "this process got to {} of {} timers of its sockets (heartbeats and time-outs) more than {} s late, at most \
                 {:.1} s; ask for fewer sockets, or run it on a machine with more processors",
                self.overdue,
                self.count,
                LATE_TIMER.as_secs(),
                self.latest.as_secs_f64()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_seconds_late_with_more_than_one_of_a_thousand_timers_says_so() {
        let mut timers = Timers::default();
        (0..999).for_each(|_| timers.count(Duration::from_millis(900)));
        timers.count(Duration::from_secs(3));
        assert_eq!(timers.why_overdue(), None);
        let mut more = Timers::default();
        more.count(Duration::from_millis(12_500));
        timers.merge(&more);
        let said = timers.why_overdue().unwrap();
        assert!(
            said.contains("2 of 1001 timers") && said.contains("at most 12.5 s"),
            "{said}"
        );
    }

    #[test]
    fn a_run_without_timers_is_in_time() {
        assert_eq!(Timers::default().why_overdue(), None);
    }
}
