//! Decisions of the protocol: joins, leaves, refs, crashes.

use super::delivery::{Audience, BroadcastEncoding, BroadcastRefs, Delivery, PushReach, SenderOrder};
use crate::profile::{Gate, Version};

/// Decisions of the socket: joins, leaves, refs, crashes.
#[derive(Clone, Debug)]
pub struct SocketConduct {
    /// The payload of `phx_error`.
    pub crash_payload: &'static str,
    /// Pushes with another join_ref.
    pub stale_push: StaleJoinRef,
    /// Leaves with another join_ref.
    pub stale_leave: StaleJoinRef,
    /// The most channels of a connection.
    pub channel_limit: Option<usize>,
    /// How many heartbeats of a connection are answered.
    pub heartbeats: Option<u32>,
    /// Messages to topics that are not joined.
    pub unmatched: Unmatched,
    /// The refs of replies.
    pub reply_refs: ReplyRefs,
    /// The join_refs of replies.
    pub reply_join_ref: ReplyJoinRef,
    /// The order of a channel's replies.
    pub reply_order: ReplyOrder,
    /// Where its own broadcast stands at a sender.
    pub sender_order: SenderOrder,
    /// Leaves.
    pub leave: Leave,
    /// Channels that were left.
    pub after_leave: AfterLeave,
    /// A join to a topic that is joined.
    pub duplicate_join: DuplicateJoin,
    /// A channel that crashed.
    pub crash: Crash,
    /// The subscription of a channel that has ended.
    pub dead_subscription: DeadSubscription,
    /// What a channel that sleeps holds up.
    pub isolation: Isolation,
    /// How often a push is answered.
    pub reply_count: ReplyCount,
    /// When replies come late.
    pub late_replies: LateReplies,
    /// Whom the push of a channel reaches.
    pub push_reach: PushReach,
    /// What a leave ends.
    pub leave_scope: LeaveScope,
    /// What the end of a connection means to its channels.
    pub hangup_scope: HangupScope,
    /// The refs of broadcasts.
    pub broadcast_refs: BroadcastRefs,
    /// Whom a broadcast reaches.
    pub audience: Audience,
    /// How surely it reaches them.
    pub delivery: Delivery,
    /// In which version it is encoded.
    pub encoding: BroadcastEncoding,
    /// When two names of topics are one topic.
    pub topics: Names,
    /// When two names of events are one event.
    pub events: Names,
    /// A join that the channel refuses.
    pub refused_join: RefusedJoin,
    /// Members of replies that are null.
    pub nulls: Nulls,
}

/// Which messages with a join_ref other than the join's reach the channel; all others are dropped in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleJoinRef {
    /// All of them (pushes before 1.8.3).
    Served,
    /// Those to a join that had none, as in V1; so a null join_ref on a V2 push is dropped (1.8.3 to 1.8.11).
    ServedIfJoinHadNone,
    /// Those that have none themselves (since 1.8.12).
    ServedIfNull,
    /// Those that have none, and those with a join_ref that begins as the join's does.
    ServedIfAlike,
}

/// Messages to topics that are not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// `unmatched topic`
    Answered,
    /// The same in other words.
    AnsweredInOtherWords,
    /// Silence.
    Ignored,
}

/// The refs of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyRefs {
    /// Those of what they answer.
    Echoed,
    /// Null.
    Missing,
}

/// The join_refs of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyJoinRef {
    /// The join's.
    Own,
    /// Another's.
    Foreign,
}

/// The order of a channel's replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOrder {
    /// As they were given.
    Kept,
    /// Two that follow one another change places.
    PairsSwapped,
}

/// Leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Are answered.
    Answered,
    /// Only `phx_close` follows.
    Unanswered,
}

/// Channels that were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLeave {
    /// Are gone.
    Gone,
    /// Go on in secret.
    Served,
}

/// A join to a topic that is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateJoin {
    /// Ends the older channel with `phx_close`.
    Replaces,
    /// Ends it without a word.
    ReplacesInSilence,
    /// Goes on with the older one's state.
    KeepsState,
    /// Says that the older channel has ended, and lets it go on in secret.
    KeepsOldRunning,
}

/// A channel that crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// `phx_error`
    Told,
    /// Silence.
    Untold,
    /// The whole connection ends.
    EndsConnection,
    /// `phx_error`, but the channel goes on.
    ToldAndServed,
}

/// The subscription of a channel that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadSubscription {
    /// Ends too.
    Ends,
    /// Lives on for as long as the connection.
    LivesOn,
}

/// What a channel that sleeps holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Itself.
    Channel,
    /// All channels of its connection.
    Connection,
}

/// How often a push is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyCount {
    /// Once.
    Once,
    /// Twice.
    Twice,
}

/// When replies come late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateReplies {
    /// Never.
    Never,
    /// While more sockets than this have joined.
    Above(u64),
}

/// When two names are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They are equal, byte for byte.
    Exact,
    /// They differ in the case of letters at most.
    AnyCase,
}

impl Names {
    /// Whether two names are one.
    pub fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Exact => one == other,
            Self::AnyCase => one.eq_ignore_ascii_case(other),
        }
    }
}

/// A join that the channel refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedJoin {
    /// Is over.
    IsOver,
    /// Is refused in words, and let in.
    IsLetIn,
}

/// Members of replies that are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Stay.
    Kept,
    /// Are dropped.
    Dropped,
}

/// What a leave ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveScope {
    /// The channel.
    Channel,
    /// All channels of the connection, the others without a word.
    Connection,
}

/// What the end of a connection means to its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangupScope {
    /// They end too.
    EndsChannels,
    /// They are not told, so that their presence stays.
    ForgetsChannels,
}

impl SocketConduct {
    pub(super) fn of(phoenix: Version) -> Self {
        let holds = |gate: Gate| gate.holds_in(phoenix);
        let checked = if holds(Gate::LeaveNullJoinRef) {
            StaleJoinRef::ServedIfNull
        } else {
            StaleJoinRef::ServedIfJoinHadNone
        };
        Self {
            crash_payload: if holds(Gate::CrashReason) {
                r#"{"reason":"channel_crash"}"#
            } else {
                "{}"
            },
            stale_push: if holds(Gate::StaleJoinRef) {
                checked
            } else {
                StaleJoinRef::Served
            },
            stale_leave: checked,
            channel_limit: holds(Gate::ChannelLimit).then_some(100),
            heartbeats: None,
            unmatched: Unmatched::Answered,
            reply_refs: ReplyRefs::Echoed,
            reply_join_ref: ReplyJoinRef::Own,
            reply_order: ReplyOrder::Kept,
            sender_order: SenderOrder::BroadcastFirst,
            leave: Leave::Answered,
            after_leave: AfterLeave::Gone,
            duplicate_join: DuplicateJoin::Replaces,
            crash: Crash::Told,
            dead_subscription: DeadSubscription::Ends,
            isolation: Isolation::Channel,
            reply_count: ReplyCount::Once,
            late_replies: LateReplies::Never,
            push_reach: PushReach::OwnClient,
            leave_scope: LeaveScope::Channel,
            hangup_scope: HangupScope::EndsChannels,
            broadcast_refs: BroadcastRefs::Null,
            audience: Audience::Topic,
            delivery: Delivery::Once,
            encoding: BroadcastEncoding::EachVersion,
            topics: Names::Exact,
            events: Names::Exact,
            refused_join: RefusedJoin::IsOver,
            nulls: Nulls::Kept,
        }
    }
}
