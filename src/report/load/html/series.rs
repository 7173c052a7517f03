//! The seconds of a run as lines of charts.

use super::chart::{Chart, Line};
use super::scale::{Axis, Unit};
use crate::load::Point;

/// Lines with more points are thinned; peaks are kept.
const MOST_POINTS: usize = 500;

/// The seconds of a run with their lengths.
pub(super) struct Series<'a> {
    seconds: Vec<(&'a Point, f64)>,
    /// The start and the end of the load.
    load: Option<(f64, f64)>,
}

impl<'a> Series<'a> {
    pub(super) fn new(points: &'a [Point]) -> Self {
        let mut before = 0.0;
        let mut seconds = Vec::new();
        let mut load: Option<(f64, f64)> = None;
        for point in points {
            let begin = before;
            before = point.at_s;
            if point.phase == "running" {
                load = Some((load.map_or(begin, |it| it.0), point.at_s));
            }
            // The partial second at the end is too short for rates of its own.
            seconds.push((point, (point.at_s - begin).max(1.0)));
        }
        Self { seconds, load }
    }

    pub(super) fn line(
        &self,
        name: &'static str,
        class: usize,
        of: impl Fn(&Point, f64) -> Option<f64>,
    ) -> Line {
        let points: Vec<(f64, Option<f64>)> = self
            .seconds
            .iter()
            .map(|(point, length)| (point.at_s, of(point, *length)))
            .collect();
        let chunk = points.len().div_ceil(MOST_POINTS).max(1);
        let points = points.chunks(chunk).filter_map(|chunk| {
            let greatest = chunk
                .iter()
                .max_by(|a, b| a.1.unwrap_or(-1.0).total_cmp(&b.1.unwrap_or(-1.0)));
            greatest.copied()
        });
        Line {
            name,
            class,
            points: points.collect(),
        }
    }

    pub(super) fn chart(&self, title: &'static str, unit: Unit, lines: Vec<Line>) -> Chart {
        Chart {
            title,
            across: Axis::Seconds,
            unit,
            lines,
            band: self.load,
            limits: Vec::new(),
            marks: Vec::new(),
            changes: Vec::new(),
        }
    }
}
