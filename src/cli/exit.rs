//! The four exit codes, and which error leads to which code.

#![warn(clippy::wildcard_enum_match_arm)]

use super::complaint::Complaint;
use crate::scenario::ScenarioError;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything held, or the command succeeded.
    Held,
    /// 1: the server failed: a `fail`, or a `non-strict` with `--strict`.
    FellShort,
    /// 2: no `fail`, but something is undecided, or nothing was judged: the server was unreachable or not
    /// Phoenix, the run was cut short, or the results were not written.
    Undecided,
    /// 64: wrong usage: no case matches, or a scenario or a config does not parse.
    WrongUsage,
}

impl Exit {
    /// The number for the shell.
    pub const fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::FellShort => 1,
            Self::Undecided => 2,
            Self::WrongUsage => 64,
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The user asked for something that does not exist or makes no sense.
    #[error(transparent)]
    Usage(#[from] Complaint),
    /// A file of the user does not parse.
    #[error(transparent)]
    File(#[from] ScenarioError),
    /// Nothing could be judged or served, and the command line is not the cause.
    #[error("{0}")]
    Undone(Complaint),
    /// The results could not be written to stdout.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
}

impl CliError {
    /// A run that could not take place for this reason.
    pub(super) fn undone(why: impl Into<String>) -> Self {
        Self::Undone(Complaint::new(why))
    }

    /// The exit code of this error.
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
