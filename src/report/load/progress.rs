//! How far a swarm is, on stderr: bars and a live line where that is a terminal, else a line now and then.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle as BarStyle};

use super::super::ProgressStyle;
use super::super::progress::{NOW_AND_THEN, say};
use super::words::{micros, rate, seconds, things};
use crate::clock::{Clock, Time};
use crate::load::{Event, Point, Progress};

/// The most steps of a bar; it is drawn in eighths of a character.
const STEPS: u64 = 1000;

/// Shows it.
pub struct LoadProgress {
    shown: Shown,
    clock: Clock,
    last: Time,
    second: Point,
    /// When the last second ended, for its rates.
    before_s: f64,
    troubles: u64,
}

enum Shown {
    Bars(Bars),
    NowAndThen,
    EachSecond,
}

/// What stands on the terminal: a bar or two for the part of the run, and the live line.
struct Bars {
    all: MultiProgress,
    first: ProgressBar,
    second: ProgressBar,
    live: ProgressBar,
}

impl LoadProgress {
    /// Shows it on stderr.
    pub fn new(style: ProgressStyle) -> Self {
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
            second: Point::default(),
            before_s: 0.0,
            troubles: 0,
        }
    }

    /// Something happened. What cannot be shown is no reason to end a run.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned(_) | Event::Began(_) | Event::SoFar(_) => {}
            Event::Second(point) => {
                self.before_s = self.second.at_s;
                self.second = **point;
                self.troubles += point.troubles;
                if let Shown::EachSecond = self.shown {
                    let _ = say(&format!(
                        "{:>7.1} s  {}  {}",
                        point.at_s,
                        point.phase,
                        self.live()
                    ));
                }
            }
            Event::Progress(progress) => self.progress(progress),
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let live = self.live();
        match &self.shown {
            Shown::EachSecond => {}
            Shown::Bars(bars) => bars.draw(progress, live),
            Shown::NowAndThen => {
                let now = self.clock.now();
                if now.since(self.last) >= NOW_AND_THEN {
                    self.last = now;
                    let live = if live.is_empty() {
                        live
                    } else {
                        format!("; {live}")
                    };
                    let _ = say(&format!("{}{live}", words(progress)));
                }
            }
        }
    }

    /// The last second: rate, latency, lateness, errors.
    fn live(&self) -> String {
        let it = &self.second;
        // What the threads tell comes up to a second late, also in the rest of a second at the end.
        let length = (it.at_s - self.before_s).max(1.0);
        let per_second = |count: u64| rate(count as f64 / length);
        let mut parts = Vec::new();
        if it.sent > 0 {
            parts.push(format!("{}/s sent", per_second(it.sent)));
        }
        let times = [
            ("reply", it.replies, it.reply_p50_us, it.reply_p99_us),
            (
                "broadcast",
                it.broadcasts,
                it.broadcast_p50_us,
                it.broadcast_p99_us,
            ),
        ];
        for (name, count, p50, p99) in times.into_iter().filter(|it| it.1 > 0) {
            parts.push(format!(
                "{}/s {name} p50 {} p99 {}",
                per_second(count),
                micros(p50 as f64),
                micros(p99 as f64)
            ));
        }
        if it.lateness_p99_us > 0 {
            parts.push(format!("lateness p99 {}", micros(it.lateness_p99_us as f64)));
        }
        if self.troubles > 0 {
            parts.push(things(self.troubles, "error"));
        }
        parts.join(", ")
    }

    /// It is over.
    pub fn finish(&self) {
        if let Shown::Bars(bars) = &self.shown {
            let _ = bars.all.clear();
        }
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
            let bar = ProgressBar::new(STEPS);
            all.add(bar)
                .with_style(style("{prefix:>8} {bar:30.cyan/dim} {wide_msg}"))
        };
        let (first, second) = (bar(), bar());
        let live = all
            .add(ProgressBar::new_spinner())
            .with_style(style("{wide_msg:.dim}"));
        Self {
            all,
            first,
            second,
            live,
        }
    }

    fn draw(&self, progress: &Progress, live: String) {
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
                let joining = format!("{} of {}{rest}", super::grouped(joined), super::grouped(asked));
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
        self.live.set_message(live);
        self.live.tick();
    }
}

/// `, 1,200/s, 4.2 s left`: what can be told of it.
fn rest(progress: &Progress) -> String {
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

/// A line where there are no bars.
fn words(progress: &Progress) -> String {
    format!(
        "{} for {}{}: {} of {} joined",
        progress.phase,
        seconds(progress.so_far.as_secs_f64()),
        rest(progress),
        super::grouped(progress.joined),
        things(progress.asked, "socket")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_where_it_is_known() {
        let progress = Progress {
            phase: "opening",
            open: 600,
            joined: 500,
            asked: 2000,
            so_far: Duration::from_secs(1),
            of: None,
        };
        assert_eq!(
            words(&progress),
            "opening for 1.0 s, 500/s, 3.0 s left: 500 of 2,000 sockets joined"
        );
        let running = Progress {
            phase: "running",
            of: Some(Duration::from_secs(30)),
            ..progress
        };
        assert_eq!(rest(&running), ", 29.0 s left");
    }

    #[test]
    fn the_live_line_tells_only_what_there_is() {
        let mut shown = LoadProgress::new(ProgressStyle::Usual);
        shown.second = Point {
            at_s: 2.0,
            sent: 1000,
            replies: 1000,
            reply_p50_us: 250,
            reply_p99_us: 1500,
            lateness_p99_us: 90,
            ..Point::default()
        };
        shown.before_s = 1.0;
        assert_eq!(
            shown.live(),
            "1,000/s sent, 1,000/s reply p50 250 µs p99 1.50 ms, lateness p99 90 µs"
        );
    }
}
