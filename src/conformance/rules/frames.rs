//! Rules about WebSocket framing: RFC 6455 as Bandit and Cowboy implement it.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "ping-answered",
        about: "a ping is answered with its payload",
        promise: "A ping frame is answered by a pong frame with the same payload, whatever the channels do.",
        source: "RFC 6455 section 5.5.2 and 5.5.3; bandit lib/bandit/websocket/connection.ex, \
            handle_control_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "pong-unasked",
        about: "a pong that nobody asked for is taken",
        promise: "An unsolicited pong is not answered and changes nothing.",
        source: "RFC 6455 section 5.5.3; bandit lib/bandit/websocket/connection.ex, handle_control_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "close-answered",
        about: "a close frame is answered by a close frame",
        promise: "A client's close frame is answered by one, and the server ends the connection.",
        source: "RFC 6455 section 5.5.1; bandit lib/bandit/websocket/connection.ex, \
            handle_control_frame/3; cowboy src/cowboy_websocket.erl, websocket_send_close/2",
        versions: Versions::All,
        note: Some(
            "Cowboy answers with the client's own code, Bandit with 1000 for codes that may be \
            sent and 1002 for others.",
        ),
    },
    Rule {
        id: "fragments-joined",
        about: "a message in fragments is one message",
        promise: "A message that arrives in several frames, with control frames between them or without, \
            is handled as if it had come in one.",
        source: "RFC 6455 section 5.4; bandit lib/bandit/websocket/connection.ex, handle_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "control-between-fragments",
        about: "a ping between fragments is answered at once",
        promise: "A control frame in the middle of a fragmented message is handled when it comes and \
            does not disturb the message.",
        source: "RFC 6455 section 5.4; bandit lib/bandit/websocket/connection.ex, handle_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "stray-continuation-refused",
        about: "a continuation of nothing closes with 1002",
        promise: "A continuation frame without a message begun fails the connection with code 1002.",
        source: "RFC 6455 section 5.4; bandit lib/bandit/websocket/connection.ex, handle_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "fragment-interrupted",
        about: "a new message within a fragmented one closes with 1002",
        promise: "A text or binary frame before the message in progress has ended fails the connection \
            with code 1002.",
        source: "RFC 6455 section 5.4; bandit lib/bandit/websocket/connection.ex, handle_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "unmasked-refused",
        about: "a client frame without a mask closes with 1002",
        promise: "A frame from the client that is not masked fails the connection with code 1002, and \
            its message is not handled.",
        source: "RFC 6455 section 5.1; bandit lib/bandit/websocket/frame.ex, \
            header_and_payload_length/2; cowboy src/cowboy_websocket.erl, parse_header/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "server-frames-unmasked",
        about: "frames from the server carry no mask",
        promise: "No frame that the server sends is masked.",
        source: "RFC 6455 section 5.1; bandit lib/bandit/websocket/frame.ex, serialize/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reserved-opcode-refused",
        about: "a reserved opcode closes with 1002",
        promise: "A frame with an opcode that RFC 6455 reserves fails the connection with code 1002.",
        source: "RFC 6455 section 5.2; bandit lib/bandit/websocket/frame.ex, to_frame/7; cowlib \
            src/cow_ws.erl, parse_header/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reserved-bits-refused",
        about: "a reserved bit that nothing negotiated closes with 1002",
        promise: "A frame with RSV1, RSV2 or RSV3 set, where no extension was agreed on, fails the \
            connection with code 1002.",
        source: "RFC 6455 section 5.2; bandit lib/bandit/websocket/frame.ex, to_frame/7; cowlib \
            src/cow_ws.erl, parse_header/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "long-control-refused",
        about: "a control frame of over 125 bytes closes with 1002",
        promise: "A ping, pong or close frame with a payload of more than 125 bytes fails the connection \
            with code 1002.",
        source: "RFC 6455 section 5.5; bandit lib/bandit/websocket/frame/ping.ex, deserialize/3; cowlib \
            src/cow_ws.erl, parse_header/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "fragmented-control-refused",
        about: "a control frame in fragments closes with 1002",
        promise: "A control frame without the FIN bit fails the connection with code 1002.",
        source: "RFC 6455 section 5.5; bandit lib/bandit/websocket/frame/ping.ex, deserialize/3; cowlib \
            src/cow_ws.erl, parse_header/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "invalid-utf8-refused",
        about: "text that is not UTF-8 closes with 1007",
        promise: "A text message that is not valid UTF-8 fails the connection with code 1007 and is not \
            handled.",
        source: "RFC 6455 section 8.1; bandit lib/bandit/websocket/connection.ex, handle_frame/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "compression-off",
        about: "compression is not agreed on unless the mount offers it",
        promise: "A client that offers permessage-deflate is let in without it where the mount's \
            `compress` is off, which is the default, and every frame comes uncompressed.",
        source: "phoenix lib/phoenix/transports/websocket.ex, default_config/0, compress; RFC 6455 \
            section 9.1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "large-message-carried",
        about: "a message of megabytes is carried",
        promise: "A text message of nine mebibytes in one frame is handled and answered whole.",
        source: "phoenix lib/phoenix/endpoint.ex, socket/3, max_frame_size; websock_adapter \
            lib/websock_adapter.ex, upgrade/4; RFC 6455 section 10.4",
        versions: Versions::All,
        note: Some(
            "A frame over the mount's `max_frame_size` closes with 1009; websock_adapter 0.6.0 \
            sets it to 10,000,000 bytes where the mount does not. Bandit closes with 1009 on fragments \
            of over 8,000,000 bytes in all.",
        ),
    },
    Rule {
        id: "frame-lengths",
        about: "a message may have any length that a frame can say",
        promise: "Messages at the borders between lengths of 7, 16 and 64 bits, of 125, 126, 65,535 and 65,536 bytes, are carried in both directions, as text and as bytes.",
        source: "RFC 6455 section 5.2",
        versions: Versions::All,
        note: None,
    },
];
