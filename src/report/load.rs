//! The reporters of `load`: progress on stderr, a summary on stdout, and the files `result.json`,
//! `junit.xml`, `series.csv`, `histograms.hlog` and `report.html`.

pub(in crate::report) mod beam;
mod compared;
mod csv;
mod curve;
mod distributed;
mod hlog;
pub(super) mod html;
mod json;
mod junit;
mod live;
mod live_page;
mod lost;
#[cfg(test)]
mod made_up;
mod metrics;
mod past;
mod progress;
mod setup;
mod state;
mod summary;
pub(super) mod words;

pub use compared::{ComparisonEnd, ComparisonVerdict, RunComparison};
pub use distributed::{Merged, ToldBy, WorkerTelling};
pub use hlog::HistogramLog;
pub use live_page::LoadLive;
pub use past::PastLoad;
pub use progress::LoadProgress;
pub use setup::Setup;
pub use state::LoadBeginning;
pub use words::things;

use std::time::Duration;

use super::paper::Paper;
use super::terminal::print;
use super::{About, Detail, Folder, LoadJob, ReportError, Reporter};
use crate::load::{LoadConclusion, LoadEvent, LoadResult, ObjectiveOutcome};

/// The command that loaded a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadCommand {
    /// `load`: alone.
    #[default]
    Load,
    /// `worker`: as one of the workers of a Locust master, or all of them together.
    Worker,
}

impl LoadCommand {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Load, Self::Worker];

    /// Its name in `result.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Worker => "worker",
        }
    }
}

/// The end of a load test, with everything that reports need.
#[derive(Clone, Copy, Debug)]
pub struct LoadFinished<'a> {
    /// The command.
    pub command: LoadCommand,
    /// What was counted and measured.
    pub result: &'a LoadResult,
    /// The objectives with their outcomes.
    pub objectives: &'a [ObjectiveOutcome],
    /// The conclusion.
    pub conclusion: &'a LoadConclusion,
    /// The start time and the seed.
    pub about: &'a About,
    /// The scenario's name or path.
    pub scenario: &'a str,
    /// The server.
    pub target: &'a str,
    /// The Phoenix version of the reference server; nothing if another server was loaded.
    pub profile: Option<&'static str>,
    /// The description of the run; nothing if there was no server.
    pub setup: Option<&'a Setup>,
    /// How long it took.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
    /// Why no load took place.
    pub trouble: Option<&'a str>,
}

/// A file that is written when the run is over.
pub struct LoadFile {
    folder: Folder,
    name: &'static str,
    render: Render,
}

/// Makes the content of a file.
type Render = fn(&LoadFinished<'_>) -> Result<Vec<u8>, ReportError>;

impl LoadFile {
    /// `result.json`, `junit.xml`, `series.csv` and `report.html` in this folder.
    pub fn all(folder: &Folder) -> [Self; 4] {
        let [junit, page] = Self::again(folder);
        let json = Self::new(folder, "result.json", |run| Ok(json::render(run)));
        let series = Self::new(folder, "series.csv", |run| {
            Ok(csv::render(&run.result.series).into_bytes())
        });
        [json, junit, series, page]
    }

    /// The files that can be made from the others: `junit.xml` and `report.html`.
    pub fn again(folder: &Folder) -> [Self; 2] {
        [
            Self::new(folder, "junit.xml", junit::render),
            Self::new(folder, "report.html", |run| Ok(html::render(run).into_bytes())),
        ]
    }

    fn new(folder: &Folder, name: &'static str, render: Render) -> Self {
        Self {
            folder: folder.clone(),
            name,
            render,
        }
    }
}

impl Reporter<LoadJob> for LoadFile {
    fn finish(&mut self, run: &LoadFinished<'_>) -> Result<(), ReportError> {
        self.folder.write(self.name, &(self.render)(run)?)?;
        Ok(())
    }
}

/// Prints the settings and the summary on stdout.
pub struct LoadTerminal {
    detail: Detail,
    seed: u64,
    folder: Folder,
}

impl LoadTerminal {
    /// The results are in this folder.
    pub fn new(detail: Detail, seed: u64, folder: Folder) -> Self {
        Self { detail, seed, folder }
    }
}

impl Reporter<LoadJob> for LoadTerminal {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match (event, self.detail) {
            (LoadEvent::Planned(plan), Detail::Usual | Detail::All) => {
                announce(&[format!("{plan}; seed {}", self.seed)])
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self, run: &LoadFinished<'_>) -> Result<(), ReportError> {
        // The command reports a run that did not take place as an error.
        if run.trouble.is_some() {
            return Ok(());
        }
        let results = self.folder.path().display().to_string();
        print(&summary::render(run, self.detail, &results, Paper::of_stdout()))
    }
}

/// Prints the settings of the run on stdout.
///
/// # Errors
/// If stdout cannot be written to.
pub fn announce(lines: &[String]) -> Result<(), ReportError> {
    let paper = Paper::of_stdout();
    let lines = lines.iter().map(|line| format!("{}\n", paper.hang(line, 0, 2)));
    print(&lines.collect::<String>())
}
