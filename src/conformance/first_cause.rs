//! Orders the rules that a run found broken, so that the most probable cause of all failures comes first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::attribution;
use super::outcome::{CaseResult, Finding, NamedBy, RunResult, Verdict};
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
    /// How many of them have a recording that shows it beyond doubt.
    beyond_doubt: usize,
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
/// 2. If a server fails where messages are large, the rule of large messages.
/// 3. Rules with a failure that shows more than an early end of the connection.
/// 4. Rules that many of the failures found broken.
/// 5. Rules that a recording shows to be broken beyond doubt.
/// 6. Rules that others depend on, and among equals the one that most cases found broken.
fn ordered<'r>(cases: &'r [CaseResult], failed: &[&'r CaseResult]) -> Vec<(&'r str, usize)> {
    let mut found: BTreeMap<&str, Evidence> = BTreeMap::new();
    for case in failed {
        for rule in case.broken() {
            let evidence = found.entry(rule).or_default();
            evidence.cases += 1;
            evidence.plain += usize::from(!only_ended(case, rule) && !only_ended_elsewhere(case, failed));
            evidence.beyond_doubt += usize::from(is_beyond_doubt(case, rule));
        }
    }
    let of_long_poll = fails_over_long_poll_only(cases, failed);
    let of_size = fails_with_large_messages_only(failed);
    let mut rules: Vec<(&str, Evidence)> = found.into_iter().collect();
    rules.sort_by_key(|(rule, evidence)| {
        let (layer, place) = rules::rank(rule);
        let is_of_transport = of_long_poll && Area::of(rule).is_some_and(|area| area.name == LONG_POLL);
        let is_rare = evidence.cases * ONE_IN < failed.len();
        let is_doubtful = evidence.beyond_doubt == 0;
        let is_of_size = of_size && *rule == LARGE_MESSAGES;
        let order = (
            !is_of_transport,
            !is_of_size,
            evidence.plain == 0,
            is_rare,
            is_doubtful,
        );
        (order, layer, Reverse(evidence.cases), place)
    });
    rules.into_iter().map(|(rule, it)| (rule, it.cases)).collect()
}

/// The rule of large messages.
const LARGE_MESSAGES: &str = "large-message-carried";

/// A message above this size is a large one: it takes more than one record of TLS.
const LARGE: usize = 16 << 10;

/// Whether there are at least two failures, and nine of ten are in plays with a large message.
fn fails_with_large_messages_only(failed: &[&CaseResult]) -> bool {
    let is_large = |case: &&CaseResult| case.finding.as_ref().is_some_and(|it| it.largest > LARGE);
    let large = failed.iter().copied().filter(is_large).count();
    large > 1 && large * 10 >= failed.len() * 9
}

/// The area of the rules of long poll.
const LONG_POLL: &str = "longpoll";

/// Whether nine of ten failures are over long poll, while cases pass over WebSocket.
fn fails_over_long_poll_only(cases: &[CaseResult], failed: &[&CaseResult]) -> bool {
    let polled = failed.iter().filter(|case| case.transport == Transport::LongPoll);
    let passes = |case: &CaseResult| case.transport == Transport::WebSocket && case.verdict == Verdict::Pass;
    polled.count() * 10 >= failed.len() * 9 && cases.iter().any(passes)
}

/// The findings of a case about a rule.
fn findings<'c>(case: &'c CaseResult, rule: &str) -> impl Iterator<Item = &'c Finding> {
    case.findings()
        .filter(move |finding| finding.broken.as_deref() == Some(rule))
}

/// Whether the recording of a case shows beyond doubt that the rule is broken.
fn is_beyond_doubt(case: &CaseResult, rule: &str) -> bool {
    findings(case, rule).any(|finding| finding.named_by == NamedBy::Recording)
}

/// Whether a case shows no more about the rule than that the connection ended before an answer came.
fn only_ended(case: &CaseResult, rule: &str) -> bool {
    let ended = |finding: &Finding| finding.kind == FailureKind::EndedEarly;
    !attribution::is_about_ends(rule) && findings(case, rule).all(ended)
}

/// Whether nothing came over long poll, where over WebSocket the same case shows that the connection ended. A client of long
/// poll does not notice that its session is gone until its request ends.
fn only_ended_elsewhere(case: &CaseResult, failed: &[&CaseResult]) -> bool {
    let has = |case: &CaseResult, kind| case.finding.as_ref().is_some_and(|finding| finding.kind == kind);
    case.transport == Transport::LongPoll
        && has(case, FailureKind::Missing)
        && failed.iter().any(|other| {
            other.transport == Transport::WebSocket
                && other.id == case.id
                && has(other, FailureKind::EndedEarly)
        })
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
    fn silence_over_long_poll_says_nothing_where_the_connection_ends_over_websocket() {
        let polled = failed("crash-sends-error", FailureKind::Missing, Transport::LongPoll);
        let over_websocket = failed(
            "crash-keeps-socket",
            FailureKind::EndedEarly,
            Transport::WebSocket,
        );
        let cases = [polled.clone(), polled, over_websocket];
        assert_eq!(first(&cases[..2]), "crash-sends-error");
        assert_eq!(first(&cases), "crash-keeps-socket");
    }

    #[test]
    fn a_rule_that_a_recording_shows_comes_before_one_that_others_depend_on() {
        let mut shown = missing("closed-channel-silent");
        shown.finding.as_mut().unwrap().named_by = NamedBy::Recording;
        assert_eq!(
            first(&[missing("heartbeat-reply"), shown]),
            "closed-channel-silent"
        );
    }

    #[test]
    fn failures_with_large_messages_only_have_the_rule_of_large_messages_as_first_cause() {
        let of_size = |rule, largest| {
            let mut case = missing(rule);
            case.finding.as_mut().unwrap().largest = largest;
            case
        };
        let mut cases = vec![
            of_size("push-reply", 20_000),
            of_size("push-reply", 20_000),
            of_size("large-message-carried", 100_000),
        ];
        assert_eq!(first(&cases), "large-message-carried");
        cases.push(of_size("push-reply", 100));
        assert_eq!(first(&cases), "push-reply");
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
