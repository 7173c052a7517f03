//! The corpus: the failures of earlier runs in the folder of `--save`, which are played again before new conversations are made.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::property::Flaw;
use super::script::Script;
use crate::conformance::{Snapshot, SnapshotError};
use crate::scenario::{ScenarioError, read};

/// The scenarios of earlier failures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corpus(pub(super) Vec<SavedFailure>);

/// The scenario of an earlier failure.
#[derive(Clone, Debug)]
pub(super) struct SavedFailure {
    pub(super) path: PathBuf,
    pub(super) script: Script,
}

/// The plays of a corpus.
#[derive(Clone, Debug, Default)]
pub(crate) struct CorpusResult {
    /// The number of scenarios that were played.
    pub(crate) played: u64,
    /// The ones that fail still.
    pub(crate) failing: Vec<StillFailing>,
}

/// A scenario of the corpus that fails still.
#[derive(Clone, Debug)]
pub(crate) struct StillFailing {
    pub(crate) path: PathBuf,
    pub(crate) property: &'static str,
    /// The difference from the fixture.
    pub(crate) told: String,
    pub(crate) steps: usize,
    /// The number of new conversations that failed in the same way.
    pub(crate) times: u64,
    pub(super) flaw: Flaw,
}

/// The reason why a corpus cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CorpusError {
    #[error("cannot read {}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Fixture(#[from] SnapshotError),
}

impl Corpus {
    /// Reads the scenarios of a folder that have a fixture beside them, by name; none if there is no folder.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Self, CorpusError> {
        let file = |path: &Path, why| CorpusError::File {
            path: path.to_owned(),
            why,
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(why) => return Err(file(folder, why)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|why| file(folder, why))?.path();
            if path.extension().is_some_and(|it| it == "yaml") && path.with_extension("snap").exists() {
                paths.push(path);
            }
        }
        paths.sort();
        let mut saved = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|why| file(&path, why))?;
            let program = Arc::new(read(&path.display().to_string(), &text)?);
            let fixture = Snapshot::read(&path.with_extension("snap"), &program)?;
            let script = Script::saved(text, program, fixture.log);
            saved.push(SavedFailure { path, script });
        }
        Ok(Self(saved))
    }
}

impl CorpusResult {
    /// The scenario that fails in this way already.
    pub(super) fn known(&mut self, flaw: &Flaw) -> Option<&mut StillFailing> {
        self.failing.iter_mut().find(|it| it.flaw.is_like(flaw))
    }
}
