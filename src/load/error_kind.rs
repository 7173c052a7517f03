//! Kinds of errors that a socket can have, with their names in results.

/// A kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Nobody listens there.
    Refused,
    /// The connection was reset, or broke otherwise.
    Reset,
    /// No answer to the connection attempt or the upgrade.
    Silent,
    /// Any HTTP status but 101; 503 is [`ErrorKind::Unavailable`].
    Status,
    /// HTTP status 503.
    Unavailable,
    /// Any answer to `GET /token/NAME` but a token.
    NoToken,
    /// A 101 that is not right, a frame that no server may send, a message that cannot be read.
    Protocol,
    /// The server closed an open connection.
    Closed,
    /// This machine had no descriptor, port or memory left.
    Exhausted,
    /// A join was refused.
    JoinRefused,
    /// A join had no answer.
    JoinTimeout,
    /// A channel crashed (`phx_error`).
    Crashed,
    /// The server closed a channel (`phx_close`).
    ChannelClosed,
    /// A leave had no answer.
    LeaveUnanswered,
    /// A push had no answer in time.
    PushTimeout,
    /// A heartbeat had no answer in time.
    HeartbeatTimeout,
    /// An awaited message did not come in time.
    ReceiveTimeout,
    /// An answer or a message was not as the scenario says.
    Mismatch,
    /// A message of the scenario that no frame can carry.
    Unsendable,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Refused,
        Self::Reset,
        Self::Silent,
        Self::Status,
        Self::Unavailable,
        Self::NoToken,
        Self::Protocol,
        Self::Closed,
        Self::Exhausted,
        Self::JoinRefused,
        Self::JoinTimeout,
        Self::Crashed,
        Self::ChannelClosed,
        Self::LeaveUnanswered,
        Self::PushTimeout,
        Self::HeartbeatTimeout,
        Self::ReceiveTimeout,
        Self::Mismatch,
        Self::Unsendable,
    ];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Silent => "silent",
            Self::Status => "status",
            Self::Unavailable => "503",
            Self::NoToken => "no-token",
            Self::Protocol => "protocol",
            Self::Closed => "closed",
            Self::Exhausted => "exhausted",
            Self::JoinRefused => "join-refused",
            Self::JoinTimeout => "join-timeout",
            Self::Crashed => "crashed",
            Self::ChannelClosed => "channel-closed",
            Self::LeaveUnanswered => "leave-unanswered",
            Self::PushTimeout => "push-timeout",
            Self::HeartbeatTimeout => "heartbeat-timeout",
            Self::ReceiveTimeout => "receive-timeout",
            Self::Mismatch => "mismatch",
            Self::Unsendable => "unsendable",
        }
    }

    /// Whether it is a connect or a join that failed, so that it stands beside those that did not.
    pub(super) const fn is_an_attempt(self) -> bool {
        match self {
            Self::Refused
            | Self::Reset
            | Self::Silent
            | Self::Status
            | Self::Unavailable
            | Self::NoToken
            | Self::Exhausted
            | Self::JoinRefused
            | Self::JoinTimeout => true,
            Self::Protocol
            | Self::Closed
            | Self::Crashed
            | Self::ChannelClosed
            | Self::LeaveUnanswered
            | Self::PushTimeout
            | Self::HeartbeatTimeout
            | Self::ReceiveTimeout
            | Self::Mismatch
            | Self::Unsendable => false,
        }
    }
}
