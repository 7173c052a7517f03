//! The settings of a search, and the load test that each trial is.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::dimension::Dimension;
use super::goal::Goal;
use super::search::SearchSettings;
use crate::load::{Arrivals, LoadSettings, Objective, Pacing, RateStage, Schedule};

/// Each socket pushes once in this time.
const SELDOM: f64 = 5.0;
/// All sockets together push at least so often a second, so that a short trial has enough replies for a percentile …
const LEAST_PUSHES: f64 = 200.0;
/// … but none of them more often than this.
const MOST_EACH: f64 = 2.0;
/// The stay of sockets after all have joined, if the search is by joins.
const STAY: Duration = Duration::from_millis(100);

/// The settings of a search.
#[derive(Clone, Debug)]
pub struct CapacitySettings {
    /// The load that grows.
    pub dimension: Dimension,
    /// The load test that each trial is, apart from its load and its length.
    pub base: LoadSettings,
    /// The pushes a second of all sockets together; none: the default of the dimension. A search by rate ignores it.
    pub pushes: Option<f64>,
    /// The objectives that must hold.
    pub objectives: Vec<Objective>,
    /// The smallest and the largest load.
    pub range: RangeInclusive<u64>,
    /// The origin of the largest load.
    pub most: Most,
    /// The first load that is tried.
    pub start: u64,
    /// The goal: when a load counts as held or missed, and how close the bounds must be.
    pub goal: Goal,
    /// How long the answer is held at the end.
    pub soak: Duration,
    /// The length of the whole search.
    pub max_time: Duration,
    /// The wait between two trials.
    pub pause: Duration,
}

/// The origin of the largest load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// The user named it. A server that holds it holds everything that was asked for.
    Asked,
    /// It is the default.
    Usual,
}

impl CapacitySettings {
    /// The settings of the search alone.
    pub(super) fn search(&self) -> SearchSettings {
        SearchSettings {
            range: self.range.clone(),
            start: self.start,
            goal: self.goal,
            soak: self.soak,
        }
    }

    /// The load test of the smallest load, for checks before the search.
    pub fn smallest(&self) -> LoadSettings {
        self.trial(*self.range.start(), self.goal.trial, 0)
    }

    /// The load test of a trial. Trials have different seeds, so that no topic is used twice.
    pub(super) fn trial(&self, load: u64, duration: Duration, number: usize) -> LoadSettings {
        let count = u32::try_from(load).unwrap_or(u32::MAX);
        let open = |rate: f64| Schedule::Open(vec![RateStage { rate, duration }], Pacing::Even);
        let base = LoadSettings {
            duration,
            seed: self.base.seed.wrapping_add(number as u64),
            ..self.base.clone()
        };
        match self.dimension {
            Dimension::Sockets => LoadSettings {
                sockets: count,
                schedule: open(self.pushes.unwrap_or_else(|| usual_pushes(load))),
                ..base
            },
            Dimension::Fanout => LoadSettings {
                sockets: count,
                schedule: open(self.pushes.unwrap_or(10.0)),
                ..base
            },
            Dimension::Rate => LoadSettings {
                schedule: open(load as f64),
                ..base
            },
            Dimension::Joins => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a number of sockets is not negative, and a larger one is refused by the plan"
                )]
                let sockets = (load as f64 * duration.as_secs_f64()).ceil().max(1.0) as u32;
                LoadSettings {
                    sockets,
                    arrivals: Arrivals::Rate(load as f64, Pacing::Even),
                    schedule: Schedule::Closed,
                    duration: STAY,
                    ..base
                }
            }
        }
    }
}

/// The default pushes a second of so many sockets together.
fn usual_pushes(sockets: u64) -> f64 {
    let sockets = sockets as f64;
    (sockets / SELDOM).max(LEAST_PUSHES).min(sockets * MOST_EACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sockets_push_often_enough_for_a_percentile_and_many_seldom() {
        assert_eq!([1, 20, 300, 2000].map(usual_pushes), [2.0, 40.0, 200.0, 400.0]);
    }
}
