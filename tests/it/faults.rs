//! Tests the suite itself: for each fault of the reference server, a case that cites its rule fails.

use std::sync::Arc;
use std::time::Duration;

use phxproof::conformance::internal::{Case, built_in, find_rule, select};
use phxproof::conformance::{CaseResult, HeldTo, Verdict};
use phxproof::internal::transport::Transport;
use phxproof::profile::{Difference, Gate, Profile, Side};
use phxproof::server::faults::{self, Fault, ShownBy};

use restarted::{DEPEND_ON_TIMING, KILL, PATIENCE, Restarted, over_both, run, side_by_side};

mod restarted;

/// The cases that cite a rule of the fault.
fn citing(fault: &Fault) -> Vec<Arc<Case>> {
    let cites = |case: &&Arc<Case>| {
        case.rules()
            .iter()
            .any(|rule| fault.rules.contains(&rule.as_str()))
    };
    built_in().iter().filter(cites).cloned().collect()
}

/// How many faults are tried at the same time; with more of them the clients would be late.
const AT_A_TIME: usize = 32;

/// Why a fault is not noticed, if it is not.
fn missed(fault: &'static Fault) -> Option<String> {
    let cases = citing(fault);
    if cases.is_empty() {
        return Some(format!("{}: no case cites {:?}", fault.id, fault.rules));
    }
    let server = Restarted::start(vec![fault], Profile::DEFAULT);
    let repeat = if DEPEND_ON_TIMING.contains(&fault.id) {
        10
    } else {
        1
    };
    let mut result = run(&server, cases, None, PATIENCE, repeat);
    // A server in this process cannot be killed, so that it says goodbye where none is expected.
    for case in result.cases.iter_mut().filter(|case| &*case.id == KILL) {
        (case.close_verdict, case.close_finding) = (Verdict::Pass, None);
    }
    if result.held_to != HeldTo::Likeness(Profile::DEFAULT) {
        return Some(format!(
            "{}: taken for another version: {:?}",
            fault.id, result.held_to
        ));
    }
    let fails = |verdict| verdict == Verdict::Fail;
    let failed = result
        .cases
        .iter()
        .any(|case| fails(case.verdict) || fails(case.close_verdict));
    let first_cause = result.broken().first().map(|(rule, _)| (*rule).to_owned());
    let named = first_cause
        .as_deref()
        .is_some_and(|rule| fault.rules.contains(&rule));
    if failed && named {
        return None;
    }
    if failed {
        return Some(format!(
            "{}: the first cause is told to be {first_cause:?}, of {:?}; expected {:?}",
            fault.id,
            result.broken(),
            fault.rules
        ));
    }
    let verdicts: Vec<String> = result
        .cases
        .iter()
        .map(|case| format!("{} {}", case.id, case.verdict.name()))
        .collect();
    Some(format!(
        "{}: none of these fails: {}",
        fault.id,
        verdicts.join(", ")
    ))
}

#[test]
fn every_fault_is_noticed_without_a_profile_and_its_rule_named_as_the_first_cause() {
    let by_check = |fault: &&Fault| fault.shown_by().contains(&ShownBy::Check);
    let faults: Vec<&Fault> = faults::all().filter(by_check).collect();
    assert!(faults.len() >= 150, "only {} faults", faults.len());
    let missed = side_by_side(&faults, AT_A_TIME, missed);
    let missed: Vec<String> = missed.into_iter().flatten().collect();
    assert!(
        missed.is_empty(),
        "{} of {} faults are missed:\n{}",
        missed.len(),
        faults.len(),
        missed.join("\n")
    );
}

#[test]
fn a_server_without_a_fault_holds_every_promise_of_every_profile() {
    for profile in Profile::RECORDED {
        let server = Restarted::start(Vec::new(), profile);
        let result = run(
            &server,
            over_both(&select(&[], &[KILL.to_owned()], &[]).unwrap()),
            Some(HeldTo::Profile(profile)),
            Duration::from_secs(20),
            1,
        );
        result.assert_held();
        let not_promised = |case: &&CaseResult| {
            let note = case.note.as_deref().unwrap_or_default();
            note.contains(" does not promise longpoll-")
        };
        let skipped = result
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Skipped);
        assert_eq!(skipped.filter(|case| !not_promised(case)).count(), 0, "{profile}");
    }
}

/// The wrong verdicts on a release without a fault over a transport, if no profile is given. All cases are
/// played that releases answer differently and that the transport carries.
fn misjudged(profile: Profile, transport: Transport) -> Vec<String> {
    let differing = built_in().iter().filter(|case| !case.differs_by().is_empty());
    let carried = differing.filter(|case| case.transports().any(|it| it == transport));
    let plays = carried.map(|case| case.over(transport).map(Arc::new).unwrap());
    let differing = plays.collect();
    let server = Restarted::start(Vec::new(), profile);
    server.transport.set(transport);
    let result = run(&server, differing, None, Duration::from_secs(20), 1);
    let mut wrong = Vec::new();
    if result.held_to != HeldTo::Likeness(profile) {
        wrong.push(format!(
            "{profile} over {transport}: taken for {:?}",
            result.held_to
        ));
    }
    // A push that is lost fails, whatever the version.
    let lost = Difference::Gate(Gate::NullJoinRef);
    let loses = |case: &CaseResult| {
        let built_in = built_in().iter().find(|it| it.id == case.id).unwrap();
        built_in.differs_by().contains(&lost) && lost.side(profile) == Side::Otherwise
    };
    for case in &result.cases {
        let expected = if loses(case) { Verdict::Fail } else { Verdict::Pass };
        if (case.verdict, case.close_verdict) != (expected, Verdict::Pass) {
            wrong.push(format!(
                "{profile} over {transport}: {} {:?} {:?}",
                case.id,
                case.verdict,
                case.message()
            ));
        }
    }
    let warned: Vec<&str> = result.warnings.iter().map(|warning| &*warning.id).collect();
    let traps = [Gate::DisconnectCode, Gate::OriginPerMount];
    let fallen = traps.into_iter().filter(|gate| !gate.holds_in(profile.phoenix()));
    // Over long poll, the strict mount may get the first upgrade; the server then applies its origins to all mounts.
    let shows = |gate: &Gate| *gate != Gate::OriginPerMount || transport == Transport::WebSocket;
    let fallen = fallen.filter(shows);
    if warned != fallen.map(Gate::rule).collect::<Vec<_>>() {
        wrong.push(format!("{profile} over {transport}: warned of {warned:?}"));
    }
    wrong
}

#[test]
fn every_release_is_recognised_and_held_to_its_own_answers() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = Profile::candidates()
            .flat_map(|profile| Transport::ALL.map(|transport| (profile, transport)))
            .map(|(profile, transport)| scope.spawn(move || misjudged(profile, transport)))
            .collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_of_a_fault_and_of_a_case_is_in_the_catalogue() {
    let of_faults =
        faults::all().flat_map(|fault| fault.rules.iter().map(|rule| (*rule, fault.id.to_owned())));
    let cases = built_in();
    let of_cases = cases.iter().flat_map(|case| {
        case.rules()
            .iter()
            .map(|rule| (rule.as_str(), case.id.to_string()))
    });
    let unknown: Vec<_> = of_faults
        .chain(of_cases)
        .filter(|(rule, _)| find_rule(rule).is_none())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
