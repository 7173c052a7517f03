//! `result.json` of a comparison. Names of fields are a promise; more may come.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::json::pretty;
use super::super::past::SCHEMA;
use super::super::summary::words;
use super::CheckMatrix;
use crate::profile::Profile;

/// The content of the file.
pub(super) fn render(matrix: &CheckMatrix<'_>) -> Vec<u8> {
    pretty(&Compared::new(matrix))
}

#[derive(Serialize)]
struct Compared<'a> {
    schema: u64,
    command: &'static str,
    version: &'static str,
    exit_code: u8,
    runs: Vec<ComparedRun<'a>>,
    differences: Vec<&'a str>,
    cases: Vec<ComparedCase<'a>>,
}

#[derive(Serialize)]
struct ComparedRun<'a> {
    name: &'a str,
    folder: String,
    target: &'a str,
    profile: Option<&'static str>,
    version: &'a str,
    exit_code: u8,
    summary: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct ComparedCase<'a> {
    /// The id, with the transport behind it unless it is WebSocket.
    id: &'a str,
    /// In the order of the runs; null where a run does not have the case.
    verdicts: &'a [Option<&'static str>],
}

impl<'a> Compared<'a> {
    fn new(matrix: &'a CheckMatrix<'a>) -> Self {
        let runs = matrix.runs.iter().map(|it| ComparedRun {
            name: &it.name,
            folder: it.past.folder.display().to_string(),
            target: &it.past.run.target,
            profile: it.past.run.held_to.profile().map(Profile::name),
            version: &it.past.version,
            exit_code: it.past.finished().exit_code,
            summary: words(&it.past.run).into_iter().collect(),
        });
        let cases = matrix
            .rows
            .iter()
            .map(|(id, row)| ComparedCase { id, verdicts: row });
        Self {
            schema: SCHEMA,
            command: "report",
            version: env!("CARGO_PKG_VERSION"),
            exit_code: 0,
            runs: runs.collect(),
            differences: matrix.differences().map(|(id, _)| &**id).collect(),
            cases: cases.collect(),
        }
    }
}
