//! The tables of the page: objectives, latencies, counts and lost messages.

use std::fmt::Write as _;

use super::super::Setup;
use super::super::lost::{at, of_all, what, without_time};
use super::super::summary::value_of;
use super::super::words::{grouped, micros, percentile, things};
use crate::load::{Figures, LoadResult, ObjectiveOutcome, ObjectiveStatus, Timing};
use crate::report::html::Escaped;

/// The objectives; nothing if there are none.
pub(super) fn objectives(page: &mut String, objectives: &[ObjectiveOutcome]) {
    if objectives.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Objectives</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>what must hold</th><th>measured</th>\
         <th>asked for by</th><th></th></tr></thead>\n<tbody>\n",
    );
    for it in objectives {
        let (class, word) = match it.status() {
            ObjectiveStatus::Held => ("good", "held"),
            ObjectiveStatus::Missed => ("bad", "missed"),
            ObjectiveStatus::NotMeasured => ("unsure", "not measured"),
        };
        let value = match it.value {
            Some(_) => value_of(it),
            None => "–".to_owned(),
        };
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{value}</td><td>{}</td><td class=\"{class}\">{word}</td></tr>",
            Escaped(&it.text),
            Escaped(&it.source)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The settings of the run.
pub(super) fn setup(page: &mut String, setup: Option<&Setup>) {
    let Some(setup) = setup else { return };
    page.push_str("<h2>What was run</h2>\n<div class=\"wide said\"><table>\n<tbody>\n");
    for (name, value) in setup.rows() {
        let _ = writeln!(page, "<tr><th>{name}</th><td>{}</td></tr>", Escaped(&value));
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The errors by kind, if there is nothing else to show.
pub(super) fn errors(page: &mut String, result: &LoadResult) {
    let mut errors = result.troubles.iter().peekable();
    if errors.peek().is_none() {
        return;
    }
    page.push_str("<h2>Errors</h2>\n<div class=\"wide\"><table>\n<tbody>\n");
    for (name, count) in errors {
        let _ = writeln!(
            page,
            "<tr><th>{name}<small>{}</small></th><td class=\"bad\">{}</td></tr>",
            Escaped(result.first_answers.get(name).map_or("", String::as_str)),
            grouped(*count)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The first lost messages; nothing if none was lost.
pub(super) fn lost(page: &mut String, result: &LoadResult) {
    if result.lost.is_empty() {
        return;
    }
    let mut about: Vec<String> = of_all(result).into_iter().collect();
    about.push("times count from the start of the run".to_owned());
    match without_time(result) {
        0 => {}
        count => about.push(format!(
            "of {} it is not known when they were sent, so no chart marks them",
            grouped(count)
        )),
    }
    let _ = write!(
        page,
        "<h2>Lost messages</h2>\n<p class=\"about\">{}</p>\n<div class=\"wide\"><table>\n<thead><tr><th>what</th>\
         <th>topic</th><th>sent by</th><th>sent at</th><th>never came to</th></tr></thead>\n<tbody>\n",
        about.join("; ")
    );
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    for it in &result.lost {
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>socket {}</td></tr>",
            Escaped(&what(it)),
            Escaped(&it.topic),
            or_unknown(it.sender.map(|sender| format!("socket {sender}"))),
            or_unknown(it.at_s.map(at)),
            it.receiver
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The latencies: a line for each kind, in total, and per scenario if there are several.
pub(super) fn latencies(page: &mut String, result: &LoadResult) {
    let mut rows = String::new();
    measured(&mut rows, |kind| result.figures(kind));
    for scenario in &result.scenarios {
        let _ = writeln!(
            rows,
            "<tr><th colspan=\"10\">{}<small>{}, weight {}</small></th></tr>",
            Escaped(&scenario.name),
            things(scenario.sockets.into(), "socket"),
            scenario.weight
        );
        measured(&mut rows, |kind| scenario.latency_us.figures(kind));
    }
    table_of_times(page, &rows);
}

/// The times of one run, in total.
pub(in crate::report) fn times(page: &mut String, figures: impl Fn(Timing) -> Option<Figures>) {
    let mut rows = String::new();
    measured(&mut rows, figures);
    table_of_times(page, &rows);
}

/// The table of these rows; nothing if there are none.
fn table_of_times(page: &mut String, rows: &str) {
    if rows.is_empty() {
        return;
    }
    page.push_str("<h2>Latencies</h2>\n<div class=\"wide\"><table>\n<thead><tr><th></th>");
    for head in ["count", "p50", "p90", "p95", "p99", "p99.9", "max", "min", "mean"] {
        let _ = write!(page, "<th>{head}</th>");
    }
    let _ = write!(page, "</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n");
}

fn measured(rows: &mut String, figures: impl Fn(Timing) -> Option<Figures>) {
    let all = Timing::ALL
        .into_iter()
        .filter_map(|kind| Some((kind, figures(kind)?)));
    for (kind, it) in all.filter(|(_, it)| it.count > 0) {
        let _ = write!(rows, "<tr><th>{}</th><td>{}</td>", kind.name(), grouped(it.count));
        for time in [
            percentile(it.count, 0.5, it.p50),
            percentile(it.count, 0.9, it.p90),
            percentile(it.count, 0.95, it.p95),
            percentile(it.count, 0.99, it.p99),
            percentile(it.count, 0.999, it.p999),
            micros(it.max as f64),
            micros(it.min as f64),
            micros(it.mean),
        ] {
            let _ = write!(rows, "<td>{time}</td>");
        }
        rows.push_str("</tr>\n");
    }
}

/// The counts of messages, sockets and errors.
pub(super) fn counts(page: &mut String, result: &LoadResult) {
    let (messages, sockets) = (&result.messages, &result.sockets);
    if sockets.asked == 0 {
        return;
    }
    let fair = [
        ("sockets asked for", sockets.asked, ""),
        ("sockets joined", sockets.joined, "all their topics"),
        ("sockets reconnected", sockets.reconnects, ""),
        ("messages sent", messages.sent, ""),
        (
            "messages expected",
            messages.expected,
            "answers and broadcasts that were due",
        ),
        ("messages received", messages.received, ""),
        (
            "messages in doubt",
            messages.in_doubt,
            "under way while their receiver joined or left",
        ),
    ];
    let mut rows: Vec<Row> = fair
        .map(|(name, count, about)| Row::new(name, count, about))
        .into();
    let events = [
        ("unasked", &result.unasked, "a push that no step waits for"),
        ("late", &result.late, "an answer that came after it was given up"),
    ];
    for (name, events, about) in events {
        let each = events
            .iter()
            .map(|(event, count)| Row::new(format!("{name}: {event}"), *count, about));
        rows.extend(each);
    }
    let wrong = wrongs(result);
    page.push_str("<section class=\"charts\">\n");
    for (title, rows, class) in [("Counts", rows, ""), ("What went wrong", wrong, "bad")] {
        let _ = write!(
            page,
            "<div><h2>{title}</h2>\n<div class=\"wide\"><table>\n<tbody>\n"
        );
        for row in rows {
            let class = if row.count > 0 { class } else { "" };
            let _ = writeln!(
                page,
                "<tr><th>{}<small>{}</small></th><td class=\"{class}\">{}</td></tr>",
                Escaped(&row.name),
                Escaped(&row.about),
                grouped(row.count)
            );
        }
        page.push_str("</tbody>\n</table></div></div>\n");
    }
    page.push_str("</section>\n");
}

/// A count with its name.
struct Row {
    name: String,
    count: u64,
    about: String,
}

impl Row {
    fn new(name: impl Into<String>, count: u64, about: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            count,
            about: about.into(),
        }
    }
}

/// The counts of errors; the first ones are shown even if they are zero.
fn wrongs(result: &LoadResult) -> Vec<Row> {
    let messages = &result.messages;
    let mut rows = vec![
        Row::new(
            "sockets lost",
            result.sockets.lost,
            "connections that ended without being asked to",
        ),
        Row::new(
            "sockets not back",
            result.counts.not_back,
            "they had joined, and could not join again",
        ),
        Row::new("messages missing", messages.missing, ""),
        Row::new(
            "messages awaited in vain",
            result.counts.awaited_missing,
            "a step waited for them",
        ),
        Row::new("messages duplicated", messages.duplicated, ""),
        Row::new(
            "messages reordered",
            messages.reordered,
            "after a later one of the same sender",
        ),
        Row::new("messages misdelivered", messages.misdelivered, "to somebody else"),
    ];
    let troubles = result.troubles.iter();
    rows.extend(troubles.map(|(name, count)| {
        let answer = result.first_answers.get(name).map_or("", String::as_str);
        Row::new(format!("error: {name}"), *count, answer)
    }));
    let mismatches = result.mismatches.iter();
    rows.extend(
        mismatches
            .map(|(event, count)| Row::new(format!("mismatch: {event}"), *count, "not as the scenario says")),
    );
    rows
}
