//! The reporters of `fuzz` and `diff`: a summary on stdout, `result.json`, `report.html`, and each failure as a scenario with its fixture.

mod json;
mod page;
mod terminal;

pub use terminal::FuzzTerminal;

use std::time::Duration;

use super::{About, Folder, FuzzJob, ReportError, Reporter};
use crate::fuzz::{Find, FuzzResult};

/// The end of a run of conversations, with everything that reports need.
#[derive(Clone, Copy, Debug)]
pub struct FuzzFinished<'a> {
    /// `fuzz` or `diff`.
    pub command: &'static str,
    /// The result.
    pub(crate) result: &'a FuzzResult,
    /// The start time and the seed.
    pub about: &'a About,
    /// The server; A, if two are compared.
    pub server: FuzzServer<'a>,
    /// B, if two are compared.
    pub other: Option<FuzzServer<'a>>,
    /// The command line that generates the same conversations.
    pub command_line: &'a str,
    /// The folder of the scenarios of failures.
    pub failures: &'a Folder,
    /// Its duration.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
    /// The reason why no conversation was played.
    pub trouble: Option<&'a str>,
}

/// A server of a run of conversations.
#[derive(Clone, Copy, Debug)]
pub struct FuzzServer<'a> {
    /// Its URL.
    pub target: &'a str,
    /// The Phoenix version of the reference server; nothing at another server.
    pub own_profile: Option<&'static str>,
    /// The flags of `check` that reach it.
    pub replay: &'a str,
}

impl FuzzFinished<'_> {
    /// The command that plays the scenario of a failure again, at the server that fails.
    fn again(&self, find: &Find) -> String {
        let server = match self.other {
            Some(other) if !find.held_at_b() => other,
            _ => self.server,
        };
        format!("phxproof check {}{}", self.scenario(find), server.replay)
    }

    /// The servers in words.
    fn servers(&self) -> String {
        match self.other {
            None => self.server.target.to_owned(),
            Some(other) => format!("A, {}, and B, {}", self.server.target, other.target),
        }
    }

    /// A failure or a difference.
    const fn kind(&self) -> &'static str {
        match self.other {
            None => "failure",
            Some(_) => "difference",
        }
    }

    /// The path of the scenario of a failure.
    fn scenario(&self, find: &Find) -> String {
        let path = self.failures.path().join(format!("{}.yaml", find.name));
        path.display().to_string()
    }
}

/// Writes a scenario with its fixture for each failure.
pub struct FuzzScenarios {
    folder: Folder,
}

impl FuzzScenarios {
    /// Writes into this folder.
    pub const fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl Reporter<FuzzJob> for FuzzScenarios {
    fn finish(&mut self, finished: &FuzzFinished<'_>) -> Result<(), ReportError> {
        for find in &finished.result.finds {
            self.folder
                .write(format!("{}.yaml", find.name), find.scenario.as_bytes())?;
            self.folder
                .write(format!("{}.snap", find.name), find.fixture.as_bytes())?;
        }
        Ok(())
    }
}

/// A file that is written when the run is over.
pub struct FuzzFile {
    folder: Folder,
    name: &'static str,
    render: fn(&FuzzFinished<'_>) -> Vec<u8>,
}

impl FuzzFile {
    /// `result.json` and `report.html` in this folder.
    pub fn all(folder: &Folder) -> [Self; 2] {
        let file = |name, render| Self {
            folder: folder.clone(),
            name,
            render,
        };
        [
            file("result.json", json::render),
            file("report.html", |run| page::render(run).into_bytes()),
        ]
    }
}

impl Reporter<FuzzJob> for FuzzFile {
    fn finish(&mut self, finished: &FuzzFinished<'_>) -> Result<(), ReportError> {
        self.folder.write(self.name, &(self.render)(finished))?;
        Ok(())
    }
}
