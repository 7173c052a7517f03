//! What real servers said to the cases: which fixtures there are, and which of them holds for a profile.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::catalogue::Case;
use super::log::Log;
use super::snapshot::{Snapshot, SnapshotError};
use crate::profile::{Difference, Profile, Side};
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
    all: Vec<Fixture>,
}

/// What one server said.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The profile in its name; none is the one that holds where no other does.
    own: Option<Profile>,
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

impl Case {
    /// Whether fixtures judge it, beside its steps.
    pub fn has_fixture(&self) -> bool {
        !self.fixtures.all.is_empty()
    }

    /// All fixtures, that of the default profile first.
    pub(crate) fn fixtures(&self) -> &[Fixture] {
        &self.fixtures.all
    }

    /// What the server of a profile says: its own fixture; or that of a server from which it differs by nothing that
    /// the answers of this case depend on.
    pub(crate) fn fixture_of(&self, profile: Profile) -> Option<&Fixture> {
        let own = self.fixtures.all.iter().find(|it| it.own == Some(profile));
        own.or_else(|| self.fixture_where(|difference| difference.side(profile)))
    }

    /// What a server says that is on these sides of all that the answers of this case depend on; where nothing like
    /// it was recorded, what the default profile says.
    pub(crate) fn fixture_where(&self, side: impl Fn(Difference) -> Side) -> Option<&Fixture> {
        let differs_by = &self.program.differs_by;
        let agrees = |it: &&Fixture| {
            differs_by
                .iter()
                .all(|difference| difference.side(it.said_by()) == side(*difference))
        };
        let base = || self.fixtures.all.iter().find(|it| it.own.is_none());
        self.fixtures.all.iter().find(agrees).or_else(base)
    }

    /// Where a fixture stands.
    pub(crate) fn fixture_path(&self, fixture: &Fixture) -> String {
        self.place.of(&self.id, fixture.own).display().to_string()
    }
}

#[cfg(test)]
mod tests;
