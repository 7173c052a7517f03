//! Rules about the videos application: annotations are stored, broadcast, and sent to clients that rejoin.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "catch-up",
        about: "who comes back gets what was missed, once and in order",
        promise: "A join with `last_seen_id` n is answered with exactly the video's annotations whose id \
            is greater than n, by `at` and then by id; with those heard live before, none is missing \
            and none is doubled.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, join/3; phxproof \
            examples/phoenix-target/lib/phxproof_target/store.ex, after_id/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "catch-up-from-start",
        about: "who was never there gets everything",
        promise: "A join without `last_seen_id` is answered with all annotations of the video, as with 0.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, join/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotations-durable",
        about: "an annotation that was acknowledged is never lost",
        promise: "Once `new_annotation` is answered ok, the annotation is in every later catch-up, also \
            after the server was stopped or killed and started again.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/store.ex, add/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotation-fields",
        about: "an annotation is told by its known fields alone",
        promise: "`new_annotation` is broadcast with `id`, `at`, `body` and `user` with `username`, and \
            nothing else of what the client sent.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, handle_in/3 of \
            new_annotation",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotation-author",
        about: "an annotation is by who the server says it is",
        promise: "`user.username` is the name that the server gave the socket, such as that of its token, whatever the \
            payload claims.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, handle_in/3 of \
            new_annotation",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotation-before-reply",
        about: "an annotation is stored and told before it is acknowledged",
        promise: "Its author hears the broadcast first and then the reply ok with an empty response.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, handle_in/3 of \
            new_annotation",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotation-invalid",
        about: "an invalid annotation is refused by field",
        promise: "A missing, empty or non-text `body`, or an `at` that is no integer of at least 0, is \
            answered with status error and the messages of each such field under `errors`; nothing is \
            stored and nothing broadcast.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, validate/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotation-ids-grow",
        about: "ids grow and are never used again",
        promise: "Each annotation of a video has a greater id than all before it, also across a restart.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/store.ex, add/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "annotations-stay-on-video",
        about: "an annotation belongs to one video",
        promise: "It is neither broadcast to another video's viewers nor in their catch-up.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, join/3; phxproof \
            examples/phoenix-target/lib/phxproof_target/store.ex, after_id/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "video-id-checked",
        about: "a video id that is no integer crashes the join",
        promise: "A join of `videos:` and something that is no integer is answered with status error and \
            reason `join crashed`.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, join/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "video-ping",
        about: "a video pings whom it was asked to ping",
        promise: "A join with `ping_ms` brings `ping` with a count that grows from 1 by one, at that \
            interval, to that conversation alone.",
        source: "phxproof examples/phoenix-target/lib/phxproof_target/video_channel.ex, handle_info/2 of \
            ping",
        versions: Versions::All,
        note: None,
    },
];
