//! Rules about pushes, replies, and the end of a channel.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "push-reply",
        about: "a push is answered under its ref",
        promise: "What the channel replies to a push arrives as `phx_reply` on the same topic with the \
            ref of that push, its status and its response.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_reply/2 and reply/6",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reply-error-status",
        about: "a channel may answer with an error and live",
        promise: "A reply with status error carries the channel's response like one with status ok, and \
            the topic stays joined.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_reply/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reply-empty",
        about: "a reply without a response carries an empty object",
        promise: "A channel that replies with a status alone is heard as that status and the response `{}`.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_reply/2, second clause",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "no-reply-stays-silent",
        about: "what the channel does not answer is not answered",
        promise: "An event that the channel takes without replying brings nothing back, and the topic \
            stays joined.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_result/2 of noreply",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reply-once",
        about: "a push is answered at most once",
        promise: "No ref is answered twice.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_in/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "reply-order",
        about: "a topic's replies come in the order of its pushes",
        promise: "Pushes sent on one topic without waiting are handled, and if the channel answers at \
            once answered, in the order in which they were sent.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4, which sends each message on to one process; \
            phoenix lib/phoenix/channel/server.ex, handle_info/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "deferred-reply",
        about: "a channel may answer later without holding up others",
        promise: "A reply that the channel gives later carries the ref of the push it answers, and \
            pushes sent after that one may be answered before it.",
        source: "phoenix lib/phoenix/channel.ex, reply/2 and socket_ref/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "state-kept",
        about: "a conversation keeps its state from push to push",
        promise: "What a push changed in the channel's state is there for the next push of the same \
            conversation.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_info/2, whose socket is the process's state",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "server-push-refs",
        about: "a push from the server carries the join_ref and a null ref",
        promise: "An event that the channel pushes arrives with the join_ref of the conversation and a \
            null ref.",
        source: "phoenix lib/phoenix/channel/server.ex, push/6",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "server-push-private",
        about: "a push from the server reaches one conversation only",
        promise: "An event that the channel pushes arrives on the socket of that conversation, and at no \
            other subscriber of the topic.",
        source: "phoenix lib/phoenix/channel/server.ex, push/6, which sends to the one transport",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "server-push-order",
        about: "pushes from the server come in the order they were made",
        promise: "Events that one conversation's channel pushes arrive in that order, each once, also \
            when a timer makes them.",
        source: "phoenix lib/phoenix/channel/server.ex, push/6",
        versions: Versions::All,
        note: Some("A timer may be late, so how many of its pushes have come at a given moment is open."),
    },
    Rule {
        id: "unmatched-topic-reply",
        about: "a push to a topic that is not joined is an error",
        promise: "A push to a topic that was never joined, was left, closed or crashed is answered with \
            status error, reason `unmatched topic` and a null join_ref.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4, last clause, and encode_ignore/2",
        versions: Versions::All,
        note: Some(
            "The topic counts as joined until the `phx_close` or `phx_error` is sent; a push that comes between the end of the channel and that message is lost without an answer.",
        ),
    },
    Rule {
        id: "push-after-leave-not-run",
        about: "a push after a leave has no effect",
        promise: "An event sent on a topic after it was left is not delivered to any channel: nothing is \
            broadcast and nothing stored.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4, last clause",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "null-join-ref-accepted",
        about: "a push without a join_ref is delivered",
        promise: "A push with a null join_ref to a joined topic is handled as one with the right \
            join_ref, and its answer carries the right one.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 on a joined topic",
        versions: Versions::WrongIn {
            first: Version(1, 8, 3),
            last: Version(1, 8, 11),
            instead: "it is dropped in silence, unless the join had no join_ref either, as in V1",
        },
        note: None,
    },
    Rule {
        id: "stale-join-ref-ignored",
        about: "a push of an earlier join is ignored in silence",
        promise: "A push that carries another join_ref than the topic's present one is not delivered and \
            not answered; the next one with the right join_ref is.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 on a joined topic",
        versions: Versions::Since {
            first: Version(1, 8, 3),
            before: "it is delivered, and answered under the present join_ref",
        },
        note: None,
    },
    Rule {
        id: "crash-sends-error",
        about: "a channel that crashes says phx_error",
        promise: "When a channel crashes, its client gets `phx_error` on the topic, with ref and \
            join_ref both those of the join.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of DOWN and encode_on_exit/4",
        versions: Versions::All,
        note: Some(
            "A push that waits behind the crash is lost, or answered as an unmatched topic if it comes after the `phx_error`.",
        ),
    },
    Rule {
        id: "crash-reason",
        about: "phx_error says that the channel crashed",
        promise: "The payload of `phx_error` is `{\"reason\":\"channel_crash\"}`.",
        source: "phoenix lib/phoenix/socket.ex, encode_on_exit/4",
        versions: Versions::Since {
            first: Version(1, 8, 10),
            before: "the payload is `{}`",
        },
        note: None,
    },
    Rule {
        id: "crash-keeps-socket",
        about: "a channel that crashes does not cost the socket",
        promise: "After a channel crashed the connection stays open, heartbeats are answered, and the \
            topic is unjoined and may be joined again.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of DOWN",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "crash-leaves-siblings",
        about: "a channel that crashes leaves the socket's other topics joined",
        promise: "The other topics of the same socket keep their state and are answered as before.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of DOWN, which deletes the one channel",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "leave-leaves-siblings",
        about: "leaving one topic leaves the socket's other topics joined",
        promise: "The other topics of the same socket keep their state and are answered as before.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_leave; phoenix lib/phoenix/socket.ex, \
            socket_close/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "unknown-event-crashes",
        about: "an event that the channel has no clause for crashes it",
        promise: "An event that no clause of the channel matches ends that conversation with \
            `phx_error`, and only that one.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_info/2, which calls the channel's handle_in/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "stop-closes",
        about: "a channel that stops in order says phx_close",
        promise: "A channel that stops with `normal` or `shutdown` sends `phx_close` with ref and \
            join_ref both those of the join, and the topic is unjoined.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_result/2 of stop and send_socket_close/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "stop-reply-then-close",
        about: "a channel may answer and stop",
        promise: "A channel that stops with a reply is heard in that order: first the reply, then \
            `phx_close`.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_in/1 of stop with a reply",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "abnormal-stop-errors",
        about: "a channel that stops for any other reason says phx_error",
        promise: "A stop with another reason than `normal` and `shutdown` is heard as `phx_error`, like \
            a crash, and not as `phx_close`.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_result/2 of stop; phoenix \
            lib/phoenix/socket.ex, __info__/2 of DOWN",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "channel-speaks-in-order",
        about: "what a channel says arrives in the order in which it said it",
        promise: "Pushes, replies and the broadcasts that one conversation's channel makes reach its own client in the order in which the channel made them.",
        source: "phoenix lib/phoenix/channel/server.ex, push/6, reply/6 and dispatch/3, all sent to the transport by the channel's process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "closed-channel-silent",
        about: "a channel that is over says nothing more",
        promise: "After phx_close, phx_error or a refused join nothing is pushed any more under the join_ref of that join, by timers neither.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_result/2 and channel_join/4, which end the process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "queue-ends-with-crash",
        about: "what was pushed behind a crash is never handled",
        promise: "A push that waits behind one that crashes the channel is lost or answered as an unmatched topic; neither the dead channel nor the next one on the topic handles it.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 and __info__/2 of DOWN",
        versions: Versions::All,
        note: None,
    },
];
