//! Shows the progress of a check on stderr: a bar on a terminal, otherwise a line from time to time.

use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::unless_nobody_reads;
use super::{CheckFinished, CheckJob, ReportError, Reporter};
use crate::clock::{Clock, Time};
use crate::conformance::{CaseResult, CheckEvent, HeldTo, IdleProgress, Strictness, Verdict};

/// The minimum time between two lines if there is no terminal.
pub(super) const NOW_AND_THEN: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar on a terminal, otherwise a line from time to time.
    Usual,
    /// A line for each case.
    EachCase,
}

/// Shows the progress.
pub struct CheckProgress {
    shown: Shown,
    clock: Clock,
    done: usize,
    all: usize,
    passed: usize,
    failed: usize,
    running: Vec<String>,
    /// What the server is held to; it decides whether a wrong close counts.
    held_to: HeldTo,
}

/// How progress is shown.
enum Shown {
    /// Drawn when the first case begins, below earlier output.
    Bar(Option<ProgressBar>),
    NowAndThen {
        last: Time,
    },
    EachCase,
}

impl CheckProgress {
    /// Shows the progress on stderr.
    pub fn new(style: Style) -> Self {
        let clock = Clock::start();
        let shown = match style {
            Style::EachCase => Shown::EachCase,
            Style::Usual if on_a_terminal() => Shown::Bar(None),
            Style::Usual => Shown::NowAndThen { last: clock.now() },
        };
        Self {
            shown,
            clock,
            done: 0,
            all: 0,
            passed: 0,
            failed: 0,
            running: Vec::new(),
            held_to: HeldTo::TheLine,
        }
    }

    fn finished(&mut self, case: &CaseResult) -> Result<(), ReportError> {
        self.done += 1;
        let name = case.name();
        self.running.retain(|running| **running != *name);
        let failed = case.failed(self.held_to, Strictness::Lenient);
        self.failed += usize::from(failed);
        self.passed += usize::from(!failed && case.verdict == Verdict::Pass);
        if matches!(self.shown, Shown::EachCase) {
            let ms = case.duration.as_millis();
            let verdict = if failed { Verdict::Fail } else { case.verdict };
            return say(&format!("{:<10} {name} ({ms} ms)", verdict.name()));
        }
        if failed {
            let what = case.message().unwrap_or_default();
            self.tell(&format!("fail {name}: {what}"))?;
        }
        let now = self.clock.now();
        if let Shown::NowAndThen { last } = &mut self.shown
            && now.since(*last) >= NOW_AND_THEN
        {
            *last = now;
            return say(&format!("{} of {} cases: {}", self.done, self.all, self.counts()));
        }
        Ok(())
    }

    /// Tells how far the measurement of idle time-outs is.
    fn idle(&mut self, progress: IdleProgress) -> Result<(), ReportError> {
        let IdleProgress {
            watched,
            longest,
            open,
        } = progress;
        self.tell(&format!(
            "measuring idle time-outs: {} s of at most {} s, {open} connections are watched",
            watched.as_secs(),
            longest.as_secs()
        ))
    }

    /// Prints a line, above the bar if there is one.
    fn tell(&self, line: &str) -> Result<(), ReportError> {
        match &self.shown {
            Shown::Bar(Some(bar)) => {
                bar.println(line);
                Ok(())
            }
            Shown::Bar(None) | Shown::NowAndThen { .. } | Shown::EachCase => say(line),
        }
    }

    fn counts(&self) -> String {
        format!("{} pass, {} fail", self.passed, self.failed)
    }

    /// Shows in the bar which case takes long.
    fn draw_bar(&mut self) {
        let counts = self.counts();
        if let Shown::Bar(bar) = &mut self.shown {
            let all = self.all as u64;
            let bar = bar.get_or_insert_with(|| ProgressBar::new(all).with_style(bar_style()));
            let running = self.running.first().map_or("", String::as_str);
            bar.set_message(format!("{counts}  {running}"));
            bar.set_position(self.done as u64);
        }
    }
}

/// Whether a bar may be drawn. If stdout is a pipe, its reader may print to the same terminal, and the bar
/// would overwrite that.
fn on_a_terminal() -> bool {
    std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:16.cyan/dim} {pos} of {len}  {wide_msg:.dim}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─")
}

impl Reporter<CheckJob> for CheckProgress {
    fn event(&mut self, event: &CheckEvent<'_>) -> Result<(), ReportError> {
        match event {
            CheckEvent::Started { cases, held_to, .. } => {
                self.all = *cases;
                self.held_to = *held_to;
                return Ok(());
            }
            CheckEvent::CaseStarted(id) => self.running.push((*id).to_owned()),
            CheckEvent::CaseFinished(case) => self.finished(case)?,
            CheckEvent::Idle(progress) => return self.idle(*progress),
            CheckEvent::Witness { played, of } => {
                return self.tell(&format!("phoenix.js has played {played} of {of} failed cases"));
            }
        }
        self.draw_bar();
        Ok(())
    }

    fn finish(&mut self, _: &CheckFinished<'_>) -> Result<(), ReportError> {
        if let Shown::Bar(Some(bar)) = &self.shown {
            bar.finish_and_clear();
        }
        Ok(())
    }
}

/// Prints a line on stderr.
pub(super) fn say(line: &str) -> Result<(), ReportError> {
    unless_nobody_reads(writeln!(anstream::stderr().lock(), "{line}"), "stderr")
}
