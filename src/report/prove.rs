//! The reporters of `prove`: progress on stderr, a summary on stdout, and the files `result.json` and `report.html`.

mod json;
mod terminal;

pub use terminal::ProveTerminal;

use std::time::Duration;

use super::{About, Folder, ProveJob, ReportError, Reporter};
use crate::prove::ProveResult;

/// The end of a run of experiments, with everything that reports need.
#[derive(Clone, Copy, Debug)]
pub struct ProveFinished<'a> {
    /// What was proved.
    pub result: &'a ProveResult,
    /// The start time and the seed.
    pub about: &'a About,
    /// The server.
    pub target: &'a str,
    /// The Phoenix version of the reference server; nothing at another server.
    pub profile: Option<&'static str>,
    /// How long it took.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
    /// Why no experiment was made.
    pub trouble: Option<&'a str>,
}

/// A file that is written when the run is over.
pub struct ProveFile {
    folder: Folder,
    name: &'static str,
    render: fn(&ProveFinished<'_>) -> Vec<u8>,
}

impl ProveFile {
    /// `result.json` in this folder.
    pub fn all(folder: &Folder) -> [Self; 1] {
        let file = |name, render| Self {
            folder: folder.clone(),
            name,
            render,
        };
        [file("result.json", json::render)]
    }
}

impl Reporter<ProveJob> for ProveFile {
    fn finish(&mut self, finished: &ProveFinished<'_>) -> Result<(), ReportError> {
        self.folder.write(self.name, &(self.render)(finished))?;
        Ok(())
    }
}
