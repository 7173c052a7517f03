//! The long poll session of a socket of a load test: its token and queue, the connection of its batches, and until when its
//! requests must be answered.

use std::time::Duration;

use super::tcp_link::TcpLink;
use crate::clock::Time;
use crate::session::LongPoll;

/// How long a request may take to be answered, with the time to connect, as in phoenix.js. Servers answer a poll after ten seconds at most, unless an
/// application says otherwise.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// An open session.
pub(super) struct PollSession {
    pub(super) state: LongPoll,
    pub(super) batches: TcpLink,
    /// By when the open poll must be answered, or the connection for the next one made; `Time::MAX` if there is neither.
    pub(super) poll_due: Time,
    /// By when the batch under way must be answered, or the connection for it made; `Time::MAX` if there is neither.
    pub(super) batch_due: Time,
    pub(super) polled_on: PolledOn,
}

/// The connection on which the open poll was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolledOn {
    /// A new one.
    New,
    /// That of an earlier request. A server may close it just as the poll is sent, which is then sent again.
    Kept,
}

impl PollSession {
    /// A session whose first poll was answered.
    pub(super) const fn new(state: LongPoll) -> Self {
        Self {
            state,
            batches: TcpLink::CLOSED,
            poll_due: Time::MAX,
            batch_due: Time::MAX,
            polled_on: PolledOn::Kept,
        }
    }

    /// By when the server must have answered next.
    pub(super) fn deadline(&self) -> Time {
        self.poll_due.min(self.batch_due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_at_rest_is_small() {
        assert!(
            size_of::<PollSession>() <= 120,
            "{} bytes",
            size_of::<PollSession>()
        );
    }
}
