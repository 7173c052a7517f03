//! The folder for the results of a run.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use crate::conformance::{CaseRecording, CaseResult};
use crate::transport::Transport;

/// A folder for results.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A result that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {why}", .path.display())]
pub struct FolderError {
    /// The file.
    pub path: PathBuf,
    /// The error of the system.
    pub why: io::Error,
}

impl Folder {
    /// A folder that need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates it and its parents before a run, so that no run starts whose results could not be saved.
    ///
    /// # Errors
    /// If it cannot be created or written to.
    pub fn make(&self) -> Result<(), FolderError> {
        let failed = |path: PathBuf, why| FolderError { path, why };
        fs::create_dir_all(&self.path).map_err(|why| failed(self.path.clone(), why))?;
        let result = self.path.join("result.json");
        // A result of an earlier run is of no use any more.
        File::create(&result).map(drop).map_err(|why| failed(result, why))
    }

    /// Whether it has the result of an earlier run.
    pub fn has_result(&self) -> bool {
        let result = fs::metadata(self.path.join("result.json"));
        result.is_ok_and(|it| it.len() > 0)
    }

    /// Creates a file in it, and its parent folders.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn file(&self, name: impl AsRef<Path>) -> Result<File, FolderError> {
        let path = self.path.join(name);
        let made = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| File::create(&path));
        made.map_err(|why| FolderError { path, why })
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: impl AsRef<Path>, contents: &[u8]) -> Result<(), FolderError> {
        let mut file = self.file(&name)?;
        file.write_all(contents).map_err(|why| FolderError {
            path: self.path.join(name),
            why,
        })
    }
}

/// The file for the frames of a case, if it was played.
pub(super) fn frames_of(case: &CaseResult) -> Option<String> {
    match case.recording {
        CaseRecording::None => None,
        CaseRecording::Whole(_) | CaseRecording::Told => {
            Some(frames_path(&case.id, case.transport).display().to_string())
        }
    }
}

/// The file for the frames of a case: `frames/join/ok.jsonl`, `frames/join/ok@longpoll.jsonl`. The id of a user's own scenario is its path,
/// which must not lead out of the folder.
pub(super) fn frames_path(case: &str, transport: Transport) -> PathBuf {
    let mut path = PathBuf::from("frames");
    for component in Path::new(case).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => path.push("up"),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    if path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
    {
        path.set_extension("");
    }
    let mut name = path.into_os_string();
    if transport != Transport::WebSocket {
        name.push(format!("@{transport}"));
    }
    name.push(".jsonl");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_any_case_lie_in_the_folder() {
        let cases = [
            ("join/ok", "frames/join/ok.jsonl"),
            ("mine/chat.v2.yaml", "frames/mine/chat.v2.jsonl"),
            ("../x.yml", "frames/up/x.jsonl"),
            ("/etc/./x.yaml", "frames/etc/x.jsonl"),
        ];
        for (case, path) in cases {
            assert_eq!(frames_path(case, Transport::WebSocket), Path::new(path));
        }
        let over_long_poll = frames_path("join/ok", Transport::LongPoll);
        assert_eq!(over_long_poll, Path::new("frames/join/ok@longpoll.jsonl"));
    }

    #[test]
    fn what_cannot_be_written_is_said_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let results = Folder::new(folder.path().join("file/in"));
        assert!(results.make().is_err());
        let error = results.write("result.json", b"{}").unwrap_err().to_string();
        assert!(error.contains("file/in/result.json: "), "{error}");
    }
}
