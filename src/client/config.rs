//! The settings that all sockets of a run share: client policy, timeouts and backoff.

use std::time::Duration;

use super::Backoff;
use crate::clock::Time;

/// Whether the client sends frames by itself, or only those of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The client does by itself what phoenix.js does by itself.
    PhoenixJs,
    /// A script decides every frame: pushes are never held back, a second join on a topic only sends a
    /// `phx_join` with a new ref, and a script can still push to a channel that it left, with the last
    /// join_ref.
    Scripted,
}

/// The settings of a client. All clients of a swarm share one, which is passed to each call.
///
/// A wait of [`Duration::MAX`] never ends; a scripted client uses it to have no timers at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the client sends frames by itself.
    pub policy: Policy,
    /// The time between the last heartbeat reply and the next heartbeat, and also the timeout of a heartbeat.
    /// [`Duration::MAX`] on transports that need no heartbeat, such as long poll.
    pub heartbeat: Duration,
    /// The timeout of a join, a push or a leave.
    pub timeout: Duration,
    /// The waits before reconnecting after a connection ended or could not be opened.
    pub reconnect: Backoff,
    /// The waits before rejoining after a refusal, a timeout or a crash.
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

/// A deadline that never comes.
pub(super) const NEVER: Time = Time::from_micros(u64::MAX);

/// The end of a wait. It lies after the start even if the wait is zero: as in JavaScript, no timer fires in
/// the turn that set it, so zero waits in a [`Config`] cannot keep the client busy for ever.
pub(super) fn end_of_wait(start: Time, wait: Duration) -> Time {
    start + wait.max(Duration::from_micros(1))
}
