//! The client's view of its connection, and the heartbeat that keeps the connection open.

use std::time::Duration;

use super::config::{NEVER, end_of_wait};
use super::{Config, Ref};
use crate::clock::Time;

/// The connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    /// No connection is wanted: the user never connected, or disconnected.
    Idle,
    /// Connecting, after this many failures in a row.
    Connecting { tries: u32 },
    /// Open.
    Open { heartbeat: Heartbeat },
    /// Presumed dead since then, and being closed. The client reconnects once it is closed.
    Closing { since: Time },
    /// Closed. The client reconnects at `at`, after this many failures in a row.
    Waiting { tries: u32, at: Time },
}

/// The heartbeat of an open connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heartbeat {
    /// The next heartbeat is due then.
    Resting { until: Time },
    /// Sent, without a reply so far.
    Unanswered { reference: Ref, sent_at: Time },
}

impl Heartbeat {
    /// The heartbeat timer after the connection opened or after a reply.
    pub(super) fn rest(config: &Config, now: Time) -> Self {
        Self::Resting {
            until: end_of_wait(now, config.heartbeat),
        }
    }

    fn deadline(self, config: &Config) -> Time {
        match self {
            Self::Resting { until } => until,
            Self::Unanswered { sent_at, .. } => end_of_wait(sent_at, config.heartbeat),
        }
    }
}

impl Link {
    /// When the link has to act without being called.
    pub(super) fn deadline(self, config: &Config) -> Time {
        match self {
            Self::Idle | Self::Connecting { .. } => NEVER,
            Self::Open { heartbeat } => heartbeat.deadline(config),
            Self::Closing { since } => end_of_wait(since + PATIENCE, config.reconnect.delay(1)),
            Self::Waiting { at, .. } => at,
        }
    }

    /// The state of the link after its connection ended, was refused or could not be opened.
    pub(super) fn closed(self, config: &Config, now: Time) -> Self {
        let retry = |tries: u32, from: Time| match config.reconnect.delay(tries.saturating_add(1)) {
            Duration::MAX => Self::Idle,
            delay => Self::Waiting {
                tries,
                at: end_of_wait(from, delay),
            },
        };
        match self {
            Self::Connecting { tries } => retry(tries, now),
            Self::Open { .. } => retry(0, now),
            Self::Closing { since } => retry(0, seen_closed(since, now)),
            Self::Idle | Self::Waiting { .. } => self,
        }
    }
}

/// How long to wait for a connection to close (`waitForSocketClosed` in `socket.js`).
const PATIENCE: Duration = Duration::from_millis(1500);

/// When phoenix.js, which polls, notices that a connection is closed.
fn seen_closed(since: Time, now: Time) -> Time {
    [150, 450, 900]
        .map(|millis| since + Duration::from_millis(millis))
        .into_iter()
        .find(|&look| look >= now)
        .unwrap_or(since + PATIENCE)
}
