//! What is to happen when: one heap for everything a shard waits for. Nothing is ever taken out before it is due;
//! who set an alarm that no longer matters is not there any more, or looks at its own deadline again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::Time;

/// Alarms of any kind.
pub(crate) struct Timers<T> {
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
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            set: 0,
        }
    }

    /// Lets `what` come out of [`Timers::due`] from `at` on.
    pub(crate) fn set(&mut self, at: Time, what: T) {
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

    /// An alarm that is due, with the moment it was set for. What is due exactly now is due.
    pub(crate) fn due(&mut self, now: Time) -> Option<(Time, T)> {
        if self.next()? > now {
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
        let mut timers = Timers::new();
        timers.set(Time::from_micros(5), "five");
        assert_eq!(timers.due(Time::from_micros(4)), None);
        assert_eq!(
            timers.due(Time::from_micros(5)),
            Some((Time::from_micros(5), "five"))
        );
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn alarms_for_one_moment_keep_their_order() {
        let mut timers = Timers::new();
        for what in ["one", "two", "three"] {
            timers.set(Time::ZERO, what);
        }
        let order: Vec<_> = std::iter::from_fn(|| timers.due(Time::ZERO))
            .map(|(_, what)| what)
            .collect();
        assert_eq!(order, ["one", "two", "three"]);
    }
}
