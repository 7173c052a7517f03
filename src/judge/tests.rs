//! The walk, with a correct client and with each mistake. No time passes.

mod mistake;
mod play;

use mistake::{LEFT, Mistake};
use play::ClientPlay;
use proptest::prelude::*;

use super::JudgeLimits;
use super::invariants::RULES;
use super::situations::{ConnectionEnd, SITUATIONS};
use super::walk::{JudgedLink, Walk, WalkOutput};
use crate::clock::Time;
use crate::protocol::{Frame, Vsn};

const TOPICS: [&str; 3] = ["room:1", "room:2", LEFT];

#[test]
fn a_client_that_does_what_phoenix_js_does_holds_everything() {
    let play = ClientPlay::new(Vsn::V2, &TOPICS, Mistake::None).played();
    insta::assert_snapshot!(play.told());
}

#[test]
fn in_1_0_0_what_needs_a_join_ref_is_not_judged() {
    let play = ClientPlay::new(Vsn::V1, &TOPICS, Mistake::None).played();
    assert_eq!(play.broken(), []);
    let told = play.told();
    assert!(
        told.contains("not judged client-drops-foreign-join-ref: late-close: 1.0.0 has"),
        "{told}"
    );
    assert!(
        told.contains("held client-reconnects-on-1000: close-1000:"),
        "{told}"
    );
}

#[test]
fn a_client_without_topics_is_judged_by_its_connections() {
    let play = ClientPlay::new(Vsn::V2, &[], Mistake::None).played();
    assert_eq!(play.broken(), []);
    let told = play.told();
    assert!(
        told.contains("not judged client-rejoin-backoff: error: the client has joined no topic"),
        "{told}"
    );
    assert!(told.contains("held client-heartbeat-timeout: silence:"), "{told}");
}

/// Each mistake, and exactly what is told of it.
const MISTAKES: &[(Mistake, &[(&str, &str)])] = &[
    (
        Mistake::OwnsLateClose,
        &[
            ("client-drops-foreign-join-ref", "late-close"),
            ("client-drops-foreign-join-ref", "crossed-joins"),
        ],
    ),
    (
        Mistake::OwnsLateError,
        &[
            ("client-drops-foreign-join-ref", "late-error"),
            // It rejoins a topic that is joined.
            ("client-duplicate-topic-replaced", "always"),
            ("client-drops-foreign-join-ref", "crossed-joins"),
        ],
    ),
    (Mistake::DropsErrors, &[("client-rejoin-backoff", "error")]),
    (
        Mistake::StaysAway(ConnectionEnd::Cut),
        &[("client-reconnects-when-closed", "cut")],
    ),
    (
        Mistake::StaysAway(ConnectionEnd::Code(1001)),
        &[("client-reconnects-when-closed", "close-1001")],
    ),
    (
        Mistake::StaysAway(ConnectionEnd::Code(1012)),
        &[("client-reconnects-when-closed", "close-1012")],
    ),
    (
        Mistake::StaysAway(ConnectionEnd::Code(1000)),
        &[("client-reconnects-on-1000", "close-1000")],
    ),
    (Mistake::ForgetsTopics, &[("client-rejoins-on-reopen", "cut")]),
    (Mistake::Storms, &[("client-reconnect-backoff", "refused")]),
    (Mistake::WaitsAlike, &[("client-reconnect-backoff", "refused")]),
    (Mistake::ReusesRefs, &[("client-refs-grow", "always")]),
    (Mistake::RefsAreNumbers, &[("client-refs-grow", "always")]),
    (Mistake::RejoinsLeft, &[("client-left-stays-left", "always")]),
    (
        Mistake::RejoinsClosed,
        &[("client-left-stays-left", "channel-closed")],
    ),
    (
        Mistake::IgnoresSilence,
        &[("client-heartbeat-timeout", "silence")],
    ),
    (
        Mistake::KeepsOldConnections,
        &[("client-heartbeat-timeout", "silence")],
    ),
    (
        Mistake::UsesLateReply,
        &[("client-late-join-reply", "late-join-reply")],
    ),
    (
        Mistake::NeverGivesUp,
        &[("client-join-timeout", "late-join-reply")],
    ),
    (Mistake::NoHeartbeat, &[("client-heartbeat", "always")]),
    (Mistake::RareHeartbeat, &[("client-heartbeat", "always")]),
    (Mistake::OddHeartbeat, &[("client-heartbeat", "always")]),
    (
        Mistake::JoinsTwice,
        // The server closes the first of the two joins, which this client takes for its only one.
        &[
            ("client-refs-grow", "always"),
            ("client-duplicate-topic-replaced", "always"),
            ("client-rejoins-on-reopen", "cut"),
        ],
    ),
    (Mistake::PushesEarly, &[("client-buffers-until-joined", "always")]),
    (Mistake::OldJoinRef, &[("client-push-join-ref", "always")]),
    (Mistake::NoJoinRef, &[("client-push-join-ref", "always")]),
    (
        Mistake::DeafAfterUnknownTopic,
        &[("client-drops-unknown", "unknown-topic")],
    ),
    (Mistake::DeafAfterBinary, &[("client-drops-unknown", "binary")]),
    (
        Mistake::DeafAfterPresence,
        &[("client-presence-queue", "presence-diff-first")],
    ),
    (Mistake::ClosesOnBinary, &[("client-drops-unknown", "binary")]),
    (Mistake::Garbles, &[("client-frames", "always")]),
];

#[test]
fn each_mistake_is_told_and_nothing_else() {
    let mut complaints = String::new();
    for (mistake, expected) in MISTAKES {
        let play = ClientPlay::new(Vsn::V2, &TOPICS, *mistake).played();
        if play.broken() != *expected {
            complaints.push_str(&format!(
                "{mistake:?}: expected {expected:?}, got {:?}\n{}\n",
                play.broken(),
                play.told()
            ));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// Something that a client without sense does.
#[derive(Clone, Debug)]
enum Whim {
    Asks,
    Opens(u64, bool),
    Says(u64, usize),
    Closes(u64),
    Waits(u32),
}

const WORDS: [&str; 7] = [
    r#"["1","1","a","phx_join",{}]"#,
    r#"["2","2","a","phx_join",{}]"#,
    r#"["1","3","a","phx_leave",{}]"#,
    r#"[null,"4","phoenix","heartbeat",{}]"#,
    r#"["2",null,"a","news",{}]"#,
    r#"[1,2,3,4,5]"#,
    "no",
];

fn whims() -> impl Strategy<Value = Whim> {
    prop_oneof![
        Just(Whim::Asks),
        (0..4u64, any::<bool>()).prop_map(|(link, v1)| Whim::Opens(link, v1)),
        (0..4u64, 0..WORDS.len()).prop_map(|(link, word)| Whim::Says(link, word)),
        (0..4u64).prop_map(Whim::Closes),
        (0..40_000_000u32).prop_map(Whim::Waits),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client does, even after the end: each situation has its verdict, each rule that is always watched has one
    /// verdict, and a wait has an end.
    #[test]
    fn a_walk_ends_with_a_verdict_on_everything(whims in prop::collection::vec(whims(), 0..200)) {
        let mut walk = Walk::new(JudgeLimits::default());
        let mut now = Time::from_micros(1);
        walk.opened(JudgedLink(0), Vsn::V2, now);
        for whim in whims {
            match whim {
                Whim::Asks => { walk.asks(now); }
                Whim::Opens(link, true) => walk.opened(JudgedLink(link), Vsn::V1, now),
                Whim::Opens(link, false) => walk.opened(JudgedLink(link), Vsn::V2, now),
                Whim::Says(link, word) => walk.received(JudgedLink(link), Frame::Text(WORDS[word]), now),
                Whim::Closes(link) => walk.closed(JudgedLink(link), None, now),
                Whim::Waits(micros) => {
                    now = Time::from_micros(now.as_micros() + u64::from(micros));
                    walk.woken(now);
                }
            }
            prop_assert!(walk.deadline().is_none_or(|deadline| deadline > now || deadline == Time::MAX));
        }
        for link in 0..4 {
            walk.closed(JudgedLink(link), None, now);
        }
        let mut wakes = 0;
        while let Some(deadline) = walk.deadline() {
            now = now.max(deadline);
            walk.woken(now);
            wakes += 1;
            prop_assert!(wakes < 200, "it never ends");
        }
        prop_assert!(walk.is_over());
        walk.opened(JudgedLink(4), Vsn::V2, now);
        for word in WORDS {
            walk.received(JudgedLink(4), Frame::Text(word), now);
        }
        let told: Vec<_> = walk.take();
        for situation in SITUATIONS {
            let said = format!("situation: {:?}", situation.id);
            prop_assert!(told.iter().any(|output| format!("{output:?}").contains(&said)), "{said}");
        }
        for rule in RULES {
            let is_about_it = |output: &&WalkOutput| {
                matches!(output, WalkOutput::Verdict(verdict) if verdict.rule == rule && verdict.situation == "always")
            };
            prop_assert_eq!(told.iter().filter(is_about_it).count(), 1, "{}", rule);
        }
    }
}
