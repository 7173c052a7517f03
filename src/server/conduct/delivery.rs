//! Decisions about broadcasts and pushes. No profile changes them.

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
    /// Of so many deliveries one is lost.
    LosesOneIn(u32),
    /// Of so many deliveries one comes twice.
    DoublesOneIn(u32),
    /// Of so many deliveries one waits for the next.
    SwapsOneIn(u32),
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
