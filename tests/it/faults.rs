//! What the suite is worth: each promise that the reference server can break is noticed by a case that cites it.

use phxproof::conformance::HeldTo;
use phxproof::conformance::{Check, Verdict, catalogue, rules};
use phxproof::profile::Profile;
use phxproof::server::faults::{self, Fault};
use phxproof::server::{Server, Settings};

/// The cases that cite a rule of the fault.
fn citing(fault: &Fault) -> Vec<String> {
    catalogue::built_in()
        .iter()
        .filter(|case| !case.program.restarts())
        .filter(|case| {
            case.rules()
                .iter()
                .any(|rule| fault.rules.contains(&rule.as_str()))
        })
        .map(|case| case.id.to_string())
        .collect()
}

/// The cases that fail on a server with this fault, and why it is not noticed if none does.
fn noticed(fault: &'static Fault) -> Result<(), String> {
    let cases = citing(fault);
    if cases.is_empty() {
        return Err(format!("{}: no case cites {:?}", fault.id, fault.rules));
    }
    let server = Server::start(&Settings {
        faults: vec![fault],
        ..Settings::default()
    })
    .unwrap();
    let check = Check::target(&format!("ws://{}/socket", server.address()))
        .unwrap()
        .cases(cases.iter());
    let timeout = std::time::Duration::from_secs(2);
    let result = check
        .held_to(HeldTo::Profile(Profile::DEFAULT))
        .timeout(timeout)
        .run()
        .unwrap();
    server.drain();
    server.join();
    let fails = |verdict| verdict == Verdict::Fail;
    if result
        .cases
        .iter()
        .any(|case| fails(case.verdict) || fails(case.close_verdict))
    {
        return Ok(());
    }
    let verdicts: Vec<String> = result
        .cases
        .iter()
        .map(|case| format!("{} {}", case.id, case.verdict.name()))
        .collect();
    Err(format!(
        "{}: none of these fails: {}",
        fault.id,
        verdicts.join(", ")
    ))
}

#[test]
fn every_fault_is_noticed_by_a_case_that_cites_its_rule() {
    let faults: Vec<&Fault> = faults::all().collect();
    assert!(faults.len() >= 15, "only {} faults", faults.len());
    let missed: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = faults
            .iter()
            .map(|fault| scope.spawn(|| noticed(fault)))
            .collect();
        runs.into_iter()
            .filter_map(|run| run.join().unwrap().err())
            .collect()
    });
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
    for profile in Profile::ALL {
        let server = Server::start(&Settings {
            profile,
            ..Settings::default()
        })
        .unwrap();
        let url = format!("ws://{}/socket", server.address());
        let result = Check::target(&url)
            .unwrap()
            .held_to(HeldTo::Profile(profile))
            .strict()
            .run()
            .unwrap();
        server.drain();
        server.join();
        result.assert_held();
        // Only cases that restart the server are left out here.
        let skipped = result
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Skipped);
        let restarting = catalogue::built_in()
            .iter()
            .filter(|case| case.program.restarts());
        assert_eq!(skipped.count(), restarting.count(), "{profile}");
    }
}

#[test]
fn every_rule_of_a_fault_and_of_a_case_is_in_the_catalogue() {
    let of_faults =
        faults::all().flat_map(|fault| fault.rules.iter().map(|rule| (*rule, fault.id.to_owned())));
    let cases = catalogue::built_in();
    let of_cases = cases.iter().flat_map(|case| {
        case.rules()
            .iter()
            .map(|rule| (rule.as_str(), case.id.to_string()))
    });
    let unknown: Vec<_> = of_faults
        .chain(of_cases)
        .filter(|(rule, _)| rules::find(rule).is_none())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
