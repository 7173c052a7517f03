//! Lists lost messages: the first twenty in full, and the number of losses over time.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::clock::Time;

/// How many lost messages are listed in full.
pub(super) const MOST: usize = 20;

/// The kind of a lost message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LostKind {
    /// A broadcast that one receiver did not get.
    Broadcast,
    /// The reply to a push.
    Reply,
}

/// A message that never arrived. Unknown fields are absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The kind of message.
    pub kind: LostKind,
    /// The topic.
    pub topic: String,
    /// The event of the push whose reply it was.
    pub event: Option<String>,
    /// The socket that sent the push, as in `{{sender}}`.
    pub sender: Option<u32>,
    /// The number of the broadcast in its topic, from 0, as in its mark; for a reply, the ref of the push.
    pub number: Option<u64>,
    /// The socket that did not receive it.
    pub receiver: u32,
    /// The intended time of the push, in seconds since the start of the run.
    pub at_s: Option<f64>,
}

impl Lost {
    /// Orders by time; messages with an unknown time come last.
    fn order(&self, other: &Self) -> Ordering {
        let rest = |it: &Self| (it.kind, it.number, it.receiver);
        by_time(self.at_s, other.at_s)
            .then_with(|| self.topic.cmp(&other.topic))
            .then_with(|| rest(self).cmp(&rest(other)))
    }
}

#[cfg(test)]
impl Lost {
    /// Broadcast 17 of `rooms:42`, sent by socket 3.
    pub(crate) fn made_up(receiver: u32, at_s: Option<f64>) -> Self {
        Self {
            kind: LostKind::Broadcast,
            topic: "rooms:42".to_owned(),
            event: None,
            sender: Some(3),
            number: Some(17),
            receiver,
            at_s,
        }
    }
}

fn by_time(a: Option<f64>, b: Option<f64>) -> Ordering {
    a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY))
}

/// The earliest of these messages, sorted; at most as many as are listed.
pub(super) fn earliest(mut all: Vec<Lost>) -> Vec<Lost> {
    all.sort_by(Lost::order);
    all.truncate(MOST);
    all
}

/// Counts occurrences over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moments(BTreeMap<u64, u64>);

impl Moments {
    /// The resolution: a hundredth of a second.
    const STEP_MICROS: u64 = 10_000;

    /// Counts one occurrence.
    pub(super) fn count(&mut self, at: Time) {
        *self.0.entry(at.as_micros() / Self::STEP_MICROS).or_default() += 1;
    }

    /// Adds the counts of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for (at, count) in &other.0 {
            *self.0.entry(*at).or_default() += count;
        }
    }

    /// Each time in seconds since the start of the run, with its count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, u64)> {
        let seconds = |at: &u64| (at * Self::STEP_MICROS) as f64 / 1e6;
        self.0.iter().map(move |(at, count)| (seconds(at), *count))
    }
}

/// The lost messages of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LostMessages {
    /// The first ones, sorted.
    first: Vec<Lost>,
    /// The intended times of all lost messages for which the time is known.
    moments: Moments,
}

impl LostMessages {
    /// Adds a lost message with its intended time. `tell` is called only if the message is among the first.
    pub(super) fn enter(&mut self, at: Option<Time>, tell: impl FnOnce(Option<f64>) -> Lost) {
        if let Some(at) = at {
            self.moments.count(at);
        }
        let at_s = at.map(|at| at.since(Time::ZERO).as_secs_f64());
        let last = self.first.last().filter(|_| self.first.len() >= MOST);
        if last.is_none_or(|last| by_time(at_s, last.at_s).is_lt()) {
            self.keep(tell(at_s));
        }
    }

    /// Adds the messages of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        other.first.iter().for_each(|lost| self.keep(lost.clone()));
    }

    fn keep(&mut self, lost: Lost) {
        let at = self.first.partition_point(|it| it.order(&lost).is_le());
        if at < MOST {
            self.first.insert(at, lost);
            self.first.truncate(MOST);
        }
    }

    /// The first ones, sorted.
    pub(super) fn first(&self) -> &[Lost] {
        &self.first
    }

    /// The intended times.
    pub(super) const fn moments(&self) -> &Moments {
        &self.moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &[(u32, Option<u64>)]) -> LostMessages {
        let mut messages = LostMessages::default();
        for (receiver, millis) in all {
            let at = millis.map(|millis| Time::from_micros(millis * 1000));
            messages.enter(at, |at_s| Lost::made_up(*receiver, at_s));
        }
        messages
    }

    fn receivers(messages: &LostMessages) -> Vec<u32> {
        messages.first().iter().map(|it| it.receiver).collect()
    }

    #[test]
    fn the_earliest_are_kept_and_those_of_an_unknown_time_come_last() {
        let messages = of(&[(1, None), (2, Some(4200)), (3, Some(800)), (4, Some(4200))]);
        assert_eq!(receivers(&messages), [3, 2, 4, 1]);
        assert_eq!(messages.first()[0].at_s, Some(0.8));
        // Twenty messages with an unknown time are replaced when the time of another is known.
        let mut many: Vec<(u32, Option<u64>)> = (0..25).map(|number| (number, None)).collect();
        many.push((99, Some(1000)));
        let messages = of(&many);
        assert_eq!((receivers(&messages)[0], messages.first().len()), (99, MOST));
    }

    #[test]
    fn no_more_than_twenty_are_told_and_only_those_are_asked_for() {
        let mut messages = LostMessages::default();
        let mut asked = 0;
        for millis in 0..1000 {
            messages.enter(Some(Time::from_micros(millis * 1000)), |at_s| {
                asked += 1;
                Lost::made_up(7, at_s)
            });
        }
        assert_eq!((messages.first().len(), asked), (MOST, MOST));
        assert_eq!(messages.moments().0.values().sum::<u64>(), 1000);
    }

    #[test]
    fn the_lists_of_shards_become_one() {
        let early: Vec<(u32, Option<u64>)> = (0..15).map(|number| (number, Some(2000))).collect();
        let late: Vec<(u32, Option<u64>)> = (15..30).map(|number| (number, Some(1000))).collect();
        let (mut one, mut other) = (of(&early), of(&late));
        let before = one.clone();
        one.merge(&other);
        other.merge(&before);
        assert_eq!(one, other);
        let expected: Vec<u32> = (15..30).chain(0..5).collect();
        assert_eq!(receivers(&one), expected);
        assert_eq!(one.moments().0, [(100, 15), (200, 15)].into());
    }
}
