//! Says what breaks in phoenix.js if a server breaks a rule. A rule that is missing here breaks nothing there: phoenix.js never
//! comes into such a situation, or does not notice.

/// What breaks, by rule.
const BREAKS: &[(&str, &str)] = &[
    ("connect-upgrades", NEVER_OPENS),
    ("accept-key-computed", NEVER_OPENS),
    ("multi-segment-mount", NEVER_OPENS),
    ("origin-allowed", NEVER_OPENS),
    ("origin-per-mount", NEVER_OPENS),
    ("subprotocol-optional", NEVER_OPENS),
    (
        "wrong-path-not-found",
        "A socket with a wrong URL opens, and the mistake shows only when its joins time out.",
    ),
    (
        "subprotocol-picked",
        "The browser refuses the handshake, so that a socket with `authToken` never opens.",
    ),
    (
        "vsn-checked",
        "A socket with another `vsn` opens, and neither side can read what the other one sends.",
    ),
    (
        "connect-params-reach-handler",
        "The `params` of the socket have no effect, not even the token of the user.",
    ),
    ("auth-token-subprotocol", NO_AUTH_TOKEN),
    ("longpoll-auth-header", NO_AUTH_TOKEN),
    (
        "join-reply",
        "The join times out after 10 s; phoenix.js sends a leave, and joins again after 1 s, then 2, 5 and 10 s.",
    ),
    (
        "refs-echoed",
        "The reply is dropped, or belongs to no push: the join or push times out after 10 s.",
    ),
    (
        "join-params-reach-channel",
        "The params of `socket.channel(topic, params)` do not reach the channel.",
    ),
    ("join-unmatched-topic", JOIN_TIMES_OUT),
    (
        "join-refused",
        "`receive(\"error\")` of the join does not run, or does not get the reason of the channel.",
    ),
    ("join-crashed", JOIN_TIMES_OUT),
    (
        "duplicate-join-closes-old",
        "The channel of the join before lives on, so that handlers run twice for each broadcast.",
    ),
    (
        "duplicate-join-fresh-state",
        "The join that phoenix.js repeats after a time-out goes on with the state of the one before.",
    ),
    (
        "rejoin-fresh",
        "The join that phoenix.js repeats after a crash or a reconnect fails, or goes on with old state.",
    ),
    (
        "stale-leave-ignored",
        "phoenix.js sends a leave after a join that timed out; if that ends the next join, `onClose` runs and the channel \
        does not come back.",
    ),
    ("push-reply", "The push times out after 10 s."),
    (
        "reply-error-status",
        "`receive(\"error\")` does not run: the push counts as ok, or times out after 10 s.",
    ),
    (
        "reply-empty",
        "`receive(\"ok\")` gets no object, so that an application which reads a member of it throws.",
    ),
    (
        "reply-order",
        "The callbacks of `receive` run in another order than the pushes.",
    ),
    (
        "deferred-reply",
        "The pushes behind the one whose reply is put off wait for it, and time out after 10 s.",
    ),
    (
        "server-push-refs",
        "An event with the join_ref of another join is dropped, so that its handler does not run.",
    ),
    (
        "server-push-private",
        "Handlers of `channel.on` run for events that were meant for another client.",
    ),
    (
        "server-push-order",
        "Handlers of `channel.on` run in another order than the server pushed, or twice.",
    ),
    (
        "unmatched-topic-reply",
        "A push on a topic that the server has lost times out after 10 s, where `receive(\"error\")` should run.",
    ),
    (
        "crash-sends-error",
        "The channel stays joined: `onError` does not run, phoenix.js does not join again, and each push times out after \
        10 s.",
    ),
    ("crash-reason", "`onError` does not get the reason of the crash."),
    (
        "crash-keeps-socket",
        "All channels of the socket get an error and join again, not only the one that crashed.",
    ),
    ("crash-leaves-siblings", SIBLINGS),
    ("leave-leaves-siblings", SIBLINGS),
    (
        "stop-closes",
        "The channel stays joined: `onClose` does not run, and each push fails.",
    ),
    (
        "stop-reply-then-close",
        "The push that stops the channel times out after 10 s.",
    ),
    (
        "abnormal-stop-errors",
        "A channel that is closed in order does not join again, so that the page stays without it.",
    ),
    (
        "channel-speaks-in-order",
        "Handlers and callbacks run in another order than the channel spoke, so that the page may end with an old state.",
    ),
    (
        "closed-channel-silent",
        "If the topic is joined again, the handlers of `channel.on` run twice.",
    ),
    ("broadcast-reaches-all", NOT_HANDLED),
    ("binary-broadcast", NOT_HANDLED),
    ("binary-server-push", NOT_HANDLED),
    (
        "broadcast-once",
        "The handlers of `channel.on` run twice, so that a message is shown twice.",
    ),
    (
        "broadcast-refs-null",
        "A broadcast with the join_ref of somebody else is dropped, so that its handler does not run.",
    ),
    (
        "broadcast-from-skips-sender",
        "A page that shows its own message at once shows it a second time.",
    ),
    (
        "broadcast-stays-on-topic",
        "Handlers of `channel.on` run for messages of another topic.",
    ),
    (
        "broadcast-before-reply",
        "`receive(\"ok\")` runs before the page has its own message.",
    ),
    ("intercept-rewrites", OF_OTHERS),
    ("intercept-withholds", OF_OTHERS),
    (
        "refused-join-hears-nothing",
        "Handlers of `channel.on` run on a channel whose join was refused, as broadcasts carry no join_ref.",
    ),
    (
        "heartbeat-reply",
        "30 s after the heartbeat phoenix.js closes the connection and connects again, so that all channels join anew \
        every minute.",
    ),
    ("heartbeat-keeps-open", CLOSED_MEANWHILE),
    ("traffic-keeps-open", CLOSED_MEANWHILE),
    (
        "closed-transport-ends-channels",
        "`Presence` goes on listing users who have closed their page.",
    ),
    ("disconnect-closes-socket", STAYS_CONNECTED),
    ("longpoll-disconnect", STAYS_CONNECTED),
    (
        "disconnect-code",
        "phoenix.js does not connect again after a close with 1000, so that the page stays offline until it is loaded anew.",
    ),
    (
        "disconnect-spares-others",
        "The sockets of other users are closed, and all their channels join again.",
    ),
    (
        "drain-closes-1012",
        "phoenix.js does not connect again after a close with 1000, so that pages stay offline after a deployment.",
    ),
    (
        "drain-in-batches",
        "All pages connect and join again at the same moment.",
    ),
    ("longpoll-open", NEVER_OPENS),
    (
        "longpoll-publish",
        "What is sent over `LongPoll` is lost: joins and pushes time out after 10 s.",
    ),
    (
        "longpoll-message-order",
        "Over `LongPoll`, handlers and callbacks run in another order, twice, or not at all.",
    ),
    (
        "longpoll-empty-poll",
        "phoenix.js sends the next poll as soon as one is answered, so that it polls without a pause; one that is not answered \
        within 20 s closes the socket.",
    ),
    (
        "longpoll-wakes",
        "Over `LongPoll`, messages come when the window of a poll ends, and joins and pushes time out after 10 s.",
    ),
    (
        "longpoll-status-in-body",
        "phoenix.js reads the status in the body only; where there is none it throws `unhandled poll status` and polls no \
        more.",
    ),
    (
        "longpoll-no-store",
        "A cache on the way may answer a poll with old messages.",
    ),
    (
        "longpoll-token-query",
        "Each poll opens a session of its own, so that no join is ever answered.",
    ),
    (
        "longpoll-ndjson-batch",
        "phoenix.js sends what is pushed at the same time in one body: part of it is lost, and times out after 10 s.",
    ),
    (
        "longpoll-batch-cap",
        "phoenix.js sends up to a hundred messages in one body: those behind the limit of the server are lost.",
    ),
    ("longpoll-binary-base64", BYTES_LOST),
    (
        "longpoll-connect-refused",
        "phoenix.js takes another status for a session or an error of the server, and polls again and again.",
    ),
    (
        "longpoll-methods",
        "The browser asks by OPTIONS first where the page is of another origin, and then sends no request.",
    ),
    ("v2-arrays", THROWS),
    ("versions-side-by-side", THROWS),
    ("binary-kinds", THROWS),
    (
        "payload-not-object",
        "A push with a list or a text as its payload fails, or reaches the channel as something else.",
    ),
    ("binary-push-roundtrip", BYTES_LOST),
    ("binary-any-length", BYTES_LOST),
    ("binary-sizes-unsigned", BYTES_LOST),
    (
        "binary-sizes-in-bytes",
        "phoenix.js cuts the message at the wrong places, and drops it as one of another topic.",
    ),
    ("text-field-any-length", JOIN_TIMES_OUT),
    (
        "close-answered",
        "`onClose` runs late and with 1006, as the browser waits for the close frame.",
    ),
    ("server-frames-unmasked", BROWSER_FAILS),
    ("compression-agreed", NEVER_OPENS),
    ("compression-context", BROWSER_FAILS),
    ("compression-window", BROWSER_FAILS),
    ("compressed-bit-first-only", BROWSER_FAILS),
    (
        "compressed-messages-read",
        "Browsers compress where that is agreed on: joins and pushes are lost, or the connection is closed again and again.",
    ),
    ("large-message-carried", LARGE),
    ("frame-lengths", LARGE),
    (
        "malformed-spares-others",
        "The sockets of other pages are closed, or their channels get an error, and join again.",
    ),
    (
        "json-values-survive",
        "Handlers and callbacks get other values than were sent.",
    ),
    (
        "presence-state-on-join",
        "`Presence` keeps all diffs back until it has the state: `onSync` never runs, and `list()` stays empty.",
    ),
    (
        "presence-diff-join",
        "`presence.list()` lacks who came after the page itself.",
    ),
    (
        "presence-diff-leave",
        "`presence.list()` goes on showing who has left.",
    ),
    (
        "presence-update",
        "`presence.list()` shows the meta before the update, or both.",
    ),
    (
        "presence-metas",
        "`Presence` takes metas with the same phx_ref for one, and drops all of them when one leaves.",
    ),
    (
        "presence-one-key-many-metas",
        "A user with two pages disappears from `presence.list()` when one of them is closed.",
    ),
    (
        "presence-per-topic",
        "`presence.list()` shows users of another topic.",
    ),
    (
        "presence-refs-agree",
        "`Presence` does not know the phx_ref that leaves, and goes on showing the user.",
    ),
    (
        "sender-order",
        "Handlers of `channel.on` run in another order than the messages were sent.",
    ),
    ("sleep-blocks-only-itself", HELD_UP),
    ("slow-join-spares-others", HELD_UP),
    ("slow-reader-spares-others", HELD_UP),
    ("concurrent-conversations", HELD_UP),
    (
        "crash-spares-other-sockets",
        "The channels of other pages get an error and join again.",
    ),
    (
        "cut-spares-others",
        "The channels of other pages get an error and join again.",
    ),
    (
        "delivery-exactly-once",
        "Handlers of `channel.on` do not run, or run twice, now and then.",
    ),
    (
        "rejoin-under-load",
        "Joins time out after a restart, and are repeated, which makes the load worse.",
    ),
];

const NEVER_OPENS: &str = "The socket never opens: phoenix.js tries again after 10 ms, and ever later up to 5 s, while pushes wait in \
    its buffer.";
const NO_AUTH_TOKEN: &str = "The `authToken` of the socket has no effect, so that its user is not known.";
const JOIN_TIMES_OUT: &str =
    "The join times out after 10 s, where `receive(\"ok\")` or `receive(\"error\")` should run at once.";
const SIBLINGS: &str = "Other channels of the socket get an error and join again; or they stay joined for phoenix.js alone, and \
    their pushes time out after 10 s.";
const NOT_HANDLED: &str = "The handlers of `channel.on` do not run: the page misses the message.";
const OF_OTHERS: &str = "Handlers of `channel.on` get what was meant for another user.";
const CLOSED_MEANWHILE: &str =
    "The connection is closed between two heartbeats; phoenix.js connects again, and all channels join anew.";
const STAYS_CONNECTED: &str = "The page of a user who was disconnected goes on as before.";
const BYTES_LOST: &str = "A push of bytes is lost and times out after 10 s, or the channel gets other bytes.";
const THROWS: &str =
    "phoenix.js throws while it reads the message: no handler runs, and pushes time out after 10 s.";
const BROWSER_FAILS: &str =
    "The browser fails the connection with 1006; phoenix.js connects again, and all channels join anew.";
const LARGE: &str = "The connection is closed by a large message; phoenix.js connects again, all channels join anew, and the push times \
    out after 10 s.";
const HELD_UP: &str = "Joins and pushes of others wait, and time out after 10 s.";

/// What breaks in phoenix.js, if something does.
pub(super) fn breaks(rule: &str) -> Option<&'static str> {
    BREAKS.iter().find(|(id, _)| *id == rule).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::super::{Party, find};
    use super::*;

    #[test]
    fn each_entry_is_a_sentence_about_a_rule_for_servers() {
        let mut seen = std::collections::HashSet::new();
        for (id, what) in BREAKS {
            assert!(seen.insert(id), "{id} stands twice");
            assert!(
                find(id).is_some_and(|rule| rule.party() == Party::Server),
                "no rule about servers is named {id}"
            );
            assert!(what.ends_with('.') && !what.contains("  "), "{id}: {what}");
        }
    }
}
