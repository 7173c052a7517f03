//! Finds the scenarios that are named on the command line, and the objectives of a run.

use std::path::Path;
use std::sync::Arc;

use super::super::args;
use super::super::complaint::Complaint;
use super::super::exit::CliError;
use crate::conformance::{self, Case, CaseError};
use crate::load::{self, Objective, Share, built_in};
use crate::scenario::{Program, Variables, nearest};

pub(super) fn nothing_to_play() -> Complaint {
    Complaint::new("no scenario was named").expected("one such as echo, or a file of your own")
}

/// A scenario with an optional weight (`NAME=WEIGHT`), unless a file has that name.
pub(super) fn share(typed: &str, values: &Variables) -> Result<Share, CliError> {
    let weight = typed.rsplit_once('=').filter(|_| !Path::new(typed).exists());
    let Some((name, weight)) = weight else {
        return named(typed, values);
    };
    let weight = weight.parse().map_err(|_| {
        Complaint::new(format!("`{weight}` is no weight of {name}")).expected("a whole number, as in echo=3")
    })?;
    Ok(Share {
        weight,
        ..named(name, values)?
    })
}

fn named(scenario: &str, values: &Variables) -> Result<Share, CliError> {
    let share = Share::new(program(scenario, values)?);
    Ok(Share {
        name: scenario.into(),
        ..share
    })
}

/// A scenario given by its name, a case given by its id, or a file.
fn program(scenario: &str, values: &Variables) -> Result<Arc<Program>, CliError> {
    if let Some(it) = built_in().iter().find(|it| it.name == scenario) {
        return Ok(Arc::clone(&it.program));
    }
    if let Some(case) = conformance::built_in().iter().find(|case| &*case.id == scenario) {
        return Ok(Arc::clone(&case.program));
    }
    let path = Path::new(scenario);
    if path.exists() || path.extension().is_some_and(|it| it == "yaml" || it == "yml") {
        return match Case::read(path, values) {
            Ok(case) => Ok(case.program),
            Err(CaseError::Scenario(error)) => Err(error.into()),
            Err(error) => Err(Complaint::new(error.to_string()).into()),
        };
    }
    let names = built_in().iter().map(|it| it.name);
    let known: Vec<&str> = names.clone().collect();
    Err(Complaint::new(format!("no scenario is named `{scenario}`"))
        .expected(format!(
            "one of {}, or a scenario file of your own",
            known.join(", ")
        ))
        .did_you_mean(nearest(scenario, names))
        .into())
}

/// The objectives from the command line, or else those of the scenarios.
pub(super) fn objectives<'s>(
    meant: &args::Load,
    from: &str,
    shares: impl Iterator<Item = &'s Share>,
) -> Result<Vec<Objective>, Complaint> {
    if !meant.objectives.is_empty() {
        let named = meant.objectives.iter().cloned();
        return Ok(named.map(|it| it.asked_by(from)).collect());
    }
    let parse = |(program, text): (&Program, &String)| {
        text.parse()
            .map(|it: Objective| it.asked_by(&program.path))
            .map_err(|why: load::ObjectiveError| Complaint::new(why.to_string()).place(&*program.path))
    };
    let programs = shares.map(|share| &*share.program);
    programs
        .flat_map(|program| program.load().objectives.iter().map(move |text| (program, text)))
        .map(parse)
        .collect()
}
