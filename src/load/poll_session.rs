//! The long poll session of a socket of a load test: its token and queue, the connection for its batches, and the deadlines of
//! its requests.

use super::tcp_link::TcpLink;
use crate::clock::Time;
use crate::session::LongPoll;

/// An open session.
pub(super) struct PollSession {
    pub(super) state: LongPoll,
    pub(super) batches: TcpLink,
    /// The deadline of the open poll, with the time to connect; `Time::MAX` if none is open.
    pub(super) poll_due: Time,
    /// The deadline of the batch under way, with the time to connect; `Time::MAX` if none is under way.
    pub(super) batch_due: Time,
    pub(super) polled_on: PolledOn,
}

/// The connection on which the open poll was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolledOn {
    /// The connection is new.
    New,
    /// The connection carried an earlier request. The server may close it just as the client sends the poll; the client then
    /// sends the poll again.
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

    /// The earlier of the two deadlines.
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
