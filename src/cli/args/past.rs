//! The commands about earlier runs as they are typed, and the format of the output of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How `check` prints its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum OutputArg {
    /// For people
    #[default]
    Text,
    /// The same with annotations for GitHub Actions, and a summary of the job
    Github,
}

/// `report`
#[derive(Debug, Args)]
pub(in super::super) struct Report {
    /// Folders of earlier runs, as reports/check-20260101T000000Z
    #[arg(value_name = "DIR", required = true)]
    pub(in super::super) folders: Vec<PathBuf>,
    /// Folder for the comparison of several runs [default: reports/report-<UTC time>/]
    #[arg(long, value_name = "DIR")]
    pub(in super::super) out: Option<PathBuf>,
}
