//! Merges the settings of a file with the arguments of commands that have no section of their own: `prove` and `fuzz`.

use super::super::args::{Check, Fuzz, Prove, Results, Target, TransportArg};
use super::super::exit::CliError;
use super::SettingsFile;

/// The arguments that the settings of a file complete.
type Placed = (Target, Option<TransportArg>, Results);

impl SettingsFile {
    /// Merges the settings into the arguments of a `prove`.
    pub(in super::super) fn proofs(self, mut typed: Prove) -> Result<Prove, CliError> {
        (typed.target, typed.transport, typed.results) =
            self.placed((typed.target, typed.transport, typed.results))?;
        Ok(typed)
    }

    /// Merges the settings into the arguments of a `fuzz`.
    pub(in super::super) fn fuzzing(self, mut typed: Fuzz) -> Result<Fuzz, CliError> {
        (typed.target, typed.transport, typed.results) =
            self.placed((typed.target, typed.transport, typed.results))?;
        Ok(typed)
    }

    fn placed(self, (target, transport, results): Placed) -> Result<Placed, CliError> {
        let meant = self.check(Check {
            target,
            transport,
            results,
            ..Check::default()
        })?;
        Ok((meant.target, meant.transport, meant.results))
    }
}
