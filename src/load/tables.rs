//! Descriptor tables and their limits. If a process may not open enough sockets, each thread gets a table of its own
//! with the full limit, which needs no privilege. This works on Linux only; elsewhere, the limit of the process is
//! the limit of the run.

use std::io;

use crate::descriptors;

/// The table in which a thread opens its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// The table of the process.
    Common,
    /// A table of the thread's own.
    Own,
}

/// Descriptors that are reserved for other purposes: files, pipes, epoll.
pub(super) const RESERVE: u64 = 64;

/// The limits of open descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// The limit of each table.
    pub(super) each: u64,
    /// Whether threads can have tables of their own.
    pub(super) tables: Tables,
}

/// Whether threads can have tables of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    Many,
    /// Only the table of the process; the text explains why.
    One(&'static str),
}

/// Raises the limit of this process as far as possible, and returns it.
pub(super) fn limit() -> Limit {
    Limit {
        each: descriptors::raise_limit(),
        tables: tables(),
    }
}

#[cfg(target_os = "linux")]
fn tables() -> Tables {
    // The only way to find out is to try it in a thread that ends at once.
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

/// Prepares the current thread.
pub(super) fn prepare(table: Table) -> io::Result<()> {
    match table {
        Table::Common => Ok(()),
        Table::Own => descriptors::own_table().and_then(|()| close_inherited()),
    }
}

/// Closes the inherited copies of open descriptors, except the standard streams. As long as a copy is open, closing
/// the original does not close the connection.
#[cfg(target_os = "linux")]
fn close_inherited() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in std::fs::read_dir("/proc/thread-self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        inherited.extend(number.filter(|number: &i32| *number > 2));
    }
    // The directory descriptor itself was in the list and is already closed.
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
        // The three standard streams, and the directory that is being read.
        assert!(there.join().unwrap().unwrap() <= 4);
        one.write_all(b"x").unwrap();
        other.read_exact(&mut [0]).unwrap();
    }
}
