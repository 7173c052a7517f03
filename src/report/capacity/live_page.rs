//! Shows the report of a search while it goes on.

use std::sync::Arc;

use super::words::purpose;
use super::{CapacityFinished, CapacitySetup, html};
use crate::capacity::{CapacityConclusion, CapacityEvent, CapacityResult};
use crate::clock::{Clock, Time};
use crate::live::Board;
use crate::report::live::{self, LiveEnd};
use crate::report::load::words::grouped;
use crate::report::{About, CapacityJob, ReportError, Reporter};

/// The facts about a search that are known before it begins.
#[derive(Clone, Debug)]
pub struct CapacityBeginning {
    /// The start time and the seed.
    pub about: About,
    /// The server.
    pub target: String,
    /// The Phoenix version of the reference server; nothing if another server is loaded.
    pub profile: Option<&'static str>,
    /// The description of the search.
    pub setup: CapacitySetup,
}

/// Shows the report on a board.
pub struct CapacityLive {
    board: Arc<Board>,
    beginning: Arc<CapacityBeginning>,
    clock: Clock,
    result: Option<Arc<CapacityResult>>,
    doing: String,
}

impl CapacityLive {
    /// A board for the report of a search.
    pub(crate) fn board() -> Board {
        live::board("phxproof capacity", None)
    }

    /// Shows the report at the end of a search on this board, also of one that did not take place.
    pub(crate) fn end(board: Arc<Board>) -> LiveEnd<CapacityJob> {
        LiveEnd::<CapacityJob>::new(board, html::render)
    }

    /// Shows the search that begins thus on this board, which was made for it. The clock is that of the command.
    pub(crate) fn new(board: Arc<Board>, beginning: CapacityBeginning, clock: Clock) -> Self {
        Self {
            board,
            beginning: Arc::new(beginning),
            clock,
            result: None,
            doing: "begins".to_owned(),
        }
    }

    /// Shows the result so far.
    fn show(&self) {
        let (beginning, result) = (Arc::clone(&self.beginning), self.result.clone());
        let (duration, doing) = (self.clock.now().since(Time::ZERO), self.doing.clone());
        self.board.show(move || {
            let run = CapacityFinished {
                result: result.as_deref(),
                conclusion: &CapacityConclusion::Undecided(Vec::new()),
                about: &beginning.about,
                target: &beginning.target,
                profile: beginning.profile,
                setup: Some(&beginning.setup),
                duration,
                cut_short: false,
                exit_code: 0,
                trouble: None,
            };
            html::render_live(&run, &doing)
        });
    }
}

impl Reporter<CapacityJob> for CapacityLive {
    fn event(&mut self, event: &CapacityEvent<'_>) -> Result<(), ReportError> {
        match event {
            CapacityEvent::Trying {
                number,
                purpose: of,
                load,
            } => self.doing = format!("trial {number} ({}), {}", purpose(*of), grouped(*load)),
            CapacityEvent::SoFar(result) => self.result = Some(Arc::new((*result).clone())),
            CapacityEvent::Progress(_) | CapacityEvent::Tried(_) => return Ok(()),
        }
        self.show();
        Ok(())
    }
}
