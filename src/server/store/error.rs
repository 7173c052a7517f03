//! Why a store cannot be opened: what, where, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The place is a folder.
    #[error("{} is a folder; name a file in it to keep the annotations in", .0.display())]
    Folder(PathBuf),
    /// The folder of the file is not there.
    #[error("there is no folder for {}; make it, or name another file", .0.display())]
    NoFolder(PathBuf),
    /// The file holds something else than a database.
    #[error("{} is no SQLite database; name another file, or remove this one if it is not needed", .0.display())]
    NoDatabase(PathBuf),
    /// The file is a database of something else.
    #[error("{} is a database of another program; name another file", .0.display())]
    Foreign(PathBuf),
    /// The file or its folder cannot be written to.
    #[error("{} cannot be written to; allow it, or name another file", .0.display())]
    NotWritable(PathBuf),
    /// Another process has the file open.
    #[error("{} is in use by another process; stop that one, or name another file", .0.display())]
    InUse(PathBuf),
    /// Something else.
    #[error("{} cannot be opened: {source}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The system gave no thread.
    #[error("the store cannot start its thread: {0}")]
    Thread(io::Error),
}

impl OpenError {
    /// What an error of SQLite means for who chose the file.
    pub(super) fn of(source: rusqlite::Error, path: &Path) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NoDatabase(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::NotWritable(path)
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse(path),
            _ => Self::Other { path, source },
        }
    }
}
