//! Renders what a run tells: for the terminal, as `result.json`, as JUnit XML, frame by frame; what a swarm tells, also
//! as charts. The reporters of `check` read the same stream of events, and each fails alone. Measures nothing, decides
//! nothing.

#![warn(clippy::wildcard_enum_match_arm)]

mod folder;
mod frames;
mod json;
mod junit;
mod load;
#[cfg(test)]
mod made_up;
mod paper;
mod progress;
mod summary;
mod terminal;

pub use folder::{Folder, FolderError};
pub use frames::Frames;
pub use json::Json;
pub use junit::Junit;
pub use load::{LoadProgress, LoadRun, Setup, announce, things};
pub use progress::{Progress, Style as ProgressStyle};
pub use terminal::{Detail, Terminal};

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::conformance::{CaseResult, Event, RunResult};

/// What is known of a run beside its result.
#[derive(Clone, Debug)]
pub struct About {
    /// When it began.
    pub started_at: SystemTime,
    /// Where every random choice came from.
    pub seed: u64,
}

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// What it came to; without any case if nothing could be judged.
    run: &'a RunResult,
    /// What else is known of it.
    about: &'a About,
    /// How long it took.
    duration: Duration,
    /// How the process is going to end.
    exit_code: u8,
    /// Why nothing could be judged.
    trouble: Option<&'a str>,
    /// The cases that were recorded: their frames lie in the folder.
    recorded: Option<&'a HashSet<Arc<str>>>,
}

impl<'a> Finished<'a> {
    /// The end of a run that judged what it could.
    pub fn new(run: &'a RunResult, about: &'a About, duration: Duration, exit_code: u8) -> Self {
        Self {
            run,
            about,
            duration,
            exit_code,
            trouble: None,
            recorded: None,
        }
    }

    /// The same, but nothing could be judged, for this reason.
    #[must_use]
    pub fn troubled(self, trouble: Option<&'a str>) -> Self {
        Self { trouble, ..self }
    }

    /// Where the frames of a case lie, if it was recorded.
    fn frames_of(&self, case: &CaseResult) -> Option<String> {
        let recorded = self.recorded?.contains(&case.id);
        recorded.then(|| folder::frames_of(&case.id).display().to_string())
    }
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

/// Somebody who tells of a run.
pub trait Reporter {
    /// Something happened.
    ///
    /// # Errors
    /// If it cannot be told; no more is told then.
    fn event(&mut self, event: &Event<'_>) -> Result<(), ReportError>;

    /// It is over.
    ///
    /// # Errors
    /// If it cannot be told.
    fn finish(&mut self, finished: &Finished<'_>) -> Result<(), ReportError>;
}

/// All who tell of a run. One that fails is left out from then on; the others go on.
#[derive(Default)]
pub struct Reporters<'r> {
    working: Vec<Box<dyn Reporter + 'r>>,
    failed: Vec<ReportError>,
    /// A result loses its recording once it was told.
    recorded: HashSet<Arc<str>>,
}

impl<'r> Reporters<'r> {
    /// Adds one.
    #[must_use]
    pub fn with(mut self, reporter: impl Reporter + 'r) -> Self {
        self.working.push(Box::new(reporter));
        self
    }

    /// Something happened.
    pub fn event(&mut self, event: &Event<'_>) {
        if let Event::CaseFinished(case) = event
            && case.recording.is_some()
        {
            self.recorded.insert(Arc::clone(&case.id));
        }
        self.each(|reporter| reporter.event(event));
    }

    /// It is over: why some could not tell it.
    pub fn finish(mut self, finished: &Finished<'_>) -> Vec<ReportError> {
        let recorded = std::mem::take(&mut self.recorded);
        let finished = Finished {
            recorded: Some(&recorded),
            ..*finished
        };
        self.each(|reporter| reporter.finish(&finished));
        self.failed
    }

    fn each(&mut self, mut tell: impl FnMut(&mut dyn Reporter) -> Result<(), ReportError>) {
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
    use super::*;

    struct Counts<'c>(&'c mut usize);
    struct Fails;

    impl Reporter for Counts<'_> {
        fn event(&mut self, _: &Event<'_>) -> Result<(), ReportError> {
            *self.0 += 1;
            Ok(())
        }

        fn finish(&mut self, _: &Finished<'_>) -> Result<(), ReportError> {
            *self.0 += 1;
            Ok(())
        }
    }

    impl Reporter for Fails {
        fn event(&mut self, _: &Event<'_>) -> Result<(), ReportError> {
            Err(ReportError::Stream {
                stream: "stdout",
                why: std::io::ErrorKind::BrokenPipe.into(),
            })
        }

        fn finish(&mut self, _: &Finished<'_>) -> Result<(), ReportError> {
            unreachable!("it has failed before")
        }
    }

    #[test]
    fn one_that_fails_leaves_the_others_alone() {
        let (mut before, mut after) = (0, 0);
        let mut all = Reporters::default()
            .with(Counts(&mut before))
            .with(Fails)
            .with(Counts(&mut after));
        all.event(&Event::CaseStarted("join/ok"));
        all.event(&Event::CaseStarted("join/deny"));
        let failed = all.finish(&made_up::finished(&made_up::run(), &made_up::ABOUT));
        assert_eq!(failed.len(), 1);
        assert_eq!((before, after), (3, 3));
    }
}
