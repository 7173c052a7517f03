//! The figures of the Erlang VM of the server in each trial.

use super::tables::table;
use crate::beam::BeamUse;
use crate::capacity::{CapacityResult, Trial};
use crate::report::html::Escaped;
use crate::report::load::beam::{mailbox, part};
use crate::report::load::words::{bytes, grouped, micros};

/// The table; nothing if no VM was asked.
pub(super) fn trials(page: &mut String, result: &CapacityResult) {
    let answered = |trial: &&Trial| trial.beam.as_ref().is_some_and(|it| it.answers > 0);
    let answered = result.trials.iter().filter(answered);
    let rows: Vec<String> = answered
        .filter_map(|trial| Some(row(trial, trial.beam.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return;
    }
    let heads = [
        "trial",
        "load",
        "schedulers at work",
        "at most",
        "run queue",
        "processes",
        "memory",
        "wait for Ecto",
        "longest mailbox",
    ];
    let about = "The most of each figure. Schedulers: the part of the time in which they worked, on the average and in the busiest second. Wait for Ecto: \
                 the longest wait of a query for a connection.";
    table(page, "The Erlang VM of the server", about, &heads, &rows);
}

fn row(trial: &Trial, it: &BeamUse) -> String {
    let waited = it.pools.iter().map(|pool| pool.queue_us_max).max();
    format!(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"why\">{}</td></tr>\n",
        trial.number,
        grouped(trial.load),
        part(it.utilization_mean),
        part(it.utilization_max),
        grouped(it.run_queue_max),
        grouped(it.processes_max),
        bytes(it.memory_bytes_max),
        waited.map_or_else(|| "–".to_owned(), |longest| micros(longest as f64)),
        Escaped(&mailbox(it))
    )
}
