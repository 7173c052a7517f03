//! Faults that show after an end: that of a connection, of the server, or of a time in which it stood still.

use std::num::NonZeroU32;

use super::Fault;
use crate::server::conduct::{AfterStall, AnnotationStore, CatchUp, DiffsSent, Ids, SpentDescriptors};

/// One of so many presence_diffs is lost, unless `--one-in` says otherwise.
const OFTEN: NonZeroU32 = NonZeroU32::new(50).expect("it is not zero");

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "presence-diff-lost",
        "One of fifty presence_diffs is sent to nobody, or one of N with --one-in N.",
        &["presence-diff-join", "presence-diff-leave", "presence-update"],
        |conduct| conduct.app.diffs_sent = DiffsSent::AllButOneIn(OFTEN),
    )
    .by_proofs(),
    Fault::new(
        "annotation-stored-soon",
        "Annotations are acknowledged a moment before they are stored: a kill loses them, an orderly end does not.",
        &["annotations-durable"],
        |conduct| conduct.app.annotation_store = AnnotationStore::SoonAfterReply,
    )
    .by_proofs(),
    Fault::new(
        "annotation-ids-begin-anew",
        "The ids of annotations begin anew when the server starts.",
        &["annotation-ids-grow", "catch-up"],
        |conduct| conduct.app.videos.ids = Ids::BeginAnew,
    )
    .by_proofs(),
    Fault::new(
        "catch-up-crashes",
        "A join that names a last_seen_id above zero crashes.",
        &["catch-up"],
        |conduct| conduct.app.catch_up = CatchUp::Crashes,
    )
    .by_proofs(),
    Fault::new(
        "stall-drops-connections",
        "A server that stood still for half a second drops all its connections.",
        &["traffic-keeps-open", "heartbeat-keeps-open"],
        |conduct| conduct.wire.after_stall = AfterStall::DropsConnections,
    )
    .by_proofs(),
    Fault::new(
        "connections-leak",
        "The server keeps the descriptor of each connection that has ended.",
        &["closed-transport-ends-channels"],
        |conduct| conduct.wire.spent_descriptors = SpentDescriptors::Leak,
    )
    .by_proofs(),
];
