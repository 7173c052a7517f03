//! Faults of handshakes, frames, and the life of a connection.

use super::Fault;
use crate::server::conduct::{
    BinarySizes, CloseEcho, Ending, Hangup, HangupScope, KeptOpen, Malformed, OriginCheck, OriginHost, Pong,
    TokenCheck, Unmasked, Utf8Check, V1Keys, VsnCheck,
};

pub(super) const FAULTS: &[Fault] = &[
    // Handshakes and frames.
    Fault::new(
        "vsn-unchecked",
        "Any vsn is let in and spoken to in 2.0.0.",
        &["vsn-checked", "vsn-garbage-refused", "longpoll-connect-refused"],
        |conduct| conduct.wire.vsn_check = VsnCheck::TakesAnyForNewest,
    ),
    Fault::new(
        "origin-unchecked",
        "The list of allowed origins is not looked at.",
        &["origin-checked", "origin-per-mount"],
        |conduct| conduct.wire.origin_check = OriginCheck::FirstMountDecides,
    ),
    Fault::new(
        "origin-by-its-end",
        "An origin that only ends in an allowed one is let in.",
        &["origin-checked"],
        |conduct| conduct.wire.origin_host = OriginHost::End,
    ),
    Fault::new(
        "token-age-a-day",
        "A token is too old after a day.",
        &["token-age"],
        |conduct| conduct.app.token = TokenCheck::AtMostADay,
    ),
    Fault::new(
        "token-signature-unchecked",
        "A changed token lets in.",
        &["token-signed", "connect-refused"],
        |conduct| {
            conduct.app.token = TokenCheck::AgeOnly;
        },
    ),
    Fault::new(
        "token-age-unchecked",
        "A token that is too old lets in.",
        &["token-signed", "token-age"],
        |conduct| {
            conduct.app.token = TokenCheck::SignatureOnly;
        },
    ),
    Fault::new(
        "pong-without-payload",
        "A ping is answered by an empty pong.",
        &["ping-answered"],
        |conduct| {
            conduct.wire.pong = Pong::Empty;
        },
    ),
    Fault::new(
        "close-unanswered",
        "A close frame is answered by the end of the stream only.",
        &["close-answered"],
        |conduct| {
            conduct.wire.close_echo = CloseEcho::None;
        },
    ),
    Fault::new(
        "unmasked-read",
        "A frame without a mask is handled.",
        &["unmasked-refused"],
        |conduct| {
            conduct.wire.unmasked = Unmasked::Read;
        },
    ),
    Fault::new(
        "utf8-unchecked",
        "A text that is not UTF-8 is passed over.",
        &["invalid-utf8-refused"],
        |conduct| {
            conduct.wire.utf8 = Utf8Check::PassedOver;
        },
    ),
    Fault::new(
        "small-frames-only",
        "A frame above 64 KiB ends the connection.",
        &["large-message-carried"],
        |conduct| {
            conduct.wire.max_frame = 64 << 10;
        },
    ),
    Fault::new(
        "frames-of-16-bits-only",
        "A frame of 65,536 bytes ends the connection.",
        &["frame-lengths", "large-message-carried"],
        |conduct| conduct.wire.max_frame = 65_535,
    ),
    Fault::new(
        "binary-sizes-signed",
        "A binary message with a field of more than 127 bytes cannot be read.",
        &["binary-sizes-unsigned"],
        |conduct| conduct.wire.binary_sizes = BinarySizes::Signed,
    ),
    Fault::new(
        "v1-join-ref-leaks",
        "In 1.0.0, replies, pushes and the ends of channels carry a join_ref.",
        &["v1-no-join-ref", "v1-objects"],
        |conduct| conduct.wire.v1_keys = V1Keys::JoinRefToo,
    ),
    Fault::new(
        "v1-null-ref-left-out",
        "In 1.0.0, pushes and the ends of channels have no ref where it would be null.",
        &["v1-objects"],
        |conduct| conduct.wire.v1_keys = V1Keys::NullRefLeftOut,
    ),
    Fault::new(
        "malformed-passed-over",
        "A message that cannot be read is passed over.",
        &[
            "malformed-json-closes",
            "short-array-closes",
            "foreign-shape-closes",
            "v1-missing-fields-closes",
            "malformed-binary-closes",
            "unknown-kind-closes",
            "longpoll-undecodable-ends",
        ],
        |conduct| conduct.wire.malformed = Malformed::Ignored,
    ),
    // The life of a connection.
    Fault::new(
        "heartbeat-unanswered",
        "No heartbeat is answered.",
        &["heartbeat-reply"],
        |conduct| {
            conduct.socket.heartbeats = Some(0);
        },
    ),
    Fault::new(
        "heartbeat-stops",
        "From the third on, heartbeats are not answered.",
        &["heartbeat-reply"],
        |conduct| {
            conduct.socket.heartbeats = Some(2);
        },
    ),
    Fault::new(
        "idle-never",
        "A silent client is never closed.",
        &["idle-timeout-closes"],
        |conduct| {
            conduct.wire.idle = None;
        },
    ),
    Fault::new(
        "idle-counts-heartbeats-only",
        "Only heartbeats keep a connection open; one with other traffic is closed after the idle timeout.",
        &["traffic-keeps-open"],
        |conduct| {
            conduct.wire.kept_open = KeptOpen::HeartbeatsOnly;
        },
    ),
    Fault::new(
        "idle-counts-what-is-sent",
        "What the server sends keeps the connection of a silent client open.",
        &["idle-timeout-closes"],
        |conduct| {
            conduct.wire.kept_open = KeptOpen::BothDirections;
        },
    ),
    Fault::new(
        "disconnect-unheard",
        "A disconnect broadcast ends nothing.",
        &["disconnect-closes-socket", "longpoll-disconnect"],
        |conduct| {
            conduct.wire.disconnect = None;
        },
    ),
    Fault::new(
        "disconnect-with-1000",
        "A disconnect broadcast closes with 1000.",
        &["disconnect-code"],
        |conduct| {
            conduct.wire.disconnect = Some(Ending {
                code: 1000,
                hangup: Hangup::AtOnce,
            });
        },
    ),
    Fault::new(
        "drain-with-1000",
        "A server that ends closes with 1000.",
        &["drain-closes-1012"],
        |conduct| {
            conduct.wire.drain.code = 1000;
        },
    ),
    Fault::new(
        "hangup-keeps-channels",
        "A connection that ends leaves its channels' presence behind.",
        &["closed-transport-ends-channels", "presence-diff-leave"],
        |conduct| conduct.socket.hangup_scope = HangupScope::ForgetsChannels,
    ),
];
