//! The `explain` command: describes a rule with its versions, its source and its cases, or a case with the
//! rules that it checks.

use std::fmt::Write as _;

use super::args::Explain;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::{self, Case, rules};
use crate::judge;
use crate::scenario::nearest;
use crate::server::faults;

/// Prints the explanation.
pub(super) fn run(args: &Explain) -> Result<Exit, CliError> {
    let id = args.id.as_str();
    let cases = conformance::built_in();
    if let Some(rule) = rules::find(id) {
        let checks = |case: &&std::sync::Arc<Case>| case.rules().iter().any(|rule| rule == id);
        let checked_by: Vec<&str> = cases.iter().filter(checks).map(|case| &*case.id).collect();
        let breaks = |fault: &&faults::Fault| fault.rules.contains(&id);
        let broken_by: Vec<&str> = faults::all().filter(breaks).map(|fault| fault.id).collect();
        output::print(&rule.explain(&checked_by, &broken_by))?;
        if judge::rules().contains(id) {
            output::print(&format_args!("  {:<12}phxproof serve --judge\n", "judged by"))?;
        }
        return Ok(Exit::Held);
    }
    if let Some(case) = cases.iter().find(|case| &*case.id == id) {
        output::print(&explain_case(case))?;
        return Ok(Exit::Held);
    }
    let known = rules::all()
        .map(|rule| rule.id)
        .chain(cases.iter().map(|case| &*case.id));
    Err(Complaint::new(format!("no rule and no case is named `{id}`"))
        .expected(
            "a rule of `phxproof list rules` or `list client-rules`, or a case of `phxproof list cases`",
        )
        .did_you_mean(nearest(id, known))
        .into())
}

fn explain_case(case: &Case) -> String {
    let mut text = format!("{}: {}\n\n", case.id, case.about());
    let level = case.level().map_or("wire", crate::scenario::Level::name);
    let _ = writeln!(text, "  {:<12}{level}", "level");
    if let Some(vsn) = case.vsn() {
        let _ = writeln!(text, "  {:<12}{vsn}", "vsn");
    }
    let judged = if case.has_fixture() {
        "its steps, and what real Phoenix servers said"
    } else {
        "its steps"
    };
    let _ = writeln!(text, "  {:<12}{judged}", "judged by");
    for (number, id) in case.rules().iter().enumerate() {
        let name = if number == 0 { "rules" } else { "" };
        let about = rules::find(id).map_or("", |rule| rule.about);
        let _ = writeln!(text, "  {name:<12}{id}: {about}");
    }
    let _ = writeln!(text, "  {:<12}phxproof show {}", "script", case.id);
    text
}
