//! What a swarm tells: while it runs on stderr, at its end on stdout, and as files: `result.json`, `series.csv`,
//! `histograms.hlog`, `report.html`.

mod csv;
mod curve;
mod html;
mod json;
mod live;
mod lost;
#[cfg(test)]
mod made_up;
mod progress;
mod setup;
mod summary;
mod words;

pub use progress::LoadProgress;
pub use setup::Setup;
pub use words::things;

use std::time::Duration;

use super::paper::Paper;
use super::terminal::print;
use super::{About, Detail, Folder, ReportError};
use crate::load::{Conclusion, LoadResult, Outcome};

/// The end of a swarm, and all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct LoadRun<'a> {
    /// What was counted and measured.
    pub result: &'a LoadResult,
    /// What had to hold.
    pub objectives: &'a [Outcome],
    /// What it proves.
    pub conclusion: &'a Conclusion,
    /// When it began, and its seed.
    pub about: &'a About,
    /// The scenario's name or path.
    pub scenario: &'a str,
    /// The server.
    pub target: &'a str,
    /// The Phoenix version that the reference server behaves as; nothing if another server was loaded.
    pub profile: Option<&'static str>,
    /// What was run; nothing if that is not known, as no server was there.
    pub setup: Option<&'a Setup>,
    /// How long it took.
    pub duration: Duration,
    /// How the process is going to end.
    pub exit_code: u8,
    /// Why there was no load at all.
    pub trouble: Option<&'a str>,
}

impl LoadRun<'_> {
    /// Writes all files. Each fails alone; those that could not be written are told.
    pub fn write(&self, folder: &Folder) -> Vec<ReportError> {
        let (json, csv, html) = (
            json::render(self),
            csv::render(&self.result.series),
            html::render(self),
        );
        let files: [(&str, &[u8]); 4] = [
            ("result.json", &json),
            ("series.csv", csv.as_bytes()),
            ("histograms.hlog", self.result.histograms.as_bytes()),
            ("report.html", html.as_bytes()),
        ];
        files
            .iter()
            .filter_map(|(name, contents)| folder.write(name, contents).err())
            .map(ReportError::from)
            .collect()
    }

    /// Tells a person on stdout.
    ///
    /// # Errors
    /// If stdout cannot be written to.
    pub fn tell(&self, detail: Detail, folder: &Folder) -> Result<(), ReportError> {
        print(&summary::render(
            self,
            detail,
            &folder.path().display().to_string(),
            Paper::of_stdout(),
        ))
    }
}

/// Tells on stdout what is going to be run.
///
/// # Errors
/// If stdout cannot be written to.
pub fn announce(lines: &[String]) -> Result<(), ReportError> {
    let paper = Paper::of_stdout();
    let lines = lines.iter().map(|line| format!("{}\n", paper.hang(line, 0, 2)));
    print(&lines.collect::<String>())
}
