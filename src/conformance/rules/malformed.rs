//! Rules about malformed messages: what they may break, and what they must not.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "malformed-json-closes",
        about: "text that is no JSON closes with 1011",
        promise: "A text frame that is empty or no JSON ends the socket with close code 1011, since \
            decoding raises in the socket's process.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1; phoenix \
            lib/phoenix/socket.ex, __in__/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "short-array-closes",
        about: "a V2 array of fewer than five closes with 1011",
        promise: "A V2 array that lacks elements ends the socket with close code 1011.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "foreign-shape-closes",
        about: "the other version's shape closes with 1011",
        promise: "An object on a V2 socket, or an array or any other value on a V1 socket, ends the \
            socket with close code 1011.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1; phoenix \
            lib/phoenix/socket/serializers/v1_json_serializer.ex, decode!/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "v1-missing-fields-closes",
        about: "a V1 object that lacks a field closes with 1011",
        promise: "A V1 object without `topic`, `event`, `payload` or `ref` ends the socket with close \
            code 1011.",
        source: "phoenix lib/phoenix/socket/message.ex, from_map!/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "malformed-binary-closes",
        about: "a binary frame that does not add up closes with 1011",
        promise: "A binary frame that is empty, ends in its header, or names sizes beyond its end ends \
            the socket with close code 1011.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_binary/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "unknown-kind-closes",
        about: "a binary frame of an unknown kind closes with 1011",
        promise: "A binary frame whose kind is not 0 ends the socket with close code 1011; kinds 1 and 2 \
            are for the server alone.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_binary/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "v1-binary-closes",
        about: "a V1 socket takes no binary messages",
        promise: "On a V1 socket a binary frame is read as JSON like a text frame, and one that is none \
            ends the socket with close code 1011.",
        source: "phoenix lib/phoenix/socket/serializers/v1_json_serializer.ex, decode!/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "malformed-spares-others",
        about: "a malformed message costs only its own socket",
        promise: "Every other socket stays open and joined, and those on the same topics are served as \
            before.",
        source: "phoenix lib/phoenix/socket.ex, __in__/2, which runs in one process a socket",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "topic-not-text",
        about: "a topic that is no text is an unmatched topic",
        promise: "A message with a null topic, or one that is a number, is answered `unmatched topic` \
            with the topic as it was sent; the socket lives.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "event-not-text",
        about: "an event that is no text is an unmatched topic where nothing is joined",
        promise: "A message with an event that is no text, to a topic that is not joined, is answered \
            `unmatched topic`; the socket lives.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "json-values-survive",
        about: "any JSON value comes back as it was",
        promise: "An escaped NUL, objects nested thousands deep and integers of hundreds of digits are \
            taken as payload and come back equal.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1 and \
            encode!/1, with the JSON library of the application",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "duplicate-keys-one-wins",
        about: "of two equal keys one counts",
        promise: "An object with one key twice is taken, and the channel sees that key once.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1, with the \
            JSON library of the application",
        versions: Versions::All,
        note: Some(
            "Every recorded server keeps the first value; which of the two is the JSON library's \
            affair.",
        ),
    },
];
