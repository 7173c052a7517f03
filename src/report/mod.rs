//! Renders what `check` and `load` tell: for the terminal, as `result.json`, as JUnit XML, frame by frame, as charts. Each
//! reporter reads the typed events of its job and how the run ended, and each fails alone. Measures nothing, decides
//! nothing.

#![warn(clippy::wildcard_enum_match_arm)]

mod folder;
mod frames;
mod json;
mod junit;
mod load;
#[cfg(test)]
mod made_up;
mod object;
mod paper;
mod progress;
mod summary;
mod terminal;

pub use folder::{Folder, FolderError};
pub use frames::Frames;
pub use json::Json;
pub use junit::Junit;
pub use load::{HistogramLog, LoadFile, LoadFinished, LoadProgress, LoadTerminal, Setup, announce, things};
pub use progress::{CheckProgress, Style as ProgressStyle};
pub use terminal::Terminal;

use std::time::{Duration, SystemTime};

use crate::conformance::{CheckEvent, RunResult};
use crate::load::LoadEvent;

/// What is known of a run beside its result.
#[derive(Clone, Debug)]
pub struct About {
    /// When it began.
    pub started_at: SystemTime,
    /// Where every random choice came from.
    pub seed: u64,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is wrong, and the last line.
    Quiet,
    /// The usual: of many that failed in the same way one in full.
    Usual,
    /// Everything in full.
    All,
}

/// The end of a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckFinished<'a> {
    /// What it came to; without any case if nothing could be judged.
    pub run: &'a RunResult,
    /// What else is known of it.
    pub about: &'a About,
    /// How long it took.
    pub duration: Duration,
    /// How the process is going to end.
    pub exit_code: u8,
    /// Why nothing could be judged.
    pub trouble: Option<&'a str>,
}

/// Why a reporter could not report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file of the results.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// stdout or stderr.
    #[error("cannot write to {stream}: {why}")]
    Stream {
        /// `stdout` or `stderr`.
        stream: &'static str,
        /// What the system said.
        why: std::io::Error,
    },
    /// JUnit has no way to say it.
    #[error("cannot write junit.xml: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// A job whose runs are reported.
pub trait Job {
    /// What it tells while it runs.
    type Event<'a>;
    /// How a run ended.
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

/// Reports the runs of a job. What a reporter does not implement it ignores.
pub trait Reporter<J: Job> {
    /// Something happened.
    ///
    /// # Errors
    /// If it cannot be reported; the reporter is then left out.
    fn event(&mut self, _: &J::Event<'_>) -> Result<(), ReportError> {
        Ok(())
    }

    /// The run is over.
    ///
    /// # Errors
    /// If it cannot be reported.
    fn finish(&mut self, _: &J::Finished<'_>) -> Result<(), ReportError> {
        Ok(())
    }
}

/// All reporters of a run. One that fails is left out from then on; the others go on.
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
    /// Adds one.
    pub fn add(&mut self, reporter: impl Reporter<J> + Send + 'static) {
        self.working.push(Box::new(reporter));
    }

    /// Something happened.
    pub fn event(&mut self, event: &J::Event<'_>) {
        self.each(|reporter| reporter.event(event));
    }

    /// The run is over. Returns the errors of all reporters that failed.
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
