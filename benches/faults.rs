//! Plays the whole suite of `check` against each fault of the reference server, and prints the faults that it does not notice and
//! those that it cannot tell apart. `cargo bench --bench faults [-- NAME-BEGIN …]`.
#![expect(clippy::print_stdout, reason = "it prints a line for each fault")]
#![expect(clippy::unwrap_used, reason = "a program that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use phxproof::conformance::internal::select;
use phxproof::conformance::{CaseResult, HeldTo, Verdict};
use phxproof::profile::Profile;
use phxproof::server::faults::{self, Fault, ShownBy};

use restarted::{DEPEND_ON_TIMING, KILL, PATIENCE, Restarted, over_both, run, side_by_side};

#[path = "../tests/it/faults/restarted.rs"]
mod restarted;

/// How many faults are tried at the same time.
const AT_A_TIME: usize = 4;

/// The result of the whole suite against a server with a fault.
struct Shown {
    fault: &'static Fault,
    /// The plays that fail.
    failing: BTreeSet<String>,
    /// The broken rules with the plays that found them.
    evidence: BTreeMap<String, Vec<String>>,
    /// The first cause of the run.
    first_cause: Option<String>,
    /// The reason why the fault is not noticed as it should be.
    wrong: Option<String>,
}

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    let begins: Vec<String> = arguments.filter(|it| !it.starts_with('-')).collect();
    let meant = |id: &str| begins.is_empty() || begins.iter().any(|begin| id.starts_with(begin));
    let faults: Vec<&Fault> = faults::all().filter(|fault| meant(fault.id)).collect();
    let shown = side_by_side(&faults, AT_A_TIME, |fault| {
        let shown = shown(fault);
        println!("{}", told(&shown));
        shown
    });
    let wrong = shown
        .iter()
        .filter_map(|it| Some((it.fault.id, it.wrong.as_ref()?)));
    let mut told: Vec<String> = wrong.map(|(id, wrong)| format!("{id}: {wrong}")).collect();
    told.extend(alike(&shown));
    println!("\n{} faults, {} complaints", shown.len(), told.len());
    for complaint in &told {
        println!("{complaint}");
    }
    if told.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The lines about a fault: the first cause, and under it each broken rule with the plays that found it.
fn told(shown: &Shown) -> String {
    let first_cause = shown.first_cause.as_deref().unwrap_or("none");
    let wrong = shown
        .wrong
        .as_ref()
        .map(|it| format!("; {it}"))
        .unwrap_or_default();
    let (id, count) = (shown.fault.id, shown.failing.len());
    let head = format!("{id}: first cause {first_cause}{wrong}; {count} fail");
    let line = |(rule, plays): (&String, &Vec<String>)| format!("\n    {rule}: {}", plays.join(" "));
    head + &shown.evidence.iter().map(line).collect::<String>()
}

/// Plays all cases against a server with a fault, without a profile.
fn shown(fault: &'static Fault) -> Shown {
    let server = Restarted::start(vec![fault], Profile::DEFAULT);
    let repeat = if DEPEND_ON_TIMING.contains(&fault.id) {
        3
    } else {
        1
    };
    let cases = over_both(&select(&[], &[KILL.to_owned()], &[]).unwrap());
    let result = run(&server, cases, None, PATIENCE, repeat);
    let first_cause = result.broken().first().map(|(rule, _)| (*rule).to_owned());
    let of_fault = |rule: &str| fault.rules.contains(&rule);
    let cites = |case: &&CaseResult| case.rules.iter().any(|rule| of_fault(rule));
    let unjudged = result.count(Verdict::NotRun) + result.count(Verdict::Undecided);
    let wrong = if !fault.shown_by().contains(&ShownBy::Check) {
        None
    } else if result.failed().next().is_none() && unjudged > 0 {
        Some(format!("nothing fails, but {unjudged} cases were not judged"))
    } else if result.held_to != HeldTo::Likeness(Profile::DEFAULT) {
        Some(format!("it is taken for {:?}", result.held_to))
    } else if result.failed().find(cites).is_none() {
        Some(format!("no case that cites {:?} fails", fault.rules))
    } else if !first_cause.as_deref().is_some_and(of_fault) {
        Some(format!(
            "expected the first cause {:?}, broken are {:?}",
            fault.rules,
            result.broken()
        ))
    } else {
        None
    };
    let mut evidence: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in result.failed() {
        for rule in case.broken() {
            let plays = evidence.entry(rule.to_owned()).or_default();
            plays.push(case.name().to_string());
        }
    }
    let failing = result.failed().map(|case| case.name().to_string()).collect();
    Shown {
        fault,
        failing,
        evidence,
        first_cause,
        wrong,
    }
}

/// Faults that fail the same cases and have the same first cause.
fn alike(shown: &[Shown]) -> Vec<String> {
    let mut by_effect: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for it in shown.iter().filter(|it| !it.failing.is_empty()) {
        let effect = (&it.failing, &it.first_cause);
        by_effect.entry(effect).or_default().push(it.fault.id);
    }
    let several = by_effect.into_iter().filter(|(_, faults)| faults.len() > 1);
    several
        .map(|((failing, cause), faults)| format!("{faults:?} are alike: {cause:?} in {failing:?}"))
        .collect()
}
