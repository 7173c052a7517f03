//! Processes of this machine: their CPU time, memory, threads, descriptors and group, as `/proc` shows them. `None` where the system does not
//! tell.

use std::time::Duration;

/// The resource use of a process so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in user and kernel mode.
    pub cpu: Duration,
    /// Resident memory now, in bytes.
    pub rss_bytes: u64,
    /// Threads now.
    pub threads: u64,
}

/// The usage of this process.
pub fn own_usage() -> Option<Usage> {
    usage("self")
}

/// The usage of another process; `None` if there is no such process, if it has ended and nobody has waited for it yet, or if the
/// system does not report it.
pub fn usage_of(pid: u32) -> Option<Usage> {
    usage(&pid.to_string())
}

/// The CPU time of the current thread.
#[cfg(unix)]
pub fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or_default());
    seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or_default())
}

/// The CPU time of the current thread; unknown on this system.
#[cfg(not(unix))]
pub fn thread_cpu() -> Duration {
    Duration::ZERO
}

#[cfg(target_os = "linux")]
fn usage(process: &str) -> Option<Usage> {
    let stat = stat_of(process)?;
    if fields_of(&stat)?.next()? == "Z" {
        return None;
    }
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    Some(Usage {
        cpu: cpu_in(&stat)?,
        rss_bytes: rss_in(&statm)?,
        threads: fields_of(&stat)?.nth(17)?.parse().ok()?,
    })
}

#[cfg(not(target_os = "linux"))]
fn usage(_: &str) -> Option<Usage> {
    None
}

/// How many descriptors a process has open. Threads with tables of their own are not counted. `None` if there is no such process,
/// if it belongs to another user, or if the system does not tell.
pub fn descriptors_of(pid: u32) -> Option<u64> {
    let table = format!("/proc/{pid}/fd");
    // Linux 6.2 and later tell the number as the size of the directory, whose entries older ones have to list.
    match std::fs::metadata(&table).ok()?.len() {
        0 => Some(std::fs::read_dir(table).ok()?.count() as u64),
        count => Some(count),
    }
}

/// How many sockets a process has open, over all its threads; `None` if there is no such process, or the system does not tell.
pub fn sockets_of(pid: u32) -> Option<usize> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let tables = threads.filter_map(|thread| std::fs::read_dir(thread.ok()?.path().join("fd")).ok());
    let links = tables
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    // Threads may share a table; the name of a socket is its own.
    let sockets: std::collections::HashSet<_> = links
        .filter(|link| link.to_string_lossy().starts_with("socket:"))
        .collect();
    Some(sockets.len())
}

/// The process group of a process.
pub fn group_of(pid: u32) -> Option<i32> {
    fields_of(&stat_of(&pid.to_string())?)?.nth(2)?.parse().ok()
}

/// `/proc/PID/stat`
fn stat_of(process: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/stat")).ok()
}

/// The fields after the name of the process. The name is in brackets and may contain any character, also brackets.
fn fields_of(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}

/// User and system time, in ticks.
#[cfg(target_os = "linux")]
fn cpu_in(stat: &str) -> Option<Duration> {
    let mut ticks = fields_of(stat)?.skip(11).map(str::parse::<u64>);
    let sum = ticks.next()?.ok()? + ticks.next()?.ok()?;
    Some(Duration::from_secs_f64(
        sum as f64 / rustix::param::clock_ticks_per_second() as f64,
    ))
}

/// The second field, in pages.
#[cfg(target_os = "linux")]
fn rss_in(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let own = own_usage().unwrap();
        assert!(own.rss_bytes > 100_000);
        assert_eq!(
            usage_of(std::process::id()).map(|it| it.rss_bytes > 0),
            Some(true)
        );
        assert!(own.threads > 0 && descriptors_of(std::process::id()).is_some_and(|count| count > 2));
        assert_eq!((usage_of(u32::MAX), descriptors_of(u32::MAX)), (None, None));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(sockets_of(std::process::id()).is_some_and(|count| count > 0));
        drop(listener);
        assert_eq!(sockets_of(u32::MAX), None);
    }

    #[test]
    fn a_process_that_has_ended_uses_nothing() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(usage_of(child.id()).is_some());
        drop(child.stdin.take());
        // Until `wait` it is a zombie.
        while usage_of(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(stat_of(&child.id().to_string()).is_some());
        child.wait().unwrap();
    }

    #[test]
    fn a_name_full_of_brackets_hides_no_ticks() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(
            cpu_in(stat),
            Some(Duration::from_secs(200).div_f64(rustix::param::clock_ticks_per_second() as f64))
        );
        assert_eq!(cpu_in("7 (a"), None);
    }
}
