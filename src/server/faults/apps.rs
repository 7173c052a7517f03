//! Faults of the application that concern its state, its timers, presences and annotations.

use super::Fault;
use crate::server::conduct::{
    AnnotationReach, Author, CatchUpOrder, Counter, DeferredReply, DiffReach, DisconnectReach, Ids,
    KeptValues, Pause, Pings, StopReasons, Tolerated, TrackRef, Unnumbered, Whisper,
};

pub(super) const FAULTS: &[Fault] = &[
    // The state of channels.
    Fault::new(
        "state-survives-leave",
        "The counter of a channel goes on when its client leaves and joins again.",
        &["rejoin-fresh", "duplicate-join-fresh-state"],
        |conduct| conduct.app.counter = Counter::Connection,
    ),
    Fault::new(
        "counter-begins-anew",
        "A counter begins anew after a hundred.",
        &["state-kept"],
        |conduct| conduct.app.counter = Counter::ChannelUpToAHundred,
    ),
    Fault::new(
        "one-value-for-all-keys",
        "A channel keeps one value, whatever the key.",
        &["state-kept"],
        |conduct| conduct.app.kept_values = KeptValues::OneForAll,
    ),
    Fault::new(
        "deferred-reply-blocks",
        "A reply that is put off holds up what comes after it.",
        &["deferred-reply"],
        |conduct| conduct.app.deferred_reply = DeferredReply::HoldsUpChannel,
    ),
    Fault::new(
        "shutdown-stop-crashes",
        "A channel that stops with shutdown says phx_error.",
        &["stop-closes"],
        |conduct| conduct.app.stop_reasons = StopReasons::ShutdownCrashes,
    ),
    Fault::new(
        "abnormal-stop-closes",
        "A channel that stops for any other reason says phx_close.",
        &["abnormal-stop-errors"],
        |conduct| conduct.app.stop_reasons = StopReasons::AllInOrder,
    ),
    Fault::new(
        "sleep-blocks-topic",
        "A busy channel holds up all channels of its topic.",
        &["concurrent-conversations", "sleep-blocks-only-itself"],
        |conduct| conduct.app.push_pause = Pause::OfTopic,
    ),
    Fault::new(
        "slow-join-blocks-topic",
        "A slow join holds up all joins of its topic.",
        &["slow-join-spares-others"],
        |conduct| conduct.app.join_pause = Pause::OfTopic,
    ),
    Fault::new(
        "whisper-not-rewritten",
        "A whisper reaches its user as it was sent.",
        &["intercept-rewrites"],
        |conduct| conduct.app.whisper = Whisper::NamedAsSent,
    ),
    Fault::new(
        "ping-count-stuck",
        "Every message of a timer has the count of the first.",
        &["server-push-order", "video-ping"],
        |conduct| conduct.app.pings = Pings::AlwaysFirst,
    ),
    Fault::new(
        "disconnect-by-begin",
        "A disconnect ends the connections of all users whose names begin with the one it names.",
        &["disconnect-spares-others", "users-compared-whole"],
        |conduct| conduct.wire.disconnect_reach = DisconnectReach::NamesThatBegin,
    ),
    // Presences.
    Fault::new(
        "presence-refs-shared",
        "A new meta has the phx_ref of the newest one on the topic.",
        &["presence-metas"],
        |conduct| conduct.app.track_ref = TrackRef::OfNewest,
    ),
    Fault::new(
        "presence-told-beside",
        "A presence_diff is told on the other topics, too, that its client has joined.",
        &["presence-per-topic"],
        |conduct| conduct.app.diff_reach = DiffReach::TopicsOfConnection,
    ),
    // Annotations.
    Fault::new(
        "annotation-author-as-said",
        "An annotation is by the user whom the payload names.",
        &["annotation-author", "annotation-fields"],
        |conduct| conduct.app.videos.author = Author::AsSaid,
    ),
    Fault::new(
        "annotation-negative-place",
        "An annotation at a place below zero is kept.",
        &["annotation-invalid"],
        |conduct| conduct.app.videos.tolerated = Tolerated::NegativePlaces,
    ),
    Fault::new(
        "annotation-empty-body",
        "An annotation with an empty body is kept.",
        &["annotation-invalid"],
        |conduct| conduct.app.videos.tolerated = Tolerated::EmptyBodies,
    ),
    Fault::new(
        "annotation-ids-shrink",
        "The ids of annotations shrink.",
        &["annotation-ids-grow", "catch-up"],
        |conduct| conduct.app.videos.ids = Ids::Shrink,
    ),
    Fault::new(
        "annotation-told-beside",
        "An annotation is told on the other videos, too, that its author has joined.",
        &["annotations-stay-on-video"],
        |conduct| conduct.app.videos.reach = AnnotationReach::VideosOfConnection,
    ),
    Fault::new(
        "video-id-unchecked",
        "A topic of videos that names no number is a video.",
        &["video-id-checked"],
        |conduct| conduct.app.videos.unnumbered = Unnumbered::LetIn,
    ),
    Fault::new(
        "catch-up-by-id",
        "A catch-up comes in the order of ids.",
        &["catch-up"],
        |conduct| conduct.app.videos.order = CatchUpOrder::ById,
    ),
];
