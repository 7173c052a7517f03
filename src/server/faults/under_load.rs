//! Faults that show among many sockets, and not in a few conversations that run one after the other.

use std::num::NonZeroU32;

use super::Fault;
use crate::server::conduct::{Contagion, Delivery, Mishap, Pause};

/// How often a delivery goes astray unless `--one-in` says otherwise.
const SELDOM: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "broadcast-misdelivered",
        "One of 1,000 deliveries of a broadcast reaches a client that has not joined its topic, or one of N with --one-in N.",
        &["broadcast-stays-on-topic", "topics-apart"],
        |conduct| conduct.socket.delivery = Delivery::OneIn(SELDOM, Mishap::Misdelivered),
    )
    .by_proofs(),
    Fault::new(
        "lock-for-all",
        "A busy channel holds up all channels of the server.",
        &["concurrent-conversations", "sleep-blocks-only-itself"],
        |conduct| conduct.app.push_pause = Pause::Server,
    )
    .by_proofs(),
    Fault::new(
        "sixteen-workers",
        "No more than sixteen channels are busy at the same time.",
        &["concurrent-conversations"],
        |conduct| conduct.app.push_pause = Pause::Workers(16),
    )
    .by_proofs(),
    Fault::new(
        "crash-takes-neighbour",
        "Each fifth crash on a shard is told to all who joined the topic.",
        &["crash-spares-other-sockets"],
        |conduct| conduct.channels.contagion = Contagion::OfFifthCrash,
    )
    .by_proofs(),
];
