//! `worker --merge`: merges the messages of workers that a master kept into one result.

use std::path::Path;

use super::super::args::Look;
use super::super::complaint::Complaint;
use super::super::exit::{CliError, Exit};
use super::super::load::exit;
use super::super::output;
use crate::load::{Objective, ObjectiveOutcome};
use crate::report::{Folder, LoadFile, LoadJob, LoadTerminal, Merged, Reporters};

/// Writes the results, and judges them.
pub(super) fn run(path: &Path, objectives: &[Objective], look: Look) -> Result<Exit, CliError> {
    let undone = |why: String| CliError::Undone(Complaint::new(why));
    let merged = Merged::read(path).map_err(|why| undone(why.to_string()))?;
    let asked = objectives.iter().cloned().map(|it| it.asked_by("--objective"));
    let outcomes: Vec<ObjectiveOutcome> = asked.map(|it| it.judge(merged.result())).collect();
    let conclusion = merged.result().conclusion(&outcomes);
    let exit = exit(&conclusion);
    let folder = Folder::new(path);
    let mut reporters = Reporters::<LoadJob>::default();
    LoadFile::all(&folder)
        .into_iter()
        .for_each(|file| reporters.add(file));
    reporters.add(LoadTerminal::new(look.detail(), merged.seed(), folder.clone()));
    merged.write_log(&folder).map_err(|why| undone(why.to_string()))?;
    let unreported = reporters.finish(&merged.finished(&outcomes, &conclusion, exit.code()));
    Ok(output::exit_with_results(exit, &unreported))
}
