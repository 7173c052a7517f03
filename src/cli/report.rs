//! The `report` command: renders the reports of an earlier `check` again, or compares several of them case by case.

use std::path::Path;

use super::args::{Report, Results};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::{output, results};
use crate::clock::wall_clock;
use crate::report::{
    CheckJob, CheckMatrix, CheckPage, Folder, Junit, Markdown, PastCheck, PastError, Reporters, past_command,
};

/// Writes the reports, and says where they are.
pub(super) fn run(typed: Report) -> Result<Exit, CliError> {
    match typed.folders.as_slice() {
        [one] if typed.out.is_none() => again(one),
        [_] => Err(Complaint::new("--out is for the comparison of several runs")
            .expected("several folders, or one without --out")
            .next("the reports of one run are written into its own folder")
            .into()),
        several => compare(several.iter().map(|it| &**it), typed.out.clone()),
    }
}

/// Renders the reports of one run again, in its folder.
fn again(folder: &Path) -> Result<Exit, CliError> {
    if past_command(folder).map_err(complaint)? == "load" {
        return Err(Complaint::new(format!("{} holds a run of load", folder.display()))
            .expected("a run of check")
            .next("its report.html draws what result.json does not hold, so it cannot be rendered again; run load again")
            .into());
    }
    let past = PastCheck::read(folder).map_err(complaint)?;
    let results = Folder::new(folder);
    let mut reporters = Reporters::<CheckJob>::default();
    reporters.add(CheckPage::again(&past));
    reporters.add(Junit::new(results.clone()));
    reporters.add(Markdown::new(results));
    let failed = reporters.finish(&past.finished());
    output::unreported(&failed);
    if !failed.is_empty() {
        return Ok(Exit::Undecided);
    }
    let at = folder.display();
    output::print(&format_args!(
        "wrote report.html, junit.xml and summary.md in {at}/\n"
    ))?;
    Ok(Exit::Held)
}

/// Compares several runs.
fn compare<'f>(
    folders: impl Iterator<Item = &'f Path>,
    out: Option<std::path::PathBuf>,
) -> Result<Exit, CliError> {
    let runs: Result<Vec<PastCheck>, PastError> = folders.map(PastCheck::read).collect();
    let runs = runs.map_err(complaint)?;
    let to = Results { out, seed: None };
    let folder = results::folder(&to, "report", wall_clock());
    if let Some(own) = runs.iter().find(|run| is_same(&run.folder, folder.path())) {
        return Err(Complaint::new(format!(
            "--out {} holds a run that is compared",
            own.folder.display()
        ))
        .expected("another folder, so that the results of that run stay")
        .into());
    }
    output::make(&folder)?;
    let matrix = CheckMatrix::new(&runs, folder.path());
    matrix
        .write(&folder)
        .map_err(|why| CliError::Undone(Complaint::new(why.to_string())))?;
    output::print(&format_args!(
        "{} of {} cases differ between {} runs; {}/report.html shows them\n",
        matrix.differ(),
        matrix.cases(),
        runs.len(),
        folder.path().display()
    ))?;
    Ok(Exit::Held)
}

/// Whether both paths are the same folder.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// What is wrong with a folder that the user named.
fn complaint(why: PastError) -> CliError {
    Complaint::new(why.to_string()).next(why.next()).into()
}
