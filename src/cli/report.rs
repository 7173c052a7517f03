//! The `report` command: renders the reports of an earlier `check`, `load` or `prove` again, or compares several runs of `check`
//! case by case.

use std::path::Path;

use super::args::{Report, Results};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::{output, results};
use crate::clock::wall_clock;
use crate::report::{
    CheckJob, CheckMatrix, CheckPage, Folder, Junit, LoadFile, LoadJob, Markdown, PastCheck, PastError,
    PastLoad, PastProve, ProveFile, ProveJob, ReportError, Reporters, past_command,
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
    match past_command(folder).map_err(complaint)?.as_str() {
        "load" | "worker" => load_again(folder),
        "prove" => prove_again(folder),
        _ => check_again(folder),
    }
}

fn check_again(folder: &Path) -> Result<Exit, CliError> {
    let past = PastCheck::read(folder).map_err(complaint)?;
    let results = Folder::new(folder);
    let mut reporters = Reporters::<CheckJob>::default();
    reporters.add(CheckPage::again(&past));
    reporters.add(Junit::new(results.clone()));
    reporters.add(Markdown::new(results));
    let failed = reporters.finish(&past.finished());
    written("report.html, junit.xml and summary.md", folder, &failed)
}

/// Renders the reports of a run of `load` again.
fn load_again(folder: &Path) -> Result<Exit, CliError> {
    let past = PastLoad::read(folder).map_err(complaint)?;
    let mut reporters = Reporters::<LoadJob>::default();
    for file in LoadFile::again(&Folder::new(folder)) {
        reporters.add(file);
    }
    let failed = reporters.finish(&past.finished());
    written("report.html and junit.xml", folder, &failed)
}

/// Renders the page of a run of `prove` again.
fn prove_again(folder: &Path) -> Result<Exit, CliError> {
    let past = PastProve::read(folder).map_err(complaint)?;
    let mut reporters = Reporters::<ProveJob>::default();
    reporters.add(ProveFile::page(&Folder::new(folder)));
    let failed = reporters.finish(&past.finished());
    written("report.html", folder, &failed)
}

/// Says which files were written where, or why they were not.
fn written(files: &str, folder: &Path, failed: &[ReportError]) -> Result<Exit, CliError> {
    output::unreported(failed);
    if !failed.is_empty() {
        return Ok(Exit::Undecided);
    }
    output::print(&format_args!("wrote {files} in {}/\n", folder.display()))?;
    Ok(Exit::Held)
}

/// Compares several runs.
fn compare<'f>(
    folders: impl Iterator<Item = &'f Path>,
    out: Option<std::path::PathBuf>,
) -> Result<Exit, CliError> {
    let runs: Result<Vec<PastCheck>, PastError> = folders.map(PastCheck::read).collect();
    let runs = runs.map_err(|why| match &why {
        PastError::OtherCommand { found, .. } if found == "load" => Complaint::new(why.to_string())
            .next("phxproof compare BASE-DIR NEW-DIR compares two runs of load")
            .into(),
        _ => complaint(why),
    })?;
    let to = Results { out, seed: None };
    let folder = results::folder(&to, "report", wall_clock());
    not_a_run(&folder, runs.iter().map(|run| &*run.folder))?;
    output::make(&folder)?;
    let matrix = CheckMatrix::new(&runs, folder.path());
    matrix
        .write(&folder)
        .map_err(|why| CliError::undone(why.to_string()))?;
    output::print(&format_args!(
        "{} of {} cases differ between {} runs; {}/report.html shows them\n",
        matrix.differ(),
        matrix.cases(),
        runs.len(),
        folder.path().display()
    ))?;
    Ok(Exit::Held)
}

/// Refuses to write over a run that is compared.
pub(super) fn not_a_run<'f>(out: &Folder, runs: impl IntoIterator<Item = &'f Path>) -> Result<(), CliError> {
    match runs.into_iter().find(|run| is_same(run, out.path())) {
        None => Ok(()),
        Some(own) => Err(
            Complaint::new(format!("--out {} holds a run that is compared", own.display()))
                .expected("another folder, so that the results of that run stay")
                .into(),
        ),
    }
}

/// Whether both paths are the same folder.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// What is wrong with a folder that the user named.
pub(super) fn complaint(why: PastError) -> CliError {
    Complaint::new(why.to_string()).next(why.next()).into()
}
