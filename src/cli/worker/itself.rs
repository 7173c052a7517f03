//! The name of a worker, and the processors and memory that its process uses.

use std::time::Duration;

use super::super::exit::CliError;
use super::super::{results, under_test};
use crate::clock::Time;
use crate::locust::Use;
use crate::process::own_usage;

/// A new name: the text before the `_` is the host, by which the master spreads users evenly.
pub(super) fn name() -> Result<String, CliError> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().chars().map(|it| if it == '_' { '-' } else { it });
    let host: String = host.take(60).collect();
    let host = if host.is_empty() { "phxproof" } else { &host };
    Ok(format!("{host}_{}{}", results::secret()?, results::secret()?))
}

/// Measures the processors and memory of the process.
#[derive(Default)]
pub(super) struct OwnMeter {
    cpu: Duration,
    at: Time,
}

impl OwnMeter {
    /// The use since the last reading.
    pub(super) fn read(&mut self, now: Time) -> Use {
        let usage = own_usage().unwrap_or_default();
        let passed = now.since(self.at).as_secs_f64() * under_test::processors() as f64;
        let spent = usage.cpu.saturating_sub(self.cpu).as_secs_f64();
        (self.cpu, self.at) = (usage.cpu, now);
        Use {
            cpu_percent: (100.0 * spent / passed.max(0.001)).min(100.0),
            memory_bytes: usage.rss_bytes,
        }
    }
}
