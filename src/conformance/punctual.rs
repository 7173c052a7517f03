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

    /// Whether this process was late since then.
    pub(super) fn pace_since(&self, since: Time) -> Pace {
        let late = self.gaps.borrow().iter().any(|at| *at >= since);
        if late { Pace::Late } else { Pace::OnTime }
    }
}
