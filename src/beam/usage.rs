//! The figures of an Erlang VM over a whole run.

use super::reading::{BeamMailbox, BeamReading, PoolReading};

/// The figures of an Erlang VM over a run: mostly the largest of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeamUse {
    /// The address that was asked.
    pub address: String,
    /// The OTP release.
    pub otp: String,
    /// The schedulers.
    pub schedulers: u64,
    /// How many answers came.
    pub answers: u64,
    /// How many questions had no answer.
    pub unanswered: u64,
    /// The reason why the last of them had none.
    pub why_unanswered: Option<String>,
    /// The part of the time in which schedulers worked, from 0 to 1, on the average.
    pub utilization_mean: f64,
    /// The same in the second in which it was the largest.
    pub utilization_max: f64,
    /// The longest run queue.
    pub run_queue_max: u64,
    /// The most processes.
    pub processes_max: u64,
    /// How many processes there may be.
    pub process_limit: u64,
    /// The most ports.
    pub ports_max: u64,
    /// How many ports there may be.
    pub port_limit: u64,
    /// The longest mailbox.
    pub longest_mailbox: Option<BeamMailbox>,
    /// The most tables of ETS.
    pub ets_tables_max: u64,
    /// The most memory.
    pub memory_bytes_max: u64,
    /// The most memory of processes.
    pub processes_bytes_max: u64,
    /// The most memory of binaries.
    pub binary_bytes_max: u64,
    /// The most memory of ETS.
    pub ets_bytes_max: u64,
    /// The pools of Ecto.
    pub pools: Vec<PoolUse>,
}

/// A pool of connections over a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolUse {
    /// The repo.
    pub name: String,
    /// Its connections.
    pub size: u64,
    /// The fewest connections that nobody used; not known of an old DBConnection.
    pub idle_min: Option<u64>,
    /// The most processes that waited for a connection; not known of an old DBConnection.
    pub waiting_max: Option<u64>,
    /// Queries.
    pub queries: u64,
    /// The longest time that one of them waited for a connection, in microseconds.
    pub queue_us_max: u64,
}

impl BeamUse {
    /// Adds an answer.
    pub(super) fn add(&mut self, it: &BeamReading) {
        self.otp.clone_from(&it.otp);
        self.schedulers = it.schedulers;
        self.process_limit = it.process_limit;
        self.port_limit = it.port_limit;
        let before = self.answers as f64;
        self.answers += 1;
        self.utilization_mean = (self.utilization_mean * before + it.utilization) / (before + 1.0);
        self.utilization_max = self.utilization_max.max(it.utilization);
        for (most, now) in [
            (&mut self.run_queue_max, it.run_queue),
            (&mut self.processes_max, it.processes),
            (&mut self.ports_max, it.ports),
            (&mut self.ets_tables_max, it.ets_tables),
            (&mut self.memory_bytes_max, it.memory_bytes),
            (&mut self.processes_bytes_max, it.processes_bytes),
            (&mut self.binary_bytes_max, it.binary_bytes),
            (&mut self.ets_bytes_max, it.ets_bytes),
        ] {
            *most = (*most).max(now);
        }
        let known = self.longest_mailbox.as_ref().map_or(0, |it| it.messages);
        if let Some(longest) = it.longest.as_ref().filter(|it| it.messages > known) {
            self.longest_mailbox = Some(longest.clone());
        }
        it.pools.iter().for_each(|pool| self.add_pool(pool));
    }

    fn add_pool(&mut self, it: &PoolReading) {
        let place = self.pools.iter().position(|pool| pool.name == it.name);
        let place = place.unwrap_or_else(|| {
            self.pools.push(PoolUse {
                name: it.name.clone(),
                size: it.size,
                idle_min: it.idle,
                ..PoolUse::default()
            });
            self.pools.len() - 1
        });
        let pool = &mut self.pools[place];
        pool.idle_min = pool.idle_min.into_iter().chain(it.idle).min();
        pool.waiting_max = pool.waiting_max.max(it.waiting);
        pool.queries += it.queries;
        pool.queue_us_max = pool.queue_us_max.max(it.queue_us_max);
    }

    /// A note for the user, if some questions had no answer.
    pub(crate) fn note(&self) -> Option<String> {
        let why = self.why_unanswered.as_ref()?;
        let asked = self.answers + self.unanswered;
        Some(format!(
            "the Erlang VM at {} (--beam) gave no figures for {} of {asked} seconds: {why}",
            self.address, self.unanswered
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_keeps_the_most_of_each_figure() {
        let reading = |utilization, run_queue, messages, idle| BeamReading {
            utilization,
            run_queue,
            longest: Some(BeamMailbox {
                name: format!("with {messages}"),
                messages,
            }),
            pools: vec![PoolReading {
                name: "My.Repo".to_owned(),
                size: 10,
                idle,
                waiting: Some(run_queue),
                queries: 7,
                queue_us_max: messages,
            }],
            ..BeamReading::default()
        };
        let mut all = BeamUse::default();
        all.add(&reading(0.2, 9, 4, Some(8)));
        all.add(&reading(0.6, 1, 40, Some(2)));
        all.add(&reading(0.1, 3, 5, None));
        assert!((all.utilization_mean - 0.3).abs() < 1e-9 && all.utilization_max > 0.5);
        assert_eq!((all.answers, all.run_queue_max), (3, 9));
        assert_eq!(all.longest_mailbox.as_ref().unwrap().name, "with 40");
        let pool = &all.pools[0];
        assert_eq!((pool.idle_min, pool.waiting_max), (Some(2), Some(9)));
        assert_eq!((pool.queries, pool.queue_us_max), (21, 40));
        assert_eq!(all.note(), None);
        all.unanswered = 1;
        all.why_unanswered = Some("it is gone".to_owned());
        assert!(all.note().unwrap().ends_with("1 of 4 seconds: it is gone"));
    }
}
