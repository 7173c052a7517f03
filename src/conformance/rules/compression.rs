//! Rules about compressed messages: permessage-deflate (RFC 7692) as Bandit and Cowboy implement it.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "compression-agreed",
        about: "a mount that compresses agrees on an offer that it can read",
        promise: "Where the mount's `compress` is on, the first offer of permessage-deflate whose params \
            can be read is accepted. The answer names each window that the offer asks for, names no larger one, \
            and names the client's window only if the offer allows it. Without such an offer the client is let \
            in uncompressed.",
        source: "RFC 7692 section 5 and 7.1; bandit lib/bandit/websocket/permessage_deflate.ex, \
            negotiate/2; cowlib src/cow_ws.erl, negotiate_permessage_deflate/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "compressed-messages-read",
        about: "a compressed message is handled as if it was not compressed",
        promise: "Where compression was agreed on, messages mean the same compressed and uncompressed, in \
            one frame or in several, as text and as bytes.",
        source: "RFC 7692 section 6 and 7.2; bandit lib/bandit/websocket/connection.ex, do_inflate/3",
        versions: Versions::All,
        note: Some(
            "Bandit closes with 1009 on a message that becomes more than 25 times larger, unless \
            `max_inflate_ratio` says otherwise; Cowboy on one above `max_frame_size`. Cowboy decompresses \
            also the payload of a ping between the fragments of a compressed message, so its pong has \
            another.",
        ),
    },
    Rule {
        id: "compression-context",
        about: "each side refers to earlier messages only if that was agreed on",
        promise: "Without `no_context_takeover` a message may refer to those before it; with it each message \
            of that side stands alone.",
        source: "RFC 7692 section 7.1.1; bandit lib/bandit/websocket/permessage_deflate.ex, inflate/2 and \
            deflate/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "compression-window",
        about: "a server keeps to the window that it agreed on",
        promise: "A server that agreed on `server_max_window_bits=N` refers no further back than 2^N bytes: a client \
            keeps no more than these.",
        source: "RFC 7692 section 7.1.2.1; bandit lib/bandit/websocket/permessage_deflate.ex, negotiate/2; cowlib \
            src/cow_ws.erl, negotiate_permessage_deflate/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "compressed-bit-first-only",
        about: "the bit of compression stands in the first frame of a message only",
        promise: "A server sets RSV1 in the first frame of a compressed message, never in its other frames \
            or in control frames.",
        source: "RFC 7692 section 6.1; bandit lib/bandit/websocket/frame.ex, serialize/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "stray-compressed-bit-refused",
        about: "the bit of compression in another frame ends the connection",
        promise: "A control frame, or a continuation of a message without compression, that has RSV1 set ends \
            the connection.",
        source: "RFC 7692 section 6.1; bandit lib/bandit/websocket/frame/ping.ex, deserialize/3; cowlib \
            src/cow_ws.erl, parse_payload/9",
        versions: Versions::All,
        note: Some("Bandit closes with 1002; on Cowboy the process raises, and there is no close frame."),
    },
    Rule {
        id: "broken-deflate-refused",
        about: "a message that cannot be decompressed ends the connection",
        promise: "A message that says that it is compressed and is not DEFLATE, or refers to what was never \
            sent, fails the connection.",
        source: "RFC 7692 section 7.2.2; bandit lib/bandit/websocket/connection.ex, do_inflate/3; cowboy \
            src/cowboy_websocket.erl, websocket_close/3",
        versions: Versions::All,
        note: Some("Bandit closes with 1007, Cowboy with 1002."),
    },
];
