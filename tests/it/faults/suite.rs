//! Plays the whole suite against each fault. It takes long, so it runs only when it is asked for:
//! `cargo test --locked -- --ignored every_fault_against_the_whole_suite`; with `PHXPROOF_FAULT=BEGIN` only the faults whose
//! names begin so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use phxproof::server::faults::ShownBy;

use super::*;

/// How many faults are tried at the same time.
const AT_A_TIME: usize = 3;

/// What the whole suite says of a fault.
struct Shown {
    fault: &'static Fault,
    /// The plays that fail.
    failing: BTreeSet<String>,
    /// The first cause that the run tells.
    first_cause: Option<String>,
    /// What does not hold.
    wrong: Option<String>,
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
    let wrong = if fault.shown_by.contains(&ShownBy::Check) {
        if result.held_to != HeldTo::Likeness(Profile::DEFAULT) {
            Some(format!("it is taken for {:?}", result.held_to))
        } else if result.failed().find(cites).is_none() {
            Some(format!("no case that cites {:?} fails", fault.rules))
        } else if !first_cause.as_deref().is_some_and(of_fault) {
            Some(format!(
                "the first cause is none of its rules: {:?}",
                result.broken()
            ))
        } else {
            None
        }
    } else {
        None
    };
    let failing = result.failed().map(|case| case.name().to_string()).collect();
    Shown {
        fault,
        failing,
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

#[test]
#[ignore = "it plays all cases against each fault, which takes long"]
fn every_fault_against_the_whole_suite() {
    let begin = std::env::var("PHXPROOF_FAULT").unwrap_or_default();
    let faults: Vec<&Fault> = faults::all()
        .filter(|fault| fault.id.starts_with(&begin))
        .collect();
    let next = AtomicUsize::new(0);
    let shown: Vec<Shown> = std::thread::scope(|scope| {
        let (next, faults) = (&next, &faults);
        let work = move || {
            let number = || next.fetch_add(1, Ordering::Relaxed);
            let mine = std::iter::repeat_with(number).map_while(|number| faults.get(number));
            let tell = |it: &Shown| {
                let Shown {
                    fault,
                    failing,
                    first_cause,
                    wrong,
                } = it;
                let line = format!(
                    "{}: {} fail, first cause {first_cause:?}, {wrong:?}: {failing:?}\n",
                    fault.id,
                    failing.len()
                );
                // A closed pipe is no reason to stop.
                let _ = std::io::stderr().write_all(line.as_bytes());
            };
            mine.map(|fault| shown(fault)).inspect(tell).collect::<Vec<_>>()
        };
        let runs: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    let wrong = shown
        .iter()
        .filter_map(|it| Some((it.fault.id, it.wrong.as_ref()?)));
    let mut told: Vec<String> = wrong.map(|(id, wrong)| format!("{id}: {wrong}")).collect();
    told.extend(alike(&shown));
    assert!(
        told.is_empty(),
        "{} of {}:\n{}",
        told.len(),
        shown.len(),
        told.join("\n")
    );
}
