//! What a run proves: that all held, that the server fell short, or nothing.

use super::objective::{Objective, Outcome};
use super::result::{LoadResult, Sends};
use super::trouble::Trouble;

/// What a run proves. The reasons are sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All held.
    Held,
    /// The server fell short.
    FellShort(Vec<String>),
    /// Nobody can say.
    Undecided(Vec<String>),
}

impl LoadResult {
    /// What the run proves, with these objectives. Whatever the generator's own fault, what the server did to messages
    /// counts: a message that is lost is lost.
    pub fn conclusion(&self, objectives: &[Outcome]) -> Conclusion {
        let mut short = self.broken_promises();
        let valid = self.generator.valid;
        if valid && !self.cut_short {
            let missed = objectives.iter().filter(|it| !it.held && it.value.is_some());
            short.extend(missed.map(|it| format!("the objective {} was missed", it.text)));
        }
        let mut open: Vec<String> = self.generator.why_invalid.clone().into_iter().collect();
        if self.sockets.joined == 0 {
            open.push("nobody joined, so nothing was judged".to_owned());
        } else if self.sends == Sends::Something && self.messages.sent == 0 {
            open.push("nothing was sent, so nothing was judged".to_owned());
        }
        if self.cut_short {
            open.push("the run was cut short".to_owned());
        }
        let unmeasured = objectives.iter().filter(|it| it.value.is_none());
        open.extend(unmeasured.map(|it| format!("the objective {} was not measured", it.text)));
        match (short.is_empty(), open.is_empty()) {
            // A server that let nobody in was not proved to break anything.
            (false, _) if self.sockets.joined > 0 => Conclusion::FellShort(short),
            (_, false) => Conclusion::Undecided(open),
            (true, true) => Conclusion::Held,
            (false, true) => Conclusion::FellShort(short),
        }
    }

    /// What a run that still goes on has proved against the server already.
    pub fn failures_so_far(&self, objectives: &[Objective]) -> Vec<String> {
        let missed = objectives.iter().filter(|it| it.is_missed(self));
        let missed = missed.map(|it| format!("the objective {} was missed", it.text()));
        self.broken_promises().into_iter().chain(missed).collect()
    }

    /// What the server did that no objective need forbid.
    fn broken_promises(&self) -> Vec<String> {
        let messages = &self.messages;
        let troubles = |trouble: Trouble| self.troubles.get(trouble.name()).copied().unwrap_or_default();
        let counts = [
            (messages.missing, "messages never came"),
            (messages.duplicated, "messages came more than once"),
            (
                messages.reordered,
                "messages came after a later one of the same sender",
            ),
            (messages.misdelivered, "messages came to somebody else"),
            (
                self.counts.awaited_missing,
                "messages that the scenario waits for did not come",
            ),
            (self.sockets.lost, "connections were lost"),
            (self.counts.not_back, "sockets could not come back"),
            (troubles(Trouble::Crashed), "channels crashed"),
            (
                troubles(Trouble::ChannelClosed),
                "channels were closed by the server",
            ),
            (troubles(Trouble::LeaveUnanswered), "leaves had no answer"),
            (
                self.mismatches.values().sum(),
                "messages were not as the scenario says",
            ),
        ];
        let counted = counts.into_iter().filter(|(count, _)| *count > 0);
        let mut broken: Vec<String> = counted.map(|(count, what)| format!("{count} {what}")).collect();
        let left_out = self.sockets.asked.saturating_sub(self.sockets.joined);
        if left_out > 0 && !self.cut_short && self.generator.valid {
            broken.push(format!(
                "{left_out} of {} sockets never joined",
                self.sockets.asked
            ));
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tally::Figures;

    fn good() -> LoadResult {
        let mut result = LoadResult {
            sends: Sends::Something,
            ..LoadResult::default()
        };
        result.generator.valid = true;
        (result.sockets.asked, result.sockets.joined, result.messages.sent) = (10, 10, 100);
        result
    }

    #[test]
    fn a_run_in_which_all_held_holds() {
        assert_eq!(good().conclusion(&[]), Conclusion::Held);
    }

    #[test]
    fn whatever_a_server_loses_is_its_own_fault() {
        let mut result = good();
        result.messages.missing = 1;
        result.generator.valid = false;
        assert!(matches!(result.conclusion(&[]), Conclusion::FellShort(_)));
    }

    #[test]
    fn a_run_without_anything_is_no_success() {
        let mut nobody = good();
        nobody.sockets.joined = 0;
        assert!(matches!(nobody.conclusion(&[]), Conclusion::Undecided(_)));
        let mut silent = good();
        silent.messages.sent = 0;
        assert!(matches!(silent.conclusion(&[]), Conclusion::Undecided(_)));
        silent.sends = Sends::Nothing;
        assert_eq!(silent.conclusion(&[]), Conclusion::Held);
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
            Conclusion::Undecided(_)
        ));
        assert!(matches!(good().conclusion(&[missed]), Conclusion::FellShort(_)));
    }

    #[test]
    fn an_objective_that_was_not_measured_is_not_missed() {
        let objective: Objective = "broadcast.p95<1ms".parse().unwrap();
        let conclusion = good().conclusion(&[objective.judge(&good())]);
        let reason = "the objective broadcast.p95<1ms was not measured".to_owned();
        assert_eq!(conclusion, Conclusion::Undecided(vec![reason]));
    }
}
