//! Changes the send rate of a run while it goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Time;

/// The highest rate that can be asked for.
const HIGHEST: f64 = 1e9;

/// A rate that was changed while the run went on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateChange {
    /// Since when it holds, in seconds since the start of the run.
    pub at_s: f64,
    /// Sends a second, over the whole swarm.
    pub sends_per_s: f64,
}

/// The same for the threads of the swarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NewRate {
    pub(super) at: Time,
    pub(super) sends_per_s: f64,
}

impl NewRate {
    pub(super) fn change(self) -> RateChange {
        RateChange {
            at_s: self.at.since(Time::ZERO).as_secs_f64(),
            sends_per_s: self.sends_per_s,
        }
    }
}

/// A note on the changes of a run.
pub(super) fn note(changes: &[RateChange]) -> Option<String> {
    let last = changes.last()?;
    let times = match changes.len() {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    Some(format!(
        "the rate was changed {times} while the run went on; it is {} sends a second from {:.1} s on",
        last.sends_per_s, last.at_s
    ))
}

/// The reason why the rate of a run cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsteerable {
    /// Closed model.
    #[error(
        "the rate cannot be changed: with --rate max each socket sends when it has its reply; start the run with --rate R"
    )]
    Closed,
    /// The rate follows the number of sockets.
    #[error("the rate cannot be changed: it follows the number of sockets")]
    PerSocket,
    /// The scenario has stages.
    #[error(
        "the rate cannot be changed: the `load:` section of the scenario has stages; start the run with --rate R"
    )]
    Staged,
    /// Nothing is sent.
    #[error("the rate cannot be changed: the scenario sends nothing")]
    SendsNothing,
    /// The load is over.
    #[error("the rate cannot be changed: the load is over")]
    Over,
    /// Not a rate.
    #[error("a rate is a number above 0 and of at most a billion, as 500 or 0.5")]
    NotARate,
}

/// Changes the rate of a run that goes on. Copies change that of the same run.
#[derive(Clone, Debug)]
pub struct Steering(Arc<Mutex<Asked>>);

#[derive(Debug)]
struct Asked {
    /// The rate that was asked for last.
    rate: f64,
    /// A rate that no thread knows of yet.
    wish: Option<f64>,
    locked: Option<Unsteerable>,
}

impl Default for Steering {
    /// One that has no run.
    fn default() -> Self {
        Self::locked(Unsteerable::Over)
    }
}

impl Steering {
    /// Steers a run that begins with this rate.
    pub(super) fn from(sends_per_s: f64) -> Self {
        Self::new(sends_per_s, None)
    }

    /// One that refuses every change.
    pub fn locked(why: Unsteerable) -> Self {
        Self::new(0.0, Some(why))
    }

    fn new(rate: f64, locked: Option<Unsteerable>) -> Self {
        Self(Arc::new(Mutex::new(Asked {
            rate,
            wish: None,
            locked,
        })))
    }

    /// Asks for another rate. It holds within some 100 ms, or from the start of the load on.
    ///
    /// # Errors
    /// It cannot be changed.
    pub fn ask(&self, sends_per_s: f64) -> Result<(), Unsteerable> {
        let mut asked = self.asked();
        if let Some(why) = asked.locked {
            return Err(why);
        }
        if !(sends_per_s > 0.0 && sends_per_s <= HIGHEST) {
            return Err(Unsteerable::NotARate);
        }
        asked.rate = sends_per_s;
        asked.wish = Some(sends_per_s);
        Ok(())
    }

    /// Asks for a rate that is so many times the last one, and returns it.
    ///
    /// # Errors
    /// It cannot be changed.
    pub fn multiply(&self, times: f64) -> Result<f64, Unsteerable> {
        // Seven digits are enough, and are read more easily.
        let sends_per_s = format!("{:.6e}", self.asked().rate * times);
        let sends_per_s = sends_per_s.parse().map_err(|_| Unsteerable::NotARate)?;
        self.ask(sends_per_s)?;
        Ok(sends_per_s)
    }

    /// The rate that was asked for last.
    ///
    /// # Errors
    /// It cannot be changed.
    pub fn rate(&self) -> Result<f64, Unsteerable> {
        let asked = self.asked();
        asked.locked.map_or(Ok(asked.rate), Err)
    }

    /// Takes the wish for another rate.
    pub(super) fn take(&self) -> Option<f64> {
        self.asked().wish.take()
    }

    /// Refuses changes from now on.
    pub(super) fn lock(&self, why: Unsteerable) {
        self.asked().locked.get_or_insert(why);
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wish_counts_and_is_taken_once() {
        let steering = Steering::from(100.0);
        assert_eq!((steering.rate(), steering.take()), (Ok(100.0), None));
        steering.ask(200.0).unwrap();
        assert_eq!(steering.clone().multiply(1.5), Ok(300.0));
        assert_eq!((steering.take(), steering.take()), (Some(300.0), None));
        assert_eq!(steering.rate(), Ok(300.0));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        let steering = Steering::from(100.0);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(steering.ask(rate), Err(Unsteerable::NotARate), "{rate}");
        }
        assert_eq!(steering.take(), None);
    }

    #[test]
    fn a_run_that_is_over_is_not_steered() {
        let over = Steering::from(1.0);
        over.lock(Unsteerable::Over);
        assert_eq!(
            (over.ask(5.0), over.rate()),
            (Err(Unsteerable::Over), Err(Unsteerable::Over))
        );
    }
}
