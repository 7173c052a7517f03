//! Merges the settings of a file with the arguments of commands that have no section of their own: `prove`, `fuzz` and `diff`.

use super::super::args::{Check, Conversing, Fuzz, Prove, Results, Target, TransportArg};
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
        let conversing = &mut typed.conversing;
        (typed.target, conversing.transport, conversing.results) = self.placed((
            typed.target,
            conversing.transport,
            std::mem::take(&mut conversing.results),
        ))?;
        Ok(typed)
    }

    /// Merges the settings into the arguments of a `diff`, for one of its servers.
    pub(in super::super) fn comparing(
        self,
        target: Target,
        conversing: &mut Conversing,
    ) -> Result<Target, CliError> {
        let results = std::mem::take(&mut conversing.results);
        let (target, transport, results) = self.placed((target, conversing.transport, results))?;
        conversing.transport = transport;
        conversing.results = results;
        Ok(target)
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
