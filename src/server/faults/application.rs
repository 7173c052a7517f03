//! Faults of the application.

use super::Fault;
use crate::server::conduct::{
    AnnotationFields, AnnotationStore, CatchUp, Counter, Names, Pings, PresenceJoin, PresenceLeave,
    PresenceState, PresenceUpdate, UpdatesTold, Whisper,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "whisper-to-all",
        "A whisper reaches everybody.",
        &["intercept-withholds"],
        |conduct| {
            conduct.app.whisper = Whisper::Everybody;
        },
    ),
    Fault::new(
        "counter-shared",
        "All channels of a topic count together.",
        &["state-apart"],
        |conduct| {
            conduct.app.counter = Counter::Topic;
        },
    ),
    Fault::new(
        "catch-up-repeats",
        "A catch-up brings the last seen one again.",
        &["catch-up"],
        |conduct| {
            conduct.app.catch_up = CatchUp::FromLastSeen;
        },
    ),
    Fault::new(
        "catch-up-misses",
        "A catch-up misses the first one.",
        &["catch-up"],
        |conduct| {
            conduct.app.catch_up = CatchUp::MissesFirst;
        },
    ),
    Fault::new(
        "annotation-leaks",
        "Whatever a client puts into an annotation is broadcast.",
        &["annotation-fields"],
        |conduct| {
            conduct.app.annotation_fields = AnnotationFields::AllThatWasSent;
        },
    ),
    Fault::new(
        "annotation-unstored",
        "Annotations are acknowledged, and forgotten.",
        &["annotations-durable", "catch-up"],
        |conduct| conduct.app.annotation_store = AnnotationStore::Never,
    ),
    Fault::new(
        "annotation-stored-late",
        "Annotations are acknowledged before they are stored.",
        &["annotations-durable"],
        |conduct| conduct.app.annotation_store = AnnotationStore::AfterReply,
    ),
    Fault::new(
        "presence-leave-untold",
        "Nobody is told who left.",
        &["presence-diff-leave"],
        |conduct| {
            conduct.app.presence_leave = PresenceLeave::Untold;
        },
    ),
    Fault::new(
        "presence-leaves-with-all",
        "When one of a user's channels ends, all metas of the user are told to leave.",
        &["presence-one-key-many-metas"],
        |conduct| conduct.app.presence_leave = PresenceLeave::WithAllOfTheUser,
    ),
    Fault::new(
        "presence-update-keeps-ref",
        "An updated meta keeps its phx_ref.",
        &["presence-update", "presence-refs-agree"],
        |conduct| conduct.app.presence_update = PresenceUpdate::SameRef,
    ),
    Fault::new(
        "user-names-in-any-case",
        "Users whose names differ in the case of letters get each other's whispers and disconnects.",
        &["users-compared-whole"],
        |conduct| conduct.app.user_names = Names::AnyCase,
    ),
    Fault::new(
        "catch-up-of-a-hundred",
        "A catch-up brings a hundred annotations at most.",
        &["catch-up", "catch-up-from-start"],
        |conduct| conduct.app.catch_up = CatchUp::AtMostAHundred,
    ),
    Fault::new(
        "presence-join-untold-to-newcomer",
        "A client that joins does not get the presence_diff of its own join.",
        &["presence-diff-join"],
        |conduct| conduct.app.presence_join = PresenceJoin::Others,
    ),
    Fault::new(
        "presence-state-without-newcomer",
        "The presence_state that a client gets after its join does not hold that client itself.",
        &["presence-state-on-join"],
        |conduct| conduct.app.presence_state = PresenceState::Others,
    ),
    Fault::new(
        "presence-state-one-meta",
        "A presence_state has only the first meta of each user.",
        &["presence-one-key-many-metas"],
        |conduct| conduct.app.presence_state = PresenceState::OneMetaOfEach,
    ),
    Fault::new(
        "presence-update-told-twice",
        "An update is told in two equal presence_diffs.",
        &["presence-update"],
        |conduct| conduct.app.updates_told = UpdatesTold::Twice,
    ),
    Fault::new(
        "ping-twice",
        "Every message of a timer is pushed twice.",
        &["server-push-order", "video-ping"],
        |conduct| conduct.app.pings = Pings::Twice,
    ),
];
