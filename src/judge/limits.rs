//! How long the judge of clients waits for what.

use std::time::Duration;

/// After this time without a message Phoenix closes a connection, so a client must send heartbeats more often.
pub(super) const HEARTBEAT_LIMIT: Duration = Duration::from_secs(60);
/// A client that still waits for the answer to its join after this time never gives it up.
pub(super) const GIVE_UP_LIMIT: Duration = Duration::from_secs(30);
/// A join within this time after a connection opened comes from the client, not from its application.
pub(super) const REJOIN_WINDOW: Duration = Duration::from_secs(1);

/// The waits of a walk. All follow from the time that a client may take to rejoin a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgeLimits {
    rejoin: Duration,
}

impl JudgeLimits {
    /// The limits of a client that may take this long to rejoin.
    pub const fn new(rejoin: Duration) -> Self {
        Self { rejoin }
    }

    /// How long a client may take to rejoin a topic.
    pub(super) const fn rejoin(self) -> Duration {
        self.rejoin
    }

    /// How long a client may take to open a new connection.
    pub(super) fn reopen(self) -> Duration {
        self.rejoin * 2
    }

    /// How long a client is watched that should do nothing.
    pub(super) fn quiet(self) -> Duration {
        self.rejoin / 5
    }

    /// How long no topic must have been joined or left before the walk begins.
    pub(super) fn settle(self) -> Duration {
        self.rejoin / 5
    }

    /// The same before each later situation.
    pub(super) fn breath(self) -> Duration {
        self.rejoin / 30
    }

    /// How long the walk waits for the first join on a new connection.
    pub(super) fn first_join(self) -> Duration {
        self.rejoin * 2 / 3
    }

    /// The time by which a client may be later than its own interval.
    pub(super) fn margin(self) -> Duration {
        self.rejoin / 3
    }
}

impl Default for JudgeLimits {
    fn default() -> Self {
        Self::new(Duration::from_secs(15))
    }
}
