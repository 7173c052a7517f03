//! Alarms in the order in which they are due, and the time of the shard's current turn. An alarm cannot be cancelled:
//! when it goes off, the code that set it checks whether it still matters.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::clock::Time;

/// Alarms of one kind.
pub(crate) struct Timers<T> {
    now: Time,
    heap: BinaryHeap<Reverse<Entry<T>>>,
    set: u64,
}

struct Entry<T> {
    at: Time,
    /// Alarms for the same moment go off in the order in which they were set.
    order: u64,
    what: T,
}

impl<T> Timers<T> {
    pub(crate) const fn new(now: Time) -> Self {
        Self {
            now,
            heap: BinaryHeap::new(),
            set: 0,
        }
    }

    /// The time of the current turn.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// A new turn begins.
    pub(crate) const fn begin_turn(&mut self, now: Time) {
        self.now = now;
    }

    /// Sets an alarm that goes off so long from now.
    pub(crate) fn after(&mut self, delay: Duration, what: T) {
        self.at(self.now + delay, what);
    }

    /// Sets an alarm for a moment.
    pub(crate) fn at(&mut self, at: Time, what: T) {
        self.set += 1;
        self.heap.push(Reverse(Entry {
            at,
            order: self.set,
            what,
        }));
    }

    /// When the next alarm is due.
    pub(crate) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// The next alarm that is due until then, that moment included, with the moment it was set for.
    pub(crate) fn due(&mut self, until: Time) -> Option<(Time, T)> {
        if self.next()? > until {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_exactly_now_is_due() {
        let mut timers = Timers::new(Time::ZERO);
        timers.at(Time::from_micros(5), "five");
        assert_eq!(timers.due(Time::from_micros(4)), None);
        assert_eq!(
            timers.due(Time::from_micros(5)),
            Some((Time::from_micros(5), "five"))
        );
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn alarms_for_one_moment_keep_their_order() {
        let mut timers = Timers::new(Time::ZERO);
        for what in ["one", "two", "three"] {
            timers.at(Time::ZERO, what);
        }
        let order: Vec<_> = std::iter::from_fn(|| timers.due(Time::ZERO))
            .map(|(_, what)| what)
            .collect();
        assert_eq!(order, ["one", "two", "three"]);
    }
}
