//! The table of latencies: one line for each kind that was measured, with as many columns as fit.

use std::fmt::Write as _;

use anstyle::Style;

use crate::load::{Figures, LoadResult, Point, Timing};
use crate::report::load::words::{grouped, micros, percentile, things};
use crate::report::paper::Paper;

/// The space before the latencies: an indent, the name, the count.
const BEFORE: usize = 2 + 10 + 12;
/// The width of a latency.
const TIME: usize = 9;
/// The minimum and maximum length of a sparkline.
const DRAWN: [usize; 2] = [10, 30];

/// A column: its heading, and the function for its cells.
type Column = (&'static str, fn(&Figures) -> String);

/// All columns, the most important ones first.
const COLUMNS: [Column; 6] = [
    ("p50", |it| percentile(it.count, 0.5, it.p50)),
    ("p99", |it| percentile(it.count, 0.99, it.p99)),
    ("max", |it| micros(it.max as f64)),
    ("p95", |it| percentile(it.count, 0.95, it.p95)),
    ("p99.9", |it| percentile(it.count, 0.999, it.p999)),
    ("p90", |it| percentile(it.count, 0.9, it.p90)),
];
/// The order from left to right.
const ORDER: [&str; 6] = ["p50", "p90", "p95", "p99", "p99.9", "max"];

/// Appends the table.
pub(super) fn render(text: &mut String, result: &LoadResult, paper: Paper) {
    let measured: Vec<(Timing, Figures)> = Timing::ALL
        .into_iter()
        .filter_map(|kind| Some((kind, result.figures(kind)?)))
        .filter(|(_, figures)| figures.count > 0)
        .collect();
    if measured.is_empty() {
        return;
    }
    let room = match paper {
        Paper::Columns(_) => paper.columns(),
        Paper::Pipe | Paper::File => usize::MAX,
    };
    let columns = columns(room);
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let heads: String = columns.iter().map(|it| format!("{:>TIME$}", it.0)).collect();
    let _ = writeln!(text, "  {dim}{:<10}{:>12}{heads}{dim:#}", "", "count");
    let left = room.saturating_sub(BEFORE + columns.len() * TIME + 2);
    for (kind, it) in measured {
        let drawn = match left {
            left if left < DRAWN[0] => String::new(),
            left => spark(&result.series, kind, left.min(DRAWN[1])),
        };
        let _ = write!(
            text,
            "  {bold}{:<10}{bold:#}{}",
            kind.name(),
            cells(&it, &columns)
        );
        if !drawn.is_empty() {
            let _ = write!(text, "  {dim}{drawn}{dim:#}");
        }
        text.push('\n');
    }
    for scenario in &result.scenarios {
        let sockets = things(scenario.sockets.into(), "socket");
        let name = paper.hang(&format!("{}, {sockets}", scenario.name), 2, 4);
        let _ = writeln!(text, "  {dim}{name}{dim:#}");
        for kind in [Timing::Http, Timing::Reply, Timing::Broadcast, Timing::Rejoin] {
            let figures = scenario.latency_us.figures(kind);
            if let Some(it) = figures.filter(|it| it.count > 0) {
                let _ = writeln!(text, "    {:<8}{}", kind.name(), cells(&it, &columns));
            }
        }
    }
    text.push('\n');
}

/// The columns that fit, in their order.
fn columns(room: usize) -> Vec<Column> {
    let fit = (room.saturating_sub(BEFORE) / TIME).max(2);
    let shown = &COLUMNS[..fit.min(COLUMNS.len())];
    let in_order = ORDER
        .iter()
        .filter_map(|name| shown.iter().find(|it| it.0 == *name));
    in_order.copied().collect()
}

/// The count and the latencies of a line.
fn cells(it: &Figures, columns: &[Column]) -> String {
    let times: String = columns
        .iter()
        .map(|(_, of)| format!("{:>TIME$}", of(it)))
        .collect();
    format!("{:>12}{times}", grouped(it.count))
}

/// The 99th percentile over the time of the load, as a sparkline.
fn spark(series: &[Point], kind: Timing, most: usize) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let of = |point: &Point| match kind {
        Timing::Reply => point.reply_p99_us,
        Timing::Broadcast => point.broadcast_p99_us,
        Timing::Lateness => point.lateness_p99_us,
        Timing::Http
        | Timing::Connect
        | Timing::Tls
        | Timing::Join
        | Timing::Heartbeat
        | Timing::Rejoin
        | Timing::Waited => 0,
    };
    let values: Vec<u64> = series
        .iter()
        .filter(|point| point.phase == "running")
        .map(of)
        .collect();
    let greatest = values.iter().max().copied().unwrap_or_default();
    if values.len() < 3 || greatest == 0 {
        return String::new();
    }
    // Peaks must stay visible when several seconds share a character.
    let peaks = values
        .chunks(values.len().div_ceil(most))
        .map(|chunk| chunk.iter().max().copied().unwrap_or_default());
    peaks
        .map(|it| HEIGHTS[usize::try_from(it * 7 / greatest).unwrap_or(0)])
        .collect()
}
