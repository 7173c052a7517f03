//! The kinds of errors that a socket can have, with their names in results.

/// A kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The connection was refused: nothing listens on the port.
    Refused,
    /// The connection was reset or broke in another way.
    Reset,
    /// The connect attempt or the upgrade timed out.
    Silent,
    /// TLS failed.
    Tls,
    /// The proxy on the way did not pass the connection on.
    Proxy,
    /// There was no connection for the request of an `http` step, or no whole answer came.
    HttpFailed,
    /// The answer to the request of an `http` step timed out.
    HttpTimeout,
    /// An HTTP status other than 101 or 503; 503 is [`ErrorKind::Unavailable`].
    Status,
    /// HTTP status 503.
    Unavailable,
    /// The response to `GET /token/NAME` contains no token.
    NoToken,
    /// An invalid 101 response, a frame that a server must not send, or a message that cannot be decoded.
    Protocol,
    /// The server closed an open connection.
    Closed,
    /// The machine ran out of descriptors, ports or memory.
    Exhausted,
    /// The server refused a join.
    JoinRefused,
    /// A join timed out.
    JoinTimeout,
    /// A channel crashed (`phx_error`).
    Crashed,
    /// The server closed a channel (`phx_close`).
    ChannelClosed,
    /// A leave timed out.
    LeaveUnanswered,
    /// A push timed out.
    PushTimeout,
    /// A heartbeat timed out.
    HeartbeatTimeout,
    /// An awaited message did not arrive in time.
    ReceiveTimeout,
    /// A reply or a message did not match the scenario.
    Mismatch,
    /// A message of the scenario that the serializer cannot encode.
    Unsendable,
}

/// The name of the kind of error that has this name.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    ErrorKind::ALL
        .into_iter()
        .map(ErrorKind::name)
        .find(|it| *it == name)
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 23] = [
        Self::Refused,
        Self::Reset,
        Self::Silent,
        Self::Tls,
        Self::Proxy,
        Self::HttpFailed,
        Self::HttpTimeout,
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
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::HttpFailed => "http-failed",
            Self::HttpTimeout => "http-timeout",
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

    /// Whether this is a failed connect or join, which counts as an attempt of its own.
    pub(super) const fn is_an_attempt(self) -> bool {
        match self {
            Self::Refused
            | Self::Reset
            | Self::Silent
            | Self::Tls
            | Self::Proxy
            | Self::HttpFailed
            | Self::HttpTimeout
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
