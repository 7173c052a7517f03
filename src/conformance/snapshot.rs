//! Reads and writes fixture files in the snapshot format of insta, so that `cargo insta review` can review
//! pending ones and pull requests show a readable diff. insta has no API to build or save a snapshot, so this
//! file writes the format itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::log::{Log, LogError};
use super::normalise;
use crate::scenario::Program;

/// A fixture that was read.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The answers of real servers.
    pub(crate) log: Log,
}

/// A fixture that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("fixture {path}: {why}")]
pub struct SnapshotError {
    path: String,
    why: Damage,
}

#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("it does not begin with `---`, so it is no snapshot")]
    NoHead,
    #[error("its head is not closed by a second `---`")]
    OpenHead,
    #[error("it holds a merge conflict (`<<<<<<<`); settle that first")]
    Conflict,
    #[error("its head is no YAML of a snapshot: {0}")]
    Head(String),
    #[error("its body is empty, though every case says something")]
    Empty,
    #[error(transparent)]
    Body(LogError),
    #[error("it speaks of `{name}`, but the scenario has only {known}")]
    Stranger {
        /// The connection that the fixture names.
        name: String,
        /// The connections that the scenario opens.
        known: String,
    },
}

/// The header of a snapshot; unknown keys are errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read so that a damaged head is noticed")]
struct Head {
    source: Option<String>,
    assertion_line: Option<u32>,
    description: Option<String>,
    expression: Option<String>,
    info: Option<serde_json::Value>,
}

impl Snapshot {
    /// Reads a file from disk.
    pub(crate) fn read(path: &Path, program: &Program) -> Result<Self, SnapshotError> {
        let shown = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::from_bytes(&shown, &bytes, program),
            Err(error) => Err(SnapshotError {
                path: shown,
                why: Damage::Unreadable(error),
            }),
        }
    }

    /// Parses the content of a file; `path` is used in messages.
    pub(crate) fn from_bytes(path: &str, bytes: &[u8], program: &Program) -> Result<Self, SnapshotError> {
        let fail = |why| SnapshotError {
            path: path.to_owned(),
            why,
        };
        let text = std::str::from_utf8(bytes).map_err(|_| fail(Damage::NotText))?;
        let snapshot = Self::parse(text).map_err(fail)?;
        match snapshot.stranger(program) {
            None => Ok(snapshot),
            Some(why) => Err(fail(why)),
        }
    }

    /// A connection that no step of the scenario opens.
    fn stranger(&self, program: &Program) -> Option<Damage> {
        let known = normalise::link_names(program);
        let stranger = self.log.links.iter().find(|link| !known.contains(&link.name))?;
        Some(Damage::Stranger {
            name: stranger.name.clone(),
            known: known.join(", "),
        })
    }

    fn parse(text: &str) -> Result<Self, Damage> {
        let text = text.replace("\r\n", "\n");
        let rest = text.strip_prefix("---\n").ok_or(Damage::NoHead)?;
        if text
            .lines()
            .any(|line| line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>"))
        {
            return Err(Damage::Conflict);
        }
        let (head, body) = rest.split_once("\n---\n").ok_or(Damage::OpenHead)?;
        let _: Head = serde_saphyr::from_str(head).map_err(|error| {
            let said = error.without_snippet().to_string();
            Damage::Head(said.lines().next().unwrap_or_default().to_owned())
        })?;
        if body.trim().is_empty() {
            return Err(Damage::Empty);
        }
        Ok(Self {
            log: Log::parse(body).map_err(Damage::Body)?,
        })
    }
}

/// The header of a new snapshot.
pub(crate) struct FixtureOrigin<'a> {
    /// The path of the scenario.
    pub(crate) source: &'a str,
    /// Its `about`.
    pub(crate) description: &'a str,
    /// The server that was recorded.
    pub(crate) said_by: &'a str,
    /// The hidden values, as pointers.
    pub(crate) hidden: &'a [String],
}

/// The content of a fixture file.
pub(crate) fn write(origin: &FixtureOrigin<'_>, log: &Log) -> String {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let mut out = format!(
        "---\nsource: {}\ndescription: {}\ninfo:\n  said_by: {}\n",
        quote(origin.source),
        quote(origin.description),
        quote(origin.said_by),
    );
    if !origin.hidden.is_empty() {
        out.push_str("  hidden:\n");
        for pointer in origin.hidden {
            let _ = writeln!(out, "    - {}", quote(pointer));
        }
    }
    let _ = write!(out, "---\n{log}");
    out
}

/// The path of the pending fixture beside an accepted one: `NAME.snap.new`.
pub(crate) fn pending(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nsource: scenarios/join/ok.yaml\ndescription: x\n---\nana\n  + open\n";

    fn parsed(bytes: &[u8]) -> Result<Snapshot, String> {
        let source = "about: x\nsteps:\n  - ana: connect\n  - bea: connect\n  - bea: cut\n  - bea: connect\n";
        let program = crate::scenario::read("x.yaml", source).unwrap();
        Snapshot::from_bytes("x.snap", bytes, &program).map_err(|error| error.to_string())
    }

    fn damage(text: &str) -> String {
        parsed(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_written_is_read_again_and_insta_reads_it_too() {
        let log = Log::parse("ana\n  + open\n  on \"a\"\n    [1]\n  - closed 1011\n").unwrap();
        let origin = FixtureOrigin {
            source: "scenarios/a.yaml",
            description: "a: b",
            said_by: "me",
            hidden: &["/id".into()],
        };
        let text = write(&origin, &log);
        assert_eq!(parsed(text.as_bytes()).unwrap().log, log);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.snap");
        std::fs::write(&path, &text).unwrap();
        let read = insta::Snapshot::from_file(&path).unwrap();
        assert_eq!(read.metadata().description(), Some("a: b"));
    }

    #[test]
    fn damaged_files_say_what_is_wrong() {
        assert!(parsed(GOOD.as_bytes()).is_ok());
        let cases = [
            ("", "no snapshot"),
            ("ana\n", "does not begin"),
            ("---\nsource: a\n", "not closed"),
            ("---\nsource: a\n---\n\n", "empty"),
            ("---\nbogus: a\n---\nana\n", "unknown field"),
            ("---\nsource: a\n---\n<<<<<<< HEAD\nana\n", "merge conflict"),
            ("---\nsource: a\n---\n  + open\n", "line 1 of the body"),
            (
                "---\nsource: a\n---\nzoe\n  + open\n",
                "fixture x.snap: it speaks of `zoe`, but the scenario has only ana, bea, bea #2",
            ),
            ("---\nsource: a\n---\nana #2\n", "`ana #2`"),
        ];
        for (text, expected) in cases {
            assert!(damage(text).contains(expected), "{expected}: {}", damage(text));
        }
        assert!(parsed(b"\xff").unwrap_err().contains("not UTF-8"));
    }
}
