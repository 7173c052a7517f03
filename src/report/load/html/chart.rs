//! A chart of lines as SVG: it scales with the page, and its colours are the page's.

use std::fmt::Write as _;

use super::super::words;

/// The size of the picture, in its own units; and what is left for the texts around.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 24.0;

/// A chart.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) across: Axis,
    pub(super) unit: Unit,
    pub(super) lines: Vec<Line>,
    /// What is shaded, across.
    pub(super) band: Option<(f64, f64)>,
}

/// What goes from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Time since the begin, in seconds.
    Seconds,
    /// The logarithm of one over the part that is beyond: 1 is 90 %, 2 is 99 %.
    Nines,
}

/// What goes from bottom to top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Times, which differ by powers of ten.
    Micros,
    /// Whole things.
    Count,
    /// Memory.
    Bytes,
    /// A number.
    Plain,
}

/// A line, broken where there is no value.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) class: usize,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

impl Line {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|(_, value)| *value)
    }

    /// Whether it is anywhere above zero.
    pub(super) fn rises(&self) -> bool {
        self.values().any(|value| value > 0.0)
    }
}

impl Chart {
    /// The figure; nothing if there is nothing to see.
    pub(super) fn render(&self) -> Option<String> {
        let lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.values().next().is_some())
            .collect();
        let values = lines.iter().flat_map(|line| line.values());
        let (least, most) = values.fold((f64::MAX, f64::MIN), |it, value| {
            (it.0.min(value), it.1.max(value))
        });
        let places = lines.iter().flat_map(|line| line.points.iter().map(|it| it.0));
        let right = places.fold(0.0, f64::max);
        if lines.is_empty() || right <= 0.0 {
            return None;
        }
        let up = Scale::new(self.unit, least, most);
        let mut text = format!("<figure>\n<figcaption><strong>{}</strong>", self.title);
        for line in &lines {
            let _ = write!(
                text,
                "<span class=\"key c{}\"><em>{}</em></span>",
                line.class, line.name
            );
        }
        let _ = write!(
            text,
            "</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}: {}\">\n",
            self.title,
            self.spoken(&lines)
        );
        self.grid(&mut text, &up, right);
        // What is named first is drawn last, on top.
        for line in lines.iter().rev() {
            let path = path(line, |x| across(x, right), |y| up.place(y));
            let _ = writeln!(text, "<path class=\"line c{}\" d=\"{path}\"/>", line.class);
        }
        text.push_str("</svg>\n</figure>\n");
        Some(text)
    }

    /// For who cannot see it: the greatest of each line.
    fn spoken(&self, lines: &[&Line]) -> String {
        let each = lines.iter().map(|line| {
            let most = line.values().fold(0.0, f64::max);
            format!("{} at most {}", line.name, self.unit.text(most))
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn grid(&self, text: &mut String, up: &Scale, right: f64) {
        if let Some((from, to)) = self.band {
            let (from, to) = (across(from, right), across(to.min(right), right));
            let _ = writeln!(
                text,
                "<rect class=\"band\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                (to - from).max(0.0),
                HEIGHT - TOP - BOTTOM
            );
        }
        for tick in up.ticks() {
            let y = up.place(tick);
            let _ = writeln!(
                text,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                self.unit.tick(tick)
            );
        }
        for (tick, name) in self.across.ticks(right) {
            let _ = writeln!(
                text,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                across(tick, right),
                HEIGHT - 7.0
            );
        }
    }
}

fn across(x: f64, right: f64) -> f64 {
    LEFT + (x / right).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

/// The line as a path; a point that stands alone is a dot.
fn path(line: &Line, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut begun = false;
    for (at, value) in &line.points {
        let Some(value) = value else {
            begun = false;
            continue;
        };
        let (at, value) = (x(*at), y(*value));
        let _ = if begun {
            write!(path, "L{at:.1} {value:.1}")
        } else {
            write!(path, "M{at:.1} {value:.1}h.01")
        };
        begun = true;
    }
    path
}

/// From values to places, bottom to top.
enum Scale {
    /// From zero to this, by steps of that.
    Even { most: f64, step: f64 },
    /// Between two powers of ten, by their exponents.
    Powers { least: i32, most: i32 },
}

impl Scale {
    fn new(unit: Unit, least: f64, most: f64) -> Self {
        if unit == Unit::Micros {
            #[expect(clippy::cast_possible_truncation, reason = "an exponent of a time is small")]
            let exponent = |value: f64| value.max(1.0).log10() as i32;
            let (least, top) = (exponent(least), exponent(most));
            let above = most > 10_f64.powi(top);
            return Self::Powers {
                least,
                most: (if above { top + 1 } else { top }).max(least + 1),
            };
        }
        let step = step_for(most, if unit == Unit::Count { 1.0 } else { 0.0 });
        Self::Even {
            most: (most / step).ceil().max(1.0) * step,
            step,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let part = match self {
            Self::Even { most, .. } => value / most,
            Self::Powers { least, most } => {
                (value.max(1.0).log10() - f64::from(*least)) / f64::from(most - least)
            }
        };
        HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn ticks(&self) -> Vec<f64> {
        match *self {
            Self::Even { most, step } => {
                let ticks = (0..=10).map(|number| f64::from(number) * step);
                ticks.take_while(|tick| *tick <= most * 1.001).collect()
            }
            Self::Powers { least, most } => {
                // Few powers leave room for halves between them.
                let between: &[f64] = if most - least <= 2 {
                    &[1.0, 2.0, 5.0]
                } else {
                    &[1.0]
                };
                let ticks =
                    (least..=most).flat_map(|power| between.iter().map(move |it| it * 10_f64.powi(power)));
                ticks.filter(|tick| *tick <= 10_f64.powi(most)).collect()
            }
        }
    }
}

/// A round step with which four or five lines reach this far.
fn step_for(most: f64, at_least: f64) -> f64 {
    let raw = (most / 4.0).max(1e-3);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power);
    let round = step.into_iter().find(|it| *it >= raw * 0.999);
    round.unwrap_or(10.0 * power).max(at_least)
}

impl Axis {
    fn ticks(self, right: f64) -> Vec<(f64, String)> {
        match self {
            Self::Seconds => {
                let step = step_for(right, 0.0);
                let ticks = (0..=10).map(|number| f64::from(number) * step);
                let ticks = ticks.take_while(|tick| *tick <= right);
                ticks.map(|tick| (tick, format!("{} s", plain(tick)))).collect()
            }
            Self::Nines => {
                let named = [
                    "0 %",
                    "90 %",
                    "99 %",
                    "99.9 %",
                    "99.99 %",
                    "99.999 %",
                    "99.9999 %",
                    "99.99999 %",
                ];
                let ticks = named
                    .iter()
                    .enumerate()
                    .map(|(nines, name)| (nines as f64, (*name).to_owned()));
                ticks.take_while(|(tick, _)| *tick <= right).collect()
            }
        }
    }
}

impl Unit {
    /// A value in full.
    fn text(self, value: f64) -> String {
        match self {
            Self::Micros => words::micros(value),
            Self::Count | Self::Bytes => self.tick(value),
            Self::Plain => format!("{value:.2}"),
        }
    }

    /// A value beside a line of the grid.
    fn tick(self, value: f64) -> String {
        match self {
            Self::Micros if value < 1e3 => format!("{} µs", plain(value)),
            Self::Micros if value < 1e6 => format!("{} ms", plain(value / 1e3)),
            Self::Micros => format!("{} s", plain(value / 1e6)),
            Self::Bytes if value <= 0.0 => "0".to_owned(),
            Self::Bytes if value >= 1e9 => format!("{} GB", plain(value / 1e9)),
            Self::Bytes => format!("{} MB", plain(value / 1e6)),
            Self::Count if value >= 1e6 => format!("{}M", plain(value / 1e6)),
            Self::Count if value >= 1e4 => format!("{}k", plain(value / 1e3)),
            Self::Count | Self::Plain => plain(value),
        }
    }
}

/// Up to two decimals, and no zeros at the end.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let steps = [0.7, 9.0, 200.0, 1000.0, 16_000_000.0].map(|most| step_for(most, 0.0));
        assert_eq!(steps, [0.2, 2.5, 50.0, 250.0, 5_000_000.0]);
        assert_eq!(step_for(2.0, 1.0), 1.0);
    }

    #[test]
    fn times_stand_between_powers_of_ten() {
        let scale = Scale::new(Unit::Micros, 250.0, 50_000.0);
        assert_eq!(scale.ticks(), [100.0, 1e3, 1e4, 1e5]);
        assert_eq!(scale.place(100.0), HEIGHT - BOTTOM);
        assert_eq!(scale.place(1e5), TOP);
        assert_eq!(Scale::new(Unit::Micros, 100.0, 100.0).ticks().len(), 4);
    }

    #[test]
    fn a_line_is_broken_where_there_is_nothing() {
        let line = Line {
            name: "reply",
            class: 0,
            points: vec![(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(4.0))],
        };
        assert_eq!(path(&line, |x| x, |y| y), "M0.0 1.0h.01L1.0 2.0M3.0 4.0h.01");
    }
}
