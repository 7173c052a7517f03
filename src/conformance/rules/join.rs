//! Rules about joins and leaves: replies, refusals, and a second join.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "join-reply",
        about: "a join that is let in is answered ok",
        promise: "A `phx_join` that the channel lets in is answered by one `phx_reply` with status ok \
            and the channel's response; from then on the topic is joined.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join; phoenix \
            lib/phoenix/channel/server.ex, join/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "refs-echoed",
        about: "refs come back exactly as they were sent",
        promise: "A reply carries the ref of what it answers, and in V2 the join_ref of the join, \
            unchanged in value and type: text, empty text, numbers and null alike.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4; phoenix lib/phoenix/channel/server.ex, \
            handle_reply/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "join-params-reach-channel",
        about: "the params of a join reach the channel",
        promise: "The payload of `phx_join` is handed to the channel as it was sent.",
        source: "phoenix lib/phoenix/channel/server.ex, channel_join/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "join-unmatched-topic",
        about: "a join to a topic without a channel is an unmatched topic",
        promise: "A join to a topic that no channel is mounted for is answered with status error, reason \
            `unmatched topic` and a null join_ref; the socket lives.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join and encode_ignore/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "join-refused",
        about: "a refused join carries the channel's reasons",
        promise: "A join that the channel refuses is answered with status error and the channel's \
            response; the topic stays unjoined and may be joined later.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join; phoenix \
            lib/phoenix/channel/server.ex, channel_join/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "join-crashed",
        about: "a crash in join is answered, and the socket lives",
        promise: "When the channel crashes in join, the join is answered with status error and reason \
            `join crashed`; the topic stays unjoined and everything else on the socket goes on.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "too-many-channels",
        about: "a socket holds at most 100 channels",
        promise: "The 101st join on one socket is answered with status error and reason `too many \
            channels joined`, and the hundred before it are untouched; a leave makes room again.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join, with max_channels_per_transport",
        versions: Versions::SinceOrIn {
            first: Version(1, 8, 9),
            fixed: Version(1, 7, 24),
            before: "there is no limit",
        },
        note: None,
    },
    Rule {
        id: "duplicate-join-closes-old",
        about: "a second join of a topic replaces the first",
        promise: "A join of a topic that is already joined succeeds under its own refs, and after its \
            reply comes a `phx_close` whose ref and join_ref are those of the join it replaced.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join on a joined topic, and \
            shutdown_duplicate_channel/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "duplicate-join-fresh-state",
        about: "a replaced join leaves no state behind",
        promise: "After a second join of a topic, the conversation starts from the state that any first join has, and only once is the topic joined: from a moment after the `phx_close` of the first join on, a broadcast arrives once.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_join on a joined topic",
        versions: Versions::All,
        note: Some(
            "The moment is about a millisecond: until then a broadcast may arrive over the subscription of the first join, too.",
        ),
    },
    Rule {
        id: "rejoin-fresh",
        about: "a topic may be joined again, and starts anew",
        promise: "After a leave, a close or a crash the same topic may be joined again on the same \
            socket under a new ref, with no state of the earlier conversation.",
        source: "phoenix lib/phoenix/socket.ex, delete_channel/4 and put_channel/4",
        versions: Versions::All,
        note: Some(
            "Until about a millisecond after the end a broadcast may still arrive over the old subscription.",
        ),
    },
    Rule {
        id: "slow-join-blocks-transport",
        about: "while a join runs, the messages behind it wait",
        promise: "Messages of one socket are taken in order, and a slow join holds up those behind it, \
            heartbeats too; all of them are answered after it, none is lost.",
        source: "phoenix lib/phoenix/channel/server.ex, join/4, which waits in the socket's process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "leave-reply-then-close",
        about: "a leave is answered ok, then the topic closes",
        promise: "A `phx_leave` is answered by a reply with status ok under its own ref, followed by \
            `phx_close` whose ref and join_ref are both those of the join.",
        source: "phoenix lib/phoenix/channel/server.ex, handle_info/2 of phx_leave; phoenix \
            lib/phoenix/socket.ex, encode_close/3",
        versions: Versions::All,
        note: Some(
            "Where the next join of the topic is sent right behind the leave, without waiting, the reply to the leave may be lost; `phx_close` and the reply to the join come all the same.",
        ),
    },
    Rule {
        id: "leave-unjoined-ok",
        about: "leaving what is not joined is answered ok",
        promise: "A `phx_leave` of a topic that was never joined, or was left already, is answered with \
            status ok and its own refs, without a `phx_close`.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_leave on an unjoined topic",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "leave-null-join-ref",
        about: "a leave without a join_ref is a leave",
        promise: "A `phx_leave` with a null join_ref leaves the joined topic as one with the right \
            join_ref would.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_leave on a joined topic",
        versions: Versions::Since {
            first: Version(1, 8, 12),
            before: "it is ignored in silence, unless the join had no join_ref either, as in V1",
        },
        note: None,
    },
    Rule {
        id: "stale-leave-ignored",
        about: "a leave of an earlier join is ignored in silence",
        promise: "A `phx_leave` that carries another join_ref than the topic's present one changes \
            nothing and is not answered.",
        source: "phoenix lib/phoenix/socket.ex, handle_in/4 of phx_leave on a joined topic",
        versions: Versions::All,
        note: None,
    },
];
