//! How the process ends: the four exit codes that scripts rely on, and the one match from an error to a code.

#![warn(clippy::wildcard_enum_match_arm)]

use super::complaint::Complaint;
use crate::scenario::ScenarioError;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all held; or the command did what it was asked.
    Held,
    /// 1: the server fell short: a `fail`, or with `--strict` a `non-strict`.
    FellShort,
    /// 2: no `fail`, but something undecided, or nothing judged at all: the server unreachable, no Phoenix there,
    /// the run cut short, the results not written.
    Undecided,
    /// 64: wrong usage, no case that matches, a scenario or a config that does not parse.
    WrongUsage,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::FellShort => 1,
            Self::Undecided => 2,
            Self::WrongUsage => 64,
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The user asked for something that there is not, or that makes no sense.
    #[error(transparent)]
    Usage(#[from] Complaint),
    /// A file of the user's does not parse.
    #[error(transparent)]
    File(#[from] ScenarioError),
    /// Nothing could be judged, or nothing served, and it is not the command line's fault.
    #[error("{0}")]
    Undone(Complaint),
    /// The results could not be written to stdout.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
}

impl CliError {
    /// The exit code that stands for it.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::File(_) => Exit::WrongUsage,
            Self::Undone(_) | Self::Stdout(_) => Exit::Undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_were_promised() {
        let codes = [Exit::Held, Exit::FellShort, Exit::Undecided, Exit::WrongUsage].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 64]);
    }
}
