//! The reporters of `prove`: progress on stderr, a summary on stdout, and the files `result.json` and `report.html`.

mod json;
mod live_page;
#[cfg(test)]
pub(super) mod made_up;
mod page;
mod past;
mod setup;
mod terminal;

pub use live_page::{ProveBeginning, ProveLive};
pub use past::PastProve;
pub use setup::ProveSetup;
pub use terminal::ProveTerminal;

use std::time::Duration;

use super::{About, Folder, ProveJob, ReportError, Reporter};
use crate::prove::ProveResult;

/// The end of a run of experiments, with everything that reports need.
#[derive(Clone, Copy, Debug)]
pub struct ProveFinished<'a> {
    /// The result of the experiments.
    pub result: &'a ProveResult,
    /// The start time and the seed.
    pub about: &'a About,
    /// The server.
    pub target: &'a str,
    /// The Phoenix version of the reference server; nothing at another server.
    pub profile: Option<&'static str>,
    /// The description of the run.
    pub setup: &'a ProveSetup,
    /// Its duration.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
    /// The reason why no experiment was made.
    pub trouble: Option<&'a str>,
}

/// A file that is written when the run is over.
pub struct ProveFile {
    folder: Folder,
    name: &'static str,
    render: fn(&ProveFinished<'_>) -> Vec<u8>,
}

impl ProveFile {
    /// `result.json` and `report.html` in this folder.
    pub fn all(folder: &Folder) -> [Self; 2] {
        let result = Self {
            folder: folder.clone(),
            name: "result.json",
            render: json::render,
        };
        [result, Self::page(folder)]
    }

    /// `report.html` in this folder.
    pub fn page(folder: &Folder) -> Self {
        Self {
            folder: folder.clone(),
            name: "report.html",
            render: |run| page::render(run).into_bytes(),
        }
    }
}

impl Reporter<ProveJob> for ProveFile {
    fn finish(&mut self, finished: &ProveFinished<'_>) -> Result<(), ReportError> {
        self.folder.write(self.name, &(self.render)(finished))?;
        Ok(())
    }
}
