//! The charts of an Erlang VM over time.

use super::chart::{Chart, Line};
use super::scale::Unit;
use super::series::Series;
use crate::load::{BeamPoint, PoolPoint};

/// All charts. They are empty if no VM was asked.
pub(super) fn charts(series: &Series<'_>) -> [Chart; 6] {
    let line = |name, class, of: fn(&BeamPoint) -> f64| {
        series.line(name, class, move |it, _| it.beam.as_ref().map(of))
    };
    let pool = |name, class, of: fn(&PoolPoint) -> u64| {
        series.line(name, class, move |it, _| Some(of(&it.beam?.pools?) as f64))
    };
    let waited = |it: &PoolPoint| (it.queue_us_max > 0).then_some(it.queue_us_max as f64);
    let longest_wait = series.line("longest wait", 1, move |it, _| waited(&it.beam?.pools?));
    let chart = |title, unit, lines| series.chart(title, unit, lines);
    [
        chart(
            "Erlang VM: part of the time that schedulers worked",
            Unit::Plain,
            vec![line("schedulers", 0, |it| it.utilization)],
        ),
        chart(
            "Erlang VM: run queue and longest mailbox",
            Unit::Count,
            vec![
                line("run queue", 0, |it| it.run_queue as f64),
                line("longest mailbox", 1, |it| it.longest_mailbox as f64),
            ],
        ),
        chart(
            "Erlang VM: processes, ports, ETS tables",
            Unit::Count,
            vec![
                line("processes", 0, |it| it.processes as f64),
                line("ports", 1, |it| it.ports as f64),
                line("ETS tables", 3, |it| it.ets_tables as f64),
            ],
        ),
        chart(
            "Erlang VM: memory",
            Unit::Bytes,
            vec![
                line("all", 0, |it| it.memory_bytes as f64),
                line("processes", 1, |it| it.processes_bytes as f64),
                line("binaries", 3, |it| it.binary_bytes as f64),
                line("ETS", 4, |it| it.ets_bytes as f64),
            ],
        ),
        chart(
            "Ecto: connections and queries",
            Unit::Count,
            vec![
                pool("idle", 0, |it| it.idle),
                pool("waiting", 1, |it| it.waiting),
                pool("queries", 3, |it| it.queries),
            ]
            .into_iter()
            .filter(Line::rises)
            .collect(),
        ),
        chart("Ecto: wait for a connection", Unit::Micros, vec![longest_wait]),
    ]
}
