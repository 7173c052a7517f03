//! Decides what a run proves: everything held, the server fell short, or the run is undecided.

use super::error_kind::ErrorKind;
use super::objective::{Objective, ObjectiveOutcome};
use super::result::LoadResult;
use super::role::Sends;
use super::validity::Punctuality;

/// The errors of requests of `http` steps.
const REQUESTING: [ErrorKind; 2] = [ErrorKind::HttpFailed, ErrorKind::HttpTimeout];
/// Errors that can happen before a connection is open.
const CONNECTING: [ErrorKind; 10] = [
    ErrorKind::Tls,
    ErrorKind::Proxy,
    ErrorKind::Status,
    ErrorKind::Unavailable,
    ErrorKind::NoToken,
    ErrorKind::Refused,
    ErrorKind::Reset,
    ErrorKind::Silent,
    ErrorKind::Protocol,
    ErrorKind::Closed,
];
/// Errors that can end an open connection.
const LOSING: [ErrorKind; 4] = [
    ErrorKind::Closed,
    ErrorKind::Protocol,
    ErrorKind::Reset,
    ErrorKind::Silent,
];

/// A broken promise: how often, a description, and the error kinds whose first answer explains it.
type Promise = (u64, &'static str, &'static [ErrorKind]);

/// What a run proves. The reasons are full sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadConclusion {
    /// Everything held.
    Held,
    /// The server fell short.
    FellShort(Vec<String>),
    /// The run proves nothing.
    Undecided(Vec<String>),
}

impl LoadResult {
    /// What the run proves, given these objectives. What the server did to messages counts even if the generator was
    /// late: a lost broadcast is lost.
    pub fn conclusion(&self, objectives: &[ObjectiveOutcome]) -> LoadConclusion {
        let mut short = self.broken_promises();
        if !self.cut_short {
            let missed = objectives.iter().filter(|it| !it.held && it.value.is_some());
            let missed = missed.filter(|it| self.can_judge(&it.text));
            short.extend(missed.map(|it| format!("the objective {} was missed", it.text)));
        }
        let mut open: Vec<String> = self.generator.why_invalid.clone().into_iter().collect();
        if self.sockets.joined == 0 {
            open.push("nobody joined, so nothing was judged".to_owned());
            let first = self.first_answers.values().next();
            open.extend(first.map(|first| format!("the first error: {first}")));
        } else if self.sends == Sends::Something && self.messages.sent == 0 {
            open.push("nothing was sent, so nothing was judged".to_owned());
        }
        if self.cut_short {
            open.push("the run was cut short".to_owned());
        }
        let unmeasured = objectives.iter().filter(|it| it.value.is_none());
        open.extend(unmeasured.map(|it| format!("the objective {} was not measured", it.text)));
        match (short.is_empty(), open.is_empty()) {
            // If no socket joined, the run does not prove that the server broke anything.
            (false, _) if self.sockets.joined > 0 => LoadConclusion::FellShort(short),
            (_, false) => LoadConclusion::Undecided(open),
            (true, true) => LoadConclusion::Held,
            (false, true) => LoadConclusion::FellShort(short),
        }
    }

    /// Whether the generator was good enough to judge this objective. Too few sockets do not distort reply or
    /// broadcast times, because the time that a send waits for a free socket is not part of them.
    fn can_judge(&self, objective: &str) -> bool {
        let counts_from_sending = ["reply.", "broadcast."];
        let is_such = counts_from_sending
            .iter()
            .any(|it| objective.trim_start().starts_with(it));
        self.generator.valid || self.punctuality == Punctuality::InTime && is_such
    }

    /// What the run so far already proves against the server.
    pub fn failures_so_far(&self, objectives: &[Objective]) -> Vec<String> {
        let missed = objectives.iter().filter(|it| it.is_missed(self));
        let missed = missed.map(|it| format!("the objective {} was missed", it.text()));
        self.broken_promises().into_iter().chain(missed).collect()
    }

    /// Server faults that count without an objective.
    fn broken_promises(&self) -> Vec<String> {
        let mut promises = self.promises_of_messages().to_vec();
        if self.punctuality != Punctuality::Overdue {
            promises.extend(self.promises_that_take_time());
        }
        promises.extend(self.promises_of_channels());
        let counted = promises.into_iter().filter(|(count, ..)| *count > 0);
        let told = |(count, what, of): Promise| match self.first_answer(of) {
            Some(first) => format!("{count} {what}: {first}"),
            None => format!("{count} {what}"),
        };
        let mut broken: Vec<String> = counted.map(told).collect();
        let left_out = self.sockets.asked.saturating_sub(self.sockets.joined);
        if left_out > 0 && !self.cut_short && self.punctuality == Punctuality::InTime {
            broken.push(format!(
                "{left_out} of {} sockets never joined",
                self.sockets.asked
            ));
        }
        broken
    }

    fn errors_of(&self, kind: ErrorKind) -> u64 {
        self.troubles.get(kind.name()).copied().unwrap_or_default()
    }

    fn promises_of_messages(&self) -> [Promise; 4] {
        let messages = &self.messages;
        let missing = match self.punctuality {
            Punctuality::InTime | Punctuality::Late => messages.missing,
            // A reply that arrived too late for this process does not prove that the server never sent it.
            Punctuality::Overdue => messages.missing - self.counts.replies_missing,
        };
        [
            (missing, "messages never came", &[ErrorKind::PushTimeout]),
            (messages.duplicated, "messages came more than once", &[]),
            (
                messages.reordered,
                "messages came after a later one of the same sender",
                &[],
            ),
            (messages.misdelivered, "messages came to somebody else", &[]),
        ]
    }

    /// Promises that the generator itself can break when its timers are seconds late.
    fn promises_that_take_time(&self) -> [Promise; 7] {
        let counts = &self.counts;
        let lost = self.sockets.lost.saturating_sub(counts.lost_by_late_heartbeat);
        [
            (
                counts.awaited_missing,
                "messages that the scenario waits for did not come",
                &[ErrorKind::ReceiveTimeout],
            ),
            (counts.connects_failed, "connection attempts failed", &CONNECTING),
            (
                REQUESTING.iter().map(|kind| self.errors_of(*kind)).sum(),
                "requests were not answered",
                &REQUESTING,
            ),
            (lost, "connections were lost", &LOSING),
            (counts.not_back, "sockets could not come back", &[]),
            (
                self.errors_of(ErrorKind::JoinTimeout),
                "joins had no reply in time",
                &[ErrorKind::JoinTimeout],
            ),
            (
                self.errors_of(ErrorKind::LeaveUnanswered),
                "leaves had no answer",
                &[],
            ),
        ]
    }

    fn promises_of_channels(&self) -> [Promise; 4] {
        [
            (
                self.errors_of(ErrorKind::JoinRefused),
                "joins were refused",
                &[ErrorKind::JoinRefused],
            ),
            (
                self.errors_of(ErrorKind::Crashed),
                "channels crashed",
                &[ErrorKind::Crashed],
            ),
            (
                self.errors_of(ErrorKind::ChannelClosed),
                "channels were closed by the server",
                &[],
            ),
            (
                self.mismatches.values().sum(),
                "messages or answers were not as the scenario says",
                &[ErrorKind::Mismatch],
            ),
        ]
    }

    /// What the server said at the first error of these kinds.
    fn first_answer(&self, of: &[ErrorKind]) -> Option<String> {
        if let Some(cut) = self.idle_cut.filter(|_| *of == LOSING) {
            return Some(cut.to_string());
        }
        let mut answers = of.iter().filter_map(|it| self.first_answers.get(it.name()));
        answers.next().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::latency::Figures;

    fn good() -> LoadResult {
        let mut result = LoadResult {
            sends: Sends::Something,
            ..LoadResult::default()
        };
        (result.generator.valid, result.punctuality) = (true, Punctuality::InTime);
        (result.sockets.asked, result.sockets.joined, result.messages.sent) = (10, 10, 100);
        result
    }

    #[test]
    fn a_run_in_which_all_held_holds() {
        assert_eq!(good().conclusion(&[]), LoadConclusion::Held);
    }

    #[test]
    fn whatever_a_server_loses_is_its_own_fault() {
        let mut result = good();
        result.messages.missing = 1;
        result.generator.valid = false;
        assert!(matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)));
    }

    #[test]
    fn errors_are_the_servers_unless_said_otherwise_and_their_first_answer_is_told() {
        let mut result = good();
        result.troubles.insert("join-refused", 119);
        let first = ("join-refused", r#"{"reason":"join crashed"}"#.to_owned());
        result.first_answers.extend([first]);
        result.counts.connects_failed = 2;
        result.sockets.lost = 3;
        let said = [
            "2 connection attempts failed",
            "3 connections were lost",
            r#"119 joins were refused: {"reason":"join crashed"}"#,
        ];
        assert_eq!(
            result.conclusion(&[]),
            LoadConclusion::FellShort(said.map(str::to_owned).into())
        );
    }

    #[test]
    fn a_process_that_was_seconds_late_accuses_no_server_of_lost_connections() {
        let mut result = good();
        (result.sockets.lost, result.counts.connects_failed) = (812, 563);
        result.counts.not_back = 50;
        result.troubles.insert("join-timeout", 19);
        (result.generator.valid, result.generator.why_invalid) = (false, Some("overdue".to_owned()));
        result.punctuality = Punctuality::Overdue;
        let undecided = LoadConclusion::Undecided(vec!["overdue".to_owned()]);
        assert_eq!(result.conclusion(&[]), undecided);
        result.messages.duplicated = 1;
        let short = LoadConclusion::FellShort(vec!["1 messages came more than once".to_owned()]);
        assert_eq!(result.conclusion(&[]), short);
        result.punctuality = Punctuality::Late;
        assert!(
            matches!(result.conclusion(&[]), LoadConclusion::FellShort(why) if why.len() == 5),
            "ten milliseconds late lose no connection"
        );
    }

    #[test]
    fn connections_that_were_lost_for_a_late_heartbeat_are_not_the_servers_losses() {
        let mut result = good();
        (result.sockets.lost, result.counts.lost_by_late_heartbeat) = (21, 21);
        (result.generator.valid, result.generator.why_invalid) = (false, Some("late heartbeats".to_owned()));
        let undecided = LoadConclusion::Undecided(vec!["late heartbeats".to_owned()]);
        assert_eq!(result.conclusion(&[]), undecided);
        result.counts.lost_by_late_heartbeat = 20;
        let short = LoadConclusion::FellShort(vec!["1 connections were lost".to_owned()]);
        assert_eq!(result.conclusion(&[]), short);
    }

    #[test]
    fn too_few_sockets_prove_nothing_but_what_answers_took() {
        let mut few = good();
        (few.generator.valid, few.generator.why_invalid) = (false, Some("too few".to_owned()));
        few.punctuality = Punctuality::InTime;
        let judged = |text: &str| {
            let objective: Objective = text.parse().unwrap();
            let mut result = few.clone();
            (result.latency_us.reply.count, result.latency_us.join.count) = (9, 9);
            (result.latency_us.reply.max, result.latency_us.join.max) = (5000, 5000);
            few.conclusion(&[objective.judge(&result)])
        };
        assert!(matches!(judged("reply.max<6ms"), LoadConclusion::Undecided(_)));
        assert!(matches!(judged("join.max<1ms"), LoadConclusion::Undecided(_)));
        assert!(matches!(judged("reply.max<1ms"), LoadConclusion::FellShort(_)));
    }

    #[test]
    fn a_run_without_anything_is_no_success() {
        let mut nobody = good();
        nobody.sockets.joined = 0;
        assert!(matches!(nobody.conclusion(&[]), LoadConclusion::Undecided(_)));
        let mut silent = good();
        silent.messages.sent = 0;
        assert!(matches!(silent.conclusion(&[]), LoadConclusion::Undecided(_)));
        silent.sends = Sends::Nothing;
        assert_eq!(silent.conclusion(&[]), LoadConclusion::Held);
    }

    #[test]
    fn a_late_generator_proves_nothing_about_objectives() {
        let mut late = good();
        (late.generator.valid, late.generator.why_invalid) = (false, Some("late".to_owned()));
        let mut late_once = good();
        late_once.lateness_us = Some(Figures {
            count: 1,
            max: 9,
            ..Figures::default()
        });
        let objective: Objective = "lateness.max<1us".parse().unwrap();
        let missed = objective.judge(&late_once);
        assert!(matches!(
            late.conclusion(std::slice::from_ref(&missed)),
            LoadConclusion::Undecided(_)
        ));
        assert!(matches!(
            good().conclusion(&[missed]),
            LoadConclusion::FellShort(_)
        ));
    }

    #[test]
    fn an_objective_that_was_not_measured_is_not_missed() {
        let objective: Objective = "broadcast.p95<1ms".parse().unwrap();
        let conclusion = good().conclusion(&[objective.judge(&good())]);
        let reason = "the objective broadcast.p95<1ms was not measured".to_owned();
        assert_eq!(conclusion, LoadConclusion::Undecided(vec![reason]));
    }
}
