//! Holds the rules together with the cases and the faults: each rule about servers has both, or says why not.

use phxproof::conformance::internal::{Party, built_in, rules_about};
use phxproof::server::faults;

/// The most rules that may have no case.
const MOST_WITHOUT_A_CASE: usize = 40;

/// How many cases cite a rule.
fn cases_of(rule: &str) -> usize {
    let rules = built_in().iter().flat_map(|case| case.rules());
    rules.filter(|cited| *cited == rule).count()
}

/// How many faults break a rule.
fn faults_of(rule: &str) -> usize {
    let rules = faults::all().flat_map(|fault| fault.rules);
    rules.filter(|broken| **broken == rule).count()
}

/// Whether a reason begins and ends as a sentence and has some words.
fn is_a_sentence(reason: &str) -> bool {
    let begins = reason.chars().next().is_some_and(char::is_uppercase);
    begins && reason.ends_with('.') && reason.split(' ').count() >= 5
}

/// What is wrong with a rule that has so many cases or faults (`what`), or the reason for having none.
fn wrong(id: &str, what: &str, count: usize, reason: Option<&str>) -> Option<String> {
    match (count, reason) {
        (0, Some(reason)) if is_a_sentence(reason) => None,
        (0, Some(reason)) => Some(format!("{id}: the reason is no sentence: {reason}")),
        (0, None) => Some(format!("{id} has no {what}, and no reason for that")),
        (_, None) => None,
        (_, Some(_)) => Some(format!("{id} has a {what}, and a reason for having none")),
    }
}

#[test]
fn every_rule_about_servers_has_a_case_and_a_fault_or_says_why_not() {
    let wrong: Vec<String> = rules_about(Party::Server)
        .flat_map(|rule| {
            let id = rule.id;
            [
                wrong(id, "case", cases_of(id), rule.untestable()),
                wrong(id, "fault", faults_of(id), rule.unbroken()),
            ]
        })
        .flatten()
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn few_rules_have_no_case() {
    let without = rules_about(Party::Server).filter(|rule| rule.untestable().is_some());
    assert!(without.count() <= MOST_WITHOUT_A_CASE);
}

#[test]
fn rules_about_clients_have_no_reasons() {
    let reasons = rules_about(Party::Client).filter(|rule| rule.untestable().or(rule.unbroken()).is_some());
    assert_eq!(reasons.map(|rule| rule.id).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_rule_without_a_case_or_with_a_stale_reason_is_noticed() {
    let reason = Some("No channel that check asks for does that.");
    assert!(wrong("a-rule", "case", 1, None).is_none());
    assert!(wrong("a-rule", "case", 0, reason).is_none());
    assert!(wrong("a-rule", "case", 0, None).is_some());
    assert!(wrong("a-rule", "case", 1, reason).is_some());
    assert!(wrong("a-rule", "case", 0, Some("not possible")).is_some());
}
