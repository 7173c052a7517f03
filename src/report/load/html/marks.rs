//! Marks each second in which something was lost in the charts over time.

use super::super::words::things;
use super::scale::plain;
use crate::load::Point;

/// The kinds of losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LossKind {
    Messages,
    Connections,
}

impl LossKind {
    pub(super) const ALL: [Self; 2] = [Self::Messages, Self::Connections];

    /// The class of its colour, and the row of its marks above the chart.
    pub(super) const fn row(self) -> usize {
        match self {
            Self::Messages => 0,
            Self::Connections => 1,
        }
    }

    /// `3 lost messages`
    pub(super) fn text(self, count: u64) -> String {
        match self {
            Self::Messages => things(count, "lost message"),
            Self::Connections => things(count, "lost connection"),
        }
    }

    const fn of(self, point: &Point) -> u64 {
        match self {
            Self::Messages => point.missing,
            Self::Connections => point.lost,
        }
    }
}

/// A time in which something was lost; for messages, the time at which they should have been sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) kind: LossKind,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: u64,
}

impl Mark {
    /// The text of its tooltip.
    pub(super) fn title(&self) -> String {
        let when = format!("{} s to {} s", plain(self.from), plain(self.to));
        let what = self.kind.text(self.count);
        match self.kind {
            LossKind::Messages => format!("{when}: {what}, sent in this time"),
            LossKind::Connections => format!("{when}: {what}"),
        }
    }
}

/// The marks of a run. In a long run several seconds share a mark.
pub(super) fn of(series: &[Point]) -> Vec<Mark> {
    const MOST: usize = 120;
    let mut begin = 0.0;
    let mut marks = Vec::new();
    for seconds in series.chunks(series.len().div_ceil(MOST).max(1)) {
        let end = seconds.last().map_or(begin, |it| it.at_s);
        for kind in LossKind::ALL {
            let count = seconds.iter().map(|it| kind.of(it)).sum();
            if count > 0 {
                marks.push(Mark {
                    kind,
                    from: begin,
                    to: end,
                    count,
                });
            }
        }
        begin = end;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(seconds: u32) -> Vec<Point> {
        let point = |number: u32| Point {
            at_s: f64::from(number + 1),
            missing: u64::from(number == 4) * 3,
            lost: u64::from(number == 4 || number == 6),
            ..Point::default()
        };
        (0..seconds).map(point).collect()
    }

    #[test]
    fn only_the_seconds_with_losses_are_marked() {
        let titles: Vec<String> = of(&series(10)).iter().map(Mark::title).collect();
        assert_eq!(
            titles,
            [
                "4 s to 5 s: 3 lost messages, sent in this time",
                "4 s to 5 s: 1 lost connection",
                "6 s to 7 s: 1 lost connection"
            ]
        );
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn a_long_run_has_few_marks_and_none_of_its_losses_vanishes() {
        let marks = of(&series(1000));
        assert_eq!(marks.len(), 2);
        assert_eq!((marks[0].from, marks[0].to, marks[0].count), (0.0, 9.0, 3));
        assert_eq!(marks[1].count, 2);
    }
}
