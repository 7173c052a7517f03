//! Descriptor tables and their limits. Where a process may not open as many sockets as are wanted, a thread takes a
//! table of its own: each table has the whole limit, and it takes no privilege. Linux only; elsewhere the limit of the
//! process is the limit of the swarm.

use std::io;

use crate::descriptors;

/// Which table a thread opens its sockets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// That of the process.
    Common,
    /// One of its own.
    Own,
}

/// Descriptors of a table that are not for sockets of the swarm: files, pipes, epoll.
pub(super) const RESERVE: u64 = 64;

/// How many descriptors a table may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// In each table.
    pub(super) each: u64,
    /// Whether threads can have tables of their own.
    pub(super) tables: Tables,
}

/// Whether threads can have tables of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    Many,
    /// One for the process, and why.
    One(&'static str),
}

/// Raises the limit of this process as far as it may, and tells how far that is.
pub(super) fn limit() -> Limit {
    Limit {
        each: descriptors::raise_limit(),
        tables: tables(),
    }
}

#[cfg(target_os = "linux")]
fn tables() -> Tables {
    // A table of its own for a thread that ends at once: the only way to know is to try.
    let tried = std::thread::Builder::new().spawn(descriptors::own_table);
    match tried.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => Tables::Many,
        Ok(Ok(Err(_)) | Err(_)) | Err(_) => {
            Tables::One("the system does not let threads have descriptor tables of their own")
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn tables() -> Tables {
    Tables::One("descriptor tables of their own for threads exist on Linux only")
}

/// Prepares the thread that asks.
pub(super) fn prepare(table: Table) -> io::Result<()> {
    match table {
        Table::Common => Ok(()),
        Table::Own => descriptors::own_table().and_then(|()| close_inherited()),
    }
}

/// Closes the copies of what the process had open, but the standard streams: as long as a copy is open, a connection
/// that its owner closes is not.
#[cfg(target_os = "linux")]
fn close_inherited() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in std::fs::read_dir("/proc/thread-self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        inherited.extend(number.filter(|number: &i32| *number > 2));
    }
    // The folder itself was among them, and is closed by now.
    inherited.retain(|number| std::fs::symlink_metadata(format!("/proc/thread-self/fd/{number}")).is_ok());
    for number in inherited {
        #[expect(
            unsafe_code,
            reason = "the copies in this thread's own table belong to nobody"
        )]
        // SAFETY: the table is this thread's own, and it holds no value that owns one of these numbers.
        unsafe {
            rustix::io::close(number);
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn close_inherited() -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn a_thread_with_a_table_of_its_own_disturbs_nobody() {
        let (mut one, mut other) = std::os::unix::net::UnixStream::pair().unwrap();
        let there = std::thread::spawn(|| {
            prepare(Table::Own)?;
            std::fs::read_dir("/proc/thread-self/fd").map(Iterator::count)
        });
        // The three standard streams, and the folder that is read.
        assert!(there.join().unwrap().unwrap() <= 4);
        one.write_all(b"x").unwrap();
        other.read_exact(&mut [0]).unwrap();
    }
}
