//! Shows the report of experiments while they are made.

use std::sync::Arc;

use super::{ProveFinished, ProveSetup, page};
use crate::clock::{Clock, Time};
use crate::live::Board;
use crate::prove::{Experiment, ProveEvent, ProveResult};
use crate::report::{About, ProveJob, ReportError, Reporter, live};

/// The facts about experiments that are known before they begin.
#[derive(Clone, Debug)]
pub struct ProveBeginning {
    /// The start time and the seed.
    pub about: About,
    /// The server; empty until it has started.
    pub target: String,
    /// The Phoenix version of the reference server; nothing at another server.
    pub profile: Option<&'static str>,
    /// The description of the run.
    pub setup: ProveSetup,
}

/// Shows the report on a board.
pub struct ProveLive {
    board: Arc<Board>,
    beginning: Arc<ProveBeginning>,
    clock: Clock,
    /// Shared with the pages, so that only one that somebody looks at copies them.
    experiments: Vec<Arc<Experiment>>,
    current: &'static str,
    phase: String,
}

impl ProveLive {
    /// A board for the report of experiments.
    pub(crate) fn board() -> Board {
        live::board("phxproof prove", None)
    }

    /// Shows the experiments that begin thus on this board, which was made for them. The clock is that of the command.
    pub(crate) fn new(board: Arc<Board>, beginning: ProveBeginning, clock: Clock) -> Self {
        Self {
            board,
            beginning: Arc::new(beginning),
            clock,
            experiments: Vec::new(),
            current: "",
            phase: String::new(),
        }
    }

    /// Shows the results so far.
    fn show(&self) {
        let (beginning, experiments) = (Arc::clone(&self.beginning), self.experiments.clone());
        let duration = self.clock.now().since(Time::ZERO);
        let doing = match self.phase.as_str() {
            "" => self.current.to_owned(),
            phase => format!("{}: {phase}", self.current),
        };
        self.board.show(move || {
            let result = ProveResult {
                experiments: experiments.iter().map(|it| Experiment::clone(it)).collect(),
                ..ProveResult::default()
            };
            let run = ProveFinished {
                result: &result,
                about: &beginning.about,
                target: &beginning.target,
                profile: beginning.profile,
                setup: &beginning.setup,
                duration,
                exit_code: 0,
                trouble: None,
            };
            page::render_live(&run, &doing)
        });
    }
}

impl Reporter<ProveJob> for ProveLive {
    fn event(&mut self, event: &ProveEvent<'_>) -> Result<(), ReportError> {
        match event {
            ProveEvent::Begins(name) => {
                self.current = name.name();
                self.phase.clear();
            }
            ProveEvent::Phase(phase) => (*phase).clone_into(&mut self.phase),
            ProveEvent::Ends(experiment) => self.experiments.push(Arc::new((*experiment).clone())),
        }
        self.show();
        Ok(())
    }

    fn finish(&mut self, run: &ProveFinished<'_>) -> Result<(), ReportError> {
        self.board.over(page::render(run));
        Ok(())
    }
}
