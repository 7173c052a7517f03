//! Presence diffs on their way to a topic. In Phoenix a process of its own sends them, one after the other: each may be
//! late, and none overtakes another.

use std::collections::VecDeque;
use std::sync::Arc;

use super::pubsub::Broadcast;
use super::session::Address;
use crate::clock::Time;

/// The diffs of a shard that are late, in their order, each with when it is due.
#[derive(Default)]
pub(crate) struct LateDiffs(VecDeque<(Time, Diff)>);

/// A diff, and which channel it tells of.
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

impl LateDiffs {
    /// When a diff that was to be sent at `due` can be sent, which is not before an earlier one; none: at once.
    pub(crate) fn due(&self, due: Option<Time>) -> Option<Time> {
        let earlier = self.0.back().map(|&(due, _)| due);
        due.max(earlier)
    }

    /// Adds a diff that is due at a time that [`Self::due`] told.
    pub(crate) fn push(&mut self, due: Time, diff: Diff) {
        self.0.push_back((due, diff));
    }

    /// The next diff, late or not.
    pub(crate) fn next(&mut self) -> Option<Diff> {
        self.0.pop_front().map(|(_, diff)| diff)
    }

    /// The next diff that is due by `now`.
    pub(crate) fn next_due(&mut self, now: Time) -> Option<Diff> {
        let is_due = self.0.front().is_some_and(|&(due, _)| due <= now);
        if is_due { self.next() } else { None }
    }
}
