//! Rules about isolation and concurrency: how conversations must not affect each other.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "sender-order",
        about: "one sender's broadcasts arrive in the order they were sent",
        promise: "Every receiver gets the broadcasts of one conversation in the order in which that one \
            made them; between senders any order is right.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3, from one process to another, between \
            which Erlang keeps the order",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "topics-apart",
        about: "the topics of one socket have a state each",
        promise: "What is said on one topic of a socket changes nothing on another one, and each counts \
            for itself.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4, a process for each join",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "state-apart",
        about: "two conversations on one topic have a state each",
        promise: "What one conversation keeps is not seen by another on the same topic, on the same \
            server, under the same name.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4, a process for each join",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "sleep-blocks-only-itself",
        about: "a slow channel holds up itself alone",
        promise: "While a channel is busy, the pushes behind it on that topic wait and are answered in \
            order; other topics of the same socket, heartbeats and other sockets are answered \
            meanwhile.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4, which sends the message on and does not \
            wait; phoenix lib/phoenix/channel/server.ex, handle_info/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "crash-spares-other-sockets",
        about: "a crash on one socket is not felt on another",
        promise: "Other conversations on the same topic stay joined, keep their state and hear nothing \
            of it.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of DOWN",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "slow-join-spares-others",
        about: "a slow join holds up its own socket alone",
        promise: "While a join runs, every other socket is answered.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4, which waits in the socket's own process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "slow-reader-spares-others",
        about: "a client that does not read holds up nobody else",
        promise: "While one client leaves its messages unread, broadcasts and replies reach all the others.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3, which sends and does not wait",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "concurrent-conversations",
        about: "conversations run at the same time",
        promise: "The answers of many conversations that each take a while come after about that while, \
            not after the sum.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4, a process for each join",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "delivery-exactly-once",
        about: "under load nothing is lost, doubled or misdelivered",
        promise: "Each push is answered once, each broadcast reaches each subscriber once, and nobody \
            gets what was meant for another, however many conversations there are.",
        source: "phoenix lib/phoenix/channel/server.ex, dispatch/3 and reply/6",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "rejoin-under-load",
        about: "everybody can come back at once",
        promise: "When many clients lose their connections together, all of them connect and rejoin, and \
            those who stayed are served meanwhile.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4; phoenix lib/phoenix/socket.ex, __connect__/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "cut-spares-others",
        about: "a connection that is cut is not felt by others",
        promise: "A client that vanishes without a close frame, in the middle of a frame or not, ends \
            its own channels and no others.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_info/2 of the transport's DOWN",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "topics-compared-whole",
        about: "topics are equal only byte for byte",
        promise: "A topic that differs from another in the case of a letter, in a blank, or in that it goes on, is another topic; it belongs to a channel only if it begins with the channel's whole prefix.",
        source: "phoenix lib/phoenix/socket.ex, to_topic_match/1 and __in__/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "events-compared-whole",
        about: "events are equal only byte for byte",
        promise: "An event that differs from a known one in the case of a letter, in a blank, or in its end, is another event, also where the known one is of the protocol.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4; phoenix lib/phoenix/channel/server.ex, handle_info/2 of Message",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "users-compared-whole",
        about: "users are equal only byte for byte",
        promise: "What is meant for a user, such as a whisper, a disconnect or a presence, concerns nobody whose name is only nearly the same.",
        source: "phoenix lib/phoenix/socket.ex, __init__/1, which subscribes to the very id",
        versions: Versions::All,
        note: None,
    },
];
