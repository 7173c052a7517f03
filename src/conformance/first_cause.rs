//! Orders the rules that a run found broken, so that the most probable cause of all failures comes first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::attribution;
use super::outcome::{CaseResult, Finding, RunResult, Verdict};
use super::rules::{self, Area};
use crate::scenario::FailureKind;
use crate::transport::Transport;

/// A rule that fewer than one in so many failures found broken is not the cause of the others.
const ONE_IN: usize = 20;

/// The failures of a run that found one rule broken.
#[derive(Default)]
struct Evidence {
    /// How many cases found it broken.
    cases: usize,
    /// How many of them do not only show that the connection ended early.
    plain: usize,
}

impl RunResult {
    /// The broken rules, each with the number of cases that found it, and the most probable cause first.
    pub fn broken(&self) -> Vec<(&str, usize)> {
        let failed: Vec<&CaseResult> = self.failed().collect();
        ordered(&self.cases, &failed)
    }
}

/// The broken rules, each with the number of cases that found it. `cases` are all of the run, `failed` are those that make it
/// fail. These come first, in this order:
///
/// 1. If a server fails over long poll and passes over WebSocket, the rules of long poll.
/// 2. Rules with a failure that shows more than an early end of the connection.
/// 3. Rules that many of the failures found broken.
/// 4. Rules that others depend on, and among equals the one that most cases found broken.
fn ordered<'r>(cases: &'r [CaseResult], failed: &[&'r CaseResult]) -> Vec<(&'r str, usize)> {
    let mut found: BTreeMap<&str, Evidence> = BTreeMap::new();
    for case in failed {
        for rule in case.broken() {
            let evidence = found.entry(rule).or_default();
            evidence.cases += 1;
            evidence.plain += usize::from(!only_ended(case, rule));
        }
    }
    let of_long_poll = fails_over_long_poll_only(cases, failed);
    let mut rules: Vec<(&str, Evidence)> = found.into_iter().collect();
    rules.sort_by_key(|(rule, evidence)| {
        let (layer, place) = rules::rank(rule);
        let is_of_transport = of_long_poll && Area::of(rule).is_some_and(|area| area.name == LONG_POLL);
        let is_rare = evidence.cases * ONE_IN < failed.len();
        let order = (!is_of_transport, evidence.plain == 0, is_rare);
        (order, layer, Reverse(evidence.cases), place)
    });
    rules.into_iter().map(|(rule, it)| (rule, it.cases)).collect()
}

/// The area of the rules of long poll.
const LONG_POLL: &str = "longpoll";

/// Whether nine of ten failures are over long poll, while cases pass over WebSocket.
fn fails_over_long_poll_only(cases: &[CaseResult], failed: &[&CaseResult]) -> bool {
    let polled = failed.iter().filter(|case| case.transport == Transport::LongPoll);
    let passes = |case: &CaseResult| case.transport == Transport::WebSocket && case.verdict == Verdict::Pass;
    polled.count() * 10 >= failed.len() * 9 && cases.iter().any(passes)
}

/// Whether a case shows no more about the rule than that the connection ended before an answer came.
fn only_ended(case: &CaseResult, rule: &str) -> bool {
    let ended = |finding: &Finding| finding.kind == FailureKind::EndedEarly;
    let findings = [&case.finding, &case.close_finding].into_iter().flatten();
    let mut about = findings.filter(|finding| finding.broken.as_deref() == Some(rule));
    !attribution::is_about_ends(rule) && about.all(ended)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::built_in;
    use super::super::single::undecided;
    use super::*;

    fn failed(rule: &str, kind: FailureKind, transport: Transport) -> CaseResult {
        let case = built_in().iter().find(|case| &*case.id == "join/ok").unwrap();
        let finding = Finding {
            kind,
            broken: Some(rule.to_owned()),
            ..Finding::default()
        };
        CaseResult {
            verdict: Verdict::Fail,
            finding: Some(finding),
            transport,
            ..undecided(case, String::new())
        }
    }

    fn missing(rule: &str) -> CaseResult {
        failed(rule, FailureKind::Missing, Transport::WebSocket)
    }

    fn first(cases: &[CaseResult]) -> &str {
        let failed: Vec<&CaseResult> = cases
            .iter()
            .filter(|case| case.verdict == Verdict::Fail)
            .collect();
        ordered(cases, &failed)[0].0
    }

    #[test]
    fn what_others_depend_on_comes_first() {
        let cases = [
            missing("broadcast-reaches-all"),
            missing("broadcast-reaches-all"),
            missing("heartbeat-reply"),
        ];
        assert_eq!(first(&cases), "heartbeat-reply");
    }

    #[test]
    fn one_failure_among_many_is_not_their_cause() {
        let mut cases: Vec<CaseResult> = (0..30).map(|_| missing("refs-echoed")).collect();
        cases.push(missing("compression-window"));
        assert_eq!(first(&cases), "refs-echoed");
    }

    #[test]
    fn what_fails_over_long_poll_only_is_a_matter_of_long_poll() {
        let polled = |rule| failed(rule, FailureKind::Missing, Transport::LongPoll);
        let mut cases = vec![
            polled("reply-once"),
            polled("reply-once"),
            polled("longpoll-message-order"),
        ];
        assert_eq!(first(&cases), "reply-once");
        let passed = CaseResult {
            verdict: Verdict::Pass,
            ..missing("join-reply")
        };
        cases.push(passed);
        assert_eq!(first(&cases), "longpoll-message-order");
    }

    #[test]
    fn an_early_end_says_nothing_of_the_answer_that_did_not_come() {
        let ended = |rule| failed(rule, FailureKind::EndedEarly, Transport::WebSocket);
        let cases = [
            ended("heartbeat-reply"),
            ended("heartbeat-reply"),
            ended("crash-keeps-socket"),
        ];
        assert_eq!(first(&cases), "crash-keeps-socket");
        assert_eq!(first(&cases[..1]), "heartbeat-reply");
    }
}
