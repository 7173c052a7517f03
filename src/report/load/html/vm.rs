//! The charts of an Erlang VM over time.

use super::chart::{Chart, Line};
use super::scale::Unit;
use super::series::Series;
use crate::load::{BeamPoint, PoolPoint};

/// A line of a chart: its name, its colour and its figure.
type VmLine = (&'static str, usize, fn(&BeamPoint) -> f64);

/// The title, the unit and the lines of each chart of the VM itself.
const CHARTS: [(&str, Unit, &[VmLine]); 4] = [
    (
        "Erlang VM: part of the time that schedulers worked",
        Unit::Plain,
        &[("schedulers", 0, |it| it.utilization)],
    ),
    (
        "Erlang VM: run queue and longest mailbox",
        Unit::Count,
        &[
            ("run queue", 0, |it| it.run_queue as f64),
            ("longest mailbox", 1, |it| it.longest_mailbox as f64),
        ],
    ),
    (
        "Erlang VM: processes, ports, ETS tables",
        Unit::Count,
        &[
            ("processes", 0, |it| it.processes as f64),
            ("ports", 1, |it| it.ports as f64),
            ("ETS tables", 3, |it| it.ets_tables as f64),
        ],
    ),
    (
        "Erlang VM: memory",
        Unit::Bytes,
        &[
            ("all", 0, |it| it.memory_bytes as f64),
            ("processes", 1, |it| it.processes_bytes as f64),
            ("binaries", 3, |it| it.binary_bytes as f64),
            ("ETS", 4, |it| it.ets_bytes as f64),
        ],
    ),
];

/// All charts. They are empty if no VM was asked.
pub(super) fn charts(series: &Series<'_>) -> Vec<Chart> {
    let of_vm = CHARTS.into_iter().map(|(title, unit, lines)| {
        let line = |(name, class, of): &VmLine| series.line(name, *class, |it, _| it.beam.as_ref().map(of));
        series.chart(title, unit, lines.iter().map(line).collect())
    });
    of_vm.chain(of_pools(series)).collect()
}

/// The charts of the pools of Ecto.
fn of_pools(series: &Series<'_>) -> [Chart; 2] {
    let line = |name, class, of: fn(&PoolPoint) -> u64| {
        series.line(name, class, move |it, _| Some(of(&it.beam?.pools?) as f64))
    };
    let lines = [
        line("idle", 0, |it| it.idle),
        line("waiting", 1, |it| it.waiting),
        line("queries", 3, |it| it.queries),
    ];
    let waited = |it: &PoolPoint| (it.queue_us_max > 0).then_some(it.queue_us_max as f64);
    let longest_wait = series.line("longest wait", 1, move |it, _| waited(&it.beam?.pools?));
    [
        series.chart(
            "Ecto: connections and queries",
            Unit::Count,
            lines.into_iter().filter(Line::rises).collect(),
        ),
        series.chart("Ecto: wait for a connection", Unit::Micros, vec![longest_wait]),
    ]
}
