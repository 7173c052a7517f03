//! Decisions about broadcasts and pushes. No profile changes them.

use std::num::NonZeroU32;

/// Where its own broadcast stands at a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderOrder {
    /// Before the reply.
    BroadcastFirst,
    /// After it.
    ReplyFirst,
}

/// Whom a broadcast reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All who joined the topic.
    Topic,
    /// All but the one who sent it.
    TopicWithoutSender,
    /// All who joined any topic of the same channel.
    AllTopics,
}

/// How surely a broadcast reaches a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Once.
    Once,
    /// This happens to one of so many deliveries of a shard, counted over all its listeners.
    OneIn(NonZeroU32, Mishap),
}

/// What happens to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It does not come.
    Lost,
    /// It comes twice.
    Doubled,
    /// It comes after the next.
    Swapped,
    /// It comes to somebody else.
    Misdelivered,
}

/// Whom the push of a channel reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReach {
    /// Its own client.
    OwnClient,
    /// All who joined the topic.
    Topic,
}

/// The refs of broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastRefs {
    /// Both null.
    Null,
    /// The receiver's own join_ref.
    JoinRef,
}

/// In which version a broadcast is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastEncoding {
    /// In that of each listener.
    EachVersion,
    /// In 2.0.0, whatever the listener speaks.
    OnlyV2,
    /// Objects in 1.0.0, whatever the listener speaks, and all else in that of each listener.
    ObjectsInV1,
}
