//! Says when a load counts as held or as missed: how long its trials last, how many are needed, and how close the
//! answer has to be. This is the load classification of MLRsearch (draft-ietf-bmwg-mlrsearch).

use std::time::Duration;

/// The share of the time of a load that may be bad: with one half, the median trial decides.
const EXCEED_RATIO: f64 = 0.5;

/// The measurements that make a load a bound, and how close the bounds must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// How far the bounds may lie apart, as a share of the upper one.
    pub width: f64,
    /// The length of a trial. Shorter trials count only as hints.
    pub trial: Duration,
    /// How long one load has to be measured in all.
    pub sum: Duration,
}

/// The verdict on a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialVerdict {
    /// All objectives held, and nothing was lost.
    Held,
    /// The server missed an objective or lost something.
    Missed,
    /// The trial says nothing about the server, because the load generator was not up to it.
    Undecided,
    /// This machine cannot make the load at all.
    Impossible,
}

impl TrialVerdict {
    /// Whether the trial says something about the server.
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Held | Self::Missed)
    }
}

/// A trial that took place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The load.
    pub load: u64,
    /// How long it was to last.
    pub duration: Duration,
    /// Its verdict.
    pub verdict: TrialVerdict,
}

/// The class of a load after its trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadClass {
    /// The server holds it.
    Lower,
    /// The server does not hold it.
    Upper,
    /// More trials are needed.
    Undecided,
}

impl Goal {
    /// Classifies a load by its trials. It is decided once the rest of the duration sum could not change the answer.
    pub fn classify<'t>(&self, trials: impl Iterator<Item = &'t Measured>) -> LoadClass {
        let mut times = Times::default();
        trials.for_each(|trial| times.add(trial, self.trial));
        let balance = times.short_good * EXCEED_RATIO / (1.0 - EXCEED_RATIO);
        let bad = times.full_bad + (times.short_bad - balance).max(0.0);
        let whole = (times.full_good + bad).max(self.sum.as_secs_f64());
        let may_be_bad = whole * EXCEED_RATIO;
        if bad > may_be_bad {
            LoadClass::Upper
        } else if whole - times.full_good <= may_be_bad {
            LoadClass::Lower
        } else {
            LoadClass::Undecided
        }
    }

    /// Whether two loads are close enough. Loads are whole numbers, so neighbours always are.
    pub(super) fn is_narrow(&self, lower: u64, upper: u64) -> bool {
        let apart = upper.saturating_sub(lower);
        apart <= 1 || apart as f64 <= upper as f64 * self.width
    }
}

/// Seconds of trials of one load: full ones and short ones, good and bad.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    full_good: f64,
    full_bad: f64,
    short_good: f64,
    short_bad: f64,
}

impl Times {
    fn add(&mut self, trial: &Measured, full: Duration) {
        let is_full = trial.duration >= full;
        let sum = match (trial.verdict, is_full) {
            (TrialVerdict::Undecided | TrialVerdict::Impossible, _) => return,
            (TrialVerdict::Held, true) => &mut self.full_good,
            (TrialVerdict::Missed, true) => &mut self.full_bad,
            (TrialVerdict::Held, false) => &mut self.short_good,
            (TrialVerdict::Missed, false) => &mut self.short_bad,
        };
        *sum += trial.duration.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: Goal = Goal {
        width: 0.025,
        trial: Duration::from_secs(3),
        sum: Duration::from_secs(9),
    };

    fn class(trials: &[(u64, TrialVerdict)]) -> LoadClass {
        let trials: Vec<Measured> = trials
            .iter()
            .map(|&(seconds, verdict)| Measured {
                load: 1,
                duration: Duration::from_secs(seconds),
                verdict,
            })
            .collect();
        GOAL.classify(trials.iter())
    }

    #[test]
    fn two_of_three_full_trials_decide() {
        use TrialVerdict::{Held, Missed, Undecided};
        assert_eq!(class(&[]), LoadClass::Undecided);
        assert_eq!(class(&[(3, Held)]), LoadClass::Undecided);
        assert_eq!(class(&[(3, Held), (3, Held)]), LoadClass::Lower);
        assert_eq!(class(&[(3, Held), (3, Missed)]), LoadClass::Undecided);
        assert_eq!(class(&[(3, Held), (3, Missed), (3, Missed)]), LoadClass::Upper);
        assert_eq!(class(&[(3, Held), (3, Undecided)]), LoadClass::Undecided);
    }

    #[test]
    fn short_trials_decide_nothing_for_good_but_many_bad_ones_do() {
        use TrialVerdict::{Held, Missed};
        assert_eq!(class(&[(1, Held); 20]), LoadClass::Undecided);
        assert_eq!(class(&[(1, Missed); 5]), LoadClass::Upper);
        assert_eq!(
            class(&[(1, Missed), (1, Missed), (3, Held), (3, Held)]),
            LoadClass::Lower
        );
    }

    #[test]
    fn a_long_bad_trial_outweighs_what_was_good_before() {
        use TrialVerdict::{Held, Missed};
        assert_eq!(class(&[(3, Held), (3, Held), (10, Missed)]), LoadClass::Upper);
    }

    #[test]
    fn neighbours_are_narrow_however_small_they_are() {
        assert!(GOAL.is_narrow(3, 4) && !GOAL.is_narrow(3, 5));
        assert!(GOAL.is_narrow(195, 199) && !GOAL.is_narrow(190, 199));
    }
}
