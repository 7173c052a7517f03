//! Reads the results of an earlier `check` again: `result.json`, and the frames beside it. The error of a folder of any command
//! is a [`PastError`].

mod idle;
mod json;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::folder::frames_path;
use super::object::{ReadBack, field};
use super::{About, CheckFinished};
use crate::conformance::{CaseResult, RunResult};
use crate::stream::Certificates;

/// Larger results are refused: no run writes so much.
const LARGEST: u64 = 64 << 20;
/// The version of the fields of `result.json`.
pub(super) const SCHEMA: u64 = 1;

/// An earlier run of `check`.
#[derive(Debug)]
pub struct PastCheck {
    /// The folder of its results.
    pub folder: PathBuf,
    /// Its result. The recordings stand in the folder.
    pub run: RunResult,
    /// The version of phxproof that wrote it.
    pub version: String,
    about: About,
    duration: Duration,
    exit_code: u8,
    trouble: Option<String>,
}

/// Why the results of an earlier run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        why: std::io::Error,
    },
    /// It is larger than any result.
    #[error("{} is larger than {} MB, so no run of phxproof wrote it", .0.display(), LARGEST >> 20)]
    TooLarge(PathBuf),
    /// It is not what phxproof writes.
    #[error("{} is not a result of phxproof: {why}", .path.display())]
    NoResult {
        /// The file.
        path: PathBuf,
        /// The mistake in it.
        why: String,
    },
    /// It has other fields.
    #[error("{} has schema {found}, and this version of phxproof reads schema {SCHEMA}", .path.display())]
    OtherSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
    },
    /// Another command wrote it.
    #[error("{} was written by `{found}`, not by `{expected}`", .path.display())]
    OtherCommand {
        /// The file.
        path: PathBuf,
        /// The command that wrote it.
        found: String,
        /// The command whose results are needed.
        expected: &'static str,
    },
}

impl PastError {
    /// The advice to the user.
    pub fn next(&self) -> &'static str {
        let is_beside = |path: &Path| path.file_name().is_some_and(|it| it != "result.json");
        match self {
            Self::NoResult { path, .. } if is_beside(path) => {
                "the file was changed after the run: run the command again"
            }
            Self::OtherCommand { expected: "load", .. } => {
                "phxproof compare compares two runs of load; phxproof report FOLDER FOLDER compares runs of check"
            }
            Self::Unreadable { .. } | Self::TooLarge(_) | Self::NoResult { .. } => {
                "name the folder of a run, which holds its result.json: reports/check-… or reports/load-…"
            }
            Self::OtherSchema { .. } => "use the version of phxproof that wrote it, or run the command again",
            Self::OtherCommand { .. } => "name folders of runs of the same command",
        }
    }
}

/// The command that wrote the results of a folder.
///
/// # Errors
/// If there are no results, or of another schema.
pub fn past_command(folder: &Path) -> Result<String, PastError> {
    let path = folder.join("result.json");
    json::command(&path, &text(&path)?)
}

impl PastCheck {
    /// Reads the results of a folder.
    ///
    /// # Errors
    /// If they are not there, or not those of a `check`.
    pub fn read(folder: &Path) -> Result<Self, PastError> {
        let text = result_of(folder, &["check"])?;
        json::check(folder, &text).map_err(|why| PastError::NoResult {
            path: folder.join("result.json"),
            why,
        })
    }

    /// The end of the run, as its reporters heard it.
    pub fn finished(&self) -> CheckFinished<'_> {
        CheckFinished {
            run: &self.run,
            about: &self.about,
            duration: self.duration,
            exit_code: self.exit_code,
            trouble: self.trouble.as_deref(),
        }
    }

    /// The lines of the frames of a case, without the header; none if there is no such file.
    pub(super) fn frames(&self, case: &CaseResult) -> Vec<String> {
        let path = self.folder.join(frames_path(&case.id, case.transport));
        let Ok(file) = File::open(path) else {
            return Vec::new();
        };
        let lines = BufReader::new(file.take(LARGEST)).lines().skip(1);
        lines.map_while(Result::ok).collect()
    }
}

/// The text of the `result.json` of a folder, which one of these commands wrote.
pub(super) fn result_of(folder: &Path, expected: &[&'static str]) -> Result<String, PastError> {
    let path = folder.join("result.json");
    let text = text(&path)?;
    let found = json::command(&path, &text)?;
    if expected.contains(&&*found) {
        return Ok(text);
    }
    Err(PastError::OtherCommand {
        path,
        found,
        expected: expected.first().copied().unwrap_or_default(),
    })
}

/// The fields of a `result.json` that tell when and how the run was made.
struct WrittenAbout {
    started_at: String,
    seed: u64,
    insecure: bool,
}

impl WrittenAbout {
    fn read(&self) -> Result<About, String> {
        Ok(About {
            started_at: humantime::parse_rfc3339(&self.started_at)
                .map_err(|why| format!("started_at is `{}`: {why}", self.started_at))?,
            seed: self.seed,
            certificates: if self.insecure {
                Certificates::Insecure
            } else {
                Certificates::Verified
            },
        })
    }
}

impl ReadBack for About {
    fn read_back(value: &Value) -> Result<Self, String> {
        let written = WrittenAbout {
            started_at: field(value, "started_at")?,
            seed: field(value, "seed")?,
            insecure: field(value, "insecure")?,
        };
        written.read()
    }
}

/// The text of a file of results.
pub(super) fn text(path: &Path) -> Result<String, PastError> {
    let path = path.to_owned();
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    match read {
        Err(why) => Err(PastError::Unreadable { path, why }),
        Ok(_) if text.len() as u64 > LARGEST => Err(PastError::TooLarge(path)),
        Ok(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::super::{CheckJob, Folder, Json, Reporter};
    use super::*;

    fn written(text: &str) -> PastError {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("result.json"), text).unwrap();
        PastCheck::read(folder.path()).unwrap_err()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let again = tempfile::tempdir().unwrap();
        let write = |finished: &CheckFinished<'_>, to: &Path| {
            let mut json = Json::new(Folder::new(to));
            Reporter::<CheckJob>::finish(&mut json, finished).unwrap();
            std::fs::read_to_string(to.join("result.json")).unwrap()
        };
        let run = made_up::run();
        let first = write(&made_up::finished(&run, &made_up::ABOUT), folder.path());
        let past = PastCheck::read(folder.path()).unwrap();
        assert_eq!(write(&past.finished(), again.path()), first);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_reason() {
        let missing = PastCheck::read(Path::new("there/is/nothing")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("cannot read there/is/nothing/result.json: ")
        );
        let told = |text: &str| {
            let text = written(text).to_string();
            text[text.find("result.json").unwrap()..].to_owned()
        };
        assert_eq!(
            told("{}"),
            "result.json is not a result of phxproof: missing field `schema` at line 1 column 2"
        );
        assert_eq!(
            told(r#"{"schema": 2, "command": "check"}"#),
            "result.json has schema 2, and this version of phxproof reads schema 1"
        );
        assert_eq!(
            told(r#"{"schema": 1, "command": "load"}"#),
            "result.json was written by `load`, not by `check`"
        );
        assert!(told(r#"{"schema": 1, "command": "check"}"#).contains("missing field `"));
    }
}
