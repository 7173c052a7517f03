//! The table of the annotations, and the queries on it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};

use super::{Annotation, NewAnnotation, OpenError, StoreLocation};

/// Marks a file as ours: `phxp`.
const APPLICATION_ID: i32 = 0x7068_7870;

/// How long a process that is just ending may still hold the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// Written once, in one transaction. Numbers of any size are decimal texts without leading zeros.
const SCHEMA: &str = "
    CREATE TABLE annotations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        video TEXT NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL,
        username TEXT NOT NULL
    ) STRICT;
    CREATE INDEX annotations_of_video ON annotations (video, id);
";

/// Opens the database, and makes it where there is none.
pub(super) fn open(place: &StoreLocation) -> Result<Connection, OpenError> {
    let path = match place {
        StoreLocation::Memory => Path::new(":memory:"),
        StoreLocation::File(path) => path,
    };
    if path.is_dir() {
        return Err(OpenError::Folder(path.to_owned()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(OpenError::NoFolder(path.to_owned()));
    }
    prepare(path)
        .map_err(|source| OpenError::of(source, path))?
        .ok_or_else(|| OpenError::Foreign(path.to_owned()))
}

/// `None` if it is a database of something else.
fn prepare(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // One process at a time: ids of two would be in nobody's order.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let id: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        let filled = transaction
            .query_row("SELECT 1 FROM sqlite_schema", [], |_| Ok(()))
            .optional()?;
        if filled.is_some() {
            return Ok(None);
        }
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A commit is on the disk when it returns, not only with the system.
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(Some(connection))
}

/// Adds an annotation.
pub(super) fn add(connection: &Connection, new: NewAnnotation) -> rusqlite::Result<Annotation> {
    let NewAnnotation {
        video,
        user,
        body,
        at,
    } = new;
    let mut statement = connection
        .prepare_cached("INSERT INTO annotations (video, at, body, username) VALUES (?1, ?2, ?3, ?4)")?;
    let id = statement.insert(params![video, at, body, user])?;
    Ok(Annotation { id, at, body, user })
}

/// Takes an annotation out again; its id is not used a second time.
pub(super) fn forget(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM annotations WHERE id = ?1")?
        .execute([id])
        .map(|_| ())
}

/// The highest id; 0 without annotations.
pub(super) fn highest_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT COALESCE(MAX(id), 0) FROM annotations", [], |row| {
        row.get(0)
    })
}

/// The annotations of a video above an id. Of two decimal texts the longer one is the greater.
pub(super) fn after(
    connection: &Connection,
    video: &str,
    last_seen: i64,
) -> rusqlite::Result<Vec<Annotation>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, body, username FROM annotations WHERE video = ?1 AND id > ?2 ORDER BY length(at), at, id",
    )?;
    let rows = statement.query_map(params![video, last_seen], read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Annotation> {
    Ok(Annotation {
        id: row.get(0)?,
        at: row.get(1)?,
        body: row.get(2)?,
        user: row.get(3)?,
    })
}
