//! Faults of joins, leaves, pushes, crashes and broadcasts.

use std::num::NonZeroU32;

use super::Fault;
use crate::server::conduct::{
    AfterLeave, Audience, BroadcastEncoding, BroadcastRefs, Crash, DeadSubscription, Delivery, DuplicateJoin,
    Isolation, Leave, LeaveScope, Mishap, Names, Nulls, PushReach, RefusedJoin, ReplyCount, ReplyJoinRef,
    ReplyOrder, ReplyRefs, SenderOrder, StaleJoinRef, Unmatched,
};

/// How often a delivery goes wrong, so that a few messages show it.
const OFTEN: NonZeroU32 = NonZeroU32::new(7).expect("it is not 0");

pub(super) const FAULTS: &[Fault] = &[
    // Joins and leaves.
    Fault::new(
        "channels-unlimited",
        "There is no limit to a connection's channels.",
        &["too-many-channels"],
        |conduct| {
            conduct.socket.channel_limit = None;
        },
    ),
    Fault::new(
        "duplicate-join-unclosed",
        "A second join on a topic ends the first without phx_close.",
        &["duplicate-join-closes-old"],
        |conduct| conduct.socket.duplicate_join = DuplicateJoin::ReplacesInSilence,
    ),
    Fault::new(
        "duplicate-join-keeps-state",
        "A second join on a topic goes on with the state of the first.",
        &["duplicate-join-fresh-state"],
        |conduct| conduct.socket.duplicate_join = DuplicateJoin::KeepsState,
    ),
    Fault::new(
        "duplicate-join-keeps-old-running",
        "A second join on a topic sends phx_close for the first channel, and leaves it running.",
        &[
            "duplicate-join-fresh-state",
            "broadcast-once",
            "closed-channel-silent",
        ],
        |conduct| conduct.socket.duplicate_join = DuplicateJoin::KeepsOldRunning,
    ),
    Fault::new(
        "refused-join-let-in",
        "A join that the channel refuses is refused in words, and let in.",
        &["refused-join-hears-nothing", "join-refused"],
        |conduct| conduct.socket.refused_join = RefusedJoin::IsLetIn,
    ),
    Fault::new(
        "topics-in-any-case",
        "Two topics that differ in the case of letters are one.",
        &["topics-compared-whole"],
        |conduct| conduct.socket.topics = Names::AnyCase,
    ),
    Fault::new(
        "leave-unanswered",
        "A leave brings phx_close, but no reply.",
        &["leave-reply-then-close"],
        |conduct| {
            conduct.socket.leave = Leave::Unanswered;
        },
    ),
    Fault::new(
        "leave-ends-nothing",
        "A channel that was left goes on: its pushes are handled, and broadcasts arrive.",
        &[
            "push-after-leave-not-run",
            "unmatched-topic-reply",
            "broadcast-skips-left",
            "closed-channel-silent",
        ],
        |conduct| conduct.socket.after_leave = AfterLeave::Served,
    ),
    Fault::new(
        "leave-takes-siblings",
        "A leave ends the connection's other channels too.",
        &["leave-leaves-siblings"],
        |conduct| {
            conduct.socket.leave_scope = LeaveScope::Connection;
        },
    ),
    Fault::new(
        "unmatched-unanswered",
        "A message to a topic that is not joined is not answered.",
        &["unmatched-topic-reply", "join-unmatched-topic"],
        |conduct| conduct.socket.unmatched = Unmatched::Ignored,
    ),
    Fault::new(
        "stale-join-ref-served",
        "A push that belongs to an earlier join is handled.",
        &["stale-join-ref-ignored"],
        |conduct| conduct.socket.stale_push = StaleJoinRef::Served,
    ),
    Fault::new(
        "null-join-ref-dropped",
        "A push without a join_ref is dropped.",
        &["null-join-ref-accepted"],
        |conduct| {
            conduct.socket.stale_push = StaleJoinRef::ServedIfJoinHadNone;
        },
    ),
    Fault::new(
        "join-ref-by-its-begin",
        "A push whose join_ref begins as that of the join, or the other way round, is handled.",
        &["stale-join-ref-ignored"],
        |conduct| conduct.socket.stale_push = StaleJoinRef::ServedIfAlike,
    ),
    // Pushes and replies.
    Fault::new(
        "events-in-any-case",
        "The case of letters of an event does not matter.",
        &["events-compared-whole"],
        |conduct| conduct.socket.events = Names::AnyCase,
    ),
    Fault::new(
        "nulls-dropped",
        "Replies lack the members that are null.",
        &["json-values-survive"],
        |conduct| conduct.socket.nulls = Nulls::Dropped,
    ),
    Fault::new(
        "reply-without-ref",
        "Replies of channels carry a null ref.",
        &["refs-echoed", "push-reply"],
        |conduct| {
            conduct.socket.reply_refs = ReplyRefs::Missing;
        },
    ),
    Fault::new(
        "reply-foreign-join-ref",
        "Replies of channels carry another join_ref.",
        &["refs-echoed"],
        |conduct| {
            conduct.socket.reply_join_ref = ReplyJoinRef::Foreign;
        },
    ),
    Fault::new(
        "reply-twice",
        "Channels answer every push twice.",
        &["reply-once"],
        |conduct| {
            conduct.socket.reply_count = ReplyCount::Twice;
        },
    ),
    Fault::new(
        "replies-swapped",
        "Two replies of a channel change places, if the second push comes soon after the first.",
        &["reply-order"],
        |conduct| {
            conduct.socket.reply_order = ReplyOrder::PairsSwapped;
        },
    ),
    Fault::new(
        "push-to-all",
        "What a channel pushes to its client reaches the whole topic.",
        &["server-push-private"],
        |conduct| {
            conduct.socket.push_reach = PushReach::Topic;
        },
    ),
    Fault::new(
        "sleep-blocks-siblings",
        "A busy channel holds up its siblings.",
        &["sleep-blocks-only-itself"],
        |conduct| {
            conduct.socket.isolation = Isolation::Connection;
        },
    ),
    // Crashes.
    Fault::new(
        "crash-untold",
        "A crash is not told.",
        &["crash-sends-error", "unknown-event-crashes"],
        |conduct| {
            conduct.socket.crash = Crash::Untold;
        },
    ),
    Fault::new(
        "crash-ends-connection",
        "A channel that crashes takes its connection along.",
        &["crash-keeps-socket", "crash-leaves-siblings"],
        |conduct| conduct.socket.crash = Crash::EndsConnection,
    ),
    Fault::new(
        "crash-ends-nothing",
        "A channel that crashed goes on: what was pushed behind the crash is handled.",
        &[
            "queue-ends-with-crash",
            "closed-channel-silent",
            "unmatched-topic-reply",
            "broadcast-skips-left",
        ],
        |conduct| conduct.socket.crash = Crash::ToldAndServed,
    ),
    Fault::new(
        "crash-without-reason",
        "phx_error has an empty payload.",
        &["crash-reason"],
        |conduct| {
            conduct.socket.crash_payload = "{}";
        },
    ),
    // Broadcasts.
    Fault::new(
        "broadcast-skips-sender",
        "A broadcast does not come back to its sender.",
        &["broadcast-reaches-all"],
        |conduct| {
            conduct.socket.audience = Audience::TopicWithoutSender;
        },
    ),
    Fault::new(
        "broadcast-crosses-topics",
        "A broadcast reaches all topics of the same channel.",
        &["broadcast-stays-on-topic", "topics-apart"],
        |conduct| conduct.socket.audience = Audience::AllTopics,
    ),
    Fault::new(
        "subscription-never-ends",
        "The subscription of a channel that ended lives on: its client hears each broadcast, and twice after joining again.",
        &["broadcast-skips-left", "broadcast-once"],
        |conduct| conduct.socket.dead_subscription = DeadSubscription::LivesOn,
    ),
    Fault::new(
        "broadcast-with-join-ref",
        "Broadcasts carry the receiver's join_ref.",
        &["broadcast-refs-null", "broadcast-reaches-all"],
        |conduct| {
            conduct.socket.broadcast_refs = BroadcastRefs::JoinRef;
        },
    ),
    Fault::new(
        "broadcast-in-one-version",
        "A broadcast is encoded in 2.0.0 for everybody.",
        &["versions-side-by-side", "v1-objects"],
        |conduct| conduct.socket.encoding = BroadcastEncoding::OnlyV2,
    ),
    Fault::new(
        "broadcast-in-older-version",
        "A broadcast of an object is encoded in 1.0.0 for everybody.",
        &["v2-arrays", "versions-side-by-side", "broadcast-reaches-all"],
        |conduct| conduct.socket.encoding = BroadcastEncoding::ObjectsInV1,
    ),
    Fault::new(
        "broadcast-after-reply",
        "A sender hears the reply before its own broadcast.",
        &["broadcast-before-reply", "channel-speaks-in-order"],
        |conduct| {
            conduct.socket.sender_order = SenderOrder::ReplyFirst;
        },
    ),
    Fault::new(
        "broadcast-lost",
        "One of seven deliveries of a broadcast is lost, or one of N with --one-in N.",
        &["broadcast-reaches-all", "delivery-exactly-once"],
        |conduct| conduct.socket.delivery = Delivery::OneIn(OFTEN, Mishap::Lost),
    )
    .also_by_load(),
    Fault::new(
        "broadcast-doubled",
        "One of seven deliveries of a broadcast comes twice, or one of N with --one-in N.",
        &["broadcast-once", "delivery-exactly-once"],
        |conduct| conduct.socket.delivery = Delivery::OneIn(OFTEN, Mishap::Doubled),
    )
    .also_by_load(),
    Fault::new(
        "broadcast-swapped",
        "One of seven deliveries of a broadcast comes after the next, or one of N with --one-in N.",
        &[
            "sender-order",
            "broadcast-before-reply",
            "channel-speaks-in-order",
            "annotation-before-reply",
        ],
        |conduct| conduct.socket.delivery = Delivery::OneIn(OFTEN, Mishap::Swapped),
    )
    .also_by_load(),
];
