//! The figures of an Erlang VM in one second of a run.

use crate::beam::BeamReading;

/// The figures of an Erlang VM in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BeamPoint {
    /// The part of the time in which its schedulers worked, from 0 to 1.
    pub utilization: f64,
    /// The run queue.
    pub run_queue: u64,
    /// Processes.
    pub processes: u64,
    /// Ports.
    pub ports: u64,
    /// Messages in the longest mailbox.
    pub longest_mailbox: u64,
    /// Tables of ETS.
    pub ets_tables: u64,
    /// All memory.
    pub memory_bytes: u64,
    /// Memory of processes.
    pub processes_bytes: u64,
    /// Memory of binaries.
    pub binary_bytes: u64,
    /// Memory of ETS.
    pub ets_bytes: u64,
    /// The pools of Ecto together, if there are any.
    pub pools: Option<PoolPoint>,
}

/// The pools of Ecto together, in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolPoint {
    /// Connections that nobody used; 0 where they are not known.
    pub idle: u64,
    /// Processes that waited for a connection; 0 where they are not known.
    pub waiting: u64,
    /// Queries.
    pub queries: u64,
    /// The longest time that a query waited for a connection, in microseconds.
    pub queue_us_max: u64,
}

impl BeamPoint {
    pub(crate) fn of(it: &BeamReading) -> Self {
        let sum = |of: fn(&crate::beam::PoolReading) -> u64| it.pools.iter().map(of).sum();
        Self {
            utilization: it.utilization,
            run_queue: it.run_queue,
            processes: it.processes,
            ports: it.ports,
            longest_mailbox: it.longest.as_ref().map_or(0, |it| it.messages),
            ets_tables: it.ets_tables,
            memory_bytes: it.memory_bytes,
            processes_bytes: it.processes_bytes,
            binary_bytes: it.binary_bytes,
            ets_bytes: it.ets_bytes,
            pools: (!it.pools.is_empty()).then(|| PoolPoint {
                idle: sum(|pool| pool.idle.unwrap_or_default()),
                waiting: sum(|pool| pool.waiting.unwrap_or_default()),
                queries: sum(|pool| pool.queries),
                queue_us_max: it
                    .pools
                    .iter()
                    .map(|pool| pool.queue_us_max)
                    .max()
                    .unwrap_or_default(),
            }),
        }
    }
}
