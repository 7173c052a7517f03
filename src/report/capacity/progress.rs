//! Shows on a terminal which trial runs at the moment.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressBar;

use super::super::{CapacityJob, ReportError, Reporter};
use super::CapacityFinished;
use super::words::purpose;
use crate::capacity::CapacityEvent;
use crate::load::PhaseProgress;
use crate::report::load::words::{grouped, seconds};

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(200);

/// Shows the progress on stderr, if that is a terminal.
pub struct CapacityProgress {
    spinner: Option<ProgressBar>,
    trial: String,
}

impl CapacityProgress {
    /// Shows nothing yet.
    pub fn new() -> Self {
        Self {
            spinner: std::io::stderr().is_terminal().then(ProgressBar::new_spinner),
            trial: String::new(),
        }
    }

    fn phase(&self, progress: &PhaseProgress) -> String {
        let so_far = seconds(progress.so_far.as_secs_f64());
        match progress.phase {
            "opening" => format!(
                "{}: {} of {} sockets joined, {so_far}",
                self.trial,
                grouped(progress.joined),
                grouped(progress.asked)
            ),
            phase => format!("{}: {phase}, {so_far}", self.trial),
        }
    }
}

impl Reporter<CapacityJob> for CapacityProgress {
    fn event(&mut self, event: &CapacityEvent<'_>) -> Result<(), ReportError> {
        let Some(spinner) = &self.spinner else {
            return Ok(());
        };
        match event {
            CapacityEvent::Trying {
                number,
                purpose: of,
                load,
            } => {
                self.trial = format!("trial {number} ({}), {}", purpose(*of), grouped(*load));
                spinner.enable_steady_tick(TURN);
            }
            CapacityEvent::Progress(progress) => spinner.set_message(self.phase(progress)),
            // The line of the trial is printed in place of the spinner.
            CapacityEvent::Tried(_) | CapacityEvent::SoFar(_) => {
                spinner.disable_steady_tick();
                spinner.finish_and_clear();
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &CapacityFinished<'_>) -> Result<(), ReportError> {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        Ok(())
    }
}
