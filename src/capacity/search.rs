//! Searches for the largest load that a server holds, as MLRsearch does: short trials first, growing exponentially, then
//! longer ones that narrow the bounds. It is a state machine without I/O: it is told the results of trials, and says
//! which one is next.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::goal::{Goal, LoadClass, Measured, TrialVerdict};

/// How much the load grows as long as no limit is known.
const GROWTH: u64 = 2;
/// After so many undecided trials, a load counts as out of the generator's reach.
const MOST_UNDECIDED: usize = 4;
/// After so many trials the measurements are too noisy to go on.
const MOST_TRIALS: usize = 200;

/// The settings of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchSettings {
    /// The smallest and the largest load.
    pub range: RangeInclusive<u64>,
    /// The first load that is tried.
    pub start: u64,
    /// The goal of the answer.
    pub goal: Goal,
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
        /// The load.
        load: u64,
        /// The length of the trial.
        duration: Duration,
    },
    /// The search is over.
    Over(Bounds),
}

/// The bounds of the limit of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The largest load that held, below all that did not.
    pub lower: Option<u64>,
    /// The smallest load that did not hold.
    pub upper: Option<Upper>,
}

/// A load above which the answer cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upper {
    /// The load.
    pub load: u64,
    /// The reason why it is a bound.
    pub because: UpperReason,
}

/// The reason why a load is an upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpperReason {
    /// The server did not hold it.
    Missed,
    /// The load generator could not make it.
    OutOfReach,
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
}

impl Search {
    /// A search that has tried nothing yet.
    pub fn new(settings: SearchSettings) -> Self {
        Self {
            settings,
            trials: Vec::new(),
        }
    }

    /// Tells the result of a trial.
    pub fn tell(&mut self, trial: Measured) {
        self.trials.push(trial);
    }

    /// The next step. It depends on the trials alone.
    pub fn next(&self) -> NextTrial {
        let mut known = Bounds::default();
        for goal in self.settings.goals() {
            match self.step(goal, known) {
                Step::Try(load) if self.trials.len() < MOST_TRIALS => {
                    return NextTrial::Try {
                        load,
                        duration: goal.trial,
                    };
                }
                Step::Try(_) => return NextTrial::Over(self.bounds()),
                Step::Done(bounds) => known = bounds,
            }
        }
        NextTrial::Over(known)
    }

    /// The bounds that the trials so far prove. If the search has not come to its goal, those of the shorter trials.
    pub fn bounds(&self) -> Bounds {
        let mut known = Bounds::default();
        for goal in self.settings.goals() {
            let proved = self.proved(goal);
            known = proved.within(known);
        }
        known
    }

    /// Whether bounds are as close as the goal asks.
    pub fn is_narrow(&self, bounds: Bounds) -> bool {
        match (bounds.lower, bounds.upper) {
            (Some(lower), Some(upper)) => self.settings.goal.is_narrow(lower, upper.load),
            (Some(lower), None) => lower >= *self.settings.range.end(),
            (None, Some(upper)) => upper.load <= *self.settings.range.start(),
            (None, None) => false,
        }
    }

    /// Pairs of loads of which the lower one missed and the higher one held, one for each load that missed.
    pub fn inversions(&self) -> Vec<Inversion> {
        let classes = self.classes(self.settings.goal);
        let held = |load: u64| {
            let higher = classes
                .range(load..)
                .find(|(_, class)| **class == LoadClass::Lower);
            higher.map(|(held, _)| Inversion {
                missed: load,
                held: *held,
            })
        };
        let missed = classes.iter().filter(|(_, class)| **class == LoadClass::Upper);
        missed.filter_map(|(load, _)| held(*load)).collect()
    }

    /// One step towards a goal, starting from the bounds of the goal before it.
    fn step(&self, goal: Goal, hint: Bounds) -> Step {
        let proved = self.proved(goal);
        let classes = self.classes(goal);
        let refuted = |load: u64, by: LoadClass| classes.get(&load) == Some(&by);
        let lower = proved.lower.or_else(|| {
            let below = |load: &u64| proved.upper.is_none_or(|upper| *load < upper.load);
            hint.lower
                .filter(|load| below(load) && !refuted(*load, LoadClass::Upper))
        });
        let upper = proved.upper.or_else(|| {
            let above = |it: &Upper| lower.is_none_or(|lower| it.load > lower);
            hint.upper
                .filter(|it| above(it) && !refuted(it.load, LoadClass::Lower))
        });
        let (least, most) = self.settings.range.clone().into_inner();
        match (lower, upper) {
            (None, None) => Step::Try(self.settings.start.clamp(least, most)),
            (Some(lower), None) if proved.lower != Some(lower) => Step::Try(lower),
            (Some(lower), None) if lower >= most => Step::Done(proved),
            (Some(lower), None) => Step::Try(lower.saturating_mul(GROWTH).min(most)),
            (None, Some(upper)) if proved.upper != Some(upper) => Step::Try(upper.load),
            (None, Some(upper)) if upper.load <= least => Step::Done(proved),
            (None, Some(upper)) => Step::Try((upper.load / GROWTH).max(least)),
            (Some(lower), Some(upper)) if !goal.is_narrow(lower, upper.load) => {
                Step::Try(middle(lower, upper.load))
            }
            (Some(lower), Some(_)) if proved.lower != Some(lower) => Step::Try(lower),
            (Some(_), Some(upper)) if proved.upper != Some(upper) => Step::Try(upper.load),
            (Some(_), Some(_)) => Step::Done(proved),
        }
    }

    /// The relevant bounds: the smallest load that did not hold, and the largest below it that did.
    fn proved(&self, goal: Goal) -> Bounds {
        let classes = self.classes(goal);
        let missed = classes.iter().find(|(_, class)| **class == LoadClass::Upper);
        let missed = missed.map(|(load, _)| Upper {
            load: *load,
            because: UpperReason::Missed,
        });
        let upper = [missed, self.out_of_reach()].into_iter().flatten();
        let upper = upper.min_by_key(|it| it.load);
        let below = classes.range(..upper.map_or(u64::MAX, |it| it.load));
        let mut held = below.filter(|(_, class)| **class == LoadClass::Lower);
        Bounds {
            lower: held.next_back().map(|(load, _)| *load),
            upper,
        }
    }

    /// The smallest load that the generator could not make.
    fn out_of_reach(&self) -> Option<Upper> {
        let mut counts = BTreeMap::<u64, usize>::new();
        for trial in &self.trials {
            *counts.entry(trial.load).or_default() += match trial.verdict {
                TrialVerdict::Held | TrialVerdict::Missed => 0,
                TrialVerdict::Undecided => 1,
                TrialVerdict::Impossible => MOST_UNDECIDED,
            };
        }
        let first = counts.into_iter().find(|(_, count)| *count >= MOST_UNDECIDED);
        first.map(|(load, _)| Upper {
            load,
            because: UpperReason::OutOfReach,
        })
    }

    /// The class of each load that was tried.
    fn classes(&self, goal: Goal) -> BTreeMap<u64, LoadClass> {
        let mut loads = BTreeMap::<u64, Vec<&Measured>>::new();
        for trial in &self.trials {
            loads.entry(trial.load).or_default().push(trial);
        }
        let classify = |(load, trials): (u64, Vec<&Measured>)| (load, goal.classify(trials.into_iter()));
        loads.into_iter().map(classify).collect()
    }
}

impl Bounds {
    /// These bounds, and where one is missing that of the shorter trials, if the two do not contradict each other.
    fn within(self, shorter: Self) -> Self {
        let below = |load: &u64| self.upper.is_none_or(|upper| *load < upper.load);
        let lower = self.lower.or(shorter.lower.filter(below));
        let above = |it: &Upper| lower.is_none_or(|lower| it.load > lower);
        Self {
            lower,
            upper: self.upper.or(shorter.upper.filter(above)),
        }
    }
}

/// A step towards one goal.
enum Step {
    Try(u64),
    Done(Bounds),
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
