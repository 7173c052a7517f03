//! Detects when this process gets no processor time, because then a failed case may be the fault of the
//! machine.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::outcome::Pace;
use crate::clock::{Clock, Time};

/// When this thread was late. All tasks on the thread share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Punctual {
    gaps: Rc<RefCell<Vec<Time>>>,
}

/// The interval of the checks.
const EVERY: Duration = Duration::from_millis(50);

/// Shorter delays affect no verdict, because waits take seconds.
const NOTABLE: Duration = Duration::from_millis(300);

impl Punctual {
    /// Checks until it is dropped.
    pub(super) async fn watch(self, clock: Clock) {
        loop {
            let due = clock.now() + EVERY;
            tokio::time::sleep_until(clock.instant(due).into()).await;
            let late = clock.now().since(due);
            if late >= NOTABLE {
                self.gaps.borrow_mut().push(clock.now());
            }
        }
    }

    /// Waits for the end of a run: until `begun` plus the limit. If this process was late in that time, so were the cases, and
    /// the run gets the limit once more, until it has taken `longest`. Returns how long it took.
    pub(super) async fn ended(
        &self,
        clock: Clock,
        begun: Time,
        limit: Duration,
        longest: Duration,
    ) -> Duration {
        let (mut from, mut taken) = (begun, limit);
        loop {
            tokio::time::sleep_until(clock.instant(begun + taken).into()).await;
            if taken >= longest || self.pace_since(from) == Pace::OnTime {
                return taken;
            }
            from = clock.now();
            taken = (taken + limit).min(longest);
        }
    }

    /// Whether this process was late since then.
    pub(super) fn pace_since(&self, since: Time) -> Pace {
        let late = self.gaps.borrow().iter().any(|at| *at >= since);
        if late { Pace::Late } else { Pace::OnTime }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);

    /// How long a run may take in which this process is late at these times after its start.
    async fn limit_with(late: &[Duration]) -> Duration {
        let clock = Clock::start();
        let begun = clock.now();
        let punctual = Punctual::default();
        let gaps = late.iter().map(|after| begun + *after);
        punctual.gaps.borrow_mut().extend(gaps);
        punctual.ended(clock, begun, LIMIT, LIMIT * 3).await
    }

    #[tokio::test]
    async fn a_run_on_a_late_machine_gets_more_time_up_to_the_longest() {
        assert_eq!(limit_with(&[]).await, LIMIT);
        assert_eq!(limit_with(&[Duration::from_millis(1)]).await, LIMIT * 2);
        // A machine that is late until long after the last limit.
        assert_eq!(limit_with(&[Duration::from_secs(3600)]).await, LIMIT * 3);
    }
}
