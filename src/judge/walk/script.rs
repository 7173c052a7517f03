//! How a walk goes from situation to situation and from step to step.

use super::super::connection::JoinStage;
use super::super::expectations::{StepProgress, StepView};
use super::super::provoke::frames;
use super::super::situations::{
    ClientExpectation, ConnectionEnd, HeldBack, Need, Provocation, SITUATIONS, ScriptStep, Situation,
};
use super::super::verdict::{ClientVerdict, PromiseOutcome};
use super::{Returns, Revival, Walk, WalkOutput, WalkPhase};
use crate::clock::Time;
use crate::protocol::Vsn;

/// How a step ends.
enum StepEnd {
    /// The next step.
    Next,
    /// Look again at this time.
    Wait(Time),
    /// The situation is over.
    Done,
}

/// Whether the client is ready for a situation.
enum Readiness {
    Ready,
    Wait(Option<Time>),
    /// It lost topics that it did not rejoin.
    Lacking,
    /// It has no connection any more.
    Gone,
}

impl Walk {
    /// Goes on as far as possible.
    pub(super) fn advance(&mut self, now: Time) {
        loop {
            self.wake = None;
            let goes_on = match self.phase {
                WalkPhase::Ready { situation, since } => self.prepare(situation, since, now),
                WalkPhase::Step { situation, step, .. } => self.play(situation, step, now),
                WalkPhase::Over { .. } => false,
            };
            let verdicts = self.invariants.take();
            self.out.extend(verdicts.into_iter().map(WalkOutput::Verdict));
            if !goes_on {
                return;
            }
        }
    }

    /// The situation that the client is in, or in which it was lost.
    pub(in crate::judge) fn situation(&self) -> Option<&'static str> {
        let situation = match self.phase {
            WalkPhase::Ready { situation, .. } | WalkPhase::Step { situation, .. } => Some(situation),
            WalkPhase::Over { lost_in } => lost_in,
        };
        Some(SITUATIONS.get(situation?)?.id)
    }

    /// Gives up the present situation, in which the client broke another promise.
    pub(super) fn skip(&mut self, why: &str, now: Time) {
        if let WalkPhase::Step { situation, .. } = self.phase {
            self.not_judged(&SITUATIONS[situation], why);
            self.begin(situation + 1, now);
        }
    }

    /// Begins a situation as soon as the client is ready; whether there is more to do now.
    fn prepare(&mut self, index: usize, since: Time, now: Time) -> bool {
        let Some(situation) = SITUATIONS.get(index) else {
            self.finish(None);
            return false;
        };
        match self.readiness(index, since, now) {
            Readiness::Wait(until) => {
                self.wake = until;
                return false;
            }
            Readiness::Gone => {
                for situation in &SITUATIONS[index..] {
                    self.not_judged(situation, "the client did not come back");
                }
                self.finish(Some(index));
                return false;
            }
            Readiness::Lacking if self.revival == Revival::None && self.returns == Returns::Yes => {
                self.revival = Revival::Tried;
                self.end(ConnectionEnd::Cut);
                self.phase = WalkPhase::Ready {
                    situation: index,
                    since: now,
                };
                return true;
            }
            Readiness::Lacking => {
                let current = &self.current;
                self.wanted.retain(|topic| {
                    current
                        .as_ref()
                        .is_some_and(|(_, it)| it.is(topic, JoinStage::Joined))
                });
                return true;
            }
            Readiness::Ready => {}
        }
        self.revival = Revival::None;
        self.history.clear();
        self.kept.clear();
        self.topic = self.wanted.first().cloned().unwrap_or_default();
        if let Some(why) = self.lacks(situation) {
            self.not_judged(situation, &why);
            self.begin(index + 1, now);
        } else {
            self.enter(index, 0, now);
        }
        true
    }

    fn readiness(&self, index: usize, since: Time, now: Time) -> Readiness {
        let Some((_, connection)) = &self.current else {
            let end = since + self.limits.reopen();
            return match since {
                // No connection was open yet.
                Time::MAX => Readiness::Wait(None),
                _ if now >= end => Readiness::Gone,
                _ => Readiness::Wait(Some(end)),
            };
        };
        let pause = match index {
            0 => self.limits.settle(),
            _ => self.limits.breath(),
        };
        let settled = self.changed_at + pause;
        let is_joined = |topic: &String| connection.is(topic, JoinStage::Joined);
        let patience = if self.wanted.is_empty() && index == 0 {
            connection.opened_at + self.limits.first_join()
        } else if self.wanted.iter().all(is_joined) {
            settled
        } else {
            let end = since.max(connection.opened_at) + self.limits.rejoin();
            return if now >= end {
                Readiness::Lacking
            } else {
                Readiness::Wait(Some(end))
            };
        };
        if now >= patience {
            Readiness::Ready
        } else {
            Readiness::Wait(Some(patience))
        }
    }

    /// The condition of a situation that is not fulfilled, in words.
    fn lacks(&self, situation: &Situation) -> Option<String> {
        let vsn = self.current.as_ref().map(|(_, connection)| connection.vsn);
        situation.needs.iter().find_map(|need| match need {
            Need::Topic if self.topic.is_empty() => Some("the client has joined no topic".to_owned()),
            Need::V2 if vsn == Some(Vsn::V1) => {
                Some("1.0.0 has no join_ref and no binary messages".to_owned())
            }
            Need::Returns if self.returns == Returns::Unseen => {
                Some("the client did not come back after a cut".to_owned())
            }
            Need::Held(id) if !self.held.contains(id) => {
                Some(format!("the client did not hold the situation {id}"))
            }
            _ => None,
        })
    }

    /// Plays the present step; whether there is more to do now.
    fn play(&mut self, index: usize, step: usize, now: Time) -> bool {
        let situation = &SITUATIONS[index];
        let Some(present) = situation.steps.get(step) else {
            self.keep(situation, None);
            self.held.insert(situation.id);
            self.begin(index + 1, now);
            return true;
        };
        match self.step(situation, *present, now) {
            StepEnd::Next => self.enter(index, step + 1, now),
            StepEnd::Wait(until) => {
                self.wake = Some(until);
                return false;
            }
            StepEnd::Done => self.begin(index + 1, now),
        }
        true
    }

    fn step(&mut self, situation: &'static Situation, step: ScriptStep, now: Time) -> StepEnd {
        match step {
            ScriptStep::Send(provocations) => return self.provoke(situation, provocations),
            ScriptStep::End(how) => self.end(how),
            ScriptStep::Hold(HeldBack::Nothing) => {
                let answered = self.release();
                self.unless_too_long(answered);
            }
            ScriptStep::Hold(what) => self.hold = what,
            ScriptStep::CutNext(connections) => self.cut_next = connections,
            ScriptStep::Refuse => self.refuses = true,
            ScriptStep::Expect(expectation, rule) => {
                return match self.progress(expectation, now) {
                    StepProgress::Waits(until) => StepEnd::Wait(until),
                    StepProgress::Kept(saw) => {
                        self.passed(expectation, now);
                        self.kept.push((rule, saw));
                        StepEnd::Next
                    }
                    StepProgress::Broken { expected, saw } => {
                        self.keep(situation, Some(rule));
                        self.tell(situation, rule, PromiseOutcome::Broken { expected, saw });
                        StepEnd::Done
                    }
                    StepProgress::Moot(why) => {
                        self.passed(expectation, now);
                        self.tell(situation, rule, PromiseOutcome::NotJudged { why });
                        StepEnd::Next
                    }
                };
            }
            ScriptStep::Require(expectation, why) => {
                return match self.progress(expectation, now) {
                    StepProgress::Waits(until) => StepEnd::Wait(until),
                    StepProgress::Kept(_) => {
                        self.passed(expectation, now);
                        StepEnd::Next
                    }
                    StepProgress::Broken { .. } | StepProgress::Moot(_) => {
                        self.not_judged(situation, why);
                        StepEnd::Done
                    }
                };
            }
        }
        StepEnd::Next
    }

    fn provoke(&mut self, situation: &'static Situation, provocations: &[Provocation]) -> StepEnd {
        for provocation in provocations {
            let Some((_, connection)) = &mut self.current else {
                self.not_judged(situation, "the client closed the connection");
                return StepEnd::Done;
            };
            match frames(connection, &self.topic, *provocation) {
                Ok(frames) => self.send(frames),
                Err(why) => {
                    self.not_judged(situation, &why.to_string());
                    return StepEnd::Done;
                }
            }
            if *provocation == Provocation::Close {
                self.wanted.retain(|topic| *topic != self.topic);
            }
        }
        StepEnd::Next
    }

    fn progress(&self, expectation: ClientExpectation, now: Time) -> StepProgress {
        let WalkPhase::Step { since, place, .. } = self.phase else {
            return StepProgress::Waits(now);
        };
        let view = StepView {
            limits: self.limits,
            pace: self.pace,
            since,
            facts: self.history.from(place),
            topic: &self.topic,
            wanted: &self.wanted,
            connection: self.current.as_ref().map(|(_, connection)| connection),
        };
        view.progress(expectation, now)
    }

    /// Notes the consequences of an expectation that was fulfilled.
    fn passed(&mut self, expectation: ClientExpectation, now: Time) {
        match (expectation, self.phase) {
            (ClientExpectation::Rejoin, WalkPhase::Step { since, .. }) => {
                self.pace.rejoin = self.pace.rejoin.max(now.since(since));
            }
            (ClientExpectation::Backoff, _) => self.refuses = false,
            (ClientExpectation::Reopen, _) => self.returns = Returns::Yes,
            _ => {}
        }
    }

    fn enter(&mut self, situation: usize, step: usize, now: Time) {
        self.phase = WalkPhase::Step {
            situation,
            step,
            since: now,
            place: self.history.len(),
        };
    }

    /// Waits until the client is ready for the next situation.
    fn begin(&mut self, situation: usize, now: Time) {
        let answered = self.release();
        self.unless_too_long(answered);
        self.cut_next = 0;
        self.refuses = false;
        self.phase = WalkPhase::Ready {
            situation,
            since: now,
        };
    }

    /// Tells what was kept: each rule once, with all that was seen, except for one that is broken.
    fn keep(&mut self, situation: &'static Situation, broken: Option<&str>) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|(rule, _)| Some(*rule) != broken);
        let mut rules: Vec<_> = kept.iter().map(|(rule, _)| *rule).collect();
        rules.dedup();
        for rule in rules {
            let seen = kept.iter().filter(|(other, _)| *other == rule);
            let seen: Vec<_> = seen.map(|(_, saw)| saw.as_str()).collect();
            let saw = seen.join(", ");
            self.tell(situation, rule, PromiseOutcome::Held { saw });
        }
    }

    fn not_judged(&mut self, situation: &'static Situation, why: &str) {
        let why = why.to_owned();
        self.tell(situation, situation.rule, PromiseOutcome::NotJudged { why });
    }

    fn tell(&mut self, situation: &'static Situation, rule: &'static str, outcome: PromiseOutcome) {
        self.out.push(WalkOutput::Verdict(ClientVerdict {
            rule,
            situation: situation.id,
            outcome,
        }));
    }

    fn finish(&mut self, lost_in: Option<usize>) {
        self.invariants.finish();
        let verdicts = self.invariants.take();
        self.out.extend(verdicts.into_iter().map(WalkOutput::Verdict));
        self.out.push(WalkOutput::Over);
        self.phase = WalkPhase::Over { lost_in };
    }
}
