//! Faults of the processes of channels: joins, leaves, replies, pushes and stops.

use super::Fault;
use crate::server::conduct::{
    Contagion, EmptyLists, EmptyResponse, ErrorReplies, JoinCrash, JoinParams, LastReply, LateReplies,
    LonelyBroadcast, NormalStop, PushJoinRef, SlowJoinReply, StaleJoinRef, Unanswered, UnjoinedLeave,
    Unmatched,
};

pub(super) const FAULTS: &[Fault] = &[
    // Joins and leaves.
    Fault::new(
        "channels-99-at-most",
        "A connection may have 99 channels.",
        &["too-many-channels"],
        |conduct| conduct.socket.channel_limit = Some(99),
    ),
    Fault::new(
        "join-params-flat",
        "Lists and maps among the params of a join do not reach the channel.",
        &["join-params-reach-channel"],
        |conduct| conduct.channels.join_params = JoinParams::Flat,
    ),
    Fault::new(
        "join-crash-unanswered",
        "A crash in a join is not answered.",
        &["join-crashed"],
        |conduct| conduct.channels.join_crash = JoinCrash::Unanswered,
    ),
    Fault::new(
        "join-crash-ends-connection",
        "A crash in a join ends the connection.",
        &["join-crashed", "crash-leaves-siblings"],
        |conduct| conduct.channels.join_crash = JoinCrash::EndsConnection,
    ),
    Fault::new(
        "slow-join-overtaken",
        "A heartbeat behind a slow join is answered before it.",
        &["slow-join-blocks-transport"],
        |conduct| conduct.channels.slow_join_reply = SlowJoinReply::Last,
    ),
    Fault::new(
        "leave-unjoined-unmatched",
        "A leave of a topic that is not joined is an unmatched topic.",
        &["leave-unjoined-ok"],
        |conduct| conduct.channels.unjoined_leave = UnjoinedLeave::Unmatched,
    ),
    Fault::new(
        "leave-null-join-ref-dropped",
        "A leave without a join_ref is dropped.",
        &["leave-null-join-ref"],
        |conduct| conduct.socket.stale_leave = StaleJoinRef::ServedIfJoinHadNone,
    ),
    Fault::new(
        "stale-leave-served",
        "A leave that belongs to an earlier join ends the present one.",
        &["stale-leave-ignored"],
        |conduct| conduct.socket.stale_leave = StaleJoinRef::Served,
    ),
    Fault::new(
        "leave-join-ref-by-its-begin",
        "A leave whose join_ref begins as that of the join, or the other way round, is handled.",
        &["stale-leave-ignored"],
        |conduct| conduct.socket.stale_leave = StaleJoinRef::ServedIfAlike,
    ),
    Fault::new(
        "unmatched-in-other-words",
        "A message to a topic that is not joined is refused with another reason.",
        &["unmatched-topic-reply", "join-unmatched-topic"],
        |conduct| conduct.socket.unmatched = Unmatched::AnsweredInOtherWords,
    ),
    // Pushes and replies.
    Fault::new(
        "error-reply-says-ok",
        "A reply with status error says ok.",
        &["reply-error-status"],
        |conduct| conduct.channels.error_replies = ErrorReplies::SayOk,
    ),
    Fault::new(
        "empty-response-null",
        "A reply without a response has the response null.",
        &["reply-empty"],
        |conduct| conduct.channels.empty_response = EmptyResponse::Null,
    ),
    Fault::new(
        "empty-list-becomes-object",
        "An empty list in a reply becomes an empty object.",
        &["json-values-survive"],
        |conduct| conduct.channels.empty_lists = EmptyLists::Objects,
    ),
    Fault::new(
        "noreply-answered",
        "A push with an empty payload is answered ok where the channel does not answer it.",
        &["no-reply-stays-silent"],
        |conduct| conduct.channels.unanswered = Unanswered::OkIfEmpty,
    ),
    Fault::new(
        "push-without-join-ref",
        "What a channel pushes carries no join_ref.",
        &["server-push-refs"],
        |conduct| conduct.channels.push_join_ref = PushJoinRef::Null,
    ),
    Fault::new(
        "broadcast-from-reaches-lonely-sender",
        "A broadcast_from reaches its sender where nobody else has joined.",
        &["broadcast-from-skips-sender"],
        |conduct| conduct.channels.lonely_broadcast = LonelyBroadcast::ReachesSender,
    ),
    // Ends.
    Fault::new(
        "normal-stop-untold",
        "A channel that stops normally says no phx_close.",
        &["stop-closes", "stop-reply-then-close"],
        |conduct| conduct.channels.normal_stop = NormalStop::Untold,
    ),
    Fault::new(
        "stop-reply-lost",
        "The reply of a channel that answers and stops is lost.",
        &["stop-reply-then-close"],
        |conduct| conduct.channels.last_reply = LastReply::Lost,
    ),
    Fault::new(
        "crash-told-to-topic",
        "A crash is told to all who joined the topic.",
        &["crash-spares-other-sockets"],
        |conduct| conduct.channels.contagion = Contagion::OfCrashes,
    ),
    Fault::new(
        "cut-told-to-topics",
        "A connection that breaks off is told as a crash to all who share a topic with its client.",
        &["cut-spares-others"],
        |conduct| conduct.channels.contagion = Contagion::OfCuts,
    ),
    // Load.
    Fault::new(
        "slow-above",
        "While more than 1,000 sockets have joined, or N with slow-above=N, every reply comes 200 ms late.",
        &["concurrent-conversations"],
        |conduct| conduct.socket.late_replies = LateReplies::Above(1000),
    )
    .only_by_load()
    .with_value("the most sockets that are answered in time", |conduct, most| {
        conduct.socket.late_replies = LateReplies::Above(most);
    }),
];
