//! Determines how the schedule of an open model drives a role.

use super::{Awaited, Push, Step};
use crate::protocol::{CLOSE, ERROR, REPLY};

/// How an open model drives a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::load) enum SendMode {
    /// The role sends nothing, so nothing is scheduled: its sockets run their steps on their own.
    Listens,
    /// Each round is one push. It is sent at its intended time, even if earlier pushes are unanswered.
    Pushes,
    /// Each round has several steps. It begins at its intended time, or when the round before has ended.
    Rounds,
}

/// How an open model drives a role with these steps.
pub(super) fn send_mode(steps: &[Step], awaited: &[Awaited]) -> SendMode {
    let pushes = steps.iter().filter_map(|step| match step {
        Step::Push(push) => Some(push),
        _ => None,
    });
    // The ledger tracks pushes with a mark. If anything else is awaited, a socket must wait for it.
    let ledger_tells = |push: &Push| push.is_marked() || awaited.is_empty();
    let in_steps = |step: &Step| match step {
        Step::Push(push) => !ledger_tells(push),
        Step::Receive { within, .. } => within.is_some(),
        _ => true,
    };
    let not_marked = [CLOSE, ERROR, REPLY];
    let more = steps.iter().any(in_steps) || awaited.iter().any(|it| not_marked.contains(&&*it.event));
    match (pushes.count(), more) {
        (0, _) => SendMode::Listens,
        (1, false) => SendMode::Pushes,
        _ => SendMode::Rounds,
    }
}
