//! File descriptors: raises the limit of the process, and gives a thread a table of its own if the limit is too low.

use std::io;

/// Raises the soft limit to the hard one, and returns how many descriptors may now be open. If there is no such limit, or
/// it cannot be read, this is a number that is larger than any need.
pub fn raise_limit() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // What cannot be raised stays as it was.
        let _ = setrlimit(Resource::Nofile, limit);
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    {
        u64::MAX
    }
}

/// Gives the calling thread a table of descriptors of its own, so that the limit counts for it alone. All that is open
/// stays open in it until the thread ends, also what its owner closes elsewhere; what is opened from here on is
/// known to this thread only and must not be handed to another.
///
/// # Errors
/// Where the system does not allow that, or has no such thing.
pub fn own_table() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{UnshareFlags, unshare_unsafe};
        #[expect(
            unsafe_code,
            reason = "the one call for it; who calls this hands no descriptor to another thread"
        )]
        // SAFETY: descriptors stay valid in both tables; the callers keep what they open to their thread.
        unsafe {
            unshare_unsafe(UnshareFlags::FILES)?;
        }
        Ok(())
    }
    #[cfg(not(target_os = "linux"))]
    {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_once_and_stays() {
        let limit = raise_limit();
        assert!(limit > 0);
        assert_eq!(raise_limit(), limit);
    }
}
