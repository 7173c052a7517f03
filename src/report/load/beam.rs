//! The figures of an Erlang VM over a run, in words and as a table.

use std::fmt::Write as _;

use super::words::{bytes, grouped, micros, percent, things};
use crate::beam::{BeamUse, PoolUse};
use crate::report::html::Escaped;

/// The figures with their names.
pub(in crate::report) fn rows(it: &BeamUse) -> Vec<(String, String)> {
    let mut rows = vec![(
        "schedulers".to_owned(),
        format!(
            "{}, {} of the time at work on the average, {} in the busiest second",
            it.schedulers,
            part(it.utilization_mean),
            part(it.utilization_max)
        ),
    )];
    let mut row = |name: &str, text: String| rows.push((name.to_owned(), text));
    row("run queue", format!("at most {}", grouped(it.run_queue_max)));
    row(
        "processes",
        format!(
            "at most {} of {}",
            grouped(it.processes_max),
            grouped(it.process_limit)
        ),
    );
    row(
        "ports",
        format!("at most {} of {}", grouped(it.ports_max), grouped(it.port_limit)),
    );
    row("longest mailbox", mailbox(it));
    row(
        "memory",
        format!(
            "at most {}; processes {}, binaries {}, ETS {} in {}",
            bytes(it.memory_bytes_max),
            bytes(it.processes_bytes_max),
            bytes(it.binary_bytes_max),
            bytes(it.ets_bytes_max),
            things(it.ets_tables_max, "table")
        ),
    );
    for pool in &it.pools {
        row(&pool.name, pool_text(pool));
    }
    row(
        "asked",
        format!(
            "{} (Erlang/OTP {}), {}",
            it.address,
            it.otp,
            things(it.answers, "answer")
        ),
    );
    rows
}

/// The same in one line.
pub(in crate::report) fn line(it: &BeamUse) -> String {
    format!(
        "schedulers {} at work, {} at most; run queue at most {}, processes at most {}, longest mailbox {}",
        part(it.utilization_mean),
        part(it.utilization_max),
        grouped(it.run_queue_max),
        grouped(it.processes_max),
        mailbox(it)
    )
}

/// `17 in My.Server`
pub(in crate::report) fn mailbox(it: &BeamUse) -> String {
    match &it.longest_mailbox {
        Some(longest) => format!("{} in {}", grouped(longest.messages), longest.name),
        None => "empty".to_owned(),
    }
}

/// A part of the whole, in percent.
pub(in crate::report) fn part(part: f64) -> String {
    percent(part * 100.0)
}

fn pool_text(pool: &PoolUse) -> String {
    let mut text = format!(
        "pool of {}; queries {}, longest wait for a connection {}",
        things(pool.size, "connection"),
        grouped(pool.queries),
        micros(pool.queue_us_max as f64)
    );
    if let (Some(idle), Some(waiting)) = (pool.idle_min, pool.waiting_max) {
        let _ = write!(
            text,
            "; idle at least {}, waiting at most {}",
            grouped(idle),
            grouped(waiting)
        );
    }
    text
}

/// The table.
pub(in crate::report) fn table(page: &mut String, it: &BeamUse) {
    if it.answers == 0 {
        return;
    }
    page.push_str("<h2>The Erlang VM of the server</h2>\n<div class=\"wide said\"><table>\n<tbody>\n");
    for (name, value) in rows(it) {
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{}</td></tr>",
            Escaped(&name),
            Escaped(&value)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}
