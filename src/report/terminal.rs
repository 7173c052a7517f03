//! The results on stdout: what is checked at the beginning, what it came to at the end.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anstyle::Style;

use super::{Finished, ReportError, Reporter, summary};
use crate::conformance::{Event, HeldTo};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is wrong, and the last line.
    Quiet,
    /// The usual.
    Usual,
}

/// Tells a person.
pub struct Terminal {
    detail: Detail,
    seed: u64,
    /// What is added to `phxproof check CASE` to repeat a case.
    replay: String,
    /// Where the results lie.
    results: String,
}

impl Terminal {
    /// Tells it on stdout.
    pub fn new(detail: Detail, seed: u64, replay: String, results: String) -> Self {
        Self {
            detail,
            seed,
            replay,
            results,
        }
    }
}

impl Reporter for Terminal {
    fn event(&mut self, event: &Event<'_>) -> Result<(), ReportError> {
        match event {
            Event::Started {
                target,
                held_to,
                offers,
                cases,
            } => match self.detail {
                Detail::Quiet => Ok(()),
                Detail::Usual => print(&opening(target, *held_to, *cases, self.seed, offers)),
            },
            Event::CaseStarted(_) | Event::CaseFinished(_) => Ok(()),
        }
    }

    fn finish(&mut self, finished: &Finished<'_>) -> Result<(), ReportError> {
        // Who could not judge anything says so as an error.
        if finished.trouble.is_some() {
            return Ok(());
        }
        print(&summary::render(
            finished,
            self.detail,
            &self.replay,
            &self.results,
        ))
    }
}

/// A pipe that nobody reads any more is no error: there is nobody who misses anything.
pub(super) fn print(text: &str) -> Result<(), ReportError> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(ReportError::Stream {
            stream: "stdout",
            why,
        }),
        _ => Ok(()),
    }
}

/// What is checked, and by which measure.
fn opening(target: &str, held_to: HeldTo, cases: usize, seed: u64, offers: &[String]) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let mut text = format!("checking {bold}{target}{bold:#}, {}\n", held_to.describe());
    let _ = writeln!(text, "{dim}{}, seed {seed}{dim:#}", summary::count(cases, "case"));
    for offer in offers {
        let _ = writeln!(text, "{dim}  {offer}{dim:#}");
    }
    text.push('\n');
    text
}
