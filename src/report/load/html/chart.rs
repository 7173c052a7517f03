//! A line chart as SVG, which scales with the page and uses its colours.

use std::fmt::Write as _;

use super::super::words::rate;
use super::marks::{LossKind, Mark};
use super::scale::{Axis, BOTTOM, HEIGHT, Scale, TOP, Unit, plain};
use crate::load::RateChange;
use crate::report::html::Escaped;

/// The width of a chart in its own units, and the margins for the texts at its sides.
const WIDTH: f64 = 480.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;

/// A chart.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) across: Axis,
    pub(super) unit: Unit,
    pub(super) lines: Vec<Line>,
    /// The shaded range of the x axis.
    pub(super) band: Option<(f64, f64)>,
    /// The limits of objectives, with the classes of the lines that they apply to.
    pub(super) limits: Vec<Limit>,
    /// The times at which something was lost.
    pub(super) marks: Vec<Mark>,
    /// The changes of the rate.
    pub(super) changes: Vec<RateChange>,
}

/// A limit of an objective.
pub(super) struct Limit {
    /// The objective as it was written.
    pub(super) text: String,
    /// Its value on the y axis.
    pub(super) value: f64,
    /// The class of the line that it applies to.
    pub(super) class: usize,
}

/// A line, which is interrupted where there is no value.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) class: usize,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

impl Line {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|(_, value)| *value)
    }

    /// Whether any value is above zero.
    pub(super) fn rises(&self) -> bool {
        self.values().any(|value| value > 0.0)
    }
}

impl Chart {
    /// The figure; nothing if it would be empty.
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
        let limits = || self.limits.iter().map(|it| it.value);
        let (least, most) = (limits().fold(least, f64::min), limits().fold(most, f64::max));
        let up = Scale::new(self.unit, least, most);
        let mut text = format!("<figure>\n<figcaption><strong>{}</strong>", self.title);
        for line in &lines {
            let _ = write!(
                text,
                "<span class=\"key c{}\"><em>{}</em></span>",
                line.class, line.name
            );
        }
        for (kind, count) in self.losses() {
            let text_of = kind.text(count);
            let _ = write!(
                text,
                "<span class=\"key m{}\"><em>{text_of}</em></span>",
                kind.row()
            );
        }
        let _ = write!(
            text,
            "</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}: {}\">\n",
            self.title,
            self.spoken(&lines)
        );
        self.grid(&mut text, &up, right);
        self.marks(&mut text, right);
        self.changes(&mut text, right);
        // The first line is drawn last, on top.
        for line in lines.iter().rev() {
            let path = path(line, |x| across(x, right), |y| up.place(y));
            let _ = writeln!(text, "<path class=\"line c{}\" d=\"{path}\"/>", line.class);
        }
        self.limits(&mut text, &up);
        for line in &lines {
            self.dots(&mut text, line, &up, right);
        }
        text.push_str("</svg>\n</figure>\n");
        Some(text)
    }

    /// The number of losses by kind, only of those that are marked.
    fn losses(&self) -> impl Iterator<Item = (LossKind, u64)> {
        let count = |kind: LossKind| {
            let marks = self.marks.iter().filter(|it| it.kind == kind);
            (kind, marks.map(|it| it.count).sum())
        };
        LossKind::ALL
            .into_iter()
            .map(count)
            .filter(|(_, count)| *count > 0)
    }

    /// Draws a bar above the chart for each time of a loss, and shades that time down to the axis.
    fn marks(&self, text: &mut String, right: f64) {
        const BAR: f64 = 3.5;
        for mark in &self.marks {
            let (from, to) = (across(mark.from, right), across(mark.to, right));
            let (row, width) = (mark.kind.row(), (to - from).max(2.0));
            let y = row as f64 * (BAR + 0.5);
            let _ = writeln!(
                text,
                "<g class=\"m{row}\"><title>{}</title>\
                 <rect class=\"loss\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{:.1}\"/>\
                 <rect class=\"mark\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\"/></g>",
                mark.title(),
                HEIGHT - TOP - BOTTOM
            );
        }
    }

    /// Draws a line at each change of the rate.
    fn changes(&self, text: &mut String, right: f64) {
        for change in &self.changes {
            let x = across(change.at_s, right);
            let _ = writeln!(
                text,
                "<line class=\"change\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"><title>{} s: {} sends a second from \
                 here on</title></line>",
                HEIGHT - BOTTOM,
                plain(change.at_s),
                rate(change.sends_per_s)
            );
        }
    }

    /// Draws the limits of objectives across the whole chart.
    fn limits(&self, text: &mut String, up: &Scale) {
        for limit in &self.limits {
            let y = up.place(limit.value);
            let _ = writeln!(
                text,
                "<line class=\"limit c{}\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"><title>{}</title></line>",
                limit.class,
                WIDTH - RIGHT,
                Escaped(&limit.text)
            );
        }
    }

    /// Draws the dots with tooltips. Of many points it takes only some, at equal distances.
    fn dots(&self, text: &mut String, line: &Line, up: &Scale, right: f64) {
        const MOST: usize = 60;
        let every = line.points.len().div_ceil(MOST).max(1);
        let known = line.points.iter().step_by(every);
        for (at, value) in known.filter_map(|(at, value)| Some((*at, (*value)?))) {
            let place = match self.across {
                Axis::Seconds => format!("{} s", plain(at)),
                Axis::Nines => format!("{} %", (100.0 - 100.0 * 10_f64.powf(-at)).min(99.9999)),
            };
            let _ = writeln!(
                text,
                "<circle class=\"dot c{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"><title>{place}: {} {}</title></circle>",
                line.class,
                across(at, right),
                up.place(value),
                line.name,
                self.unit.text(value)
            );
        }
    }

    /// A description for screen readers: the greatest value of each line.
    fn spoken(&self, lines: &[&Line]) -> String {
        let each = lines.iter().map(|line| {
            let most = line.values().fold(0.0, f64::max);
            format!("{} at most {}", line.name, self.unit.text(most))
        });
        let losses = self.losses().map(|(kind, count)| kind.text(count));
        each.chain(losses).collect::<Vec<_>>().join(", ")
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
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{name}</text>",
                across(tick, right),
                HEIGHT - 7.0,
                // Labels at the edges must not be cut off.
                match tick / right {
                    part if part > 0.93 => "end",
                    _ => "middle",
                }
            );
        }
    }
}

fn across(x: f64, right: f64) -> f64 {
    LEFT + (x / right).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

/// The line as a path; a point without neighbours is a dot.
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

#[cfg(test)]
mod tests {
    use super::*;

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
