//! Compares several runs of `check`: a matrix with a row for each case and a column for each run, the differences first,
//! as a page and as `result.json`.

mod json;
mod page;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::summary;
use super::{Folder, PastCheck, ReportError};

/// Several runs of `check`, side by side.
#[derive(Debug)]
pub struct CheckMatrix<'p> {
    runs: Vec<Compared<'p>>,
    /// The rows by the name of the play: the verdict of each run in a word; none where it does not have the case.
    rows: BTreeMap<Arc<str>, Vec<Option<&'static str>>>,
}

/// One of the runs.
#[derive(Debug)]
struct Compared<'p> {
    past: &'p PastCheck,
    /// The name of its folder, which tells it from the others.
    name: String,
    /// The way from the page to its folder.
    path: PathBuf,
}

impl<'p> CheckMatrix<'p> {
    /// These runs, for a page in the folder `at`.
    pub fn new(runs: &'p [PastCheck], at: &Path) -> Self {
        let mut rows: BTreeMap<Arc<str>, Vec<Option<&'static str>>> = BTreeMap::new();
        for (number, past) in runs.iter().enumerate() {
            for case in &past.run.cases {
                let row = rows.entry(case.name()).or_insert_with(|| vec![None; runs.len()]);
                row[number] = Some(summary::word(case, &past.run));
            }
        }
        let compared = |past: &'p PastCheck| Compared {
            past,
            name: name(&past.folder),
            path: way(at, &past.folder),
        };
        Self {
            runs: runs.iter().map(compared).collect(),
            rows,
        }
    }

    /// The rows whose verdicts are not all the same.
    fn differences(&self) -> impl Iterator<Item = (&Arc<str>, &Vec<Option<&'static str>>)> {
        self.rows.iter().filter(|(_, row)| differs(row))
    }

    /// The number of cases with different verdicts.
    pub fn differ(&self) -> usize {
        self.differences().count()
    }

    /// The number of cases.
    pub fn cases(&self) -> usize {
        self.rows.len()
    }

    /// Writes `report.html` and `result.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Folder) -> Result<(), ReportError> {
        folder.write("report.html", page::render(self).as_bytes())?;
        folder.write("result.json", &json::render(self))?;
        Ok(())
    }
}

/// Whether the verdicts differ. A run without the case tells nothing.
fn differs(row: &[Option<&'static str>]) -> bool {
    let mut verdicts = row.iter().flatten();
    let first = verdicts.next();
    verdicts.any(|verdict| Some(verdict) != first)
}

/// The last part of the path of a folder.
fn name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let last = whole.file_name().unwrap_or(whole.as_os_str());
    last.to_string_lossy().into_owned()
}

/// The way from one folder to another, for links.
fn way(from: &Path, to: &Path) -> PathBuf {
    let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize()) else {
        return to.to_owned();
    };
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

#[cfg(test)]
mod tests;
