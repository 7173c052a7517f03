//! Loads fixtures: the recorded answers of real servers, built into the binary or beside a user's scenario.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::log::Log;
use super::snapshot::{Snapshot, SnapshotError};
use crate::profile::Profile;
use crate::scenario::Program;
use crate::transport::Transport;

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
    /// The path of a fixture: for a profile of its own, or for all others; for a transport of its own, or for all.
    pub(crate) fn of(&self, id: &str, own: Option<Profile>, over: Option<Transport>) -> PathBuf {
        let mut path = match self {
            Self::BuiltIn => Path::new(FOLDER).join(id),
            Self::Beside(stem) => stem.clone(),
        }
        .into_os_string();
        path.push(suffix(own, over));
        path.push(".snap");
        PathBuf::from(path)
    }
}

/// The part of the name of a fixture that follows the id.
fn suffix(own: Option<Profile>, over: Option<Transport>) -> String {
    let own = own.map_or_else(String::new, |profile| format!("@{profile}"));
    let over = over.map_or_else(String::new, |transport| format!("@{transport}"));
    own + &over
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
    /// The transport in its name; none for the fixture that applies to all others.
    pub(super) over: Option<Transport>,
    /// The answers.
    pub(crate) log: Log,
}

impl Fixtures {
    /// Reads the fixtures beside a user's own scenario, for a play over this transport.
    pub(crate) fn beside(
        place: &FixturePlace,
        program: &Program,
        transport: Transport,
    ) -> Result<Self, SnapshotError> {
        Self::read(transport, |own, over| {
            let path = place.of("", own, over);
            path.exists()
                .then(|| Ok(Snapshot::read(&path, program)?.log))
                .transpose()
        })
    }

    /// Reads the fixtures of a built-in case, for a play over this transport.
    pub(crate) fn built_in(id: &str, program: &Program, transport: Transport) -> Result<Self, SnapshotError> {
        Self::read(transport, |own, over| {
            let name = format!("{id}{}", suffix(own, over));
            let bytes = built_in_files().get(name.as_str());
            bytes
                .map(|bytes| Ok(Snapshot::from_bytes(&format!("{FOLDER}/{name}.snap"), bytes, program)?.log))
                .transpose()
        })
    }

    /// The fixtures of this transport come first. If one of them applies to all profiles, fixtures without a transport are
    /// not read.
    fn read(
        transport: Transport,
        mut find: impl FnMut(Option<Profile>, Option<Transport>) -> Result<Option<Log>, SnapshotError>,
    ) -> Result<Self, SnapshotError> {
        let mut all: Vec<Fixture> = Vec::new();
        for over in [Some(transport), None] {
            for own in owners() {
                if all.iter().any(|it| it.own == own) {
                    continue;
                }
                if let Some(log) = find(own, over)? {
                    all.push(Fixture { own, over, log });
                }
            }
            if all.iter().any(|it| it.own.is_none()) {
                break;
            }
        }
        all.sort_by_key(|it| it.own.is_some());
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
