//! A chart of dots as SVG, which scales with the page and uses its colours: each trial is a dot whose shape and colour show
//! its verdict.

use std::fmt::Write as _;

use crate::capacity::TrialVerdict;
use crate::report::html::Escaped;
use crate::report::load::words::grouped;

/// The size of a chart in its own units, and the margins for the texts at its sides.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Half the size of a cross.
const ARM: f64 = 4.0;

/// A chart.
pub(super) struct Scatter {
    pub(super) title: &'static str,
    pub(super) across: Axis,
    pub(super) up: Axis,
    pub(super) dots: Vec<Dot>,
    /// A line through these points.
    pub(super) curve: Vec<(f64, f64)>,
    /// Horizontal lines at these values of the y axis, with their labels.
    pub(super) rules: Vec<(f64, String)>,
}

/// A trial.
pub(super) struct Dot {
    pub(super) at: (f64, f64),
    pub(super) verdict: TrialVerdict,
    /// The tooltip.
    pub(super) about: String,
}

/// An axis with its name.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) unit: Unit,
}

/// The unit and scale of an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Numbers one after the other.
    Ordinal,
    /// Numbers on a logarithmic scale.
    Count,
    /// Times in microseconds on a logarithmic scale.
    Micros,
}

/// An axis with its ends.
struct Scale {
    unit: Unit,
    least: f64,
    most: f64,
}

impl Scatter {
    /// The figure; nothing if it would be empty.
    pub(super) fn render(&self) -> Option<String> {
        if self.dots.is_empty() {
            return None;
        }
        let xs = self
            .dots
            .iter()
            .map(|it| it.at.0)
            .chain(self.curve.iter().map(|it| it.0));
        let ys = self
            .dots
            .iter()
            .map(|it| it.at.1)
            .chain(self.curve.iter().map(|it| it.1));
        let ys = ys.chain(self.rules.iter().map(|it| it.0));
        let (x, y) = (Scale::new(self.across.unit, xs), Scale::new(self.up.unit, ys));
        let place = |at: (f64, f64)| {
            (
                LEFT + x.part(at.0) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - y.part(at.1) * (HEIGHT - TOP - BOTTOM),
            )
        };
        let mut text = format!("<figure>\n<figcaption><strong>{}</strong>", self.title);
        for verdict in [TrialVerdict::Held, TrialVerdict::Missed, TrialVerdict::Undecided] {
            if self.dots.iter().any(|it| it.verdict == verdict) {
                let _ = write!(
                    text,
                    "<span class=\"{}\">{} {}</span>",
                    class(verdict),
                    sign(verdict),
                    super::super::words::verdict(verdict)
                );
            }
        }
        let _ = writeln!(
            text,
            "</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}: {} over {}, {} trials\">",
            self.title,
            self.up.name,
            self.across.name,
            self.dots.len()
        );
        self.grid(&mut text, &x, &y, &place);
        if let Some(path) = path(&self.curve, &place) {
            let _ = writeln!(text, "<path class=\"line c0\" d=\"{path}\"/>");
        }
        self.dots
            .iter()
            .for_each(|dot| draw(&mut text, dot, place(dot.at)));
        text.push_str("</svg>\n</figure>\n");
        Some(text)
    }

    fn grid(&self, text: &mut String, x: &Scale, y: &Scale, place: &impl Fn((f64, f64)) -> (f64, f64)) {
        let right = WIDTH - RIGHT;
        for tick in y.ticks() {
            let (_, at) = place((x.least, tick));
            let _ = writeln!(
                text,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                y.text(tick)
            );
        }
        for tick in x.ticks() {
            let (at, _) = place((tick, y.least));
            let _ = writeln!(
                text,
                "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
                HEIGHT - BOTTOM + 16.0,
                if at > right - 20.0 { "end" } else { "middle" },
                x.text(tick)
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 6.0,
            self.across.name
        );
        for (value, about) in &self.rules {
            let (_, at) = place((x.least, *value));
            let _ = writeln!(
                text,
                "<line class=\"limit c1\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"rule\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                right,
                at - 4.0,
                Escaped(about)
            );
        }
    }
}

/// Draws a trial: a disc if it held, a cross if it missed, a ring if it is undecided.
fn draw(text: &mut String, dot: &Dot, (x, y): (f64, f64)) {
    let about = Escaped(&dot.about);
    let class = class(dot.verdict);
    let _ = match dot.verdict {
        TrialVerdict::Held => writeln!(
            text,
            "<circle class=\"{class} disc\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{about}</title></circle>"
        ),
        TrialVerdict::Missed => writeln!(
            text,
            "<path class=\"{class} cross\" d=\"M{:.1} {:.1}l{s} {s}m0 -{s}l-{s} {s}\"><title>{about}</title></path>",
            x - ARM,
            y - ARM,
            s = 2.0 * ARM
        ),
        TrialVerdict::Undecided | TrialVerdict::Impossible => writeln!(
            text,
            "<circle class=\"{class} ring\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{about}</title></circle>"
        ),
    };
}

/// The class of the colour.
pub(super) const fn class(verdict: TrialVerdict) -> &'static str {
    match verdict {
        TrialVerdict::Held => "good",
        TrialVerdict::Missed => "bad",
        TrialVerdict::Undecided | TrialVerdict::Impossible => "unsure",
    }
}

const fn sign(verdict: TrialVerdict) -> &'static str {
    match verdict {
        TrialVerdict::Held => "●",
        TrialVerdict::Missed => "✕",
        TrialVerdict::Undecided | TrialVerdict::Impossible => "○",
    }
}

fn path(curve: &[(f64, f64)], place: &impl Fn((f64, f64)) -> (f64, f64)) -> Option<String> {
    let mut points = curve.iter().map(|at| place(*at));
    let (x, y) = points.next()?;
    let mut path = format!("M{x:.1} {y:.1}");
    for (x, y) in points {
        let _ = write!(path, "L{x:.1} {y:.1}");
    }
    Some(path)
}

impl Scale {
    /// From the least to the most value, with a little room on both sides.
    fn new(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.fold((f64::MAX, f64::MIN), |it, value| {
            (it.0.min(value), it.1.max(value))
        });
        let (least, most) = match unit {
            Unit::Ordinal => (least - 0.5, most + 0.5),
            Unit::Count | Unit::Micros => (least.max(0.1) / 1.25, most.max(0.1) * 1.25),
        };
        Self { unit, least, most }
    }

    /// The place of a value between both ends, from 0 to 1.
    fn part(&self, value: f64) -> f64 {
        let part = match self.unit {
            Unit::Ordinal => (value - self.least) / (self.most - self.least),
            Unit::Count | Unit::Micros => (value / self.least).ln() / (self.most / self.least).ln(),
        };
        part.clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        match self.unit {
            Unit::Ordinal => {
                let step = ((self.most - self.least) / 8.0).ceil().max(1.0);
                let ticks = (0..20).map(|it| 1.0 + f64::from(it) * step);
                ticks.take_while(|it| *it < self.most).collect()
            }
            Unit::Count | Unit::Micros => {
                // The fewer powers of ten, the more lines between them.
                let powers = (self.most / self.least).log10();
                let between: &[f64] = match powers {
                    it if it > 3.0 => &[1.0],
                    it if it > 1.2 => &[1.0, 3.0],
                    it if it > 0.6 => &[1.0, 2.0, 5.0],
                    _ => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
                };
                let ticks = (-1..10).flat_map(|power| between.iter().map(move |it| it * 10_f64.powi(power)));
                ticks.filter(|it| (self.least..=self.most).contains(it)).collect()
            }
        }
    }

    fn text(&self, tick: f64) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "ticks are not negative, and none is that large"
        )]
        let whole = tick.round() as u64;
        match self.unit {
            Unit::Micros if tick < 1e3 => format!("{tick} µs"),
            Unit::Micros if tick < 1e6 => format!("{} ms", tick / 1e3),
            Unit::Micros => format!("{} s", tick / 1e6),
            Unit::Count if tick < 1.0 => format!("{tick}"),
            Unit::Count if (1e4..1e6).contains(&tick) => format!("{}k", tick / 1e3),
            Unit::Count if tick >= 1e6 => format!("{}M", tick / 1e6),
            Unit::Count | Unit::Ordinal => grouped(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_lie_within_and_are_round() {
        let scale = |unit, values: &[f64]| Scale::new(unit, values.iter().copied());
        assert_eq!(
            scale(Unit::Count, &[100.0, 12_800.0]).ticks(),
            [100.0, 300.0, 1000.0, 3000.0, 10_000.0]
        );
        assert_eq!(
            scale(Unit::Ordinal, &[1.0, 20.0]).ticks(),
            [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0]
        );
        let one = scale(Unit::Micros, &[500.0]);
        assert_eq!(one.ticks(), [400.0, 500.0, 600.0]);
        assert!((one.part(500.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn each_verdict_has_its_own_shape() {
        let dot = |x: f64, verdict| Dot {
            at: (x, 10.0 * x),
            verdict,
            about: "<a>".to_owned(),
        };
        let axis = |name: &str, unit| Axis {
            name: name.to_owned(),
            unit,
        };
        let chart = Scatter {
            title: "Trials",
            across: axis("trial", Unit::Ordinal),
            up: axis("load", Unit::Count),
            dots: vec![
                dot(1.0, TrialVerdict::Held),
                dot(2.0, TrialVerdict::Missed),
                dot(3.0, TrialVerdict::Undecided),
            ],
            curve: vec![(1.0, 10.0), (3.0, 30.0)],
            rules: vec![(20.0, "answer".to_owned())],
        };
        let text = chart.render().unwrap();
        for shape in ["good disc", "bad cross", "unsure ring", "line c0", "limit c1"] {
            assert_eq!(text.matches(shape).count(), 1, "{shape}");
        }
        assert!(text.contains("&lt;a&gt;") && !text.contains("NaN"));
    }
}
