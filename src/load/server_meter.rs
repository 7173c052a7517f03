//! Measures the CPU time, memory, threads and descriptors of the process of a server, also over restarts.

use std::time::Duration;

use crate::process::{Usage, descriptors_of, usage_of};

/// Measures a process whenever it is asked to.
#[derive(Debug)]
pub(crate) struct ServerMeter {
    pid: u32,
    last: Usage,
    seen: ServerUse,
}

/// The figures of the process of the server over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServerUse {
    /// CPU seconds during the run.
    pub cpu_s: f64,
    /// Resident memory before the run.
    pub rss_bytes_start: u64,
    /// Peak resident memory.
    pub rss_bytes_peak: u64,
    /// The most threads.
    pub threads_peak: u64,
    /// The most open descriptors; 0 if the system does not tell them.
    pub descriptors_peak: u64,
}

/// One measurement of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerReading {
    /// CPU time since the last measurement.
    pub(crate) cpu: Duration,
    /// Resident memory, in bytes.
    pub(crate) rss_bytes: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Open descriptors; 0 if the system does not tell them.
    pub(crate) descriptors: u64,
}

impl ServerMeter {
    /// Begins to measure a process; `None` if the system tells nothing about it.
    pub(crate) fn new(pid: u32) -> Option<Self> {
        let first = usage_of(pid)?;
        let mut meter = Self {
            pid,
            last: first,
            seen: ServerUse {
                rss_bytes_start: first.rss_bytes,
                ..ServerUse::default()
            },
        };
        meter.read();
        Some(meter)
    }

    /// Measures the process; `None` if it has ended.
    pub(crate) fn read(&mut self) -> Option<ServerReading> {
        let now = usage_of(self.pid)?;
        let reading = ServerReading {
            cpu: now.cpu.saturating_sub(self.last.cpu),
            rss_bytes: now.rss_bytes,
            threads: now.threads,
            descriptors: descriptors_of(self.pid).unwrap_or_default(),
        };
        self.last = now;
        let seen = &mut self.seen;
        seen.cpu_s += reading.cpu.as_secs_f64();
        seen.rss_bytes_peak = seen.rss_bytes_peak.max(reading.rss_bytes);
        seen.threads_peak = seen.threads_peak.max(reading.threads);
        seen.descriptors_peak = seen.descriptors_peak.max(reading.descriptors);
        Some(reading)
    }

    /// Measures the process `successor` from now on, if the one that was measured has ended. All CPU time of the successor counts.
    pub(crate) fn follow(&mut self, successor: u32) {
        if usage_of(self.pid).is_none() {
            self.pid = successor;
            self.last = Usage::default();
        }
    }

    /// All that was measured.
    pub(crate) const fn seen(&self) -> ServerUse {
        self.seen
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn server() -> Child {
        Command::new("cat")
            .stdin(Stdio::piped())
            .spawn()
            .expect("cat starts")
    }

    fn end(mut server: Child) {
        drop(server.stdin.take());
        server.wait().expect("cat was started here");
    }

    #[test]
    fn a_restarted_server_is_followed_and_a_running_one_is_kept() {
        let (first, second) = (server(), server());
        let mut meter = ServerMeter::new(first.id()).unwrap();
        assert!(meter.seen().threads_peak > 0 && meter.seen().descriptors_peak > 0);
        meter.follow(second.id());
        assert_eq!(meter.pid, first.id());
        end(first);
        assert!(meter.read().is_none());
        meter.follow(second.id());
        assert_eq!(meter.pid, second.id());
        assert!(meter.read().is_some_and(|it| it.rss_bytes > 0));
        end(second);
    }
}
