//! The charts of the page, made from the series and the histograms of a run.

use super::super::LoadFinished;
use super::super::curve;
use super::chart::{Chart, Limit, Line};
use super::marks::{self, Mark};
use super::scale::{Axis, Unit};
use super::series::Series;
use super::vm;
use crate::load::{LoadResult, ObjectiveOutcome, ObjectiveUnit, Timing};

/// All charts that are not empty.
pub(super) fn all(page: &mut String, run: &LoadFinished<'_>) {
    let result = run.result;
    let series = Series::new(&result.series);
    let marks = marks::of(&result.series);
    let mut latency = latency(&series);
    latency.limits = limits(run.objectives);
    let charts = [
        marked(latency, &marks, result),
        percentiles(result),
        marked(sockets(&series), &marks, result),
        marked(throughput(&series, result), &marks, result),
        memory(&series),
        processors(&series),
        descriptors(&series),
    ];
    let of_vm = vm::charts(&series);
    let shown: Vec<String> = charts.iter().chain(&of_vm).filter_map(Chart::render).collect();
    if shown.is_empty() {
        return;
    }
    page.push_str("<h2>Over time</h2>\n<section class=\"charts\">\n");
    page.push_str(&shown.concat());
    page.push_str("</section>\n");
}

/// Adds the times of losses, and of changes of the rate, to the chart.
fn marked(chart: Chart, marks: &[Mark], result: &LoadResult) -> Chart {
    Chart {
        marks: marks.to_vec(),
        changes: result.rate_changes.clone(),
        ..chart
    }
}

/// The limits of latency objectives that the latency chart shows.
fn limits(objectives: &[ObjectiveOutcome]) -> Vec<Limit> {
    let classes = [
        ("reply.p50", 0),
        ("reply.", 1),
        ("broadcast.p50", 3),
        ("broadcast.", 4),
        ("lateness.", 2),
    ];
    let shown = objectives.iter().filter(|it| it.unit == ObjectiveUnit::Us);
    let limits = shown.filter_map(|it| {
        let (_, class) = classes
            .into_iter()
            .find(|(name, _)| it.figure.starts_with(name))?;
        Some(Limit {
            text: it.text.clone(),
            value: it.limit,
            class,
        })
    });
    limits.collect()
}

fn latency(series: &Series<'_>) -> Chart {
    let time = |micros: u64| (micros > 0).then_some(micros as f64);
    let lines = vec![
        series.line("reply p99", 1, |it, _| time(it.reply_p99_us)),
        series.line("reply p50", 0, |it, _| time(it.reply_p50_us)),
        series.line("broadcast p99", 4, |it, _| time(it.broadcast_p99_us)),
        series.line("broadcast p50", 3, |it, _| time(it.broadcast_p50_us)),
        series.line("own lateness p99", 2, |it, _| time(it.lateness_p99_us)),
    ];
    series.chart("Latency", Unit::Micros, lines)
}

fn percentiles(result: &LoadResult) -> Chart {
    let line = |kind: Timing, class: usize| {
        let points = curve::points(result.histograms.of(kind)).into_iter();
        Line {
            name: kind.name(),
            class,
            points: points.map(|(nines, time)| (nines, Some(time.max(1.0)))).collect(),
        }
    };
    // Without pushes, the round trips are those of heartbeats.
    let round_trip = if result.histograms.of(Timing::Reply).is_empty() {
        Timing::Heartbeat
    } else {
        Timing::Reply
    };
    Chart {
        title: "Percentiles",
        across: Axis::Nines,
        unit: Unit::Micros,
        lines: vec![
            line(round_trip, 0),
            line(Timing::Broadcast, 3),
            line(Timing::Join, 1),
            line(Timing::Connect, 4),
            line(Timing::Lateness, 2),
        ],
        band: None,
        limits: Vec::new(),
        marks: Vec::new(),
        changes: Vec::new(),
    }
}

fn sockets(series: &Series<'_>) -> Chart {
    let mut lines = vec![
        series.line("open", 1, |it, _| Some(it.open as f64)),
        series.line("joined", 0, |it, _| Some(it.joined as f64)),
    ];
    for line in &mut lines {
        line.points.insert(0, (0.0, Some(0.0)));
    }
    series.chart("Sockets", Unit::Count, lines)
}

fn throughput(series: &Series<'_>, result: &LoadResult) -> Chart {
    let rate = |count: u64, length: f64| Some(count as f64 / length);
    let lines = vec![
        series.line("sent", 1, |it, length| rate(it.sent, length)),
        series.line("replies", 0, |it, length| rate(it.replies, length)),
        series.line("broadcasts", 3, |it, length| rate(it.broadcasts, length)),
        series.line("errors", 4, |it, length| rate(it.troubles, length)),
    ];
    let mut lines: Vec<Line> = lines.into_iter().filter(Line::rises).collect();
    if !result.rate_changes.is_empty() {
        lines.push(series.line("asked", 2, |it, _| (it.rate > 0.0).then_some(it.rate)));
    }
    series.chart("Throughput, a second", Unit::Count, lines)
}

fn memory(series: &Series<'_>) -> Chart {
    let lines = vec![
        series.line("generator", 0, |it, _| Some(it.generator_rss_bytes as f64)),
        series.line("server", 1, |it, _| Some(it.server_rss_bytes as f64)),
    ];
    let lines = lines.into_iter().filter(Line::rises).collect();
    series.chart("Memory", Unit::Bytes, lines)
}

fn processors(series: &Series<'_>) -> Chart {
    let lines = vec![
        series.line("generator", 0, |it, length| Some(it.generator_cpu_s / length)),
        series.line("server", 1, |it, length| Some(it.server_cpu_s / length)),
    ];
    let lines = lines.into_iter().filter(Line::rises).collect();
    series.chart("Processors in use", Unit::Plain, lines)
}

fn descriptors(series: &Series<'_>) -> Chart {
    let lines = vec![
        series.line("descriptors", 0, |it, _| Some(it.server_descriptors as f64)),
        series.line("threads", 1, |it, _| Some(it.server_threads as f64)),
    ];
    let lines = lines.into_iter().filter(Line::rises).collect();
    series.chart("Descriptors and threads of the server", Unit::Count, lines)
}
