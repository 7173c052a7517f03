//! The state of a load test while it goes on, for its page and its metrics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{LoadCommand, LoadFinished, Setup, html};
use crate::load::{LoadConclusion, LoadResult, Objective, PhaseProgress, Point, Steering};
use crate::report::About;

/// The facts about a run that are known before it begins.
#[derive(Clone, Debug)]
pub struct LoadBeginning {
    /// The command.
    pub command: LoadCommand,
    /// The start time and the seed.
    pub about: About,
    /// The scenario's name or path.
    pub scenario: String,
    /// The server.
    pub target: String,
    /// The Phoenix version of the reference server; nothing if another server is loaded.
    pub profile: Option<&'static str>,
    /// The description of the run.
    pub setup: Setup,
    /// The objectives.
    pub objectives: Vec<Objective>,
    /// Changes the rate.
    pub steering: Steering,
}

/// The state of a run at one time.
pub(super) struct LoadState {
    pub(super) beginning: Arc<LoadBeginning>,
    pub(super) progress: Option<PhaseProgress>,
    /// The result so far, without the series.
    pub(super) result: Arc<LoadResult>,
    /// The seconds of the run, which still grow.
    pub(super) series: Arc<Mutex<Vec<Point>>>,
    pub(super) duration: Duration,
}

impl LoadState {
    /// The last second.
    pub(super) fn last(&self) -> Point {
        self.seconds().last().copied().unwrap_or_default()
    }

    fn seconds(&self) -> MutexGuard<'_, Vec<Point>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The report so far.
    pub(super) fn page(&self) -> String {
        let beginning = &self.beginning;
        let result = LoadResult {
            series: self.seconds().clone(),
            ..LoadResult::clone(&self.result)
        };
        beginning.as_of_now(&result, self.duration, |run| {
            html::render_live(run, self.progress.as_ref(), beginning.steering.rate().ok())
        })
    }
}

impl LoadBeginning {
    /// Calls `look` with the run as if it ended now with this result.
    pub(super) fn as_of_now<T>(
        &self,
        result: &LoadResult,
        duration: Duration,
        look: impl FnOnce(&LoadFinished<'_>) -> T,
    ) -> T {
        let objectives: Vec<_> = self.objectives.iter().map(|it| it.judge(result)).collect();
        look(&LoadFinished {
            command: self.command,
            result,
            objectives: &objectives,
            conclusion: &LoadConclusion::Undecided(Vec::new()),
            about: &self.about,
            scenario: &self.scenario,
            target: &self.target,
            profile: self.profile,
            setup: Some(&self.setup),
            duration,
            exit_code: 0,
            trouble: None,
        })
    }
}
