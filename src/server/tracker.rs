//! Presence diffs on their way to a topic. In Phoenix a process of its own sends them, one after the other: each may be
//! late, and none overtakes another.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chance::{Freedom, Outcome};
use super::core::{Alarm, Core};
use super::pubsub::{Address, Broadcast};
use crate::clock::Time;

/// The diffs of a shard that are late, in their order, each with when it is due.
#[derive(Default)]
pub(crate) struct LateDiffs(VecDeque<(Time, Diff)>);

/// A diff, and of whom it tells.
pub(crate) struct Diff {
    pub(crate) broadcast: Arc<Broadcast>,
    pub(crate) of: Address,
    pub(crate) tells: Tells,
}

/// What a diff tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// A join or an update.
    Change,
    /// An update, and before the reply to it.
    ChangeAtOnce,
    /// A leave, of a client that is still connected.
    Leave,
    /// A leave by the end of the connection.
    Hangup,
}

impl Core {
    /// Sends a diff now or later, but never before an earlier one.
    pub(crate) fn tell(&mut self, diff: Diff) {
        if diff.tells == Tells::ChangeAtOnce {
            while let Some((_, earlier)) = self.late_diffs.0.pop_front() {
                self.send_diff(&earlier);
            }
            return self.send_diff(&diff);
        }
        let due = self.chance.delay(Freedom::LateDiff).map(|late| self.now + late);
        let earlier = self.late_diffs.0.back().map(|&(due, _)| due);
        match due.max(earlier) {
            None => self.send_diff(&diff),
            Some(due) => {
                self.late_diffs.0.push_back((due, diff));
                self.timers.set(due, Alarm::Diff);
            }
        }
    }

    /// Sends the diffs that were late until `now`.
    pub(crate) fn tell_late_diffs(&mut self, now: Time) {
        let is_due = |(due, _): &(Time, Diff)| *due <= now;
        while self.late_diffs.0.front().is_some_and(is_due)
            && let Some((_, diff)) = self.late_diffs.0.pop_front()
        {
            self.send_diff(&diff);
        }
    }

    fn send_diff(&mut self, diff: &Diff) {
        if diff.tells == Tells::Leave {
            let outcome = if self.afterlife.holds(diff.of) {
                Outcome::Happened
            } else {
                Outcome::DidNot
            };
            self.chance.note(Freedom::OwnLeave, outcome);
        }
        // A diff is an object, which every serializer can write.
        let _ = self.broadcast(&diff.broadcast, diff.of.conversation);
    }
}
