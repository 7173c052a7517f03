//! Notices when this process itself gets no processor: what a case says then may be the machine's fault.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::outcome::Pace;
use crate::clock::{Clock, Time};

/// When this thread was late. Shared by all that runs on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Punctual {
    gaps: Rc<RefCell<Vec<Time>>>,
}

/// How often it looks.
const EVERY: Duration = Duration::from_millis(50);

/// Less than this changes no verdict: waits take seconds.
const NOTABLE: Duration = Duration::from_millis(300);

impl Punctual {
    /// Watches until it is dropped.
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

    /// Whether this process was late at any time since then.
    pub(super) fn pace_since(&self, since: Time) -> Pace {
        let late = self.gaps.borrow().iter().any(|at| *at >= since);
        if late { Pace::Late } else { Pace::OnTime }
    }
}
