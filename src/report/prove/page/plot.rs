//! A picture of an experiment as SVG, which scales with the page and uses its colours, with its points as a table.

use std::fmt::Write as _;

use super::axis::Axis;
use crate::prove::{Picture, PictureKind, PicturePoint, Series};
use crate::report::html::Escaped;
use crate::report::load::html::scale::{Unit, plain};

/// The size of a picture in its own units, and the margins for the texts at its sides.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 46.0;
/// The number of colours in the style sheet.
const COLOURS: usize = 5;
/// Of more points, only some have a tooltip and a row in the table.
const MOST_POINTS: usize = 60;
/// A limit that is more often as far from zero as any point is told, not drawn: the points would be a flat line.
const FARTHEST_LIMIT: f64 = 10.0;

/// The figures that are not empty, beside each other.
pub(super) fn figures(page: &mut String, pictures: &[Picture]) {
    let figures: String = pictures.iter().filter_map(figure).collect();
    if !figures.is_empty() {
        let _ = write!(page, "<section class=\"charts\">\n{figures}</section>\n");
    }
}

/// The figure; nothing if it would be empty.
pub(super) fn figure(picture: &Picture) -> Option<String> {
    let plot = Plot::new(picture)?;
    let mut text = format!(
        "<figure>\n<figcaption><strong>{}</strong>",
        Escaped(&picture.title)
    );
    for (number, series) in plot.series.iter().enumerate() {
        let far = match plot.is_beyond(series) {
            true => format!(", {} {}: above this picture", least(series), picture.y),
            false => String::new(),
        };
        let _ = write!(
            text,
            "<span class=\"key c{}\"><em>{}{}</em></span>",
            number % COLOURS,
            Escaped(&series.name),
            Escaped(&far)
        );
    }
    let _ = writeln!(
        text,
        "</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        Escaped(&plot.spoken())
    );
    plot.grid(&mut text);
    for (number, series) in plot.series.iter().enumerate() {
        plot.one(&mut text, series, number % COLOURS);
    }
    text.push_str("</svg>\n");
    plot.table(&mut text);
    text.push_str("</figure>\n");
    Some(text)
}

/// A picture with its axes, and the series that have points.
struct Plot<'p> {
    picture: &'p Picture,
    series: Vec<&'p Series>,
    across: Axis,
    up: Axis,
    /// The largest distance from zero of a point that is drawn.
    farthest: f64,
}

impl<'p> Plot<'p> {
    fn new(picture: &'p Picture) -> Option<Self> {
        let series: Vec<&Series> = picture
            .series
            .iter()
            .filter(|series| {
                series
                    .points
                    .iter()
                    .any(|point| point.x.is_finite() && point.y.is_finite())
            })
            .collect();
        let is_logarithmic = picture.kind == PictureKind::Logarithmic;
        let is_shown = |value: &f64| value.is_finite() && (!is_logarithmic || *value > 0.0);
        let points = || series.iter().flat_map(|series| &series.points);
        let across = span(points().map(|point| point.x).filter(is_shown))?;
        let measured = series.iter().filter(|series| !is_limit(picture.kind, series));
        let measured = measured.flat_map(|series| &series.points).flat_map(heights);
        let mut up = span(measured.filter(is_shown)).or(span(points().flat_map(heights).filter(is_shown)))?;
        let farthest = up.0.abs().max(up.1.abs());
        let limits = series.iter().filter(|series| is_limit(picture.kind, series));
        let limits = limits.flat_map(|series| &series.points).map(|point| point.y);
        for limit in limits.filter(|limit| limit.abs() <= farthest * FARTHEST_LIMIT) {
            up = (up.0.min(limit), up.1.max(limit));
        }
        let (sides, heights) = ((LEFT, WIDTH - RIGHT), (HEIGHT - BOTTOM, TOP));
        let (across, up) = match picture.kind {
            PictureKind::Logarithmic => (Axis::powers(across, sides), Axis::powers(up, heights)),
            PictureKind::Lines | PictureKind::Shifts => (
                Axis::even(across, sides),
                Axis::even((up.0.min(0.0), up.1.max(0.0)), heights),
            ),
        };
        Some(Self {
            picture,
            series,
            across,
            up,
            farthest,
        })
    }

    /// Whether it is a limit that lies too far away to be drawn.
    fn is_beyond(&self, series: &Series) -> bool {
        let is_far = |point: &PicturePoint| point.y.abs() > self.farthest * FARTHEST_LIMIT;
        is_limit(self.picture.kind, series) && series.points.iter().all(is_far)
    }

    /// The lines and labels of both axes, the names of what they count, and the line at zero.
    fn grid(&self, text: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in self.up.ticks() {
            let y = self.up.place(tick);
            let _ = writeln!(
                text,
                "<line class=\"{}\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                if self.picture.kind == PictureKind::Shifts && tick.abs() < 1e-9 {
                    "zero"
                } else {
                    "grid"
                },
                LEFT - 6.0,
                y + 4.0,
                short(tick)
            );
        }
        for tick in self.across.ticks() {
            let _ = writeln!(
                text,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                self.across.place(tick),
                bottom + 16.0,
                short(tick)
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"2\" y=\"12\">{}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            Escaped(&self.picture.y),
            f64::midpoint(LEFT, right),
            HEIGHT - 8.0,
            Escaped(&self.picture.x)
        );
    }

    fn one(&self, text: &mut String, series: &Series, class: usize) {
        if self.is_beyond(series) {
            return;
        }
        let places = series
            .points
            .iter()
            .map(|point| (self.across.place(point.x), self.up.place(point.y)));
        let mut path = String::new();
        for (x, y) in places {
            let begin = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{begin}{x:.1} {y:.1}");
        }
        let line = match (self.picture.kind, is_limit(self.picture.kind, series)) {
            (PictureKind::Shifts, true) => "limit",
            (PictureKind::Shifts, false) => "thin",
            (PictureKind::Lines | PictureKind::Logarithmic, _) => "line",
        };
        let _ = writeln!(text, "<path class=\"{line} c{class}\" d=\"{path}\"/>");
        for point in series.points.iter().filter(|point| point.interval.is_some()) {
            self.interval(text, point, class);
        }
        for point in some(&series.points) {
            let _ = writeln!(
                text,
                "<circle class=\"dot c{class}{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{} {}: {}</title></circle>",
                if line == "thin" { " shown" } else { "" },
                self.across.place(point.x),
                self.up.place(point.y),
                Escaped(&self.picture.x),
                short(point.x),
                Escaped(&value(point, &self.picture.y))
            );
        }
    }

    /// A bar from the low end to the high end.
    fn interval(&self, text: &mut String, point: &PicturePoint, class: usize) {
        let Some((low, high)) = point.interval else {
            return;
        };
        let (x, low, high) = (
            self.across.place(point.x),
            self.up.place(low),
            self.up.place(high),
        );
        let _ = writeln!(
            text,
            "<path class=\"bar c{class}\" d=\"M{x:.1} {low:.1}V{high:.1}M{:.1} {low:.1}h8M{:.1} {high:.1}h8\"/>",
            x - 4.0,
            x - 4.0
        );
    }

    /// A description for screen readers: the last value of each series.
    fn spoken(&self) -> String {
        let each = self.series.iter().filter_map(|series| {
            let last = series.points.last()?;
            let at = format!("{} at {}", value(last, &self.picture.y), short(last.x));
            Some(format!("{}: {at}", series.name))
        });
        let each: Vec<String> = each.collect();
        format!("{}. {}", self.picture.title, each.join("; "))
    }

    /// The points, for those who cannot point at them.
    fn table(&self, text: &mut String) {
        text.push_str("<details><summary>The points</summary>\n<div class=\"wide\"><table>\n<thead><tr>");
        let _ = write!(
            text,
            "<th>{}</th><th>{}</th></tr></thead>\n<tbody>\n",
            Escaped(&self.picture.x),
            Escaped(&self.picture.y)
        );
        for series in &self.series {
            if self.series.len() > 1 {
                let _ = writeln!(text, "<tr><th colspan=\"2\">{}</th></tr>", Escaped(&series.name));
            }
            for point in some(&series.points) {
                let _ = writeln!(
                    text,
                    "<tr><td>{}</td><td>{}</td></tr>",
                    short(point.x),
                    value(point, "")
                );
            }
        }
        text.push_str("</tbody>\n</table></div></details>\n");
    }
}

/// Whether the series is a limit beside measured points: among points with intervals, one without.
fn is_limit(kind: PictureKind, series: &Series) -> bool {
    kind == PictureKind::Shifts && series.points.iter().all(|point| point.interval.is_none())
}

/// The value of a point and the ends of its interval.
fn heights(point: &PicturePoint) -> impl Iterator<Item = f64> {
    let ends = point.interval.into_iter().flat_map(|(low, high)| [low, high]);
    std::iter::once(point.y).chain(ends)
}

/// The smallest and the greatest value; nothing if there is none.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |span, value| {
        let (least, most) = span.unwrap_or((value, value));
        Some((least.min(value), most.max(value)))
    })
}

/// Some of the points, at equal distances.
fn some(points: &[PicturePoint]) -> impl Iterator<Item = &PicturePoint> {
    points.iter().step_by(points.len().div_ceil(MOST_POINTS).max(1))
}

/// The least value of a series, as a label.
fn least(series: &Series) -> String {
    let least = span(series.points.iter().map(|point| point.y));
    least.map_or(String::new(), |(least, _)| short(least))
}

/// A value with its unit and its interval.
fn value(point: &PicturePoint, unit: &str) -> String {
    let mut text = short(point.y);
    if let Some((low, high)) = point.interval {
        let _ = write!(text, " ({} to {})", short(low), short(high));
    }
    if !unit.is_empty() {
        let _ = write!(text, " {unit}");
    }
    text
}

/// A number as a label: with the decimals that it needs.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size >= 1e4 => Unit::Count.tick(size),
        _ if (5e-5..0.1).contains(&size) => format!("{size:.4}").trim_end_matches('0').to_owned(),
        _ => plain(size),
    };
    if value < 0.0 && text != "0" {
        format!("−{text}")
    } else {
        text
    }
}
