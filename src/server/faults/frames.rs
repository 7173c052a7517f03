//! Faults of WebSocket frames.

use super::Fault;
use crate::server::conduct::{
    ControlBetween, IncomingContext, Interruption, Overlooked, PongMask, StrayContinuation, UnaskedPong,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "unasked-pong-refused",
        "A pong that nobody asked for ends the connection with 1002.",
        &["pong-unasked"],
        |conduct| conduct.wire.frames.unasked_pong = UnaskedPong::Refused,
    ),
    Fault::new(
        "fragments-two-at-most",
        "A message of more than two fragments ends the connection with 1009.",
        &["fragments-joined"],
        |conduct| conduct.wire.frames.most_fragments = Some(2),
    ),
    Fault::new(
        "control-between-fragments-refused",
        "A ping between the fragments of a message ends the connection with 1002.",
        &["control-between-fragments"],
        |conduct| conduct.wire.frames.control_between = ControlBetween::Refused,
    ),
    Fault::new(
        "stray-continuation-passed-over",
        "A continuation of nothing is passed over.",
        &["stray-continuation-refused"],
        |conduct| conduct.wire.frames.stray_continuation = StrayContinuation::PassedOver,
    ),
    Fault::new(
        "fragment-interrupted-forgotten",
        "A message that begins within another one takes its place.",
        &["fragment-interrupted"],
        |conduct| conduct.wire.frames.interruption = Interruption::TakesPlace,
    ),
    Fault::new(
        "reserved-opcode-passed-over",
        "A frame with a reserved opcode is passed over.",
        &["reserved-opcode-refused"],
        |conduct| conduct.wire.frames.overlooked = Overlooked::ReservedOpcodes,
    ),
    Fault::new(
        "reserved-bits-passed-over",
        "A reserved bit that nothing gives a meaning is passed over.",
        &["reserved-bits-refused"],
        |conduct| conduct.wire.frames.overlooked = Overlooked::ReservedBits,
    ),
    Fault::new(
        "long-ping-answered",
        "A ping of more than 125 bytes is answered.",
        &["long-control-refused"],
        |conduct| conduct.wire.frames.overlooked = Overlooked::LongControl,
    ),
    Fault::new(
        "fragmented-ping-answered",
        "A ping that is said to be a fragment is answered.",
        &["fragmented-control-refused"],
        |conduct| conduct.wire.frames.overlooked = Overlooked::FragmentedControl,
    ),
    Fault::new(
        "pong-masked",
        "A pong is masked.",
        &["server-frames-unmasked", "ping-answered"],
        |conduct| conduct.wire.frames.pong_mask = PongMask::Present,
    ),
    Fault::new(
        "compression-client-context-dropped",
        "Each compressed message of a client is read as if none came before it.",
        &["compressed-messages-read"],
        |conduct| conduct.compress.client_context = IncomingContext::AlwaysDropped,
    )
    .of_compression(),
];
