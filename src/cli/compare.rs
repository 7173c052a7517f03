//! The `compare` command: compares the latencies of two earlier runs of `load`.

use super::args::{Compare, CompareFormat, Look, Results};
use super::exit::{CliError, Exit};
use super::report::{complaint, not_a_run};
use super::{output, results};
use crate::clock::{Clock, Time, wall_clock};
use crate::report::{About, ComparisonEnd, ComparisonVerdict, PastLoad, RunComparison};
use crate::stream::Certificates;

/// The seed unless the user gives one: the same runs give the same figures.
const SEED: u64 = 1;

/// Compares the runs, writes the results, and prints them.
pub(super) fn run(typed: Compare, look: Look) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let about = About {
        started_at: wall_clock(),
        seed: typed.seed.unwrap_or(SEED),
        certificates: Certificates::Verified,
    };
    let base = PastLoad::read(&typed.base).map_err(complaint)?;
    let new = PastLoad::read(&typed.new).map_err(complaint)?;
    let to = Results {
        out: typed.out,
        seed: typed.seed,
    };
    let folder = results::folder(&to, "compare", about.started_at);
    not_a_run(&folder, [&*typed.base, &*typed.new])?;
    output::make(&folder)?;
    let comparison = RunComparison::new(&base, &new, &typed.fail_if, about.seed);
    let exit = exit(comparison.verdict());
    let end = ComparisonEnd {
        about: &about,
        duration: clock.now().since(Time::ZERO),
        exit_code: exit.code(),
    };
    comparison
        .write(&folder, &end)
        .map_err(|why| CliError::undone(why.to_string()))?;
    match typed.format.unwrap_or(CompareFormat::Text) {
        CompareFormat::Text => output::print(&comparison.text(look.detail(), &folder))?,
        CompareFormat::Markdown => output::print(&comparison.markdown())?,
        CompareFormat::Json => output::print(&String::from_utf8_lossy(&comparison.json(&end)))?,
    }
    Ok(exit)
}

const fn exit(verdict: ComparisonVerdict) -> Exit {
    match verdict {
        ComparisonVerdict::Held => Exit::Held,
        ComparisonVerdict::Shown => Exit::FellShort,
        ComparisonVerdict::Undecided => Exit::Undecided,
    }
}
