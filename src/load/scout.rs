//! Probes the server before a run: a few sockets try each push whose outcome the scenario leaves open, and find out
//! whether it gets a reply, whether it is broadcast, and whether the broadcast contains its mark.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::ledger::Mark;
use super::role::{
    Answer, BroadcastFound, CompiledScenarios, Content, Push, PushFound, Question, Receivers, Step,
};
use super::settings::LoadSettings;
use crate::clock::{Clock, Time};
use talker::{Heard, Talker};

mod talker;

/// The probe stops waiting after this time without a message.
const QUIET: Duration = Duration::from_millis(250);
/// The minimum time to wait for a reply.
const ANSWER: Duration = Duration::from_secs(1);
/// How often a push is tried if not every waiting socket received it, because a broadcast may be lost.
const TRIES: usize = 3;
/// The most sockets per scenario in the probe.
const MOST: usize = 4;

/// The probe of a run.
pub(super) struct Scout<'a> {
    pub(super) settings: &'a LoadSettings,
    pub(super) cast: &'a CompiledScenarios,
    /// The run number in the marks of the probe; it differs from that of the run, so the run ignores these marks.
    pub(super) run: u64,
    pub(super) first_name: u64,
    pub(super) clock: Clock,
    /// Ends the probe early.
    pub(super) stop: &'a AtomicBool,
}

/// The outcome of one try.
#[derive(Debug, Default)]
struct Try {
    /// The status of the reply.
    status: Option<String>,
    /// The sockets that received the broadcast with its mark.
    marked: BTreeSet<usize>,
    /// The sockets that received an event without a mark, by event.
    unmarked: BTreeMap<Box<str>, BTreeSet<usize>>,
}

impl Scout<'_> {
    /// Probes all questions; a finding is empty if the server lets no socket in.
    ///
    /// # Errors
    /// The system has no descriptors for the probe.
    pub(super) fn find_out(&self, questions: Vec<Question>) -> io::Result<Vec<(Question, PushFound)>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut found = Vec::new();
        let mut talkers = Vec::new();
        let mut play = None;
        for question in questions {
            if play != Some(question.play) {
                talkers = self.talkers(&runtime, question.play);
                play = Some(question.play);
            }
            let sender = talkers
                .iter()
                .position(|it: &Talker<'_>| it.role == question.role);
            let finding = match sender {
                Some(sender) if !self.stop.load(Ordering::Relaxed) => {
                    self.ask(&question, &mut talkers, sender)
                }
                Some(_) | None => PushFound::default(),
            };
            found.push((question, finding));
        }
        Ok(found)
    }

    /// One socket for each role, or two if there is only one role; empty if one of them cannot join.
    fn talkers<'t>(&'t self, runtime: &'t Runtime, play: usize) -> Vec<Talker<'t>> {
        let mut roles: Vec<usize> = Vec::new();
        for role in &self.cast.plays[play].places {
            let role = usize::from(*role);
            if roles.len() < MOST && !roles.contains(&role) {
                roles.push(role);
            }
        }
        if let [only] = *roles {
            roles.push(only);
        }
        let talkers = roles.into_iter().enumerate();
        let talkers = talkers.map(|(number, role)| Talker::enter(self, runtime, (play, role), number));
        talkers.collect::<Option<_>>().unwrap_or_default()
    }

    fn push_of(&self, question: &Question) -> Option<&Push> {
        match self.cast.roles[question.role].steps.get(question.step) {
            Some(Step::Push(push)) => Some(push),
            _ => None,
        }
    }

    fn ask(&self, question: &Question, talkers: &mut [Talker<'_>], sender: usize) -> PushFound {
        let Some(push) = self.push_of(question) else {
            return PushFound::default();
        };
        let place = self.cast.roles[question.role].joins[usize::from(push.channel)].place;
        let listeners: BTreeSet<usize> = talkers
            .iter()
            .enumerate()
            .filter(|(_, it)| question.is_heard && self.cast.roles[it.role].hears_on(place))
            .map(|(number, _)| number)
            .collect();
        let mut all = Try::default();
        let marked = question.marked.as_ref().map(|line| Content::Json(line.clone()));
        let mut payloads = [marked.as_ref(), Some(&push.payload)].into_iter().flatten();
        let mut payload = payloads.next();
        let mut tries = 0;
        while let (Some(what), true) = (payload, tries < TRIES) {
            tries += 1;
            let one = self.try_once(push, what, (&mut *talkers, sender, &listeners));
            let is_refused = one.status.as_ref().is_some_and(|it| !push.answer.takes(it));
            all.add(one);
            if all.is_whole(&listeners) {
                break;
            }
            // The server may have refused the push because of the mark.
            if is_refused && marked.is_some() && all.marked.is_empty() {
                payload = payloads.next();
            }
        }
        let is_answered = all.status.is_some();
        PushFound {
            is_answered: (!talkers.iter().any(Talker::is_over)).then_some(is_answered),
            broadcast: all.broadcast(&listeners, sender),
        }
    }

    fn try_once(
        &self,
        push: &Push,
        payload: &Content,
        (talkers, sender, listeners): (&mut [Talker<'_>], usize, &BTreeSet<usize>),
    ) -> Try {
        let begin = self.clock.now();
        let mut one = Try::default();
        let Some(reference) = talkers[sender].push(push, payload, self.mark(begin)) else {
            return one;
        };
        let patience = ANSWER
            .max(talkers[sender].round_trip * 20)
            .min(self.settings.timeout);
        let mut news_at = self.clock.now();
        loop {
            for (number, talker) in talkers.iter_mut().enumerate() {
                for heard in talker.listen(self.run) {
                    news_at = self.clock.now();
                    match heard {
                        Heard::Answer(of, status) if number == sender && of == reference => {
                            one.status = Some(status);
                        }
                        Heard::Answer(..) => {}
                        Heard::Broadcast(_, true) => {
                            one.marked.insert(number);
                        }
                        Heard::Broadcast(event, false) => {
                            one.unmarked.entry(event).or_default().insert(number);
                        }
                    }
                }
            }
            let waits_for_answer = one.status.is_none() && !matches!(push.answer, Answer::None);
            let is_quiet = self.since(news_at) > QUIET && !waits_for_answer;
            let has_all = !waits_for_answer && one.is_whole(listeners);
            if has_all || is_quiet || self.since(begin) > patience || self.stop.load(Ordering::Relaxed) {
                return one;
            }
        }
    }

    fn mark(&self, begin: Time) -> Mark {
        Mark {
            run: self.run,
            intended: begin.as_micros(),
            ..Mark::default()
        }
    }

    fn since(&self, begin: Time) -> Duration {
        self.clock.now().since(begin)
    }
}

impl Try {
    fn add(&mut self, other: Self) {
        self.status = other.status.or(self.status.take());
        self.marked.extend(other.marked);
        for (event, listeners) in other.unmarked {
            self.unmarked.entry(event).or_default().extend(listeners);
        }
    }

    /// Whether all listeners received it.
    fn is_whole(&self, listeners: &BTreeSet<usize>) -> bool {
        self.marked.is_superset(listeners) || self.unmarked.values().any(|it| it.is_superset(listeners))
    }

    fn broadcast(&self, listeners: &BTreeSet<usize>, sender: usize) -> BroadcastFound {
        let audience = |heard: &BTreeSet<usize>| {
            let mut others = listeners.iter().filter(|it| **it != sender).peekable();
            match heard.is_superset(listeners) {
                true => Some(Receivers::All),
                false if others.peek().is_some() && others.all(|it| heard.contains(it)) => {
                    Some(Receivers::Others)
                }
                false => None,
            }
        };
        let unmarked = self.unmarked.iter().next();
        match (self.marked.is_empty(), unmarked) {
            _ if listeners.is_empty() => BroadcastFound::No,
            (false, _) => match audience(&self.marked) {
                Some(audience) => BroadcastFound::Marked(audience),
                None => BroadcastFound::ToSome("what came with its mark".into()),
            },
            (true, Some((event, heard))) => match audience(heard) {
                Some(audience) if self.unmarked.len() == 1 => {
                    BroadcastFound::Unmarked(event.clone(), audience)
                }
                Some(_) | None => BroadcastFound::ToSome(event.clone()),
            },
            (true, None) => BroadcastFound::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(marked: &[usize], unmarked: &[(&str, &[usize])]) -> Try {
        let unmarked = unmarked
            .iter()
            .map(|(event, who)| ((*event).into(), who.iter().copied().collect()));
        Try {
            status: None,
            marked: marked.iter().copied().collect(),
            unmarked: unmarked.collect(),
        }
    }

    #[test]
    fn who_heard_it_tells_to_whom_it_is_broadcast() {
        let all = BTreeSet::from([0, 1, 2]);
        let of = |one: Try| one.broadcast(&all, 0);
        assert_eq!(of(heard(&[0, 1, 2], &[])), BroadcastFound::Marked(Receivers::All));
        assert_eq!(of(heard(&[1, 2], &[])), BroadcastFound::Marked(Receivers::Others));
        assert!(matches!(of(heard(&[0], &[])), BroadcastFound::ToSome(_)));
        assert!(matches!(of(heard(&[0, 1], &[])), BroadcastFound::ToSome(_)));
        let by_number = BroadcastFound::Unmarked("said".into(), Receivers::All);
        assert_eq!(of(heard(&[], &[("said", &[0, 1, 2])])), by_number);
        let two = heard(&[], &[("said", &[0, 1, 2]), ("seen", &[0, 1, 2])]);
        assert!(matches!(of(two), BroadcastFound::ToSome(_)));
        assert_eq!(of(heard(&[], &[])), BroadcastFound::No);
        assert_eq!(
            heard(&[], &[]).broadcast(&BTreeSet::from([0]), 0),
            BroadcastFound::No
        );
        assert_eq!(
            heard(&[0], &[]).broadcast(&BTreeSet::from([0]), 0),
            BroadcastFound::Marked(Receivers::All)
        );
    }
}
