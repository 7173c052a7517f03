//! The lines about sockets, messages and the resources of both ends.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{colored, line};
use crate::load::{Deliveries, LoadResult, Model};
use crate::report::load::words::{bytes, grouped, memory, rate, things, used};
use crate::report::load::{beam, lost};
use crate::report::paper::Paper;

/// Appends the lines.
pub(super) fn render(text: &mut String, result: &LoadResult, paper: Paper) {
    let (dim, red) = (Style::new().dimmed(), colored(AnsiColor::Red));
    let mut fact = |name: &str, style: Style, value: &str| line(text, (name, style), value, paper);
    let lost = if result.sockets.lost > 0 { red } else { dim };
    fact("sockets", lost, &sockets(result));
    let wrong = if result.messages.all_right() { dim } else { red };
    fact("messages", wrong, &messages(result));
    if result.latency_us.http.count > 0 {
        let requests = grouped(result.latency_us.http.count);
        fact(
            "requests",
            dim,
            &format!("{requests} answered as their steps want"),
        );
    }
    if result.counts.compressed > 0 {
        fact("compressed", dim, &compressed(result));
    }
    for lost in lost::first_lines(result) {
        fact("lost", red, &lost);
    }
    let model = match result.model {
        Model::Open => "open model: sent at intended times",
        Model::Closed => "closed model: it saturates by design, and has no lateness",
    };
    if result.messages.sent > 0 {
        fact("model", dim, model);
    }
    fact("generator", dim, &generator(result));
    if let Some(server) = &result.server {
        fact("server", dim, &used(server, result.server_bytes_per_socket()));
    }
    if let Some(figures) = result.beam.as_ref().filter(|it| it.answers > 0) {
        fact("Erlang VM", dim, &beam::line(figures));
    }
    let errors = result.troubles.iter();
    let errors: Vec<String> = errors
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    if !errors.is_empty() {
        fact("errors", red, &errors.join(", "));
    }
    let by_event = [
        ("unasked", &result.unasked, "pushes that no step waits for"),
        ("late", &result.late, "replies that came after they were given up"),
        ("mismatch", &result.mismatches, "not as the scenario says"),
    ];
    for (name, events, about) in by_event {
        let events: Vec<String> = events
            .iter()
            .map(|(event, count)| format!("{} {event:?}", grouped(*count)))
            .collect();
        if !events.is_empty() {
            fact(name, dim, &format!("{}: {about}", events.join(", ")));
        }
    }
    text.push('\n');
}

fn sockets(result: &LoadResult) -> String {
    let it = &result.sockets;
    let mut text = format!(
        "{} of {} joined, {} lost",
        grouped(it.joined),
        grouped(it.asked),
        grouped(it.lost)
    );
    if it.reconnects > 0 {
        let _ = write!(text, ", {}", things(it.reconnects, "reconnect"));
    }
    text
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
        (it.in_doubt, "in doubt"),
    ];
    for (count, what) in wrong.into_iter().filter(|it| it.0 > 0) {
        let _ = write!(text, ", {} {what}", grouped(count));
    }
    text
}

/// `1,000 connections; received 3.10 MB as 0.92 MB, sent 3.10 MB as 1.01 MB`.
fn compressed(result: &LoadResult) -> String {
    let it = &result.counts;
    format!(
        "{}; received {} of messages as {} on the wire, sent {} as {}",
        things(it.compressed, "connection"),
        bytes(it.message_bytes_in),
        bytes(it.bytes_in),
        bytes(it.message_bytes_out),
        bytes(it.bytes_out)
    )
}

fn generator(result: &LoadResult) -> String {
    let it = &result.generator;
    let mut text = format!("{:.2} s of CPU", it.cpu_s);
    if it.cpu_s_steady > 0.0 && result.messages.sent > 0 {
        let each = result.messages.sent as f64 / it.cpu_s_steady;
        let _ = write!(text, ", {} sends for each of its CPU seconds", rate(each));
    }
    let memory = memory(it.rss_bytes_peak, result.generator_bytes_per_socket());
    let _ = write!(text, ", {memory}");
    text
}
