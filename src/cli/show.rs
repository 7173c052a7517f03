//! The `show` command prints a built-in scenario to copy and change; `schema` prints the JSON Schema for
//! editors.

use super::args::Show;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance;
use crate::load;
use crate::scenario::{nearest, schema as scenario_schema};

/// Prints the scenario.
pub(super) fn run(args: &Show) -> Result<Exit, CliError> {
    let id = args.id.as_str();
    let cases = conformance::built_in()
        .iter()
        .map(|case| (&*case.id, &*case.source));
    let swarms = load::built_in().iter().map(|it| (it.name, it.source));
    let scenarios = cases.chain(swarms);
    let Some((_, source)) = scenarios.clone().find(|(known, _)| *known == id) else {
        return Err(Complaint::new(format!("no built-in scenario is named `{id}`"))
            .expected("one of `phxproof list scenarios`")
            .did_you_mean(nearest(id, scenarios.map(|(known, _)| known)))
            .into());
    };
    output::print(&source)?;
    Ok(Exit::Held)
}

/// Prints the JSON Schema.
pub(super) fn schema() -> Result<Exit, CliError> {
    output::print(&format_args!("{:#}\n", scenario_schema()))?;
    Ok(Exit::Held)
}
