//! `show`: a built-in scenario, to copy and change; `schema`: what editors need to help with one.

use super::args::Show;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::catalogue;
use crate::scenario::{nearest, schema as scenario_schema};

/// Prints the scenario.
pub(super) fn run(args: &Show) -> Result<Exit, CliError> {
    let cases = catalogue::built_in();
    let id = args.id.as_str();
    let Some(case) = cases.iter().find(|case| &*case.id == id) else {
        return Err(Complaint::new(format!("no built-in scenario is named `{id}`"))
            .expected("one of `phxproof list scenarios`")
            .did_you_mean(nearest(id, cases.iter().map(|case| &*case.id)))
            .into());
    };
    output::print(&case.source)?;
    Ok(Exit::Held)
}

/// Prints the JSON Schema.
pub(super) fn schema() -> Result<Exit, CliError> {
    output::print(&format_args!("{:#}\n", scenario_schema()))?;
    Ok(Exit::Held)
}
