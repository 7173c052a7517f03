//! Loads fixtures: the recorded answers of real servers, built into the binary or beside a user's scenario.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::log::Log;
use super::snapshot::{Snapshot, SnapshotError};
use crate::profile::Profile;
use crate::scenario::Program;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// The location of the fixtures of a case.
#[derive(Clone, Debug)]
pub(crate) enum FixturePlace {
    /// In `fixtures/` of the repository, named by the id.
    BuiltIn,
    /// Beside the scenario: this path without its extension.
    Beside(PathBuf),
}

impl FixturePlace {
    /// The path of a fixture: for a profile of its own, or for all others.
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

/// The folder for the fixtures of built-in cases in the repository.
const FOLDER: &str = "fixtures";

/// The fixtures of a case.
#[derive(Debug, Default)]
pub(crate) struct Fixtures {
    /// All fixtures; that of the default profile comes first if it exists.
    pub(super) all: Vec<Fixture>,
}

/// The answers of one server.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The profile in its name; none for the fixture that applies to all other profiles.
    pub(super) own: Option<Profile>,
    /// The answers.
    pub(crate) log: Log,
}

impl Fixtures {
    /// Reads the fixtures beside a user's own scenario.
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

    /// Reads the fixtures of a built-in case.
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

/// The possible owners of a fixture, starting with the default profile.
fn owners() -> impl Iterator<Item = Option<Profile>> {
    [None].into_iter().chain(Profile::known().map(Some))
}

impl Fixture {
    /// The server that was recorded.
    pub(crate) fn said_by(&self) -> Profile {
        self.own.unwrap_or(Profile::DEFAULT)
    }
}

/// The built-in fixtures by path without extension.
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
