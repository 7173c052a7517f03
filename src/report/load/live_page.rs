//! Shows the report of a load test while it goes on.

use std::sync::Arc;

use super::html;
use super::{LoadFinished, Setup};
use crate::clock::{Clock, Time};
use crate::live::{Board, RateControl};
use crate::load::{LoadConclusion, LoadEvent, LoadResult, Objective, PhaseProgress, Point, Steering};
use crate::report::{About, LoadJob, ReportError, Reporter, live};

/// What is known of a run before it begins.
#[derive(Clone, Debug)]
pub struct LoadBeginning {
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

impl RateControl for Steering {
    fn rate(&self) -> Result<f64, String> {
        self.rate().map_err(|why| why.to_string())
    }

    fn ask(&self, sends_per_s: f64) -> Result<(), String> {
        self.ask(sends_per_s).map_err(|why| why.to_string())
    }
}

/// Shows the report on a board.
pub struct LoadLive {
    board: Arc<Board>,
    beginning: Arc<LoadBeginning>,
    clock: Clock,
    series: Vec<Point>,
    progress: Option<PhaseProgress>,
}

impl LoadLive {
    /// A board for the report of a load test, by which its rate can be changed.
    pub(crate) fn board(scenario: &str, steering: &Steering) -> Board {
        let title = format!("phxproof load: {scenario}");
        live::board(&title, steering.rate().ok()).with_rate(steering.clone())
    }

    /// Shows the run that begins thus on this board, which was made for it. The clock is that of the command.
    pub(crate) fn new(board: Arc<Board>, beginning: LoadBeginning, clock: Clock) -> Self {
        Self {
            board,
            beginning: Arc::new(beginning),
            clock,
            series: Vec::new(),
            progress: None,
        }
    }

    /// Shows what was measured so far.
    fn show(&self, result: &LoadResult) {
        let (beginning, progress) = (Arc::clone(&self.beginning), self.progress);
        let duration = self.clock.now().since(Time::ZERO);
        let result = LoadResult {
            series: self.series.clone(),
            ..result.clone()
        };
        self.board.show(move || {
            let objectives: Vec<_> = beginning.objectives.iter().map(|it| it.judge(&result)).collect();
            let run = LoadFinished {
                result: &result,
                objectives: &objectives,
                conclusion: &LoadConclusion::Undecided(Vec::new()),
                about: &beginning.about,
                scenario: &beginning.scenario,
                target: &beginning.target,
                profile: beginning.profile,
                setup: Some(&beginning.setup),
                duration,
                exit_code: 0,
                trouble: None,
            };
            html::render_live(&run, progress.as_ref(), beginning.steering.rate().ok())
        });
    }
}

impl Reporter<LoadJob> for LoadLive {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match event {
            LoadEvent::Planned(_) | LoadEvent::Began(_) => {}
            LoadEvent::Progress(progress) => self.progress = Some(*progress),
            LoadEvent::Second(second) => self.series.push(second.point),
            LoadEvent::SoFar(result) => self.show(result),
        }
        Ok(())
    }
}

/// Shows the report at the end of a run, also of one that did not take place.
pub struct LoadLiveEnd {
    board: Arc<Board>,
}

impl LoadLiveEnd {
    /// Shows it on this board, which was made for it.
    pub(crate) const fn new(board: Arc<Board>) -> Self {
        Self { board }
    }
}

impl Reporter<LoadJob> for LoadLiveEnd {
    fn finish(&mut self, run: &LoadFinished<'_>) -> Result<(), ReportError> {
        self.board.over(html::render(run));
        Ok(())
    }
}
