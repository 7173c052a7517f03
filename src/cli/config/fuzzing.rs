//! Merges the settings of a file with the arguments of a `fuzz`.

use super::super::args::{Check, Fuzz};
use super::super::exit::CliError;
use super::SettingsFile;

impl SettingsFile {
    /// Merges the settings into the arguments of a `fuzz`: target, results and seed.
    pub(in super::super) fn fuzzing(self, typed: Fuzz) -> Result<Fuzz, CliError> {
        let as_check = Check {
            target: typed.target,
            transport: typed.transport,
            results: typed.results,
            ..Check::default()
        };
        let meant = self.check(as_check)?;
        Ok(Fuzz {
            target: meant.target,
            transport: meant.transport,
            results: meant.results,
            ..typed
        })
    }
}
