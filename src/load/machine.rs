//! The machine that a swarm runs on, so that figures can be told from those of another one.

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Processors that this process may use.
    pub processors: usize,
    /// Memory, where the system says.
    pub memory_bytes: Option<u64>,
    /// The operating system with its version, where it says.
    pub os: String,
}

impl Machine {
    /// This one.
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

/// A line of `/proc/meminfo`, such as `MemTotal:`, in bytes; none on other systems.
pub(super) fn memory(key: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
