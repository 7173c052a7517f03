//! Rules about clients: what phoenix.js does, and so every simulated client must do.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "client-joins-once",
        about: "a channel is joined once and rejoined by itself",
        promise: "A channel's join may be asked for once; every later join is the client's own rejoin.",
        source: "phoenix.js assets/js/phoenix/channel.js, join",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-join-params-current",
        about: "each join carries the params of its moment",
        promise: "`phx_join` is sent with the channel's params as they are when it is sent, so a rejoin \
            may say what was seen last.",
        source: "phoenix.js assets/js/phoenix/channel.js, constructor and rejoin; phoenix.js \
            assets/js/phoenix/push.js, send",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-duplicate-topic-replaced",
        about: "a second channel on a topic leaves the first",
        promise: "Joining a topic that another channel of the socket has joined, or is joining, makes \
            that one leave first.",
        source: "phoenix.js assets/js/phoenix/socket.js, leaveOpenTopic",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-join-timeout",
        about: "a join without an answer is given up and tried again",
        promise: "A join that is not answered within ten seconds is followed by a `phx_leave`, and the \
            channel counts as errored.",
        source: "phoenix.js assets/js/phoenix/channel.js, joinPush.receive of timeout; phoenix.js \
            assets/js/phoenix/constants.js, DEFAULT_TIMEOUT",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-rejoin-backoff",
        about: "an errored channel rejoins after 1, 2, 5, then every 10 seconds",
        promise: "The waits before a rejoin grow in these steps and start again from the first once a \
            join succeeds or the socket opens.",
        source: "phoenix.js assets/js/phoenix/socket.js, rejoinAfterMs; phoenix.js \
            assets/js/phoenix/timer.js, scheduleTimeout",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-late-join-reply",
        about: "a late answer to an earlier join changes nothing",
        promise: "A reply to a join that was given up is dropped, as its ref is no longer the channel's.",
        source: "phoenix.js assets/js/phoenix/push.js, reset and cancelRefEvent; phoenix.js \
            assets/js/phoenix/channel.js, isMember",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-rejoins-on-reopen",
        about: "channels rejoin when the socket opens again",
        promise: "Every errored channel is rejoined as soon as the connection is open.",
        source: "phoenix.js assets/js/phoenix/channel.js, constructor, socket.onOpen",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-left-stays-left",
        about: "what was left or closed is not rejoined",
        promise: "A channel that is leaving or closed is rejoined neither by its timer nor by a new \
            connection.",
        source: "phoenix.js assets/js/phoenix/channel.js, rejoin and onClose",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-one-outcome",
        about: "a push has one outcome",
        promise: "Of ok, error and timeout a push has exactly one, and what comes later for its ref is \
            not heard.",
        source: "phoenix.js assets/js/phoenix/push.js, startTimeout and matchReceive",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-buffers-until-joined",
        about: "pushes before the join are kept and sent after it",
        promise: "Pushes made while a channel is joining are sent in their order once it has joined, \
            except those that timed out before.",
        source: "phoenix.js assets/js/phoenix/channel.js, push and joinPush.receive of ok; phoenix.js \
            assets/js/phoenix/push.js, send",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-leave-closes",
        about: "a leave closes the channel when it is answered",
        promise: "A channel that leaves is closed on the answer ok or on timeout, and no longer takes \
            part in the socket.",
        source: "phoenix.js assets/js/phoenix/channel.js, leave",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-drops-foreign-join-ref",
        about: "a message of another join is dropped",
        promise: "A message whose join_ref is not that of the channel's present join is not heard; one \
            with a null join_ref is.",
        source: "phoenix.js assets/js/phoenix/channel.js, isMember",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-refs-grow",
        about: "refs grow by one and start again on overflow",
        promise: "Each message that wants an answer has a ref of its own, a text of a number that grows \
            by one over the whole socket.",
        source: "phoenix.js assets/js/phoenix/socket.js, makeRef",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-push-join-ref",
        about: "pushes and leaves carry the join_ref of the present join",
        promise: "In 2.0.0 each push and each leave carries the ref of the join under which its topic is \
            joined now, not that of an earlier one.",
        source: "phoenix.js assets/js/phoenix/push.js, send; phoenix.js assets/js/phoenix/channel.js, \
            joinRef",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-frames",
        about: "each frame of a client is a message",
        promise: "A client sends a message of the version that it asked for in each frame, and nothing \
            else.",
        source: "phoenix.js assets/js/phoenix/serializer.js, encode",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-drops-unknown",
        about: "a message that nobody waits for does no harm",
        promise: "A message for a topic without a channel, a reply to a ref that was never used, and a \
            binary message that no callback takes are dropped, and the connection and its channels go on.",
        source: "phoenix.js assets/js/phoenix/socket.js, onConnMessage; phoenix.js \
            assets/js/phoenix/serializer.js, binaryDecode",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-reconnect-backoff",
        about: "a lost connection is opened again after 10 ms to 5 s",
        promise: "The waits before a new connection are 10, 50, 100, 150, 200, 250, 500, 1000 and 2000 \
            ms, then 5000 ms each, and start again from the first once it opens.",
        source: "phoenix.js assets/js/phoenix/socket.js, reconnectAfterMs; phoenix.js \
            assets/js/phoenix/timer.js, scheduleTimeout",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-reconnects-when-closed",
        about: "a close by the server is followed by a new connection",
        promise: "A connection that the server, or anything between, closed or cut is opened again, on \
            codes such as 1001 and 1006 with every version.",
        source: "phoenix.js assets/js/phoenix/socket.js, onConnClose",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-reconnects-on-1000",
        about: "a close with 1000 is followed by a new connection too",
        promise: "The code of a close that is not one's own does not matter: 1000 is reconnected as any \
            other.",
        source: "phoenix.js assets/js/phoenix/socket.js, onConnClose",
        versions: Versions::Since {
            first: Version(1, 8, 16),
            before: "the client of 1.8.12 and before stays away on 1000; those between were not looked at",
        },
        note: None,
    },
    Rule {
        id: "client-disconnect-is-final",
        about: "only one's own disconnect is final",
        promise: "After the user's disconnect nothing is opened again until the user connects.",
        source: "phoenix.js assets/js/phoenix/socket.js, disconnect",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-heartbeat",
        about: "a heartbeat is sent every thirty seconds",
        promise: "An open connection carries `[null, ref, \"phoenix\", \"heartbeat\", {}]` thirty \
            seconds after it opened and after each answer.",
        source: "phoenix.js assets/js/phoenix/socket.js, resetHeartbeat, sendHeartbeat and onConnMessage",
        versions: Versions::All,
        note: Some("Not on long poll, whose polls are sign enough."),
    },
    Rule {
        id: "client-heartbeat-timeout",
        about: "an unanswered heartbeat ends the connection",
        promise: "A heartbeat that is not answered within thirty seconds makes the client close the \
            connection and open a new one.",
        source: "phoenix.js assets/js/phoenix/socket.js, heartbeatTimeout",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-errors-channels",
        about: "a lost connection errors the channels that were on it",
        promise: "When a connection closes or fails, every joining and joined channel is errored, and \
            those that are leaving, closed or errored already are not.",
        source: "phoenix.js assets/js/phoenix/socket.js, triggerChanError",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-connection-owns-joins",
        about: "a join belongs to the connection that carried it",
        promise: "Events of a connection that was replaced no longer concern the socket, and only \
            channels whose join it carried are errored by it.",
        source: "phoenix.js assets/js/phoenix/connection.js, isCurrent and carried; phoenix.js \
            assets/js/phoenix/socket.js, triggerChanError",
        versions: Versions::Since {
            first: Version(1, 8, 16),
            before: "in 1.8.12 and before, a late close of a replaced connection errors every channel; those \
                between were not looked at",
        },
        note: None,
    },
    Rule {
        id: "client-longpoll-fallback",
        about: "long poll takes over where WebSocket fails",
        promise: "A client with a fallback time that cannot open the primary transport, or gets no \
            heartbeat answered over it in that time, goes on over long poll and remembers that for the \
            session.",
        source: "phoenix.js assets/js/phoenix/socket.js, connectWithFallback",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-longpoll-batches",
        about: "long poll sends what was said together in one batch",
        promise: "Messages of one moment go in one POST of at most a hundred, in order; while it is \
            under way the next are gathered and wait for its answer.",
        source: "phoenix.js assets/js/phoenix/longpoll.js, send and batchSend",
        versions: Versions::All,
        note: Some("The limit of a hundred is there from 1.8.6 on."),
    },
    Rule {
        id: "client-longpoll-retry",
        about: "a batch that fails closes the connection and starts anew",
        promise: "A POST that times out or is not answered with status 200 closes the long poll, which \
            is then opened again and its channels rejoined.",
        source: "phoenix.js assets/js/phoenix/longpoll.js, batchSend and closeAndRetry",
        versions: Versions::Since {
            first: Version(1, 8, 10),
            before: "a POST that times out is told as an error, but the connection stays as it is",
        },
        note: None,
    },
    Rule {
        id: "client-longpoll-session-lost",
        about: "a 410 for a known token is a lost session",
        promise: "A poll with a token that is answered 410 closes the connection, so that the channels \
            are rejoined in a new session.",
        source: "phoenix.js assets/js/phoenix/longpoll.js, poll",
        versions: Versions::Since {
            first: Version(1, 8, 2),
            before: "it is taken for a new session, in which no channel is joined",
        },
        note: None,
    },
    Rule {
        id: "client-presence-sync",
        about: "presence is the state and every diff since",
        promise: "Joins add metas to a key, leaves take away those with their `phx_ref`, a key without \
            metas is gone, and a new state is told as the joins and leaves that lead to it.",
        source: "phoenix.js assets/js/phoenix/presence.js, syncState and syncDiff",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-presence-queue",
        about: "diffs that come before the state wait for it",
        promise: "Diffs between a join and its `presence_state` are kept and applied after it, in order.",
        source: "phoenix.js assets/js/phoenix/presence.js, constructor and inPendingSyncState",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-presence-update",
        about: "an update is not an absence",
        promise: "A diff that has the same key under joins and leaves changes the key's metas without \
            the key ever going away.",
        source: "phoenix.js assets/js/phoenix/presence.js, syncDiff",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "client-presence-keys",
        about: "any text may be a presence key",
        promise: "Keys such as `__proto__` and `constructor` are keys like others and do no harm.",
        source: "phoenix.js assets/js/phoenix/presence.js, toNullProtoObj",
        versions: Versions::Since {
            first: Version(1, 8, 9),
            before: "a key that collides with Object.prototype crashes the client (CVE-2026-56812)",
        },
        note: None,
    },
];
