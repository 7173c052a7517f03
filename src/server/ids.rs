//! The ids by which the parts of a shard name connections, sessions and channels.

/// The place of a connection in its shard. It is used again once the connection has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId(pub(super) u32);

impl ConnectionId {
    /// The id of a connection that was registered with this number.
    pub(crate) fn of_number(number: usize) -> Option<Self> {
        u32::try_from(number).ok().map(Self)
    }
}

/// The place of a session in its shard. It is used again once the session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(pub(super) u32);

/// The id of a channel of a session, among all of a server. It is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChannelId(pub(crate) u64);

/// Where a channel is: its session on this shard, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) session: SessionId,
    pub(crate) channel: ChannelId,
}
