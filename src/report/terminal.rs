//! Prints the results of a check on stdout: the target at the start, the summary at the end.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anstyle::Style;

use super::paper::Paper;
use super::summary::{Onward, Replay};
use super::{About, CheckFinished, CheckJob, Detail, INSECURE, ReportError, Reporter, summary};
use crate::conformance::{CheckEvent, HeldTo};
use crate::stream::Certificates;

/// Prints to the terminal.
pub struct Terminal {
    detail: Detail,
    about: About,
    onward: Onward,
    /// The name of the target, instead of its URL.
    called: Option<&'static str>,
}

impl Terminal {
    /// Prints on stdout. `results` is the folder of the results, with a trailing slash.
    pub fn new(detail: Detail, about: About, replay: Replay, results: String) -> Self {
        Self {
            detail,
            about,
            onward: Onward { replay, results },
            called: None,
        }
    }

    /// Sets the name of the target.
    #[must_use]
    pub fn checking(self, called: &'static str) -> Self {
        Self {
            called: Some(called),
            ..self
        }
    }
}

impl Reporter<CheckJob> for Terminal {
    fn event(&mut self, event: &CheckEvent<'_>) -> Result<(), ReportError> {
        match event {
            CheckEvent::Started {
                target,
                held_to,
                offers,
                cases,
            } => match self.detail {
                Detail::Quiet => Ok(()),
                Detail::Usual | Detail::All => {
                    let insecure = format!("{}: {}", INSECURE.0, INSECURE.1);
                    let mut offers: Vec<&str> = offers.iter().map(String::as_str).collect();
                    let cases = summary::count(*cases, "case");
                    let (called, at) = match self.called {
                        Some(called) => (called, format!(", at {target}")),
                        None => (*target, String::new()),
                    };
                    let text = format!("{cases}, seed {}{at}", self.about.seed);
                    if self.about.certificates == Certificates::Insecure {
                        offers.insert(0, &insecure);
                    }
                    print(&opening(called, *held_to, &text, &offers))
                }
            },
            CheckEvent::CaseStarted(_)
            | CheckEvent::CaseFinished(_)
            | CheckEvent::Idle(_)
            | CheckEvent::Witness { .. } => Ok(()),
        }
    }

    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        // If nothing could be judged, the command reports that as an error.
        if finished.trouble.is_some() {
            return Ok(());
        }
        print(&summary::render(
            finished,
            self.detail,
            &self.onward,
            Paper::of_stdout(),
        ))
    }
}

/// Prints a text on stdout.
pub(super) fn print(text: &str) -> Result<(), ReportError> {
    let mut stdout = anstream::stdout().lock();
    unless_nobody_reads(
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()),
        "stdout",
    )
}

/// A closed pipe is not an error.
pub(super) fn unless_nobody_reads(written: io::Result<()>, stream: &'static str) -> Result<(), ReportError> {
    match written {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(ReportError::Stream { stream, why }),
        _ => Ok(()),
    }
}

/// Describes the target and what it is held to.
fn opening(target: &str, held_to: HeldTo, cases: &str, offers: &[&str]) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let paper = Paper::of_stdout();
    let begun = "checking ".len() + target.chars().count();
    let held_to = paper.hang(&format!(", {}", held_to.describe()), begun, 2);
    let mut text = format!("checking {bold}{target}{bold:#}{held_to}\n{dim}{cases}{dim:#}\n");
    for offer in offers {
        let _ = writeln!(text, "{dim}  {}{dim:#}", paper.hang(offer, 2, 2));
    }
    text.push('\n');
    text
}
