//! Rules about presence on the server side.

use super::{Rule, Versions};

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "presence-state-on-join",
        about: "who joins is told who is there",
        promise: "A channel that tracks presence pushes `presence_state` to who joined: an object of \
            every key on the topic with its `metas`, oneself included as soon as one is tracked.",
        source: "phoenix lib/phoenix/presence.ex, list/2",
        versions: Versions::All,
        note: Some(
            "The state is computed after the channel has tracked, so it may already hold somebody who joined later.",
        ),
    },
    Rule {
        id: "presence-diff-join",
        about: "who joins shows in a diff",
        promise: "Everyone on the topic gets `presence_diff` with the newcomer's key under `joins` and \
            empty `leaves`.",
        source: "phoenix lib/phoenix/presence.ex, handle_diff/2 and handle_info/2",
        versions: Versions::All,
        note: Some(
            "The diff is sent by a process of its own: it comes before or after one's own `presence_state`.",
        ),
    },
    Rule {
        id: "presence-diff-leave",
        about: "who leaves shows in a diff",
        promise: "Everyone who stays gets `presence_diff` with the key and its meta under `leaves`, \
            after a leave as after a disconnect or a crash.",
        source: "phoenix lib/phoenix/presence.ex, handle_diff/2; phoenix_pubsub \
            lib/phoenix/tracker/shard.ex, handle_info/2 of EXIT",
        versions: Versions::All,
        note: Some(
            "The one who left sometimes gets the diff of its own leave, as the subscription of a channel that ended lives on for about a millisecond.",
        ),
    },
    Rule {
        id: "presence-update",
        about: "an update is a leave and a join at once",
        promise: "An update of one's meta reaches everyone as one `presence_diff` that has the old meta \
            under `leaves` and the new one under `joins`, whose `phx_ref` is a new one and whose \
            `phx_ref_prev` is the old one.",
        source: "phoenix_pubsub lib/phoenix/tracker/shard.ex, put_update/6; phoenix \
            lib/phoenix/presence.ex, handle_diff/2",
        versions: Versions::All,
        note: Some("The diff comes before or after the reply to the push that made the update."),
    },
    Rule {
        id: "presence-metas",
        about: "every meta has a reference of its own",
        promise: "A meta is what the channel tracked and a `phx_ref` that no other meta has.",
        source: "phoenix_pubsub lib/phoenix/tracker/shard.ex, put_presence/6",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "presence-one-key-many-metas",
        about: "one user on two sockets is one key with two metas",
        promise: "A key that is tracked from several conversations has a meta for each of them, and is \
            gone only when the last one left. In which order the metas of a key stand is left to chance.",
        source: "phoenix lib/phoenix/presence.ex, group/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "presence-per-topic",
        about: "presence is told by topic",
        promise: "Neither `presence_state` nor `presence_diff` tells of who is only on another topic.",
        source: "phoenix lib/phoenix/presence.ex, list/2 and handle_info/2, which broadcasts to each \
            topic its own diff",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "presence-refs-agree",
        about: "a meta is called by one phx_ref everywhere",
        promise: "presence_state, the diff in which a meta joined and the one in which it leaves carry the same phx_ref for it; an update gives it a new one.",
        source: "phoenix_pubsub lib/phoenix/tracker/shard.ex, put_presence/6 and put_update/6",
        versions: Versions::All,
        note: None,
    },
];
