//! Describes the machine that the load generator runs on, so that results of different machines can be told apart.

/// The machine that the load generator runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The number of processors that this process may use.
    pub processors: usize,
    /// The size of the memory, if the system reports it.
    pub memory_bytes: Option<u64>,
    /// The operating system, with its version if the system reports it.
    pub os: String,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let os = format!("{} {}", std::env::consts::OS, kernel.trim());
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory("MemTotal:"),
            os: os.trim_end().to_owned(),
        }
    }
}

/// A line of `/proc/meminfo` in bytes, for example `MemTotal:`; `None` on other systems.
pub(super) fn memory(key: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
