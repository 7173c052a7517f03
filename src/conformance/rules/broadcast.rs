//! Rules about broadcasts: their receivers, their refs, and intercepts.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "broadcast-reaches-all",
        about: "a broadcast reaches everyone on the topic",
        promise: "Every conversation that has the topic joined when it is broadcast gets it, the sender \
            included, whichever socket and transport it is on.",
        source: "phoenix lib/phoenix/channel/server.ex, broadcast!/4 and dispatch/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "broadcast-once",
        about: "a broadcast arrives once",
        promise: "Each conversation on the topic gets a broadcast exactly once.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3",
        versions: Versions::All,
        note: Some(
            "The subscription of a channel that ended lives on for about a millisecond: a client that joins the topic again within that time may hear a broadcast over both subscriptions.",
        ),
    },
    Rule {
        id: "broadcast-refs-null",
        about: "a broadcast has neither ref nor join_ref",
        promise: "A broadcast carries null for both refs in V2, and a null ref in V1.",
        source: "phoenix lib/phoenix/socket/serializers/v2_json_serializer.ex, fastlane!/1; phoenix \
            lib/phoenix/socket/serializers/v1_json_serializer.ex, fastlane!/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "broadcast-from-skips-sender",
        about: "broadcast_from leaves the sender out",
        promise: "Everyone on the topic but the conversation that sent it gets it.",
        source: "phoenix lib/phoenix/channel/server.ex, broadcast_from!/5 and dispatch/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "broadcast-stays-on-topic",
        about: "a broadcast stays on its topic",
        promise: "No conversation on another topic gets it, also on the same socket.",
        source: "phoenix lib/phoenix/channel/server.ex, broadcast!/4 and init_join/3, which subscribes \
            to the one topic",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "broadcast-before-reply",
        about: "the sender hears its broadcast before the reply",
        promise: "Where a channel broadcasts and then replies, its own client gets the broadcast first \
            and the reply after it.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3 and reply/6, both sent to the \
            transport by the channel's process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "broadcast-skips-left",
        about: "who left hears nothing more",
        promise: "From a moment after the `phx_close` or the `phx_error` of a channel no broadcast of the topic arrives any \
            more, until the client joins it again.",
        source: "phoenix lib/phoenix/channel/server.ex, init_join/3, whose subscription ends with the \
            channel's process",
        versions: Versions::All,
        note: Some(
            "The moment is about a millisecond: `phx_close` and `phx_error` are sent before PubSub has removed the subscription.",
        ),
    },
    Rule {
        id: "intercept-rewrites",
        about: "an intercepted broadcast is rewritten for each receiver",
        promise: "An event that the channel intercepts arrives as the channel pushed it to that \
            receiver, with the receiver's join_ref, and never in its first form.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3 and handle_info/2 of Broadcast, which \
            calls handle_out/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "intercept-withholds",
        about: "an intercepted broadcast reaches only whom the channel lets it reach",
        promise: "A receiver whose channel does not push an intercepted event gets nothing of it.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3 and handle_info/2 of Broadcast, which \
            calls handle_out/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "refused-join-hears-nothing",
        about: "who was not let in hears nothing",
        promise: "A join that was refused or crashed, the first one of a topic or a later one, gets no broadcast of it.",
        source: "phoenix lib/phoenix/channel/server.ex, channel_join/4, which subscribes only whom the channel let in",
        versions: Versions::All,
        note: None,
    },
];
