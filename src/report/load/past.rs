//! Reads the results of an earlier `load` again: `result.json`, the series, and the histograms.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::super::About;
use super::super::object::{ReadBack as _, field};
use super::super::past::{PastError, result_of, text};
use super::{LoadCommand, LoadFinished, Setup, csv, hlog};
use crate::load::{LoadConclusion, LoadResult, ObjectiveOutcome, RunBlocks, Sends};
use crate::profile::Profile;

/// An earlier run of `load`.
#[derive(Debug)]
pub struct PastLoad {
    /// The folder of its results.
    pub folder: PathBuf,
    pub(super) command: LoadCommand,
    /// The version of phxproof that wrote it.
    pub(super) version: String,
    /// Its result.
    pub(super) result: LoadResult,
    /// The latencies, in blocks of time.
    pub(super) blocks: RunBlocks,
    pub(super) setup: Option<Setup>,
    pub(super) scenario: String,
    pub(super) target: String,
    pub(super) profile: Option<Profile>,
    pub(super) about: About,
    objectives: Vec<ObjectiveOutcome>,
    conclusion: LoadConclusion,
    pub(super) duration: Duration,
    exit_code: u8,
    trouble: Option<String>,
}

impl PastLoad {
    /// Reads the results of a folder.
    ///
    /// # Errors
    /// If they are not there, or not those of a `load`.
    pub fn read(folder: &Path) -> Result<Self, PastError> {
        let path = |name: &str| folder.join(name);
        let no_result = |name: &str| {
            let path = path(name);
            move |why: String| PastError::NoResult { path, why }
        };
        let json = result_of(folder, &LoadCommand::ALL.map(LoadCommand::name))?;
        let mut past = Self::written(folder, &json).map_err(no_result("result.json"))?;
        if past.trouble.is_none() {
            let series = text(&path("series.csv"))?;
            past.result.series = csv::read(&series).map_err(no_result("series.csv"))?;
            let log = text(&path("histograms.hlog"))?;
            past.blocks = hlog::read(&log, past.result.series.len()).map_err(no_result("histograms.hlog"))?;
            past.result.histograms = past.blocks.together();
        }
        Ok(past)
    }

    /// Reads the fields of `result.json`.
    pub(super) fn written(folder: &Path, json: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|why| why.to_string())?;
        let about = About::read_back(&value)?;
        let profile: Option<String> = field(&value, "profile")?;
        let profile = profile.map(|name| name.parse::<Profile>().map_err(|why| why.to_string()));
        let result = LoadResult::read_back(&value)?;
        let setup = field::<Option<Setup>>(&value, "run")?.map(|setup| Setup {
            // A scenario without sends has no rate, which is told by what was sent.
            sends: if result.messages.sent > 0 {
                Sends::Something
            } else {
                Sends::Nothing
            },
            certificates: about.certificates,
            ..setup
        });
        Ok(Self {
            folder: folder.to_owned(),
            command: field(&value, "command")?,
            version: field(&value, "version")?,
            result,
            blocks: RunBlocks::default(),
            setup,
            scenario: field(&value, "scenario")?,
            target: field(&value, "target")?,
            profile: profile.transpose()?,
            about,
            objectives: field(&value, "objectives")?,
            conclusion: conclusion(&value)?,
            duration: Duration::from_millis(field(&value, "duration_ms")?),
            exit_code: u8::try_from(field::<u32>(&value, "exit_code")?)
                .map_err(|why| format!("exit_code: {why}"))?,
            trouble: field(&value, "trouble")?,
        })
    }

    /// The end of the run, as its reporters heard it.
    pub fn finished(&self) -> LoadFinished<'_> {
        LoadFinished {
            command: self.command,
            result: &self.result,
            objectives: &self.objectives,
            conclusion: &self.conclusion,
            about: &self.about,
            scenario: &self.scenario,
            target: &self.target,
            profile: self.profile.map(Profile::name),
            setup: self.setup.as_ref(),
            duration: self.duration,
            exit_code: self.exit_code,
            trouble: self.trouble.as_deref(),
        }
    }
}

fn conclusion(value: &Value) -> Result<LoadConclusion, String> {
    let verdict: String = field(value, "verdict")?;
    let reasons = field(value, "reasons")?;
    match verdict.as_str() {
        "held" => Ok(LoadConclusion::Held),
        "fell-short" => Ok(LoadConclusion::FellShort(reasons)),
        "undecided" => Ok(LoadConclusion::Undecided(reasons)),
        other => Err(format!("verdict is `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::LoadFile;
    use super::super::made_up;
    use super::*;
    use crate::load::Timing;
    use crate::report::{Folder, Reporter as _};

    #[test]
    fn what_is_read_is_what_was_written() {
        let (folder, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        made_up::write(folder.path(), 3, 0);
        let past = PastLoad::read(folder.path()).unwrap();
        for mut file in LoadFile::all(&Folder::new(again.path())) {
            file.finish(&past.finished()).unwrap();
        }
        for name in ["result.json", "junit.xml", "series.csv"] {
            let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(read(again.path()), read(folder.path()), "{name}");
        }
        assert_eq!(past.blocks.of(Timing::Reply).len(), 3);
        assert_eq!(past.result.histograms.of(Timing::Reply).len(), 300);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        made_up::write(folder.path(), 3, 0);
        let told = |name: &str, change: &dyn Fn(String) -> String| {
            let path = folder.path().join(name);
            let before = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, change(before.clone())).unwrap();
            let told = PastLoad::read(folder.path()).unwrap_err().to_string();
            std::fs::write(&path, before).unwrap();
            told[told.find(name).unwrap()..].to_owned()
        };
        let asked = |text: String| text.replace("\"asked\": 200", "\"asked\": \"many\"");
        assert_eq!(
            told("result.json", &asked),
            "result.json is not a result of phxproof: sockets: asked: a number was expected, not \"many\""
        );
        assert_eq!(
            told("series.csv", &|text| text.replace(",joined,", ",jointed,")),
            "series.csv is not a result of phxproof: it has no column `joined`"
        );
        assert_eq!(
            told("series.csv", &|text| text
                .replace("3.000,running", "3.000,resting")),
            "series.csv is not a result of phxproof: line 4 is not a second of a run"
        );
        let tag = |text: String| text.replace("Tag=reply", "Tag=replies");
        assert_eq!(
            told("histograms.hlog", &tag),
            "histograms.hlog is not a result of phxproof: `replies` is not a kind of time"
        );
        let cut = |text: String| text[..text.len() - 20].to_owned();
        assert!(told("histograms.hlog", &cut).contains(" is not a histogram of a second"));
        let damaged = told("histograms.hlog", &|text| text.replacen("HIST", "!!!!", 1));
        assert!(damaged.contains(" s is damaged: "), "{damaged}");
        let log = std::fs::read_to_string(folder.path().join("histograms.hlog")).unwrap();
        let first = log.lines().position(|line| line.starts_with("Tag=")).unwrap() + 1;
        let garbled = |text: String| text.replacen("Tag=", "Tug=", 1);
        let expected = format!("line {first} is not a histogram of a second");
        assert!(
            told("histograms.hlog", &garbled).ends_with(&expected),
            "{expected}"
        );
    }
}
