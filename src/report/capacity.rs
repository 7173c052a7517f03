//! The reporters of `capacity`: a line for each trial and the answer on stdout, progress on stderr, and `result.json` and `report.html`.

mod html;
mod json;
mod live_page;
#[cfg(test)]
mod made_up;
mod progress;
mod setup;
mod summary;
mod words;

pub use live_page::{CapacityBeginning, CapacityLive};
pub use progress::CapacityProgress;
pub use setup::CapacitySetup;

use std::time::Duration;

use super::paper::Paper;
use super::terminal::print;
use super::{About, CapacityJob, Detail, Folder, ReportError, Reporter};
use crate::capacity::{CapacityConclusion, CapacityEvent, CapacityResult, Dimension};

/// The end of a search, with everything that reports need.
#[derive(Clone, Copy, Debug)]
pub struct CapacityFinished<'a> {
    /// The outcome; nothing if no search took place.
    pub result: Option<&'a CapacityResult>,
    /// The conclusion.
    pub conclusion: &'a CapacityConclusion,
    /// The start time and the seed.
    pub about: &'a About,
    /// The server.
    pub target: &'a str,
    /// The Phoenix version of the reference server; nothing if another server was loaded.
    pub profile: Option<&'static str>,
    /// The description of the search; nothing if there was no server.
    pub setup: Option<&'a CapacitySetup>,
    /// How long it took.
    pub duration: Duration,
    /// Whether the user ended it.
    pub cut_short: bool,
    /// The exit code of the process.
    pub exit_code: u8,
    /// The reason why no search took place.
    pub trouble: Option<&'a str>,
}

/// A file that is written when the search is over.
pub struct CapacityFile {
    folder: Folder,
    name: &'static str,
    render: fn(&CapacityFinished<'_>) -> Vec<u8>,
}

impl CapacityFile {
    /// `result.json` and `report.html` in this folder.
    pub fn all(folder: &Folder) -> [Self; 2] {
        let result = Self {
            folder: folder.clone(),
            name: "result.json",
            render: json::render,
        };
        let page = Self {
            folder: folder.clone(),
            name: "report.html",
            render: |run| html::render(run).into_bytes(),
        };
        [result, page]
    }
}

impl Reporter<CapacityJob> for CapacityFile {
    fn finish(&mut self, run: &CapacityFinished<'_>) -> Result<(), ReportError> {
        self.folder.write(self.name, &(self.render)(run))?;
        Ok(())
    }
}

/// Prints a line for each trial, and the answer.
pub struct CapacityTerminal {
    detail: Detail,
    dimension: Dimension,
    folder: Folder,
    /// Whether the head of the table was printed.
    begun: bool,
}

impl CapacityTerminal {
    /// The results are in this folder.
    pub fn new(detail: Detail, dimension: Dimension, folder: Folder) -> Self {
        Self {
            detail,
            dimension,
            folder,
            begun: false,
        }
    }
}

impl Reporter<CapacityJob> for CapacityTerminal {
    fn event(&mut self, event: &CapacityEvent<'_>) -> Result<(), ReportError> {
        let CapacityEvent::Tried(trial) = event else {
            return Ok(());
        };
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        let paper = Paper::of_stdout();
        if !std::mem::replace(&mut self.begun, true) {
            print(&summary::head(trial, self.dimension))?;
        }
        print(&summary::line(trial, self.dimension, paper))
    }

    fn finish(&mut self, run: &CapacityFinished<'_>) -> Result<(), ReportError> {
        // The command reports a search that did not take place as an error.
        let Some(result) = run.result else {
            return Ok(());
        };
        let results = self.folder.path().display().to_string();
        print(&summary::render(
            run,
            result,
            self.detail,
            (&results, Paper::of_stdout()),
        ))
    }
}
