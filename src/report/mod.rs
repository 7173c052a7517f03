//! The reporters of `check` and `load`: terminal output, `result.json`, JUnit XML, frames and charts. Each
//! reporter reads the typed events of its job and the end of the run; if one fails, the others continue.
//! Nothing is measured or decided here.

#![warn(clippy::wildcard_enum_match_arm)]

mod capacity;
mod comparison;
mod exposition;
mod folder;
mod frames;
mod fuzz;
mod github;
mod html;
mod idle;
mod json;
mod junit;
mod live;
mod load;
#[cfg(test)]
mod made_up;
mod markdown;
mod object;
mod page;
mod paper;
mod past;
mod progress;
mod prove;
mod summary;
mod terminal;

pub use capacity::{
    CapacityBeginning, CapacityFile, CapacityFinished, CapacityLive, CapacityProgress, CapacitySetup,
    CapacityTerminal,
};
pub use comparison::CheckMatrix;
pub use folder::{Folder, FolderError};
pub use frames::Frames;
pub use fuzz::{FuzzFile, FuzzFinished, FuzzScenarios, FuzzServer, FuzzTerminal};
pub use github::GitHub;
pub use json::Json;
pub use junit::Junit;
pub use load::{
    ComparisonEnd, ComparisonVerdict, HistogramLog, LoadBeginning, LoadCommand, LoadFile, LoadFinished,
    LoadLive, LoadProgress, LoadTerminal, Merged, PastLoad, RunComparison, Setup, ToldBy, WorkerTelling,
    announce, things,
};
pub use markdown::Markdown;
pub use page::CheckPage;
pub use past::{PastCheck, PastError, past_command};
pub use progress::{CheckProgress, Style as ProgressStyle};
pub use prove::{PastProve, ProveBeginning, ProveFile, ProveFinished, ProveLive, ProveSetup, ProveTerminal};
pub use summary::Replay;
pub use terminal::Terminal;

use std::time::{Duration, SystemTime};

use crate::capacity::CapacityEvent;
use crate::conformance::{CheckEvent, RunResult};
use crate::fuzz::FuzzEvent;
use crate::load::LoadEvent;
use crate::prove::ProveEvent;
use crate::stream::Certificates;

/// What reports need to know about a run beside its result.
#[derive(Clone, Debug)]
pub struct About {
    /// The start time.
    pub started_at: SystemTime,
    /// The seed of all random choices.
    pub seed: u64,
    /// Whether certificates of the server were verified.
    pub certificates: Certificates,
}

/// What every report says where certificates were not verified.
const INSECURE: (&str, &str) = (
    "insecure",
    "any certificate of the server was accepted (--insecure)",
);

/// How much detail is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Only failures and the last line.
    Quiet,
    /// The default: of cases that failed in the same way only one in full.
    Usual,
    /// Everything in full.
    All,
}

/// The end of a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckFinished<'a> {
    /// The result; it has no cases if nothing could be judged.
    pub run: &'a RunResult,
    /// Further facts about the run.
    pub about: &'a About,
    /// How long it took.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
    /// Why nothing could be judged.
    pub trouble: Option<&'a str>,
}

/// Why a reporter failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A result file could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// stdout or stderr could not be written.
    #[error("cannot write to {stream}: {why}")]
    Stream {
        /// `stdout` or `stderr`.
        stream: &'static str,
        /// The error of the system.
        why: std::io::Error,
    },
    /// JUnit XML cannot express it.
    #[error("cannot write junit.xml: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// A job whose runs are reported.
pub trait Job {
    /// The events during a run.
    type Event<'a>;
    /// The end of a run.
    type Finished<'a>;
}

/// `phxproof check`.
#[derive(Debug)]
pub enum CheckJob {}

impl Job for CheckJob {
    type Event<'a> = CheckEvent<'a>;
    type Finished<'a> = CheckFinished<'a>;
}

/// `phxproof load`.
#[derive(Debug)]
pub enum LoadJob {}

impl Job for LoadJob {
    type Event<'a> = LoadEvent<'a>;
    type Finished<'a> = LoadFinished<'a>;
}

/// `phxproof capacity`.
#[derive(Debug)]
pub enum CapacityJob {}

impl Job for CapacityJob {
    type Event<'a> = CapacityEvent<'a>;
    type Finished<'a> = CapacityFinished<'a>;
}

/// `phxproof prove`.
#[derive(Debug)]
pub enum ProveJob {}

impl Job for ProveJob {
    type Event<'a> = ProveEvent<'a>;
    type Finished<'a> = ProveFinished<'a>;
}

/// `phxproof fuzz`.
#[derive(Debug)]
pub enum FuzzJob {}

impl Job for FuzzJob {
    type Event<'a> = FuzzEvent<'a>;
    type Finished<'a> = FuzzFinished<'a>;
}

/// Reports the runs of a job. A reporter ignores the calls that it does not implement.
pub trait Reporter<J: Job> {
    /// Reports an event.
    ///
    /// # Errors
    /// If it cannot be reported; the reporter gets no further calls then.
    fn event(&mut self, _: &J::Event<'_>) -> Result<(), ReportError> {
        Ok(())
    }

    /// Reports the end of the run.
    ///
    /// # Errors
    /// If it cannot be reported.
    fn finish(&mut self, _: &J::Finished<'_>) -> Result<(), ReportError> {
        Ok(())
    }
}

/// All reporters of a run. A reporter that fails gets no further calls; the others continue.
pub struct Reporters<J: Job> {
    working: Vec<Box<dyn Reporter<J> + Send>>,
    failed: Vec<ReportError>,
}

impl<J: Job> Default for Reporters<J> {
    fn default() -> Self {
        Self {
            working: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl<J: Job> Reporters<J> {
    /// Adds a reporter.
    pub fn add(&mut self, reporter: impl Reporter<J> + Send + 'static) {
        self.working.push(Box::new(reporter));
    }

    /// Passes on an event.
    pub fn event(&mut self, event: &J::Event<'_>) {
        self.each(|reporter| reporter.event(event));
    }

    /// Passes on the end of the run. Returns the errors of all reporters that failed.
    pub fn finish(&mut self, finished: &J::Finished<'_>) -> Vec<ReportError> {
        self.each(|reporter| reporter.finish(finished));
        std::mem::take(&mut self.failed)
    }

    fn each(&mut self, mut tell: impl FnMut(&mut dyn Reporter<J>) -> Result<(), ReportError>) {
        let failed = &mut self.failed;
        self.working.retain_mut(|reporter| match tell(&mut **reporter) {
            Ok(()) => true,
            Err(error) => {
                failed.push(error);
                false
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counts(Arc<AtomicUsize>);
    struct Fails;

    impl Reporter<CheckJob> for Counts {
        fn event(&mut self, _: &CheckEvent<'_>) -> Result<(), ReportError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        fn finish(&mut self, _: &CheckFinished<'_>) -> Result<(), ReportError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    impl Reporter<CheckJob> for Fails {
        fn event(&mut self, _: &CheckEvent<'_>) -> Result<(), ReportError> {
            Err(ReportError::Stream {
                stream: "stdout",
                why: std::io::ErrorKind::BrokenPipe.into(),
            })
        }

        fn finish(&mut self, _: &CheckFinished<'_>) -> Result<(), ReportError> {
            unreachable!("it has failed before")
        }
    }

    #[test]
    fn one_that_fails_leaves_the_others_alone() {
        let (before, after) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = Reporters::default();
        all.add(Counts(Arc::clone(&before)));
        all.add(Fails);
        all.add(Counts(Arc::clone(&after)));
        all.event(&CheckEvent::CaseStarted("join/ok"));
        all.event(&CheckEvent::CaseStarted("join/deny"));
        let failed = all.finish(&made_up::finished(&made_up::run(), &made_up::ABOUT));
        assert_eq!(failed.len(), 1);
        assert_eq!([before, after].map(|it| it.load(Ordering::Relaxed)), [3, 3]);
    }
}
