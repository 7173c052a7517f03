//! Decisions of the processes of channels: what they let in, what they reply, what they push, and whom their ends reach. No
//! profile changes them.

/// Decisions of the processes of channels.
#[derive(Clone, Debug)]
pub struct ChannelConduct {
    /// The topics that may be joined.
    pub topics: TopicNames,
    /// What reaches a channel of the params of a join.
    pub join_params: JoinParams,
    /// A join in which the channel crashes.
    pub join_crash: JoinCrash,
    /// The reply to a join that took a while.
    pub slow_join_reply: SlowJoinReply,
    /// A leave of a topic that is not joined.
    pub unjoined_leave: UnjoinedLeave,
    /// The replies with status error.
    pub error_replies: ErrorReplies,
    /// The response of a reply that has none.
    pub empty_response: EmptyResponse,
    /// Empty lists in replies.
    pub empty_lists: EmptyLists,
    /// Pushes that the channel does not answer.
    pub unanswered: Unanswered,
    /// A channel that stops in order.
    pub normal_stop: NormalStop,
    /// The reply of a channel that stops with one.
    pub last_reply: LastReply,
    /// Whom an end reaches besides its own client.
    pub contagion: Contagion,
    /// The join_ref of pushes in text.
    pub push_join_ref: PushJoinRef,
    /// Pushes of bytes.
    pub binary_pushes: BinaryPushes,
    /// Broadcasts of bytes.
    pub binary_broadcasts: BinaryBroadcasts,
    /// Replies of bytes.
    pub binary_replies: BinaryReplies,
    /// What the sizes of a binary message count.
    pub binary_sizes: SizeUnit,
    /// A broadcast to all others, where there are none.
    pub lonely_broadcast: LonelyBroadcast,
}

/// The topics that may be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicNames {
    /// Any.
    Any,
    /// Those of ASCII letters.
    Ascii,
    /// Those of 255 bytes at most.
    Short,
}

impl TopicNames {
    /// Whether this topic may be joined.
    pub fn has(self, topic: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Ascii => topic.is_ascii(),
            Self::Short => topic.len() <= 255,
        }
    }
}

/// What reaches a channel of the params of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinParams {
    /// All of them.
    Whole,
    /// Those that are no lists and no maps.
    Flat,
}

/// A join in which the channel crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinCrash {
    /// Is answered.
    Answered,
    /// Is not answered.
    Unanswered,
    /// Ends the connection.
    EndsConnection,
}

/// The reply to a join that took a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowJoinReply {
    /// Comes before the answers to what the client sent behind the join.
    First,
    /// Comes after them.
    Last,
}

/// A leave of a topic that is not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnjoinedLeave {
    /// Is answered ok.
    Ok,
    /// Is a message to an unmatched topic.
    Unmatched,
}

/// The replies with status error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorReplies {
    /// Say error.
    SayError,
    /// Say ok.
    SayOk,
}

/// The response of a reply that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyResponse {
    /// `{}`
    Object,
    /// `null`
    Null,
}

/// Empty lists in replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyLists {
    /// Stay lists.
    Lists,
    /// Become empty objects.
    Objects,
}

/// Pushes that the channel does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Are not answered.
    Silent,
    /// Are answered ok if their payload is empty.
    OkIfEmpty,
}

/// A channel that stops in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormalStop {
    /// `phx_close`
    Told,
    /// Silence.
    Untold,
}

/// The reply of a channel that stops with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastReply {
    /// Is sent.
    Sent,
    /// Is lost.
    Lost,
}

/// Whom an end reaches besides its own client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contagion {
    /// Nobody.
    Nobody,
    /// A crash is told to all who joined the topic.
    OfCrashes,
    /// Each fifth crash on a shard is told to all who joined the topic.
    OfFifthCrash,
    /// What is no message is told as a crash to all who share a topic with the client that sent it.
    OfMalformed,
    /// A connection that breaks off is told as a crash to all who share a topic with its client.
    OfCuts,
}

/// The join_ref of pushes in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushJoinRef {
    /// The join's.
    Own,
    /// None.
    Null,
}

/// Pushes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryPushes {
    /// Are sent as pushes.
    Sent,
    /// Are lost.
    Lost,
    /// Are sent as broadcasts.
    AsBroadcasts,
}

/// Broadcasts of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryBroadcasts {
    /// Are sent.
    Sent,
    /// Are lost.
    Lost,
}

/// Replies of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryReplies {
    /// Are sent as they are.
    Whole,
    /// Are lost if they have more than 65,535 bytes.
    ShortOnly,
    /// Are lost if they have no bytes.
    FilledOnly,
    /// Lose the zeros at their end.
    WithoutLastZeros,
}

/// What the sizes of a binary message count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeUnit {
    /// Bytes.
    Bytes,
    /// Letters, where they count those of the topic.
    Letters,
}

/// A broadcast to all others, where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LonelyBroadcast {
    /// Reaches nobody.
    ReachesNobody,
    /// Reaches its sender.
    ReachesSender,
}

impl Default for ChannelConduct {
    fn default() -> Self {
        Self {
            topics: TopicNames::Any,
            join_params: JoinParams::Whole,
            join_crash: JoinCrash::Answered,
            slow_join_reply: SlowJoinReply::First,
            unjoined_leave: UnjoinedLeave::Ok,
            error_replies: ErrorReplies::SayError,
            empty_response: EmptyResponse::Object,
            empty_lists: EmptyLists::Lists,
            unanswered: Unanswered::Silent,
            normal_stop: NormalStop::Told,
            last_reply: LastReply::Sent,
            contagion: Contagion::Nobody,
            push_join_ref: PushJoinRef::Own,
            binary_pushes: BinaryPushes::Sent,
            binary_broadcasts: BinaryBroadcasts::Sent,
            binary_replies: BinaryReplies::Whole,
            binary_sizes: SizeUnit::Bytes,
            lonely_broadcast: LonelyBroadcast::ReachesNobody,
        }
    }
}
