//! Merges the settings of a file with the arguments of a `prove`.

use super::super::args::{Check, Prove};
use super::super::exit::CliError;
use super::SettingsFile;

impl SettingsFile {
    /// Merges the settings into the arguments of a `prove`: target, results and seed.
    pub(in super::super) fn proofs(self, typed: Prove) -> Result<Prove, CliError> {
        let as_check = Check {
            target: typed.target,
            transport: typed.transport,
            results: typed.results,
            ..Check::default()
        };
        let meant = self.check(as_check)?;
        Ok(Prove {
            target: meant.target,
            transport: meant.transport,
            results: meant.results,
            ..typed
        })
    }
}
