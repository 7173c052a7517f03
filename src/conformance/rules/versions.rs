//! The Phoenix versions in which a rule holds, and what other versions do.

use std::fmt;

use crate::profile::Version;

/// The versions in which a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// All versions that were examined, 1.7.21 to 1.8.12.
    All,
    /// From a certain version on.
    Since {
        /// The first version in which it holds.
        first: Version,
        /// What earlier versions do instead.
        before: &'static str,
    },
    /// From a certain version on, and in an older one that got it as a security fix.
    SinceOrIn {
        /// The first version of the newest minor release in which it holds.
        first: Version,
        /// The older version.
        fixed: Version,
        /// What earlier versions do instead.
        before: &'static str,
    },
    /// All versions except for a range in which Phoenix itself was wrong.
    WrongIn {
        /// The first wrong version.
        first: Version,
        /// The last wrong version.
        last: Version,
        /// What the wrong versions do instead.
        instead: &'static str,
    },
}

impl Versions {
    /// Whether the rule holds in `version`.
    pub fn hold(self, version: Version) -> bool {
        match self {
            Self::All => true,
            Self::Since { first, .. } => version >= first,
            Self::SinceOrIn { first, fixed, .. } => version >= first || version == fixed,
            Self::WrongIn { first, last, .. } => version < first || version > last,
        }
    }

    /// The first version in which the rule holds, if there are versions without it.
    pub const fn since(self) -> Option<Version> {
        match self {
            Self::Since { first, .. } | Self::SinceOrIn { first, .. } => Some(first),
            Self::All | Self::WrongIn { .. } => None,
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Since { first, before } => write!(f, "since {first}; before: {before}"),
            Self::SinceOrIn { first, fixed, before } => {
                write!(f, "since {first}, and in {fixed}; before: {before}")
            }
            Self::WrongIn { first, last, instead } => write!(f, "wrong in {first} to {last}: {instead}"),
        }
    }
}
