//! Shows the report of a load test while it goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::state::{LoadBeginning, LoadState};
use super::{html, metrics};
use crate::clock::{Clock, Time};
use crate::live::{Board, RateControl, RateRefusal};
use crate::load::{LoadEvent, LoadResult, PhaseProgress, Point, Steering, Unsteerable};
use crate::report::live::{self, LiveEnd};
use crate::report::{LoadJob, ReportError, Reporter};

impl RateControl for Steering {
    fn rate(&self) -> Result<f64, String> {
        self.rate().map_err(|why| why.to_string())
    }

    fn ask(&self, sends_per_s: f64) -> Result<(), RateRefusal> {
        self.ask(sends_per_s).map_err(|why| match why {
            Unsteerable::NotARate => RateRefusal::NotARate,
            Unsteerable::Closed
            | Unsteerable::PerSocket
            | Unsteerable::Staged
            | Unsteerable::SendsNothing
            | Unsteerable::Over => RateRefusal::Locked(why.to_string()),
        })
    }
}

/// Shows the report on a board.
pub struct LoadLive {
    board: Arc<Board>,
    beginning: Arc<LoadBeginning>,
    clock: Clock,
    /// The seconds so far. Only a page that somebody looks at copies them.
    series: Arc<Mutex<Vec<Point>>>,
    progress: Option<PhaseProgress>,
}

impl LoadLive {
    /// A board for the report of a load test, by which its rate can be changed.
    pub(crate) fn board(scenario: &str, steering: &Steering) -> Board {
        let title = format!("phxproof load: {scenario}");
        live::board(&title, steering.rate().ok()).with_rate(steering.clone())
    }

    /// Shows the report at the end of a run on this board, also of one that did not take place.
    pub(crate) fn end(board: Arc<Board>) -> LiveEnd<LoadJob> {
        LiveEnd::<LoadJob>::new(board, html::render)
    }

    /// Shows the run that begins thus on this board, which was made for it. The clock is that of the command.
    pub(crate) fn new(board: Arc<Board>, beginning: LoadBeginning, clock: Clock) -> Self {
        Self {
            board,
            beginning: Arc::new(beginning),
            clock,
            series: Arc::default(),
            progress: None,
        }
    }

    fn seconds(&self) -> MutexGuard<'_, Vec<Point>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the measurements so far.
    fn show(&self, result: &Arc<LoadResult>) {
        let state = Arc::new(LoadState {
            beginning: Arc::clone(&self.beginning),
            progress: self.progress,
            duration: self.clock.now().since(Time::ZERO),
            result: Arc::clone(result),
            series: Arc::clone(&self.series),
        });
        let shown = Arc::clone(&state);
        self.board.show(move || shown.page());
        self.board.measure(move || metrics::render(&state));
    }
}

impl Reporter<LoadJob> for LoadLive {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match event {
            LoadEvent::Planned(_) | LoadEvent::Began(_) => {}
            LoadEvent::Progress(progress) => self.progress = Some(*progress),
            LoadEvent::Second(second) => self.seconds().push(second.point),
            LoadEvent::SoFar(result) => self.show(result),
        }
        Ok(())
    }
}
