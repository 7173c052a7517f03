//! Chooses the folder for the results of a run, and the seed of its random choices.

use std::path::PathBuf;
use std::time::SystemTime;

use rand::TryRng;
use rand::rngs::SysRng;

use super::args::Results;
use super::exit::CliError;
use crate::report::Folder;

/// The folder that the user names, or a new one that does not exist yet.
pub(super) fn folder(typed: &Results, command: &str, started_at: SystemTime) -> Folder {
    if let Some(out) = &typed.out {
        return Folder::new(out);
    }
    let time: String = humantime::format_rfc3339_seconds(started_at)
        .to_string()
        .replace(['-', ':'], "");
    let path = |number: u32| match number {
        1 => PathBuf::from(format!("reports/{command}-{time}")),
        _ => PathBuf::from(format!("reports/{command}-{time}-{number}")),
    };
    Folder::new(
        (1..1000)
            .map(path)
            .find(|path| !path.exists())
            .unwrap_or_else(|| path(1)),
    )
}

/// The seed that the user gives, or a new one, which is short and exact in every JSON reader.
pub(super) fn seed(typed: &Results) -> Result<u64, CliError> {
    typed.seed.map_or_else(new_seed, Ok)
}

/// A new seed.
pub(super) fn new_seed() -> Result<u64, CliError> {
    random(SysRng.try_next_u32()).map(u64::from)
}

/// A word that nobody can guess.
pub(super) fn secret() -> Result<String, CliError> {
    random(SysRng.try_next_u64()).map(|number| format!("{number:016x}"))
}

fn random<T>(number: Result<T, rand::rngs::SysError>) -> Result<T, CliError> {
    number.map_err(|why| CliError::undone(format!("the system has no random number to give: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_called_after_the_command_and_the_time() {
        let folder = folder(&Results::default(), "check", SystemTime::UNIX_EPOCH);
        assert_eq!(
            folder.path().display().to_string(),
            "reports/check-19700101T000000Z"
        );
    }
}
