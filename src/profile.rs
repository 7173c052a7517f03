//! The Phoenix releases that a server under test can be held to, and that the reference server can behave as.

use std::fmt;
use std::str::FromStr;

mod gate;

pub use gate::{Difference, Gate, Side};

/// A Phoenix version, as major, minor and patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The web server below Phoenix; it decides how connections are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// Bandit, the default of new Phoenix applications.
    Bandit,
    /// Cowboy, the default before.
    Cowboy,
}

impl Adapter {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Bandit, Self::Cowboy];

    /// Its name, for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bandit => "Bandit",
            Self::Cowboy => "Cowboy",
        }
    }
}

/// A version that was looked at, with the names of its profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Release {
    version: Version,
    on_bandit: &'static str,
    on_cowboy: &'static str,
}

macro_rules! release {
    ($major:literal, $minor:literal, $patch:literal) => {
        Release {
            version: Version($major, $minor, $patch),
            on_bandit: concat!("phoenix-", $major, ".", $minor, ".", $patch, "-bandit"),
            on_cowboy: concat!("phoenix-", $major, ".", $minor, ".", $patch, "-cowboy"),
        }
    };
}

/// All versions that were looked at, the oldest first.
const RELEASES: [Release; 17] = [
    release!(1, 7, 21),
    release!(1, 7, 22),
    release!(1, 7, 23),
    release!(1, 7, 24),
    release!(1, 8, 0),
    release!(1, 8, 1),
    release!(1, 8, 2),
    release!(1, 8, 3),
    release!(1, 8, 4),
    release!(1, 8, 5),
    release!(1, 8, 6),
    release!(1, 8, 7),
    release!(1, 8, 8),
    release!(1, 8, 9),
    release!(1, 8, 10),
    release!(1, 8, 11),
    release!(1, 8, 12),
];

/// A Phoenix version on a web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    release: Release,
    adapter: Adapter,
}

impl Profile {
    /// Phoenix 1.8.12 on Bandit.
    pub const BANDIT_1_8_12: Self = Self::new(16, Adapter::Bandit);
    /// Phoenix 1.8.12 on Cowboy.
    pub const COWBOY_1_8_12: Self = Self::new(16, Adapter::Cowboy);
    /// Phoenix 1.8.9 on Bandit.
    pub const BANDIT_1_8_9: Self = Self::new(13, Adapter::Bandit);
    /// Phoenix 1.7.21 on Cowboy.
    pub const COWBOY_1_7_21: Self = Self::new(0, Adapter::Cowboy);

    /// What a server is held to where nothing else is said, and what `serve` behaves as.
    pub const DEFAULT: Self = Self::BANDIT_1_8_12;

    /// The servers of which every case was recorded, the default first.
    pub const RECORDED: [Self; 4] = [
        Self::BANDIT_1_8_12,
        Self::COWBOY_1_8_12,
        Self::BANDIT_1_8_9,
        Self::COWBOY_1_7_21,
    ];

    /// The servers that were asked for what composed fixtures say of them. Each names its group of versions in
    /// [`Self::candidates`]; a group without one is named by its newest version.
    const TRIED: [Self; 6] = [
        Self::BANDIT_1_8_9,
        Self::COWBOY_1_7_21,
        Self::new(14, Adapter::Bandit),
        Self::new(14, Adapter::Cowboy),
        Self::new(9, Adapter::Bandit),
        Self::new(9, Adapter::Cowboy),
    ];

    const fn new(release: usize, adapter: Adapter) -> Self {
        Self {
            release: RELEASES[release],
            adapter,
        }
    }

    /// Every version that was looked at, on either web server, the newest first.
    pub fn known() -> impl Iterator<Item = Self> {
        let on = |release| Adapter::ALL.map(|adapter| Self { release, adapter });
        RELEASES.into_iter().rev().flat_map(on)
    }

    /// One profile for each group of versions that the gates do not tell apart, on either web server, the newest
    /// first.
    pub fn candidates() -> impl Iterator<Item = Self> {
        Self::known().filter(|profile| profile.names_its_group())
    }

    /// Whether this is the profile that names the group of versions that behave alike.
    fn names_its_group(self) -> bool {
        let tried = Self::TRIED.into_iter().find(|tried| tried.behaves_like(self));
        let newest = || Self::known().find(|newest| newest.behaves_like(self));
        tried.or_else(newest) == Some(self)
    }

    /// Whether no gate tells the two apart, and the web server is the same.
    fn behaves_like(self, other: Self) -> bool {
        let same = |difference: &Difference| difference.side(self) == difference.side(other);
        Difference::all().all(|difference| same(&difference))
    }

    /// The versions that behave like it, in words: `1.8.3 to 1.8.5`.
    pub fn versions(self) -> String {
        let alike = |release: &Release| {
            let other = Self {
                release: *release,
                ..self
            };
            other.behaves_like(self)
        };
        let runs = RELEASES.chunk_by(|a, b| alike(a) == alike(b));
        let words = runs.filter_map(|run| match run {
            [first, ..] if !alike(first) => None,
            [only] => Some(only.version.to_string()),
            [first, second] => Some(format!("{} or {}", first.version, second.version)),
            [first, .., last] => Some(format!("{} to {}", first.version, last.version)),
            [] => None,
        });
        words.collect::<Vec<_>>().join(" or ")
    }

    /// The name on the command line and in fixture files, for example `phoenix-1.8.12-bandit`.
    pub const fn name(self) -> &'static str {
        match self.adapter {
            Adapter::Bandit => self.release.on_bandit,
            Adapter::Cowboy => self.release.on_cowboy,
        }
    }

    /// The version of Phoenix.
    pub const fn phoenix(self) -> Version {
        self.release.version
    }

    /// The web server below it.
    pub const fn adapter(self) -> Adapter {
        self.adapter
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no profile has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no profile is named `{0}`; `phxproof list profiles` shows all")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::known()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
