//! A program and all that it starts, in a process group of its own: how long it lives, its CPU time and its
//! memory.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::Duration;

use ::phxproof::internal::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::Outcome;
use super::interrupt;

/// How often a wait looks for signals.
const GLANCE: Duration = Duration::from_millis(100);

/// A program that runs; dropped, its whole group is killed.
pub(super) struct Group {
    pub(super) child: Child,
}

impl Group {
    pub(super) fn start(command: &mut Command) -> Outcome<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Self { child })
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(super) fn signal(&self, signal: Signal) -> Outcome<()> {
        Ok(kill_process_group(self.pid(), signal)?)
    }

    /// Waits for its end at most so long. It stays a zombie, so that its CPU time can be read.
    pub(super) fn ends_within(&self, limit: Duration) -> Outcome<bool> {
        let process = pidfd_open(self.pid(), PidfdFlags::empty())?;
        let clock = Clock::start();
        let deadline = clock.now() + limit;
        loop {
            interrupt::heed()?;
            let left = deadline.since(clock.now()).min(GLANCE);
            let timeout = Timespec::try_from(left)?;
            let mut readable = [PollFd::new(&process, PollFlags::IN)];
            let ended = rustix::io::retry_on_intr(|| poll(&mut readable, Some(&timeout)))? > 0;
            if ended || clock.now() >= deadline {
                return Ok(ended);
            }
        }
    }

    /// CPU time of the program and of the children that it waited for: all of them, when it has ended.
    pub(super) fn cpu(&self) -> Outcome<Duration> {
        let pid = self.child.id();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let ticks = cpu_ticks(&stat).ok_or("/proc has no CPU time of a process")?;
        Ok(Duration::from_secs(ticks).div_f64(rustix::param::clock_ticks_per_second() as f64))
    }

    /// Resident memory of all processes in the group.
    pub(super) fn resident_bytes(&self) -> Outcome<u64> {
        let mut all = 0;
        for entry in fs::read_dir("/proc")? {
            let process = entry?.path();
            // A process that ends meanwhile has no memory.
            let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
            if group_of(&stat) == Some(self.child.id()) {
                // `stat` has it too, but off by what each thread has not yet added up.
                let rollup = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
                all += resident_kib(&rollup).unwrap_or_default() * 1024;
            }
        }
        Ok(all)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Its own zombie still holds the id, so the group cannot be somebody else's. It may be empty.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What follows the name in `/proc/PID/stat`, which may hold anything: the third field and on.
fn after_the_name(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
}

fn group_of(stat: &str) -> Option<u32> {
    after_the_name(stat).nth(2)?.parse().ok()
}

/// `utime`, `stime`, and the same of the children.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let times: Vec<u64> = after_the_name(stat)
        .skip(11)
        .take(4)
        .map_while(|it| it.parse().ok())
        .collect();
    (times.len() == 4).then(|| times.iter().sum())
}

fn resident_kib(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|it| it.strip_prefix("Rss:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
