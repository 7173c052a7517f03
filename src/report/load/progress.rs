//! Shows the progress of a swarm on stderr: bars and live lines on a terminal, otherwise a line from time to
//! time.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle as BarStyle};

use super::super::paper::Paper;
use super::super::progress::{NOW_AND_THEN, say};
use super::super::{LoadJob, ProgressStyle, ReportError, Reporter};
use super::LoadFinished;
use super::live::Live;
use super::words::{grouped, rate, seconds, things};
use crate::clock::{Clock, Time};
use crate::load::{LoadEvent, Objective, PhaseProgress, Schedule};

/// The most steps of a bar; it is drawn in eighths of a character.
const STEPS: u64 = 1000;

/// The terminal echoes a key such as ctrl-c after the last line, so leave room for it.
const ECHO: usize = 3;
/// On narrower terminals the bars are shorter.
const WIDE: usize = 80;

/// Shows the progress.
pub struct LoadProgress {
    shown: Shown,
    clock: Clock,
    last: Time,
    live: Live,
    progress: Option<PhaseProgress>,
}

enum Shown {
    Bars(Bars),
    NowAndThen,
    EachSecond,
}

/// The progress on the terminal: two bars for the phase of the run, and the live lines.
struct Bars {
    all: MultiProgress,
    first: ProgressBar,
    second: ProgressBar,
    live: [ProgressBar; 2],
}

impl LoadProgress {
    /// Shows the progress on stderr, with the status of these objectives and the requested rates.
    pub fn new(style: ProgressStyle, objectives: Vec<Objective>, schedule: &Schedule) -> Self {
        let clock = Clock::start();
        let shown = match style {
            ProgressStyle::EachCase => Shown::EachSecond,
            ProgressStyle::Usual if std::io::stderr().is_terminal() => Shown::Bars(Bars::new()),
            ProgressStyle::Usual => Shown::NowAndThen,
        };
        Self {
            shown,
            last: clock.now(),
            clock,
            live: Live::new(objectives, schedule),
            progress: None,
        }
    }

    /// Prints a line for the second that has ended, with all fields.
    fn each_second(&self) -> Result<(), ReportError> {
        let (Shown::EachSecond, Some(progress)) = (&self.shown, &self.progress) else {
            return Ok(());
        };
        let at_s = self.live.at_s();
        say(&format!(
            "{at_s:>7.1} s  {}{}",
            progress.phase,
            self.said(progress)
        ))
    }

    fn progress(&mut self, progress: &PhaseProgress) -> Result<(), ReportError> {
        match &self.shown {
            Shown::EachSecond => {}
            Shown::Bars(bars) => bars.draw(progress, &self.live),
            Shown::NowAndThen => {
                let now = self.clock.now();
                if now.since(self.last) >= NOW_AND_THEN {
                    self.last = now;
                    return say(&format!("{}{}", how_far(progress), self.said(progress)));
                }
            }
        }
        Ok(())
    }

    /// The live lines as one, to be appended to another text.
    fn said(&self, progress: &PhaseProgress) -> String {
        let lines = self.live.lines(progress, usize::MAX);
        let lines = lines.into_iter().filter(|it| !it.is_empty());
        lines.map(|line| format!("; {line}")).collect()
    }
}

impl Reporter<LoadJob> for LoadProgress {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match event {
            LoadEvent::Planned(_) | LoadEvent::Began(_) => Ok(()),
            LoadEvent::Second(second) => {
                self.live.second(&second.point);
                Ok(())
            }
            LoadEvent::SoFar(result) => {
                self.live.so_far(result);
                self.each_second()
            }
            LoadEvent::Progress(progress) => {
                self.progress = Some(*progress);
                self.progress(progress)
            }
        }
    }

    fn finish(&mut self, _: &LoadFinished<'_>) -> Result<(), ReportError> {
        if let Shown::Bars(bars) = &self.shown {
            for bar in [&bars.first, &bars.second].into_iter().chain(&bars.live) {
                bar.finish_and_clear();
            }
            let _ = bars.all.clear();
        }
        Ok(())
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::new();
        let style = |template: &str| {
            BarStyle::with_template(template)
                .unwrap_or_else(|_| BarStyle::default_bar())
                .progress_chars("━━─")
        };
        let bar = || {
            let long = Paper::of_stderr().columns() >= WIDE;
            let template = if long {
                "{prefix:>8} {bar:30.cyan/dim} {wide_msg}"
            } else {
                "{prefix:>8} {bar:12.cyan/dim} {wide_msg}"
            };
            all.add(ProgressBar::new(STEPS)).with_style(style(template))
        };
        let line = || {
            all.add(ProgressBar::new_spinner())
                .with_style(style("{wide_msg:.dim}"))
        };
        let (first, second) = (bar(), bar());
        let live = [line(), line()];
        Self {
            all,
            first,
            second,
            live,
        }
    }

    fn draw(&self, progress: &PhaseProgress, live: &Live) {
        let part = |done: u64, of: u64| (done * STEPS).checked_div(of).unwrap_or(STEPS);
        let show = |bar: &ProgressBar, name: &'static str, position: u64, message: String| {
            bar.set_prefix(name);
            bar.set_message(message);
            bar.set_position(position.min(STEPS));
        };
        let (open, joined, asked) = (progress.open, progress.joined, progress.asked);
        match progress.phase {
            "opening" => {
                let rest = rest(progress);
                show(&self.first, "opening", part(open, asked), things(open, "socket"));
                let joining = format!("{} of {}{rest}", grouped(joined), grouped(asked));
                show(&self.second, "joining", part(joined, asked), joining);
            }
            "closing" => {
                show(&self.first, "running", STEPS, String::new());
                show(
                    &self.second,
                    "closing",
                    part(asked.saturating_sub(open), asked),
                    format!("{} open", things(open, "socket")),
                );
            }
            phase => {
                let name = if phase == "running" { "running" } else { "draining" };
                let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX / STEPS);
                let position = progress
                    .of
                    .map_or(0, |of| part(millis(progress.so_far), millis(of)));
                show(
                    &self.first,
                    "joining",
                    part(joined, asked),
                    format!("{} joined", things(joined, "socket")),
                );
                show(
                    &self.second,
                    name,
                    position,
                    format!("{}{}", seconds(progress.so_far.as_secs_f64()), rest(progress)),
                );
            }
        }
        let columns = Paper::of_stderr().columns().saturating_sub(ECHO);
        for (bar, line) in self.live.iter().zip(live.lines(progress, columns)) {
            bar.set_message(line);
            bar.tick();
        }
    }
}

/// `, 1,200/s, 4.2 s left`: as much as is known.
fn rest(progress: &PhaseProgress) -> String {
    let so_far = progress.so_far.as_secs_f64();
    if progress.phase == "running" {
        let left = progress
            .of
            .map(|of| of.saturating_sub(progress.so_far).as_secs_f64());
        return left.map_or(String::new(), |left| format!(", {} left", seconds(left)));
    }
    if progress.phase != "opening" || progress.joined == 0 || so_far <= 0.0 {
        return String::new();
    }
    let per_second = progress.joined as f64 / so_far;
    let left = progress.asked.saturating_sub(progress.joined) as f64 / per_second;
    format!(", {}/s, {} left", rate(per_second), seconds(left))
}

/// How far the run is, in words.
pub(super) fn how_far(progress: &PhaseProgress) -> String {
    format!(
        "{} for {}{}: {} of {} joined",
        progress.phase,
        seconds(progress.so_far.as_secs_f64()),
        rest(progress),
        grouped(progress.joined),
        things(progress.asked, "socket")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_where_it_is_known() {
        let progress = PhaseProgress {
            phase: "opening",
            open: 600,
            joined: 500,
            asked: 2000,
            so_far: Duration::from_secs(1),
            of: None,
        };
        assert_eq!(
            how_far(&progress),
            "opening for 1.0 s, 500/s, 3.0 s left: 500 of 2,000 sockets joined"
        );
        let running = PhaseProgress {
            phase: "running",
            of: Some(Duration::from_secs(30)),
            ..progress
        };
        assert_eq!(rest(&running), ", 29.0 s left");
    }
}
