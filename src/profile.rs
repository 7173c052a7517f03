//! The Phoenix servers that were recorded: what a server under test can be held to, and what the reference
//! server can behave as.

use std::fmt;
use std::str::FromStr;

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

/// One recorded server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Phoenix 1.8.12 on Bandit.
    Phoenix1812Bandit,
    /// Phoenix 1.8.12 on Cowboy.
    Phoenix1812Cowboy,
    /// Phoenix 1.8.9 on Bandit.
    Phoenix189Bandit,
    /// Phoenix 1.7.21 on Cowboy.
    Phoenix1721Cowboy,
}

impl Profile {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [
        Self::Phoenix1812Bandit,
        Self::Phoenix1812Cowboy,
        Self::Phoenix189Bandit,
        Self::Phoenix1721Cowboy,
    ];

    /// What nobody chose otherwise is held to, and what `serve` behaves as.
    pub const DEFAULT: Self = Self::Phoenix1812Bandit;

    /// The name on the command line and in fixture files, for example `phoenix-1.8.12-bandit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phoenix1812Bandit => "phoenix-1.8.12-bandit",
            Self::Phoenix1812Cowboy => "phoenix-1.8.12-cowboy",
            Self::Phoenix189Bandit => "phoenix-1.8.9-bandit",
            Self::Phoenix1721Cowboy => "phoenix-1.7.21-cowboy",
        }
    }

    /// The version of Phoenix.
    pub const fn phoenix(self) -> Version {
        match self {
            Self::Phoenix1812Bandit | Self::Phoenix1812Cowboy => Version(1, 8, 12),
            Self::Phoenix189Bandit => Version(1, 8, 9),
            Self::Phoenix1721Cowboy => Version(1, 7, 21),
        }
    }

    /// The web server below it.
    pub const fn adapter(self) -> Adapter {
        match self {
            Self::Phoenix1812Bandit | Self::Phoenix189Bandit => Adapter::Bandit,
            Self::Phoenix1812Cowboy | Self::Phoenix1721Cowboy => Adapter::Cowboy,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no profile.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no profile is named `{0}`; there are {names}", names = Profile::ALL.map(Profile::name).join(", "))]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}
