//! What a swarm came to, as a person reads it: a table of latencies, what became of the messages, what both ends used,
//! what had to hold; then the verdict, with its reasons.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::Detail;
use super::LoadRun;
use super::words::{bytes, grouped, micros, percent, percentile, rate, seconds, things};
use crate::load::{
    Conclusion, Deliveries, Figures, Kind, LoadResult, Model, Outcome, OutcomeUnit, Point, Standing,
};

/// The whole summary.
pub(super) fn render(run: &LoadRun<'_>, detail: Detail, results: &str) -> String {
    let mut text = String::new();
    if detail == Detail::Usual && run.trouble.is_none() {
        parts(&mut text, run.result);
        latencies(&mut text, run.result);
        facts(&mut text, run);
    }
    objectives(&mut text, run, detail);
    conclusion(&mut text, run);
    if detail == Detail::Usual {
        let dim = Style::new().dimmed();
        let _ = writeln!(text, "{dim}results in {results}/{dim:#}");
    }
    text
}

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// How long each part took.
fn parts(text: &mut String, result: &LoadResult) {
    let dim = Style::new().dimmed();
    let took = &result.took;
    let all = [
        ("opening", took.opening_s),
        ("running", took.running_s),
        ("draining", took.draining_s),
        ("closing", took.closing_s),
    ];
    let all = all
        .into_iter()
        .filter(|it| it.1 >= 0.0005)
        .map(|(name, took)| format!("{name} {}", seconds(took)));
    let all: Vec<String> = all.collect();
    let _ = writeln!(text, "{dim}{}{dim:#}\n", all.join(", "));
}

/// A line for each kind that was measured.
fn latencies(text: &mut String, result: &LoadResult) {
    let measured: Vec<(Kind, Figures)> = Kind::ALL
        .into_iter()
        .filter_map(|kind| Some((kind, result.figures(kind)?)))
        .filter(|(_, figures)| figures.count > 0)
        .collect();
    if measured.is_empty() {
        return;
    }
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let heads = ["p50", "p90", "p95", "p99", "p99.9", "max"]
        .map(|head| format!("{head:>9}"))
        .concat();
    let _ = writeln!(text, "  {dim}{:<10}{:>12}{heads}{dim:#}", "", "count");
    for (kind, it) in measured {
        let line = spark(&result.series, kind);
        let line = if line.is_empty() {
            line
        } else {
            format!("  {dim}{line}{dim:#}")
        };
        let _ = writeln!(text, "  {bold}{:<10}{bold:#}{}{line}", kind.name(), columns(&it));
    }
    for scenario in &result.scenarios {
        let sockets = things(scenario.sockets.into(), "socket");
        let _ = writeln!(text, "  {dim}{}, {sockets}{dim:#}", scenario.name);
        for kind in [Kind::Reply, Kind::Broadcast, Kind::Rejoin] {
            let figures = scenario.latency_us.figures(kind);
            if let Some(it) = figures.filter(|it| it.count > 0) {
                let _ = writeln!(text, "    {:<8}{}", kind.name(), columns(&it));
            }
        }
    }
    text.push('\n');
}

/// The count and the times of a line.
fn columns(it: &Figures) -> String {
    let times = [
        percentile(it.count, 0.5, it.p50),
        percentile(it.count, 0.9, it.p90),
        percentile(it.count, 0.95, it.p95),
        percentile(it.count, 0.99, it.p99),
        percentile(it.count, 0.999, it.p999),
        micros(it.max as f64),
    ];
    let times = times.map(|time| format!("{time:>9}")).concat();
    format!("{:>12}{times}", grouped(it.count))
}

/// The 99th percentile over the time of the load, drawn in a few characters.
fn spark(series: &[Point], kind: Kind) -> String {
    const MOST: usize = 30;
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let of = |point: &Point| match kind {
        Kind::Reply => point.reply_p99_us,
        Kind::Broadcast => point.broadcast_p99_us,
        Kind::Lateness => point.lateness_p99_us,
        Kind::Connect | Kind::Join | Kind::Heartbeat | Kind::Rejoin | Kind::Waited => 0,
    };
    let values: Vec<u64> = series
        .iter()
        .filter(|point| point.phase == "running")
        .map(of)
        .collect();
    let most = values.iter().max().copied().unwrap_or_default();
    if values.len() < 3 || most == 0 {
        return String::new();
    }
    // A peak is what one looks for, so it must not vanish where seconds share a character.
    let peaks = values
        .chunks(values.len().div_ceil(MOST))
        .map(|chunk| chunk.iter().max().copied().unwrap_or_default());
    peaks
        .map(|it| HEIGHTS[usize::try_from(it * 7 / most).unwrap_or(0)])
        .collect()
}

/// A named line.
fn fact(text: &mut String, name: &str, value: &str) {
    let dim = Style::new().dimmed();
    let _ = writeln!(text, "  {dim}{name:<10}{dim:#}  {value}");
}

fn facts(text: &mut String, run: &LoadRun<'_>) {
    let result = run.result;
    let sockets = &result.sockets;
    let mut line = format!(
        "{} of {} joined, {} lost",
        grouped(sockets.joined),
        grouped(sockets.asked),
        grouped(sockets.lost)
    );
    if sockets.reconnects > 0 {
        let _ = write!(line, ", {}", things(sockets.reconnects, "reconnect"));
    }
    fact(text, "sockets", &line);
    fact(text, "messages", &messages(result));
    let model = match result.model {
        Model::Open => "open model: sent at intended times",
        Model::Closed => "closed model: it saturates by design, and has no lateness",
    };
    if result.messages.sent > 0 {
        fact(text, "model", model);
    }
    fact(text, "generator", &generator(result));
    if let Some(server) = &result.server {
        let line = format!(
            "{:.2} s of CPU, {} at most",
            server.cpu_s,
            bytes(server.rss_bytes_peak)
        );
        fact(text, "server", &line);
    }
    let by_name = [
        ("unasked", &result.unasked, "pushes that no step waits for"),
        ("late", &result.late, "answers that came after they were given up"),
        ("mismatch", &result.mismatches, "not as the scenario says"),
    ];
    let troubles: Vec<String> = result
        .troubles
        .iter()
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    if !troubles.is_empty() {
        fact(text, "errors", &troubles.join(", "));
    }
    for (name, events, about) in by_name {
        let events: Vec<String> = events
            .iter()
            .map(|(event, count)| format!("{} {event:?}", grouped(*count)))
            .collect();
        if !events.is_empty() {
            fact(text, name, &format!("{}: {about}", events.join(", ")));
        }
    }
    text.push('\n');
}

/// `3,000 sent (1,000/s), 6,000 expected, all received exactly once`.
fn messages(result: &LoadResult) -> String {
    let it = &result.messages;
    let mut text = format!("{} sent", grouped(it.sent));
    if it.sent > 0 {
        let _ = write!(text, " ({}/s)", rate(result.sends_per_second()));
    }
    if it.expected > 0 || it.received > 0 {
        let _ = write!(text, ", {} expected", grouped(it.expected));
        if it.all_right() && it.received == it.expected {
            text.push_str(match result.deliveries {
                Deliveries::None | Deliveries::ByMark => ", all received exactly once",
                Deliveries::ByNumber => ", all received; broadcasts counted by number only",
                Deliveries::NotFollowed => ", all received; broadcasts are NOT among them",
            });
        } else {
            let _ = write!(text, ", {} received", grouped(it.received));
        }
    }
    let wrong = [
        (it.missing, "missing"),
        (it.duplicated, "duplicated"),
        (it.reordered, "reordered"),
        (it.misdelivered, "misdelivered"),
    ];
    let red = colored(AnsiColor::Red);
    for (count, what) in wrong.into_iter().filter(|it| it.0 > 0) {
        let _ = write!(text, ", {red}{} {what}{red:#}", grouped(count));
    }
    if it.in_doubt > 0 {
        let _ = write!(text, ", {} in doubt", grouped(it.in_doubt));
    }
    text
}

fn generator(result: &LoadResult) -> String {
    let it = &result.generator;
    let mut text = format!("{:.2} s of CPU", it.cpu_s);
    if it.cpu_s_steady > 0.0 && result.messages.sent > 0 {
        let each = result.messages.sent as f64 / it.cpu_s_steady;
        let _ = write!(text, " ({} sends each)", rate(each));
    }
    let _ = write!(text, ", {} at most", bytes(it.rss_bytes_peak));
    let grown = it.rss_bytes_peak.saturating_sub(it.rss_bytes_start);
    // What does not grow with the sockets would hide what does, were they few.
    let many = Some(result.sockets.peak_joined).filter(|joined| *joined >= 10_000);
    if let Some(each) = many.and_then(|joined| grown.checked_div(joined)) {
        let _ = write!(text, " ({} B a socket)", grouped(each));
    }
    text
}

fn objectives(text: &mut String, run: &LoadRun<'_>, detail: Detail) {
    let mut any = false;
    for it in run.objectives {
        if it.held && detail == Detail::Quiet {
            continue;
        }
        any = true;
        let (mark, color) = match it.standing() {
            Standing::Held => ("held", AnsiColor::Green),
            Standing::Missed => ("missed", AnsiColor::Red),
            Standing::NotMeasured => ("unknown", AnsiColor::Yellow),
        };
        let style = colored(color);
        let value = value_of(it);
        let _ = writeln!(text, "  {style}{mark:<10}{style:#}  {}: {value}", it.text);
    }
    if any {
        text.push('\n');
    }
}

/// What was measured for an objective.
pub(super) fn value_of(outcome: &Outcome) -> String {
    let Some(value) = outcome.value else {
        return "not measured".to_owned();
    };
    let value = match outcome.unit {
        OutcomeUnit::Us => micros(value),
        OutcomeUnit::Count => format!("{value}"),
        OutcomeUnit::Percent => percent(value),
    };
    match outcome.only {
        Some(count) => format!("{value}, of only {}", grouped(count)),
        None => value,
    }
}

/// The last words: the verdict with its reasons, and the time.
fn conclusion(text: &mut String, run: &LoadRun<'_>) {
    let (words, color, reasons): (_, _, &[String]) = match run.conclusion {
        Conclusion::Held => ("all held", AnsiColor::Green, &[]),
        Conclusion::FellShort(reasons) => ("fell short", AnsiColor::Red, reasons),
        Conclusion::Undecided(reasons) => ("undecided", AnsiColor::Yellow, reasons),
    };
    let style = colored(color).bold();
    let short = match run.result.sockets.joined {
        0 => String::new(),
        joined => format!(
            ": {}, {}",
            things(joined, "socket"),
            things(run.result.messages.sent, "send")
        ),
    };
    let cut = if run.result.cut_short { ", cut short" } else { "" };
    for reason in reasons {
        let _ = writeln!(text, "  {reason}");
    }
    let _ = writeln!(
        text,
        "{style}{words}{style:#}{short}, in {}{cut}",
        seconds(run.duration.as_secs_f64())
    );
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn plain(detail: Detail) -> String {
        made_up::with_run(|run| {
            let text = render(run, detail, "reports/load-x");
            anstream::adapter::strip_str(&text).to_string()
        })
    }

    #[test]
    fn a_run_tells_all_that_was_found() {
        insta::assert_snapshot!(plain(Detail::Usual));
    }

    #[test]
    fn a_quiet_run_tells_only_what_is_wrong() {
        insta::assert_snapshot!(plain(Detail::Quiet));
    }
}
