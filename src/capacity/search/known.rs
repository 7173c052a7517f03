//! The verdicts of the loads that a search tried: held, missed or undecided.

use std::collections::BTreeMap;

use super::super::goal::{Goal, LoadClass, Measured, TrialVerdict};
use super::MOST_UNDECIDED;

/// The verdict of one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Held(Proof),
    Missed(Proof),
    Undecided(Reach),
}

/// The trials that decided a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Trials as long as the goal asks for.
    Full,
    /// Shorter trials, whose verdict is a hint.
    Hint,
}

/// Whether the load generator could make an undecided load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It tried, and was late or short of something.
    Tried,
    /// This machine cannot make it at all.
    Impossible,
}

/// The verdicts of all loads that were tried.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownLoads(BTreeMap<u64, Known>);

/// The gap in which the limit lies, by the trials so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// The largest load that held.
    pub(super) lower: Option<u64>,
    /// The smallest load above it that missed.
    pub(super) upper: Option<u64>,
    /// The undecided loads between both.
    pub(super) undecided: Vec<UndecidedLoad>,
}

/// An undecided load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UndecidedLoad {
    pub(super) load: u64,
    /// Whether this machine can make it.
    pub(super) is_possible: bool,
}

impl KnownLoads {
    /// The verdicts of these trials under a goal. The verdicts of shorter trials count as hints.
    pub(super) fn new(trials: &[Measured], goal: Goal, shorter: &Self) -> Self {
        let mut loads = BTreeMap::<u64, Vec<&Measured>>::new();
        for trial in trials {
            loads.entry(trial.load).or_default().push(trial);
        }
        let known = loads.into_iter().filter_map(|(load, trials)| {
            let known = of_trials(&trials, goal).or_else(|| shorter.hint(load))?;
            Some((load, known))
        });
        Self(known.collect())
    }

    /// The hint for longer trials at a load. An undecided load is a hint only if another load was decided: else longer trials
    /// may decide it.
    fn hint(&self, load: u64) -> Option<Known> {
        match self.0.get(&load)? {
            Known::Held(_) => Some(Known::Held(Proof::Hint)),
            Known::Missed(_) => Some(Known::Missed(Proof::Hint)),
            Known::Undecided(reach) => {
                let mut all = self.0.values();
                let is_decided = |it: &Known| !matches!(it, Known::Undecided(_));
                all.any(is_decided).then_some(Known::Undecided(*reach))
            }
        }
    }

    /// The gap in which the limit lies. A load that held counts, although a lower one missed.
    pub(super) fn gap(&self) -> Gap {
        let lower = self.last(|it| matches!(it, Known::Held(_)));
        let mut above = self.0.range(lower.map_or(0, |it| it + 1)..);
        let upper = above.find(|(_, it)| matches!(it, Known::Missed(_)));
        let upper = upper.map(|(load, _)| *load);
        let between = self
            .0
            .range(lower.unwrap_or(0)..upper.unwrap_or(u64::MAX))
            .filter_map(|(load, it)| match it {
                Known::Undecided(reach) => Some(UndecidedLoad {
                    load: *load,
                    is_possible: *reach == Reach::Tried,
                }),
                Known::Held(_) | Known::Missed(_) => None,
            });
        Gap {
            lower,
            upper,
            undecided: between.collect(),
        }
    }

    /// Whether a load was decided by the trials that the goal asks for.
    pub(super) fn is_proved(&self, load: u64) -> bool {
        let known = self.0.get(&load);
        matches!(known, Some(Known::Held(Proof::Full) | Known::Missed(Proof::Full)))
    }

    /// The loads that missed.
    pub(super) fn all_missed(&self) -> impl Iterator<Item = u64> {
        let missed = self.0.iter().filter(|(_, it)| matches!(it, Known::Missed(_)));
        missed.map(|(load, _)| *load)
    }

    /// The smallest load above this one that held.
    pub(super) fn next_held_above(&self, load: u64) -> Option<u64> {
        let mut above = self.0.range(load..);
        let held = above.find(|(_, it)| matches!(it, Known::Held(_)));
        held.map(|(load, _)| *load)
    }

    fn last(&self, is_such: impl Fn(&Known) -> bool) -> Option<u64> {
        let mut such = self.0.iter().rev().filter(|(_, it)| is_such(it));
        such.next().map(|(load, _)| *load)
    }
}

/// The verdict of the trials of one load under a goal; none if more trials are needed.
fn of_trials(trials: &[&Measured], goal: Goal) -> Option<Known> {
    match goal.classify(trials.iter().copied()) {
        LoadClass::Lower => return Some(Known::Held(Proof::Full)),
        LoadClass::Upper => return Some(Known::Missed(Proof::Full)),
        LoadClass::Undecided => {}
    }
    if trials.iter().any(|it| it.verdict == TrialVerdict::Impossible) {
        return Some(Known::Undecided(Reach::Impossible));
    }
    let undecided = trials
        .iter()
        .filter(|it| it.verdict == TrialVerdict::Undecided && it.duration >= goal.trial);
    (undecided.count() >= MOST_UNDECIDED).then_some(Known::Undecided(Reach::Tried))
}
