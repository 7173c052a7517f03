//! `explain`: what a rule promises, by which versions, where that is written, and the cases that check it; or which
//! rules a case checks.

use super::args::Explain;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::rules;
use crate::scenario::nearest;

/// Prints the explanation.
pub(super) fn run(args: &Explain) -> Result<Exit, CliError> {
    let id = args.id.as_str();
    if let Some(rule) = rules::find(id) {
        output::print(&rule.explain(&[]))?;
        return Ok(Exit::Held);
    }
    let known = rules::all().map(|rule| rule.id);
    Err(Complaint::new(format!("no rule and no case is named `{id}`"))
        .expected("a rule of `phxproof list rules` or a case of `phxproof list cases`")
        .did_you_mean(nearest(id, known))
        .into())
}
