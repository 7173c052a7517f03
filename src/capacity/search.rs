//! Searches for the largest load that a server holds, as MLRsearch does: short trials first, growing exponentially, then
//! longer ones that narrow the bounds. It is a state machine without I/O: it is told the results of trials, and says
//! which one is next.

mod known;

use std::ops::RangeInclusive;
use std::time::Duration;

use super::goal::{Goal, Measured, TrialVerdict};
use super::trial::TrialPurpose;
use known::{Gap, KnownLoads};

/// How much the load grows as long as no limit is known.
const GROWTH: u64 = 2;
/// After so many undecided trials a load counts as undecided, and the search tries other loads.
const MOST_UNDECIDED: usize = 3;
/// After so many soaks that missed, the measurements are too noisy to go on.
const MOST_MISSED_SOAKS: usize = 3;
/// After so many trials the measurements are too noisy to go on.
const MOST_TRIALS: usize = 150;

/// The settings of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchSettings {
    /// The smallest and the largest load.
    pub range: RangeInclusive<u64>,
    /// The first load that is tried.
    pub start: u64,
    /// The goal of the answer.
    pub goal: Goal,
    /// How long the answer is held at the end; zero for no soak.
    pub soak: Duration,
}

impl SearchSettings {
    /// The goals in their order: short trials and wide bounds first.
    fn goals(&self) -> [Goal; 3] {
        let goal = self.goal;
        let coarse = |width: f64, trial: Duration| Goal {
            width: width.max(goal.width),
            trial,
            sum: trial,
        };
        [
            coarse(0.5, goal.trial / 4),
            coarse(goal.width * 4.0, goal.trial / 2),
            goal,
        ]
    }
}

/// The next step of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NextTrial {
    /// This load is to be tried.
    Try {
        /// Whether the trial searches, or holds the answer for longer.
        purpose: TrialPurpose,
        /// The load.
        load: u64,
        /// The length of the trial.
        duration: Duration,
    },
    /// The search is over: nothing more is to be learned.
    Over(Soak),
    /// The search is over, because the trials contradict each other too much.
    TooNoisy,
}

/// The outcome of the soak: the long trial at the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soak {
    /// It held.
    Held,
    /// The generator was not up to it.
    Undecided,
    /// There was none.
    NotTried,
}

/// The bounds between which the limit of the server lies. An undecided load is neither of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The largest load that held.
    pub lower: Option<u64>,
    /// The smallest load above it that did not hold.
    pub upper: Option<u64>,
    /// The smallest load between both whose trials stay undecided, if that keeps the bounds apart.
    pub undecided: Option<u64>,
}

/// A higher load that held although a lower one had not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inversion {
    /// The load that did not hold.
    pub missed: u64,
    /// The higher load that held.
    pub held: u64,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    settings: SearchSettings,
    trials: Vec<Measured>,
    soaks: Vec<Measured>,
}

impl Search {
    /// A search that has tried nothing yet.
    pub const fn new(settings: SearchSettings) -> Self {
        Self {
            settings,
            trials: Vec::new(),
            soaks: Vec::new(),
        }
    }

    /// Tells the result of a trial.
    pub fn tell(&mut self, purpose: TrialPurpose, trial: Measured) {
        match purpose {
            // Trials below the answer only measure its latency; they do not move the bounds.
            TrialPurpose::Share(_) => return,
            TrialPurpose::Soak => self.soaks.push(trial),
            TrialPurpose::Search => {}
        }
        self.trials.push(trial);
    }

    /// The next step. It depends on the trials alone.
    pub fn next(&self) -> NextTrial {
        let mut known = KnownLoads::default();
        for goal in self.settings.goals() {
            known = self.known(goal, &known);
            let Some(load) = self.towards(goal, &known) else {
                continue;
            };
            if self.trials.len() >= MOST_TRIALS {
                return NextTrial::TooNoisy;
            }
            return NextTrial::Try {
                purpose: TrialPurpose::Search,
                load,
                duration: goal.trial,
            };
        }
        match known.gap().lower {
            Some(load) => self.hold_for_longer(load),
            None => NextTrial::Over(Soak::NotTried),
        }
    }

    /// The bounds that the trials so far show. If the search has not come to its goal, shorter trials count as well.
    pub fn bounds(&self) -> Bounds {
        let Gap {
            lower,
            upper,
            undecided,
        } = self.known_so_far().gap();
        let first = undecided.first().map(|it| it.load);
        Bounds {
            lower,
            upper,
            undecided: first.filter(|_| !self.is_narrow(lower, upper)),
        }
    }

    /// Pairs of loads of which the lower one missed and the higher one held, one for each load that missed.
    pub fn inversions(&self) -> Vec<Inversion> {
        let known = self.known_so_far();
        let pair = |missed| {
            known
                .next_held_above(missed)
                .map(|held| Inversion { missed, held })
        };
        known.all_missed().filter_map(pair).collect()
    }

    /// Whether bounds are as close as the goal asks.
    fn is_narrow(&self, lower: Option<u64>, upper: Option<u64>) -> bool {
        match (lower, upper) {
            (Some(lower), Some(upper)) => self.settings.goal.is_narrow(lower, upper),
            (Some(lower), None) => lower >= *self.settings.range.end(),
            (None, Some(upper)) => upper <= *self.settings.range.start(),
            (None, None) => false,
        }
    }

    /// The verdicts of the loads so far. A verdict of longer trials replaces that of shorter ones.
    fn known_so_far(&self) -> KnownLoads {
        let goals = self.settings.goals().into_iter();
        goals.fold(KnownLoads::default(), |shorter, goal| self.known(goal, &shorter))
    }

    fn known(&self, goal: Goal, shorter: &KnownLoads) -> KnownLoads {
        KnownLoads::new(&self.trials, goal, shorter)
    }

    /// The next load, which brings the bounds closer to a goal. None if they are close enough, or if only undecided loads are left.
    fn towards(&self, goal: Goal, known: &KnownLoads) -> Option<u64> {
        let Gap {
            lower,
            upper,
            undecided,
        } = known.gap();
        let unproved = |load: &u64| !known.is_proved(*load);
        if let (Some(load), None) | (None, Some(load)) = (lower, upper)
            && unproved(&load)
        {
            return Some(load);
        }
        let load = match *undecided {
            [] => self.between(goal, lower, upper),
            // One load alone may be undecided by chance.
            [only] if only.is_possible => self
                .between(goal, Some(only.load), upper)
                .or_else(|| self.between(goal, lower, Some(only.load))),
            // Try the smallest load at once, because halving towards it would take many trials.
            [first, _, ..] if lower.is_none() && !self.is_least(first.load) => {
                Some(*self.settings.range.start())
            }
            [first, ..] => self.between(goal, lower, Some(first.load)),
        };
        load.or_else(|| lower.filter(unproved))
            .or_else(|| upper.filter(unproved))
    }

    /// A load between two: greater than the first, smaller than the second; nothing if they are close enough.
    fn between(&self, goal: Goal, lower: Option<u64>, upper: Option<u64>) -> Option<u64> {
        let (least, most) = self.settings.range.clone().into_inner();
        match (lower, upper) {
            (None, None) => Some(self.settings.start.clamp(least, most)),
            (Some(lower), None) => (lower < most).then(|| lower.saturating_mul(GROWTH).min(most)),
            (None, Some(upper)) => (upper > least).then(|| (upper / GROWTH).max(least)),
            (Some(lower), Some(upper)) => (!goal.is_narrow(lower, upper)).then(|| middle(lower, upper)),
        }
    }

    fn is_least(&self, load: u64) -> bool {
        load <= *self.settings.range.start()
    }

    /// The next soak at the answer, or the end of the search if no further soak is needed.
    fn hold_for_longer(&self, load: u64) -> NextTrial {
        let count = |verdict| self.soaks.iter().filter(|it| it.verdict == verdict).count();
        let mut here = self.soaks.iter().filter(|it| it.load == load);
        let held = here.clone().any(|it| it.verdict == TrialVerdict::Held);
        let undecided = here.by_ref().filter(|it| !it.verdict.is_decided()).count();
        match () {
            () if self.settings.soak.is_zero() => NextTrial::Over(Soak::NotTried),
            () if held => NextTrial::Over(Soak::Held),
            () if undecided >= MOST_UNDECIDED => NextTrial::Over(Soak::Undecided),
            () if count(TrialVerdict::Missed) >= MOST_MISSED_SOAKS => NextTrial::TooNoisy,
            () => NextTrial::Try {
                purpose: TrialPurpose::Soak,
                load,
                duration: self.settings.soak,
            },
        }
    }
}

/// The load in the middle of two on a logarithmic scale, different from both.
fn middle(lower: u64, upper: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between two loads"
    )]
    let middle = (lower as f64 * upper as f64).sqrt().round() as u64;
    middle.clamp(lower + 1, upper - 1)
}

#[cfg(test)]
mod tests;
