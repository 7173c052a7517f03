//! When the sockets of a role send.

use super::{Awaited, Push, Step};
use crate::protocol::{CLOSE, ERROR, REPLY};

/// How an open model drives a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::load) enum SendMode {
    /// Nothing is sent, so nothing is scheduled: it goes through its steps by itself.
    Listens,
    /// Each round is one push: it goes out at its time, whatever is still under way.
    Pushes,
    /// Each round is several steps: it begins at its time, or when the round before is over.
    Rounds,
}

/// How an open model drives a role of these steps.
pub(super) fn send_mode(steps: &[Step], awaited: &[Awaited]) -> SendMode {
    let pushes = steps.iter().filter_map(|step| match step {
        Step::Push(push) => Some(push),
        _ => None,
    });
    // The ledger tells what becomes of what carries a mark; for anything else that is awaited, somebody must wait.
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
