//! Rules about the lifetime of a socket: heartbeats, idle timeouts, disconnects and server shutdown.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "heartbeat-reply",
        about: "a heartbeat is answered ok",
        promise: "`heartbeat` on topic `phoenix` is answered with status ok, an empty response, its own \
            ref and a null join_ref, before any join as well as after.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of heartbeat",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "heartbeat-topic",
        about: "a heartbeat counts only on topic phoenix",
        promise: "An event called `heartbeat` on another topic is a push like any other, and an \
            unmatched topic where that is not joined.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "heartbeat-keeps-open",
        about: "heartbeats keep a quiet connection open",
        promise: "A client that sends a heartbeat within the idle timeout stays connected however long \
            it says nothing else.",
        source: "phoenix lib/phoenix/transports/websocket.ex, default_config/0, timeout; bandit \
            lib/bandit/websocket/handler.ex, handle_connection/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "traffic-keeps-open",
        about: "whatever a client sends keeps its connection open",
        promise: "A client that sends anything within the idle timeout stays connected, also without any \
            heartbeat.",
        source: "phoenix lib/phoenix/transports/websocket.ex, default_config/0, timeout; bandit \
            lib/bandit/websocket/handler.ex, handle_data/3; cowboy src/cowboy_websocket.erl, \
            reset_idle_timeout/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "idle-timeout-closes",
        about: "a silent client is closed after the idle timeout",
        promise: "A client that sends nothing for the mount's timeout, 60 seconds unless set, is closed, \
            and its channels with it. What the server sends does not count.",
        source: "phoenix lib/phoenix/transports/websocket.ex, default_config/0, timeout; bandit \
            lib/bandit/websocket/connection.ex, handle_timeout/2; cowboy src/cowboy_websocket.erl, \
            tick_idle_timeout/3",
        versions: Versions::All,
        note: Some("Bandit closes with code 1002, Cowboy with 1000."),
    },
    Rule {
        id: "closed-transport-ends-channels",
        about: "a connection that is gone takes its channels along",
        promise: "When a connection closes or breaks off, all its channels end: they are no longer \
            subscribed and no longer present.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_info/2 of the transport's DOWN",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "disconnect-closes-socket",
        about: "a disconnect of the socket's id closes it",
        promise: "A `disconnect` that is broadcast to a socket's id closes every connection with that id \
            and ends their channels.",
        source: "phoenix lib/phoenix/socket.ex, __init__/1 and __info__/2 of disconnect",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "disconnect-code",
        about: "a disconnected socket is closed with 1001",
        promise: "The close frame of a `disconnect` has code 1001, so that phoenix.js connects again.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of disconnect; phoenix \
            test/phoenix/socket/socket_test.exs, 'disconnect broadcast emits close code 1001 so \
            phoenix.js reconnects'",
        versions: Versions::Since {
            first: Version(1, 8, 8),
            before: "the code is 1000, on which phoenix.js of that time stays away",
        },
        note: None,
    },
    Rule {
        id: "disconnect-spares-others",
        about: "a disconnect reaches nobody else",
        promise: "Sockets with another id, or with none, stay open and joined, also on the same topics.",
        source: "phoenix lib/phoenix/socket.ex, __init__/1, which subscribes each socket to its own id",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "drain-closes-1012",
        about: "a server that shuts down closes with 1012",
        promise: "On shutdown each connection that has a channel joined is closed with code 1012, \
            service restart.",
        source: "phoenix lib/phoenix/socket/pool_supervisor.ex, Phoenix.Socket.PoolDrainer.terminate/2; \
            phoenix lib/phoenix/channel/server.ex, handle_info/2 of phx_drain; websock_adapter \
            lib/websock_adapter/cowboy_adapter.ex, handle_reply/2; bandit \
            lib/bandit/websocket/connection.ex, handle_continuation/3",
        versions: Versions::All,
        note: Some(
            "A connection with nothing joined is not drained but ends with the server: Bandit \
            closes it with 1000, Cowboy without a close frame.",
        ),
    },
    Rule {
        id: "drain-in-batches",
        about: "a server that shuts down drains in batches",
        promise: "Channels are drained in batches, 10,000 every two seconds unless set, so that not \
            everybody comes back at once, and all within the shutdown time.",
        source: "phoenix lib/phoenix/socket/pool_supervisor.ex, Phoenix.Socket.PoolDrainer.terminate/2",
        versions: Versions::All,
        note: None,
    },
];
