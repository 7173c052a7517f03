//! Descriptor tables: a thread may have one of its own, where the limit of a process is too low.

use std::io;

/// Which table a thread opens its sockets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// That of the process.
    Common,
}

/// Prepares the thread that asks.
pub(super) fn prepare(table: Table) -> io::Result<()> {
    match table {
        Table::Common => Ok(()),
    }
}
