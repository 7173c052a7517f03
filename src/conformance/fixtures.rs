//! Fixtures: the recorded answers of real servers, built into the binary or beside a user's scenario.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::log::Log;
use super::snapshot::{Snapshot, SnapshotError};
use crate::profile::Profile;
use crate::scenario::Program;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// Where the fixtures of a case belong.
#[derive(Clone, Debug)]
pub(crate) enum FixturePlace {
    /// In `fixtures/` of a checkout, under the id.
    BuiltIn,
    /// Beside the scenario: this path without its ending.
    Beside(PathBuf),
}

impl FixturePlace {
    /// The path of a fixture: the one of a profile's own, or that of all others.
    pub(crate) fn of(&self, id: &str, own: Option<Profile>) -> PathBuf {
        let mut path = match self {
            Self::BuiltIn => Path::new(FOLDER).join(id),
            Self::Beside(stem) => stem.clone(),
        }
        .into_os_string();
        path.push(own.map_or_else(String::new, |profile| format!("@{profile}")));
        path.push(".snap");
        PathBuf::from(path)
    }
}

/// The folder of a checkout in which the fixtures of built-in cases stand.
const FOLDER: &str = "fixtures";

/// What real servers said to a case.
#[derive(Debug, Default)]
pub(crate) struct Fixtures {
    /// What the server of the default profile said comes first, if it was recorded.
    pub(super) all: Vec<Fixture>,
}

/// What one server said.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The profile in its name; none is the one that holds where no other does.
    pub(super) own: Option<Profile>,
    /// What was said.
    pub(crate) log: Log,
}

impl Fixtures {
    /// Reads those of a user's own scenario.
    pub(crate) fn beside(place: &FixturePlace, program: &Program) -> Result<Self, SnapshotError> {
        let mut all = Vec::new();
        for own in owners() {
            let path = place.of("", own);
            if path.exists() {
                let log = Snapshot::read(&path, program)?.log;
                all.push(Fixture { own, log });
            }
        }
        Ok(Self { all })
    }

    /// Reads those of a case that is inside the binary.
    pub(crate) fn built_in(id: &str, program: &Program) -> Result<Self, SnapshotError> {
        let mut all = Vec::new();
        for own in owners() {
            let name = own.map_or_else(|| id.to_owned(), |own| format!("{id}@{own}"));
            if let Some(bytes) = built_in_files().get(name.as_str()) {
                let log = Snapshot::from_bytes(&format!("{FOLDER}/{name}.snap"), bytes, program)?.log;
                all.push(Fixture { own, log });
            }
        }
        Ok(Self { all })
    }
}

/// Whose a fixture can be, the default profile first.
fn owners() -> impl Iterator<Item = Option<Profile>> {
    [None].into_iter().chain(Profile::known().map(Some))
}

impl Fixture {
    /// The server that said it.
    pub(crate) fn said_by(&self) -> Profile {
        self.own.unwrap_or(Profile::DEFAULT)
    }
}

/// The fixtures inside the binary, by their paths without the ending.
fn built_in_files() -> &'static HashMap<&'static str, &'static [u8]> {
    static FILES: LazyLock<HashMap<&'static str, &'static [u8]>> = LazyLock::new(|| {
        let files = FIXTURES.dirs().flat_map(Dir::files);
        let named =
            files.filter_map(|file| Some((file.path().to_str()?.strip_suffix(".snap")?, file.contents())));
        named.collect()
    });
    &FILES
}

#[cfg(test)]
mod tests;
