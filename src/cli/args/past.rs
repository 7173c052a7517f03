//! The commands about earlier runs as they are typed, and the format of the output of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::load::Condition;

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

/// `compare`
#[derive(Debug, Args)]
pub(in super::super) struct Compare {
    /// Folder of the run of `load` to compare with, as reports/load-20260101T000000Z
    #[arg(value_name = "BASE-DIR")]
    pub(in super::super) base: PathBuf,
    /// Folder of the run of `load` that may have changed
    #[arg(value_name = "NEW-DIR")]
    pub(in super::super) new: PathBuf,
    /// Exit with 1 if this is shown with confidence: a percentile, and by how much it is higher in the new run, as a part of the
    /// base or as a time. For example 'reply.p99>+10%' or 'join.p50>+5ms'; repeatable
    #[arg(long, value_name = "CONDITION")]
    pub(in super::super) fail_if: Vec<Condition>,
    /// What to print [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(in super::super) format: Option<CompareFormat>,
    /// Folder for the results [default: reports/compare-<UTC time>/]
    #[arg(long, value_name = "DIR")]
    pub(in super::super) out: Option<PathBuf>,
    /// Seed of the resamples [default: 1, so that the same runs give the same figures]
    #[arg(long, value_name = "N")]
    pub(in super::super) seed: Option<u64>,
}

/// How `compare` prints what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum CompareFormat {
    /// For people
    Text,
    /// Tables for a pull request, or for the summary of a job
    Markdown,
    /// The content of result.json
    Json,
}
