//! What all sockets of a run share: how a client behaves, and how long it waits for what.

use std::time::Duration;

use super::Backoff;
use crate::clock::Time;

/// Who decides what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The machine does by itself what phoenix.js does by itself.
    PhoenixJs,
    /// A script decides every frame: pushes are never held back, a second join on a topic is only a `phx_join`
    /// with a new ref, and a channel that was left can still be pushed to with its last join_ref.
    Scripted,
}

/// The settings of a client. One for a whole swarm, lent to each call.
///
/// A wait of [`Duration::MAX`] never ends, which is how a scripted client has no timers at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who decides what is sent.
    pub policy: Policy,
    /// How long after the last answer a heartbeat is sent, and how long its own answer may take.
    /// [`Duration::MAX`] on transports that need none, such as long poll.
    pub heartbeat: Duration,
    /// How long the answer to a join, a push or a leave may take.
    pub timeout: Duration,
    /// The waits before connecting again after a connection ended or could not be made.
    pub reconnect: Backoff,
    /// The waits before joining again after a refusal, a timeout or a crash.
    pub rejoin: Backoff,
}

impl Config {
    /// The defaults of phoenix.js 1.8.16.
    pub fn phoenix_js() -> Self {
        Self {
            policy: Policy::PhoenixJs,
            heartbeat: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
            reconnect: Backoff::reconnect(),
            rejoin: Backoff::rejoin(),
        }
    }

    /// Nothing happens by itself.
    pub fn scripted() -> Self {
        Self {
            policy: Policy::Scripted,
            heartbeat: Duration::MAX,
            timeout: Duration::MAX,
            reconnect: Backoff::never(),
            rejoin: Backoff::never(),
        }
    }
}

/// The deadline that never comes.
pub(super) const NEVER: Time = Time::from_micros(u64::MAX);

/// The end of a wait. It lies after its start even if the wait is zero: as in JavaScript, no timer fires in the
/// turn that set it, and so no two zeros in a [`Config`] can keep the machine busy for ever.
pub(super) fn end_of_wait(start: Time, wait: Duration) -> Time {
    start + wait.max(Duration::from_micros(1))
}
