//! Finds the rule that a failed expectation breaks: the one that the step names, otherwise the matching one
//! of the rules that the scenario cites, otherwise the first of those.

mod deviations;

pub(super) use deviations::{kind_of, of_deviations};

use super::rules::SPECIFIC;
use crate::protocol::{CLOSE, ERROR, REPLY};
use crate::scenario::{Failure, FailureKind, Subject};

/// A failed expectation.
struct Expectation<'a> {
    kind: FailureKind,
    subject: &'a Subject,
    expected: &'a str,
    actual: &'a str,
}

/// The rules that match an expectation.
struct Candidates {
    /// The first of these that the scenario cites.
    among: &'static [&'static str],
    /// The rule that is used if the scenario cites none of them.
    otherwise: Option<&'static str>,
}

const fn among(among: &'static [&'static str]) -> Candidates {
    Candidates {
        among,
        otherwise: None,
    }
}

const fn always(rule: &'static str) -> Candidates {
    Candidates {
        among: &[],
        otherwise: Some(rule),
    }
}

const fn mostly(rule: &'static str, among: &'static [&'static str]) -> Candidates {
    Candidates {
        among,
        otherwise: Some(rule),
    }
}

/// The rule that a failed step breaks.
pub(super) fn of_failure(cited: &[String], failure: &Failure) -> Option<String> {
    let expectation = Expectation {
        kind: failure.kind,
        subject: &failure.subject,
        expected: &failure.expected,
        actual: &failure.actual,
    };
    failure.rule.clone().or_else(|| rule_of(cited, &expectation))
}

/// The rule that a violated invariant breaks.
pub(super) fn of_invariant(cited: &[String], kind: FailureKind) -> Option<String> {
    let subject = &Subject::Event(REPLY.to_owned());
    let (expected, actual) = ("", "");
    rule_of(
        cited,
        &Expectation {
            kind,
            subject,
            expected,
            actual,
        },
    )
}

fn rule_of(cited: &[String], expectation: &Expectation<'_>) -> Option<String> {
    if let Some(own) = cited.iter().find(|rule| SPECIFIC.contains(&rule.as_str())) {
        return Some(own.clone());
    }
    let candidates = candidates(expectation);
    let own = candidates
        .among
        .iter()
        .find(|rule| cited.iter().any(|it| it == *rule))
        .copied();
    own.or(candidates.otherwise)
        .map(str::to_owned)
        .or_else(|| cited.first().cloned())
}

fn candidates(it: &Expectation<'_>) -> Candidates {
    match (it.kind, it.subject) {
        (FailureKind::ForeignKeys, _) => always("v1-objects"),
        (FailureKind::GoneUntold, _) => mostly("crash-sends-error", &["leave-leaves-siblings"]),
        (FailureKind::AfterEnd, _) => {
            among(&["broadcast-skips-left", "push-after-leave-not-run", "join-refused"])
        }
        (FailureKind::EndedUnasked, _) => among(ENDS_OF_OTHERS),
        (FailureKind::ReplyFirst, _) => mostly("broadcast-before-reply", &["annotation-before-reply"]),
        (FailureKind::Overtaken, _) => mostly("sleep-blocks-only-itself", OVERTAKES),
        (_, Subject::Http(_)) => among(&[]),
        (FailureKind::LetIn | FailureKind::Refused | FailureKind::NoConnection, _) => among(CONNECT),
        (FailureKind::Ended, Subject::Close) => of_close(it),
        (FailureKind::EndedEarly, _) if it.actual.contains(COMPRESSED_FRAME) => {
            always("compressed-bit-first-only")
        }
        (FailureKind::EndedEarly, Subject::Join) if it.expected.contains(JOIN_CRASHED) => {
            always("join-crashed")
        }
        (FailureKind::Ended | FailureKind::EndedEarly, _) => among(KEEPS_OPEN),
        (_, Subject::Event(event)) if event != REPLY => of_event(it, event),
        (_, Subject::Connect | Subject::Close | Subject::Other) => among(&[]),
        (FailureKind::ForeignJoinRef | FailureKind::NullRef, _) => {
            mostly("refs-echoed", &["stale-leave-ignored"])
        }
        (FailureKind::Order, _) => always("reply-order"),
        (FailureKind::Doubled, _) => always("reply-once"),
        (_, Subject::Event(_)) => of_reply(it),
        (_, Subject::Join | Subject::Leave | Subject::Heartbeat | Subject::Push(_)) => of_answer(it),
    }
}

/// Rules of the handshake.
const CONNECT: &[&str] = &[
    "origin-checked",
    "origin-allowed",
    "token-signed",
    "vsn-garbage-refused",
    "vsn-checked",
    "connect-refused",
    "connect-upgrades",
];

/// Rules about what a connection survives.
const KEEPS_OPEN: &[&str] = &[
    "large-message-carried",
    "crash-keeps-socket",
    "crash-leaves-siblings",
    "malformed-spares-others",
    "disconnect-spares-others",
    "heartbeat-keeps-open",
];

/// Whether the rule is about what a connection survives, or about what ends it.
pub(super) fn is_about_ends(rule: &str) -> bool {
    KEEPS_OPEN.contains(&rule) || SURVIVED.contains(&rule)
}

/// Rules about single messages that a connection survives.
const SURVIVED: &[&str] = &[
    "compressed-bit-first-only",
    "duplicate-keys-one-wins",
    "event-not-text",
    "join-crashed",
    "payload-not-object",
    "topic-not-text",
    "v2-surplus-ignored",
];

/// How a client describes the bit of compression in a frame that must not have it.
const COMPRESSED_FRAME: &str = "the bit of a compressed message is set";

/// Rules about what a message may contain, and when it is answered.
const SERVED: &[&str] = &[
    "null-join-ref-accepted",
    "large-message-carried",
    "text-field-any-length",
    "binary-any-length",
    "binary-sizes-in-bytes",
    "binary-push-roundtrip",
    "payload-not-object",
    "json-values-survive",
    "sleep-blocks-only-itself",
    "slow-join-blocks-transport",
    "deferred-reply",
    "leave-leaves-siblings",
    "crash-leaves-siblings",
    "unmatched-topic-reply",
    "leave-null-join-ref",
    "stale-leave-ignored",
    "v2-surplus-ignored",
];

/// Rules about the state that the reply to a push depends on.
const STATE: &[&str] = &[
    "duplicate-join-fresh-state",
    "state-apart",
    "topics-apart",
    "rejoin-fresh",
    "state-kept",
];

/// Rules about conversations that must not wait for each other.
const OVERTAKES: &[&str] = &[
    "sleep-blocks-only-itself",
    "slow-join-blocks-transport",
    "slow-join-spares-others",
    "deferred-reply",
    "concurrent-conversations",
];

/// Rules about where a broadcast must not go.
const STAYS: &[&str] = &[
    "broadcast-stays-on-topic",
    "broadcast-from-skips-sender",
    "broadcast-skips-left",
    "intercept-withholds",
    "annotations-stay-on-video",
    "topics-apart",
];

/// Rules about channels that must not end because another channel or connection does.
const ENDS_OF_OTHERS: &[&str] = &[
    "crash-spares-other-sockets",
    "malformed-spares-others",
    "cut-spares-others",
    "leave-leaves-siblings",
    "crash-leaves-siblings",
    "rejoin-fresh",
];

/// Rules about the content of a presence state.
const PRESENCE: &[&str] = &[
    "presence-one-key-many-metas",
    "presence-metas",
    "presence-refs-agree",
    "presence-per-topic",
];

const UNMATCHED: &str = "unmatched topic";

/// The reason in the reply to a join that crashed.
const JOIN_CRASHED: &str = "join crashed";

/// The topic of heartbeats as a line has it.
const PHOENIX: &str = r#""phoenix""#;

/// How a connection was closed.
fn of_close(it: &Expectation<'_>) -> Candidates {
    let still_open = it.actual.contains("open") || it.actual.starts_with("nothing");
    match it.expected {
        text if text.contains("1001") && !still_open => always("disconnect-code"),
        text if text.contains("1012") => always("drain-closes-1012"),
        text if text.contains("1000") && it.actual.contains("without a close frame") => {
            always("close-answered")
        }
        text if text.contains("open") => among(KEEPS_OPEN),
        _ => among(&[]),
    }
}

/// Whether a reply was expected that has an empty response, and this one has another.
fn lacks_empty_response(it: &Expectation<'_>) -> bool {
    const EMPTY: &str = r#""response":{}"#;
    let is_expected = it.expected.contains(EMPTY) || it.expected == "the response {}";
    is_expected && !it.actual.contains(EMPTY)
}

/// Whether this message, or what is said of its join_ref, has none.
fn is_without_join_ref(expected: &str) -> bool {
    let list = expected.find('[').map_or("", |at| &expected[at..]);
    list.starts_with("[null") || expected == "join_ref null"
}

/// The reply to a message of a client.
fn of_answer(it: &Expectation<'_>) -> Candidates {
    let unmatched = it.expected.contains(UNMATCHED);
    match (it.kind, it.subject) {
        (_, Subject::Join) if unmatched => always("join-unmatched-topic"),
        (_, Subject::Join) if it.expected.contains(JOIN_CRASHED) => always("join-crashed"),
        (FailureKind::Missing, Subject::Join) => mostly(
            "join-reply",
            &["join-unmatched-topic", "join-refused", "too-many-channels"],
        ),
        (_, Subject::Leave) => mostly(
            "leave-reply-then-close",
            &["leave-null-join-ref", "leave-unjoined-ok"],
        ),
        (_, Subject::Heartbeat) => always("heartbeat-reply"),
        (_, Subject::Push(_)) if unmatched => mostly("unmatched-topic-reply", &["push-after-leave-not-run"]),
        (FailureKind::Missing, Subject::Push(_)) => mostly("push-reply", SERVED),
        (_, Subject::Push(_)) if lacks_empty_response(it) => always("reply-empty"),
        (_, Subject::Push(_)) if it.actual.contains(UNMATCHED) => among(SERVED),
        (_, Subject::Push(_)) if lacks_a_null(it) => always("json-values-survive"),
        (_, Subject::Push(_)) => among(STATE),
        _ => among(&[]),
    }
}

/// Whether a member was expected to be null, and there is no such member.
fn lacks_a_null(it: &Expectation<'_>) -> bool {
    let expected: String = it.expected.chars().filter(|c| !c.is_whitespace()).collect();
    let mut before_nulls = expected.match_indices("\":null").map(|(at, _)| &expected[..at]);
    before_nulls.any(|before| {
        let key = before.rsplit('"').next().unwrap_or_default();
        !it.actual.contains(&format!("\"{key}\":"))
    })
}

/// A reply that a `receive` takes, or that a fixture contains.
fn of_reply(it: &Expectation<'_>) -> Candidates {
    match it.kind {
        FailureKind::Unwanted => among(&[
            "stale-join-ref-ignored",
            "stale-leave-ignored",
            "no-reply-stays-silent",
            "leave-reply-then-close",
        ]),
        _ if it.expected.contains(UNMATCHED) => mostly(
            "unmatched-topic-reply",
            &[
                "heartbeat-topic",
                "topic-not-text",
                "event-not-text",
                "join-unmatched-topic",
                "push-after-leave-not-run",
            ],
        ),
        FailureKind::WrongContent if lacks_empty_response(it) && it.expected.contains(PHOENIX) => {
            always("heartbeat-reply")
        }
        FailureKind::WrongContent if lacks_empty_response(it) => always("reply-empty"),
        FailureKind::Missing => mostly("push-reply", SERVED),
        _ if lacks_a_null(it) => always("json-values-survive"),
        _ => among(STATE),
    }
}

/// Any other message.
fn of_event(it: &Expectation<'_>, event: &str) -> Candidates {
    match (it.kind, event) {
        (FailureKind::Missing, CLOSE) => mostly(
            "leave-reply-then-close",
            &[
                "stop-reply-then-close",
                "stop-closes",
                "duplicate-join-closes-old",
            ],
        ),
        (FailureKind::Missing, ERROR) => mostly(
            "crash-sends-error",
            &["abnormal-stop-errors", "unknown-event-crashes"],
        ),
        (FailureKind::WrongContent, ERROR) => always("crash-reason"),
        (FailureKind::Unwanted, ERROR) => among(ENDS_OF_OTHERS),
        (_, CLOSE | ERROR) => among(&["leave-leaves-siblings", "crash-leaves-siblings"]),
        (FailureKind::Missing | FailureKind::WrongContent, "presence_diff") => of_diff(it.expected),
        (FailureKind::Missing, "presence_state") => always("presence-state-on-join"),
        (FailureKind::WrongContent, "presence_state") => mostly("presence-state-on-join", PRESENCE),
        (FailureKind::Unwanted, "presence_state") => always("server-push-private"),
        (FailureKind::Unwanted, "presence_diff") => among(&["presence-per-topic"]),
        (FailureKind::ForeignJoinRef, _) if is_without_join_ref(it.expected) => always("broadcast-refs-null"),
        (FailureKind::ForeignJoinRef, _) => always("server-push-refs"),
        (FailureKind::Missing | FailureKind::Unwanted, "pushed" | "ping") => among(&[
            "server-push-private",
            "server-push-order",
            "video-ping",
            "server-push-refs",
            "binary-server-push",
        ]),
        (FailureKind::Order, "pushed" | "ping") => always("server-push-order"),
        (FailureKind::Doubled, "pushed" | "ping") => mostly("server-push-order", &["video-ping"]),
        (FailureKind::Doubled, "presence_diff") => {
            mostly("broadcast-once", &["presence-update", "presence-per-topic"])
        }
        (FailureKind::Order, _) => always("sender-order"),
        (FailureKind::Doubled, _) => mostly("broadcast-once", &["delivery-exactly-once"]),
        (FailureKind::Unwanted, "whispered") => always("intercept-withholds"),
        (FailureKind::Unwanted, _) => mostly("broadcast-stays-on-topic", STAYS),
        (FailureKind::Missing, _) => mostly(
            "broadcast-reaches-all",
            &["intercept-rewrites", "large-message-carried", "binary-broadcast"],
        ),
        (FailureKind::WrongContent, "new_annotation") => among(&["annotation-fields", "annotation-author"]),
        _ => among(&[]),
    }
}

/// A presence diff, by its expected content.
fn of_diff(expected: &str) -> Candidates {
    let text: String = expected
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '"')
        .collect();
    let has = |what: &str| {
        let found = text.find(&format!("{what}:{{")).map(|at| at + what.len() + 2);
        found.is_some_and(|inside| !text[inside..].starts_with('}'))
    };
    match (has("joins"), has("leaves")) {
        (true, true) => always("presence-update"),
        (true, false) => always("presence-diff-join"),
        (false, true) => always("presence-diff-leave"),
        (false, false) => among(&[]),
    }
}
