//! The result of a search: the answer, how sure it is, and every trial behind it.

use std::collections::BTreeMap;

use super::dimension::Dimension;
use super::fit::{Fit, NoFit};
use super::forecast::Forecast;
use super::goal::TrialVerdict;
use super::limit::Limit;
use super::search::{Bounds, Inversion, Soak};
use super::settings::Most;
use super::trial::{Trial, TrialPurpose};
use crate::load::LoadResult;

/// The outcome of a search.
#[derive(Clone, Debug)]
pub struct CapacityResult {
    /// The load that grew.
    pub dimension: Dimension,
    /// All trials, in their order.
    pub trials: Vec<Trial>,
    /// The bounds of the limit.
    pub bounds: Bounds,
    /// The reason why the server does not hold more.
    pub limited_by: Limit,
    /// Higher loads that held although lower ones had not.
    pub inversions: Vec<Inversion>,
    /// The outcome of the soak.
    pub soak: Soak,
    /// The reason why the search ended.
    pub ended: Ended,
    /// The load test at the answer: the soak, or the longest trial that held there.
    pub at_capacity: Option<LoadResult>,
    /// The Universal Scalability Law, fitted to the trials.
    pub fit: Result<Fit, NoFit>,
    /// The loads that the memory and the processors of the machine would allow.
    pub forecasts: Vec<Forecast>,
    /// The origin of the largest load.
    pub most: Most,
}

/// The reason why a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The bounds are as close as was asked for, or undecided loads keep them apart.
    Goal,
    /// The time was over.
    Time,
    /// The trials contradict each other too much.
    Noise,
    /// Nobody could connect any more.
    ServerGone,
    /// A good trial measured nothing for an objective. The text names it.
    Unmeasured(String),
    /// The user ended it.
    Stopped,
}

/// The conclusion of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapacityConclusion {
    /// The limit was found, or all that was asked for is held.
    Found,
    /// Not even the smallest load is held.
    FellShort(Vec<String>),
    /// The limit was not found. The reasons are full sentences.
    Undecided(Vec<String>),
}

impl CapacityResult {
    /// The largest load that is known to be held.
    pub fn value(&self) -> Option<u64> {
        self.bounds.lower
    }

    /// The trials at percentages of the answer, the smallest first: they tell how the latency grows. Of several at one
    /// percentage it is the last that is decided.
    pub fn shares(&self) -> Vec<(u8, &Trial)> {
        let mut shares: BTreeMap<u8, &Trial> = BTreeMap::new();
        for trial in &self.trials {
            let percent = match trial.purpose {
                TrialPurpose::Share(percent) => percent,
                TrialPurpose::Soak if Some(trial.load) == self.value() => 100,
                TrialPurpose::Soak | TrialPurpose::Search => continue,
            };
            if trial.verdict.is_decided() || !shares.contains_key(&percent) {
                shares.insert(percent, trial);
            }
        }
        shares.into_iter().collect()
    }

    /// The conclusion of the search.
    pub fn conclusion(&self) -> CapacityConclusion {
        let mut open = Vec::new();
        match &self.ended {
            Ended::Goal => {}
            Ended::Time => open.push("the time was over before the limit was found; --max-time gives more".to_owned()),
            Ended::Noise => open.push("the trials contradict each other too much to find a limit; a quieter machine or longer --trial may help".to_owned()),
            Ended::ServerGone => open.push("the server could not be reached any more".to_owned()),
            Ended::Unmeasured(why) => open.push(why.clone()),
            Ended::Stopped => open.push("the search was cut short".to_owned()),
        }
        if self.ended == Ended::Goal && self.bounds.undecided.is_some() {
            open.extend(self.why_undecided());
        } else if self.limited_by == Limit::Generator {
            open.push("phxproof itself used most of the processors: the server may hold more".to_owned());
        }
        if self.limited_by == Limit::Max && self.most == Most::Usual {
            open.push("the largest load was held: the limit lies higher, --max tries more".to_owned());
        }
        if self.soak == Soak::Undecided {
            open.push(
                "this load generator could not hold the answer for longer, so it is not confirmed".to_owned(),
            );
        }
        match (open.is_empty(), self.value()) {
            (false, _) => CapacityConclusion::Undecided(open),
            (true, Some(_)) => CapacityConclusion::Found,
            (true, None) => CapacityConclusion::FellShort(self.reasons_at_least()),
        }
    }

    /// The reasons why loads are undecided, with the reason that the last trial of the smallest of them gave.
    fn why_undecided(&self) -> Vec<String> {
        let mut reasons = vec![
            "phxproof was not up to the undecided loads, so these trials say nothing about the server"
                .to_owned(),
        ];
        let mut there = self
            .trials
            .iter()
            .filter(|it| Some(it.load) == self.bounds.undecided);
        let last = there.rfind(|it| !it.verdict.is_decided());
        reasons.extend(last.and_then(|it| it.reasons.first().cloned()));
        reasons
    }

    /// The reasons why the smallest load was not held.
    fn reasons_at_least(&self) -> Vec<String> {
        let mut missed = self.trials.iter().filter(|it| Some(it.load) == self.bounds.upper);
        let last = missed.rfind(|it| it.verdict == TrialVerdict::Missed);
        last.map_or_else(Vec::new, |it| it.reasons.clone())
    }
}
