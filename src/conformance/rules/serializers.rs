//! Rules about the two serializers and binary frames.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "v1-objects",
        about: "version 1.0.0 speaks JSON objects",
        promise: "With `vsn=1.0.0` every message, in and out, is a text frame with one object of \
            `topic`, `event`, `payload` and `ref`.",
        source: "phoenix lib/phoenix/socket/serializers/v1_json_serializer.ex, encode!/1 and decode!/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "v1-no-join-ref",
        about: "version 1.0.0 has no join_ref",
        promise: "No message out carries a join_ref, and none is asked for: pushes, leaves and second \
            joins work without.",
        source: "phoenix lib/phoenix/socket/serializers/v1_json_serializer.ex, encode_v1_fields_only/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "v2-arrays",
        about: "version 2.0.0 speaks JSON arrays of five",
        promise: "With `vsn=2.0.0` every message that is not binary, in and out, is a text frame with \
            `[join_ref, ref, topic, event, payload]`.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, encode!/1, fastlane!/1 \
            and decode_text/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "v2-surplus-ignored",
        about: "what follows the fifth element is ignored",
        promise: "A V2 array of more than five elements is read by its first five.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "payload-not-object",
        about: "a payload that is no object reaches the channel as it is",
        promise: "A payload of null, a text, a number or a list is not refused by the server but handed \
            to the channel, which mostly crashes over it: a join is answered `join crashed`, a push \
            with `phx_error`, and the socket lives.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1; phoenix \
            lib/phoenix/channel/server.ex, join/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-kinds",
        about: "binary messages out are of kind 0, 1 or 2",
        promise: "A binary push out is kind 0 with three sizes (join_ref, topic, event) and no ref, a \
            binary reply kind 1 with four (join_ref, ref, topic, status), a binary broadcast kind 2 \
            with two (topic, event); the payload is the rest.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, encode!/1 and fastlane!/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-push-roundtrip",
        about: "a binary push reaches the channel byte for byte",
        promise: "A frame of kind 0 with four sizes (join_ref, ref, topic, event) is a push with the \
            rest of the frame as its payload; a channel that echoes it answers with the same bytes in a \
            binary reply.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_binary/1 and \
            encode!/1 of Reply",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-server-push",
        about: "a channel may push binary",
        promise: "A binary push out carries the conversation's join_ref, the topic, the event and the \
            very bytes the channel pushed.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, encode!/1 of Message",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-broadcast",
        about: "a channel may broadcast binary",
        promise: "A binary broadcast reaches everyone on the topic as a frame of kind 2 with the very bytes.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, fastlane!/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-any-length",
        about: "a binary payload may have any length",
        promise: "An empty payload and one of many frames' length go through unchanged in both directions.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_binary/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-sizes-in-bytes",
        about: "sizes count bytes of UTF-8, not characters",
        promise: "The sizes in a binary frame, in and out, are the fields' lengths in bytes of UTF-8.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, byte_size!/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-field-limit",
        about: "a field of a binary message out has at most 255 bytes",
        promise: "A binary message whose topic, event, status or ref is longer than 255 bytes is never \
            sent cut short or with a wrapped size: encoding it raises, in the channel that answers, \
            pushes or broadcasts.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, byte_size!/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "text-field-any-length",
        about: "a field of a text message may be longer than 255 bytes",
        promise: "The limit of binary fields does not hold for JSON: a longer topic, event or ref is \
            served as any other.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_text/1 and encode!/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "versions-side-by-side",
        about: "each client of a room is spoken to in its own version",
        promise: "A broadcast or a presence_diff reaches clients of 1.0.0 and of 2.0.0 on one topic, each as a message of its own version, whichever of them made it.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3, which encodes once for each serializer",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "binary-sizes-unsigned",
        about: "a field of a binary message may have up to 255 bytes",
        promise: "The sizes in a binary frame are bytes from 0 to 255: fields of 128 to 255 bytes are read and sent as shorter ones are.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, decode_binary/1 and byte_size!/3",
        versions: Versions::All,
        note: None,
    },
];
