//! Says of single rules why no case checks them, or why no fault of the reference server breaks them.

/// Rules that no case can check, each with the reason.
const UNTESTABLE: &[(&str, &str)] = &[
    (
        "multi-segment-mount",
        "The channels that a server offers for check are mounted at paths of one segment, so there is no longer path \
        to ask for.",
    ),
    (
        "path-variables-reach-params",
        "No mount that check asks for has a variable in its path.",
    ),
    (
        "subprotocol-refused",
        "No mount that check asks for lists subprotocols, so none can refuse another one.",
    ),
    (
        "subprotocol-picked",
        "No mount that check asks for lists subprotocols, so there is none to pick.",
    ),
    (
        "connect-refused-own-status",
        "The mounts that check asks for have no error handler, so Phoenix chooses the status itself.",
    ),
    (
        "auth-token-subprotocol",
        "The mounts that check asks for take the token from the connect params and have no `auth_token`.",
    ),
    (
        "longpoll-auth-header",
        "The mounts that check asks for take the token from the connect params and have no `auth_token`.",
    ),
    (
        "longpoll-binary-out",
        "Phoenix raises when it writes such an answer, and how long the web server then takes to say 500 depends on what \
        it logs: longer, on a busy machine, than a case waits.",
    ),
    (
        "longpoll-origin-checked",
        "The one mount with a list of origins that check asks for has no long poll.",
    ),
    (
        "drain-in-batches",
        "The first batch has ten thousand channels, far more than a case joins.",
    ),
    (
        "binary-field-limit",
        "No channel that check asks for answers a text with bytes, and a binary message cannot carry a longer field to \
        the server.",
    ),
    (
        "slow-reader-spares-others",
        "A case would have to fill the buffers between client and server, whose size differs from system to system; \
        `phxproof load slow-consumer` fills them.",
    ),
    (
        "rejoin-under-load",
        "A case has a few sockets, and this is about thousands; `phxproof load herd` lets them all come back at once.",
    ),
];

/// Rules that no fault of the reference server breaks, each with the reason.
const UNBROKEN: &[(&str, &str)] = &[
    (
        "accept-key-computed",
        "A client that gets another accept key gives the connection up, so check would find no server to judge.",
    ),
    (
        "multi-segment-mount",
        "The reference server has no mount whose path has several segments.",
    ),
    (
        "path-variables-reach-params",
        "The reference server has no mount with a variable in its path.",
    ),
    (
        "subprotocol-refused",
        "No mount of the reference server lists subprotocols.",
    ),
    (
        "subprotocol-picked",
        "No mount of the reference server lists subprotocols.",
    ),
    (
        "connect-refused-own-status",
        "No mount of the reference server has an error handler.",
    ),
    (
        "auth-token-subprotocol",
        "No mount of the reference server has `auth_token`.",
    ),
    (
        "longpoll-auth-header",
        "No mount of the reference server has `auth_token`.",
    ),
    (
        "longpoll-binary-out",
        "No case could show the fault, because none waits for such an answer.",
    ),
    (
        "longpoll-origin-checked",
        "No mount of the reference server has both a list of origins and long poll.",
    ),
    (
        "drain-in-batches",
        "No case could show the fault, because the first batch has ten thousand channels.",
    ),
    (
        "binary-field-limit",
        "No message of a client leads the channels of the reference server to say bytes under a longer field.",
    ),
    (
        "slow-reader-spares-others",
        "No case could show the fault, because none fills the buffers between client and server.",
    ),
    (
        "rejoin-under-load",
        "No case could show the fault, because none has enough sockets.",
    ),
];

/// Why no case can check the rule with this id, if none can.
pub(super) fn untestable(id: &str) -> Option<&'static str> {
    reason(UNTESTABLE, id)
}

/// Why no fault breaks the rule with this id, if none does.
pub(super) fn unbroken(id: &str) -> Option<&'static str> {
    reason(UNBROKEN, id)
}

fn reason(of: &[(&str, &'static str)], id: &str) -> Option<&'static str> {
    of.iter().find(|(rule, _)| *rule == id).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::conformance::rules::find;

    #[test]
    fn each_reason_is_for_a_rule_of_the_catalogue_that_has_no_other() {
        for reasons in [UNTESTABLE, UNBROKEN] {
            let mut seen = HashSet::new();
            for (id, _) in reasons {
                assert!(find(id).is_some() && seen.insert(id), "{id}");
            }
        }
    }
}
