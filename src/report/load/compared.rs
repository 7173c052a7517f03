//! Two runs of `load` compared: the differences of their latencies and of their settings, and the conditions that were given.
//! Written as text, as Markdown, as `result.json` and as a page.

mod json;
mod markdown;
mod page;
mod settings;
mod text;
mod words;

use std::time::Duration;

use super::past::PastLoad;
use crate::load::{
    Change, Condition, ConditionOutcome, ConditionVerdict, Timing, TimingDifference, differences,
};
use crate::report::paper::Paper;
use crate::report::{About, Detail, Folder, ReportError};
use crate::statistics::{QuantileShift, Resampling};
use settings::{Matters, SettingDifference};

/// Two runs of `load` with all that was found by comparing them.
#[derive(Debug)]
pub struct RunComparison<'p> {
    base: &'p PastLoad,
    new: &'p PastLoad,
    /// The settings that are not the same.
    settings: Vec<SettingDifference>,
    /// Why the figures of a run say little about the server.
    doubts: Vec<String>,
    timings: Vec<TimingDifference>,
    conditions: Vec<ConditionOutcome>,
}

/// The verdict of the comparison on the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonVerdict {
    /// No condition is shown, and all of them are excluded.
    Held,
    /// A condition is shown.
    Shown,
    /// A condition is neither shown nor excluded, or nothing could be compared.
    Undecided,
}

/// When and how the comparison was made.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonEnd<'a> {
    /// The start and the seed.
    pub about: &'a About,
    /// How long it took.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
}

impl<'p> RunComparison<'p> {
    /// Compares the runs.
    pub fn new(base: &'p PastLoad, new: &'p PastLoad, conditions: &[Condition], seed: u64) -> Self {
        let resampling = Resampling::seeded(seed);
        let settings = settings::differing(base, new);
        let doubts: Vec<String> = [("base", base), ("new", new)]
            .into_iter()
            .flat_map(|(name, run)| doubts(name, run))
            .collect();
        let obstacle = obstacle(&settings, &doubts);
        let judge = |condition: &Condition| match &obstacle {
            Some(why) => condition.incomparable(why.clone()),
            None => condition.judge(&base.blocks, &new.blocks, resampling),
        };
        Self {
            base,
            new,
            timings: differences(&base.blocks, &new.blocks, resampling),
            conditions: conditions.iter().map(judge).collect(),
            settings,
            doubts,
        }
    }

    /// The verdict on the conditions.
    pub fn verdict(&self) -> ComparisonVerdict {
        let verdicts = || self.conditions.iter().map(|it| &it.verdict);
        if verdicts().any(|it| matches!(it, ConditionVerdict::Shown(_))) {
            return ComparisonVerdict::Shown;
        }
        let is_compared = self.known().next().is_some();
        if is_compared && verdicts().all(|it| matches!(it, ConditionVerdict::Excluded(_))) {
            ComparisonVerdict::Held
        } else {
            ComparisonVerdict::Undecided
        }
    }

    /// The text for a terminal.
    pub fn text(&self, detail: Detail, results: &Folder) -> String {
        let results = results.path().display().to_string();
        text::render(self, detail, &results, Paper::of_stdout())
    }

    /// The tables for a pull request or the summary of a job.
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// The content of `result.json`.
    pub fn json(&self, end: &ComparisonEnd<'_>) -> Vec<u8> {
        json::render(self, end)
    }

    /// Writes `report.html` and `result.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Folder, end: &ComparisonEnd<'_>) -> Result<(), ReportError> {
        folder.write("report.html", page::render(self, end).as_bytes())?;
        folder.write("result.json", &self.json(end))?;
        Ok(())
    }

    /// The differences that are known.
    fn known(&self) -> impl Iterator<Item = (&TimingDifference, &QuantileShift)> {
        self.timings
            .iter()
            .filter_map(|it| Some((it, it.shift.as_ref().ok()?)))
    }

    /// The figures of the server with this change, such as `reply.p50`.
    fn figures(&self, change: Change) -> Vec<String> {
        let own = [Timing::Lateness, Timing::Waited];
        let with = self
            .timings
            .iter()
            .filter(|it| it.change() == change && !own.contains(&it.timing));
        with.map(TimingDifference::figure).collect()
    }
}

/// Why the figures of a run say little about the server.
fn doubts(name: &str, run: &PastLoad) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Some(why) = run.finished().trouble {
        doubts.push(format!("{name} loaded nothing: {why}"));
    }
    let generator = &run.result.generator;
    if let Some(why) = generator.why_invalid.as_ref().filter(|_| !generator.valid) {
        doubts.push(format!("{name} is not valid: {why}"));
    }
    doubts
}

/// Why conditions cannot be judged.
fn obstacle(settings: &[SettingDifference], doubts: &[String]) -> Option<String> {
    let names = settings.iter().filter(|it| it.matters == Matters::ToLatencies);
    let names: Vec<&str> = names.map(|it| it.name).collect();
    if !names.is_empty() {
        return Some(format!("the runs differ in {}", names.join(", ")));
    }
    doubts.first().cloned()
}

#[cfg(test)]
mod tests;
