//! Changes the number of sockets of each scenario while a run goes on, and ends the run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::share::divide;

/// Changes the number of sockets of each scenario of a run. Clones control the same run.
///
/// The run has no sockets at first, and goes on until it is ended.
#[derive(Clone, Debug)]
pub struct Scaling(Arc<Mutex<Asked>>);

#[derive(Debug)]
struct Asked {
    /// The most sockets over all scenarios.
    most: u32,
    /// The wanted number of sockets of each scenario, if no thread knows of it yet.
    wish: Option<Vec<u32>>,
    is_over: bool,
    reached: Scale,
}

/// The number of sockets of each scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// The sockets of each scenario that have arrived and have not left.
    pub sockets: Vec<u32>,
    /// Whether these are as many as were asked for last, and each has tried to join.
    pub is_complete: bool,
}

impl Scaling {
    /// A run of so many scenarios, with at most so many sockets.
    pub fn new(scenarios: usize, most: u32) -> Self {
        let reached = Scale {
            sockets: vec![0; scenarios],
            is_complete: true,
        };
        Self(Arc::new(Mutex::new(Asked {
            most,
            wish: None,
            is_over: false,
            reached,
        })))
    }

    /// The most sockets over all scenarios.
    pub fn most(&self) -> u32 {
        self.asked().most
    }

    /// Asks for so many sockets of each scenario, and returns how many there will be: no more than the run can have.
    pub fn ask(&self, sockets: &[u32]) -> Vec<u32> {
        let mut asked = self.asked();
        let all: u64 = sockets.iter().copied().map(u64::from).sum();
        let granted = if all > u64::from(asked.most) {
            divide(asked.most, sockets)
        } else {
            sockets.to_vec()
        };
        asked.reached.is_complete = false;
        asked.wish = Some(granted.clone());
        granted
    }

    /// Ends the run in order.
    pub fn end(&self) {
        self.asked().is_over = true;
    }

    /// The number of sockets now.
    pub fn reached(&self) -> Scale {
        self.asked().reached.clone()
    }

    /// Whether the run is to end.
    pub(super) fn is_over(&self) -> bool {
        self.asked().is_over
    }

    /// Takes the wish for other numbers of sockets.
    pub(super) fn take(&self) -> Option<Vec<u32>> {
        self.asked().wish.take()
    }

    /// Publishes how many sockets there are.
    pub(super) fn publish(&self, now: Scale) {
        let mut asked = self.asked();
        let is_newest = asked.wish.is_none();
        asked.reached = Scale {
            is_complete: now.is_complete && is_newest,
            ..now
        };
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wish_counts_and_is_complete_only_when_the_run_says_so() {
        let scaling = Scaling::new(2, 100);
        assert_eq!(
            (scaling.ask(&[1, 2]), scaling.ask(&[10, 20])),
            (vec![1, 2], vec![10, 20])
        );
        let early = Scale {
            sockets: vec![1, 2],
            is_complete: true,
        };
        scaling.publish(early.clone());
        assert!(!scaling.reached().is_complete, "the wish was not taken yet");
        assert_eq!((scaling.take(), scaling.take()), (Some(vec![10, 20]), None));
        scaling.publish(early.clone());
        assert_eq!(scaling.reached(), early);
    }

    #[test]
    fn nobody_gets_more_sockets_than_there_can_be() {
        let scaling = Scaling::new(2, 100);
        assert_eq!(scaling.ask(&[150, 50]), [75, 25]);
    }
}
