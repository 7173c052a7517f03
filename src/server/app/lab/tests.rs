//! The families events, crash, binary, broadcast and join of the transcripts, and what Elixir does with odd values
//! (each tried on Phoenix 1.8.12).

use std::sync::Arc;

use super::super::TopicStates;
use super::super::testing::{Scene, Talk, reply_ref};
use super::Lab;
use crate::server::conduct::{Counter, Whisper};
use crate::server::context::Info;
use crate::server::payload::{Body, In};

fn lab() -> Lab {
    Lab::new(Arc::default())
}

/// Joins a channel of alice's with each of the params, and compares what comes of it.
#[track_caller]
fn joins(cases: &[(&str, &[&str])]) {
    for (params, expected) in cases {
        let scene = Scene::new();
        assert_eq!(
            scene.channel((1, "alice"), "lab:1", lab()).join(params),
            *expected,
            "{params}"
        );
    }
}

/// Pushes each event to a channel of its own, and compares what comes of it.
#[track_caller]
fn answers(event: &str, cases: &[(&str, &[&str])]) {
    for (payload, expected) in cases {
        let scene = Scene::new();
        let mut talk = scene.channel((1, "alice"), "lab:1", lab());
        assert_eq!(talk.push(event, payload), *expected, "{event} {payload}");
    }
}

#[test]
fn a_join_replies_its_params() {
    joins(&[
        ("{}", &[r#"ok {"params":{}}"#]),
        ("null", &[r#"ok {"params":null}"#]),
        (
            r#"{"x":[1,2.5,null,true,{"deep":"\u00e4"}]}"#,
            &[r#"ok {"params":{"x":[1,2.5,null,true,{"deep":"ä"}]}}"#],
        ),
        (r#"{"a":1,"a":2}"#, &[r#"ok {"params":{"a":1}}"#]),
    ]);
}

#[test]
fn a_join_whose_params_have_no_keys_crashes() {
    joins(&[
        ("[]", &["crash"]),
        (r#""text""#, &["crash"]),
        ("1", &["crash"]),
        ("false", &["crash"]),
    ]);
}

#[test]
fn a_join_is_denied_for_any_reason_but_null_and_false() {
    joins(&[
        (r#"{"deny":"no"}"#, &[r#"error {"reason":"no"}"#]),
        (r#"{"deny":0}"#, &[r#"error {"reason":0}"#]),
        (r#"{"deny":""}"#, &[r#"error {"reason":""}"#]),
        (r#"{"deny":null}"#, &[r#"ok {"params":{"deny":null}}"#]),
        (r#"{"deny":false}"#, &[r#"ok {"params":{"deny":false}}"#]),
        (r#"{"deny":"no","crash":[]}"#, &["crash"]),
    ]);
}

#[test]
fn a_join_sleeps_before_anything_else() {
    joins(&[
        (r#"{"delay_ms":300,"crash":1}"#, &["sleep 300ms", "crash"]),
        (r#"{"delay_ms":0}"#, &[r#"ok {"params":{"delay_ms":0}}"#]),
        (r#"{"delay_ms":false}"#, &[r#"ok {"params":{"delay_ms":false}}"#]),
    ]);
}

#[test]
fn a_join_that_cannot_sleep_so_long_crashes() {
    for delay in ["-1", "1.0", r#""5""#, "true", "{}"] {
        joins(&[(&format!(r#"{{"delay_ms":{delay}}}"#), &["crash"])]);
    }
}

#[test]
fn pings_start_when_the_join_has_slept() {
    joins(&[
        (
            r#"{"ping_ms":100}"#,
            &["every 100ms Ping", r#"ok {"params":{"ping_ms":100}}"#],
        ),
        (
            r#"{"ping_ms":100,"delay_ms":50}"#,
            &[
                "after 50ms StartPing(100ms)",
                "sleep 50ms",
                r#"ok {"params":{"delay_ms":50,"ping_ms":100}}"#,
            ],
        ),
    ]);
    let scene = Scene::new();
    let mut talk = scene.channel((1, "alice"), "lab:1", lab());
    assert_eq!(talk.info(Info::Ping), [r#"push ping {"count":1}"#]);
    assert_eq!(talk.info(Info::Ping), [r#"push ping {"count":2}"#]);
}

#[test]
fn an_interval_that_no_timer_takes_is_none() {
    for ms in ["null", "-5", "1.0", r#""5""#, "1000000000000000"] {
        joins(&[(
            &format!(r#"{{"ping_ms":{ms}}}"#),
            &[&format!(r#"ok {{"params":{{"ping_ms":{ms}}}}}"#)],
        )]);
    }
}

#[test]
fn replies_carry_what_was_sent() {
    answers(
        "echo",
        &[
            (r#"{ "b": 1, "a": 1e2 }"#, &[r#"ok {"a":100.0,"b":1}"#]),
            ("7", &["ok 7"]),
        ],
    );
    answers("echo_error", &[(r#"{"x":1}"#, &[r#"error {"x":1}"#])]);
    answers("ack", &[(r#"{"x":1}"#, &["ok {}"])]);
    answers("ignore", &[("{}", &[])]);
    answers("stop_reply", &[(r#"{"x":1}"#, &[r#"ok {"x":1}"#, "stop normal"])]);
}

#[test]
fn pushes_and_broadcasts_carry_what_was_sent() {
    answers("push", &[(r#"{"x":1}"#, &[r#"push pushed {"x":1}"#])]);
    answers(
        "broadcast",
        &[(r#"{"x":1}"#, &[r#"all broadcasted {"x":1}"#, "ok {}"])],
    );
    answers(
        "broadcast_from",
        &[(r#"{"x":1}"#, &[r#"others broadcasted {"x":1}"#, "ok {}"])],
    );
}

#[test]
fn binaries_are_echoed_pushed_and_broadcast_and_crash_what_looks_into_them() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "alice"), "lab:1", lab());
    assert_eq!(talk.handle_in("echo", In::Binary(&[0, 255])), ["ok [0, 255]"]);
    assert_eq!(talk.handle_in("push", In::Binary(&[])), ["push pushed []"]);
    assert_eq!(
        talk.handle_in("broadcast", In::Binary(&[7])),
        ["all broadcasted [7]", "ok {}"]
    );
    assert_eq!(talk.handle_in("put", In::Binary(&[7])), ["crash"]);
}

#[test]
fn the_counter_and_what_was_put_are_the_channels_own() {
    let scene = Scene::new();
    let counters: Arc<TopicStates> = Arc::default();
    let mut alice = scene.channel((1, "alice"), "lab:1", Lab::new(Arc::clone(&counters)));
    let mut bob = scene.channel((2, "bob"), "lab:1", Lab::new(counters));
    assert_eq!(alice.push("count", "{}"), [r#"ok {"count":1}"#]);
    assert_eq!(alice.push("count", "{}"), [r#"ok {"count":2}"#]);
    assert_eq!(bob.push("count", "{}"), [r#"ok {"count":1}"#]);
    assert_eq!(alice.push("put", r#"{"key":"k","value":{"v":1}}"#), ["ok {}"]);
    assert_eq!(alice.push("get", r#"{"key":"k"}"#), [r#"ok {"value":{"v":1}}"#]);
    assert_eq!(bob.push("get", r#"{"key":"k"}"#), [r#"ok {"value":null}"#]);
}

#[test]
fn a_server_that_shares_the_counter_does_so_by_topic() {
    let mut scene = Scene::new();
    scene.conduct.counter = Counter::Topic;
    let counters: Arc<TopicStates> = Arc::default();
    let count = |id, topic| {
        let mut talk = scene.channel((id, "alice"), topic, Lab::new(Arc::clone(&counters)));
        talk.push("count", "{}")
    };
    assert_eq!(count(1, "lab:1"), [r#"ok {"count":1}"#]);
    assert_eq!(count(2, "lab:1"), [r#"ok {"count":2}"#]);
    assert_eq!(count(3, "lab:2"), [r#"ok {"count":1}"#]);
}

#[test]
fn any_value_is_a_key_and_one_is_not_one_point_zero() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "alice"), "lab:1", lab());
    for (key, value) in [("1", r#""whole""#), ("null", "0"), (r#"{"a":1,"b":[]}"#, "true")] {
        assert_eq!(
            talk.push("put", &format!(r#"{{"key":{key},"value":{value}}}"#)),
            ["ok {}"]
        );
    }
    let mut get = |key: &str| talk.push("get", &format!(r#"{{"key":{key}}}"#));
    assert_eq!(get("1"), [r#"ok {"value":"whole"}"#]);
    assert_eq!(get("1.0"), [r#"ok {"value":null}"#]);
    assert_eq!(get("null"), [r#"ok {"value":0}"#]);
    assert_eq!(get(r#"{ "b": [], "a": 1 }"#), [r#"ok {"value":true}"#]);
}

#[test]
fn an_event_that_no_clause_matches_crashes() {
    let crash: &[&str] = &["crash"];
    answers("crash", &[("{}", crash)]);
    answers("no_such_event", &[("{}", crash)]);
    answers("", &[("{}", crash)]);
    answers(
        "put",
        &[
            (r#"{"key":1}"#, crash),
            (r#"{"value":1}"#, crash),
            ("[]", crash),
            ("null", crash),
        ],
    );
    answers("get", &[("{}", crash)]);
    answers("whisper", &[(r#"{"to":"bob"}"#, crash), (r#"{"body":1}"#, crash)]);
    answers(
        "sleep",
        &[("{}", crash), (r#"{"ms":"1"}"#, crash), (r#"{"ms":-1}"#, crash)],
    );
    answers(
        "reply_later",
        &[(r#"{"ms":1}"#, crash), (r#"{"ms":1.5,"body":1}"#, crash)],
    );
    answers("stop", &[("{}", crash)]);
}

#[test]
fn a_stop_is_orderly_only_for_two_reasons() {
    answers(
        "stop",
        &[
            (r#"{"reason":"normal"}"#, &["stop normal"]),
            (r#"{"reason":"shutdown"}"#, &["stop shutdown"]),
            (r#"{"reason":"broken"}"#, &["crash"]),
            (r#"{"reason":null}"#, &["crash"]),
        ],
    );
}

#[test]
fn a_sleep_is_answered_when_it_is_over() {
    answers(
        "sleep",
        &[(r#"{"ms":300}"#, &["sleep 300ms", r#"ok {"slept":300}"#])],
    );
}

#[test]
fn a_reply_that_is_put_off_goes_to_the_push_it_answers() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "alice"), "lab:1", lab());
    let lines = talk.push("reply_later", r#"{"ms":100,"body":[1]}"#);
    assert!(
        lines[0].starts_with("after 100ms ReplyLater(") && lines.len() == 1,
        "{lines:?}"
    );
    let later = Info::ReplyLater(reply_ref("2"), Body::Json(r#"{"body":[1]}"#.into()));
    assert_eq!(talk.info(later), [r#"reply {"body":[1]}"#]);
    talk.reference = None;
    assert_eq!(talk.push("reply_later", r#"{"ms":100,"body":[1]}"#), ["crash"]);
}

fn hear(talk: &mut Talk<'_>, to: &str) -> String {
    talk.hears("whispered", &format!(r#"{{"body":"psst","to":{to}}}"#))
}

#[test]
fn a_whisper_reaches_the_one_it_names() {
    answers(
        "whisper",
        &[(
            r#"{"to":"bob","body":"psst"}"#,
            &[r#"all whispered {"body":"psst","to":"bob"}"#, "ok {}"],
        )],
    );
    let scene = Scene::new();
    let mut bob = scene.channel((2, "bob"), "lab:1", lab());
    assert_eq!(
        hear(&mut bob, r#""bob""#),
        r#"push whispered {"body":"psst","for":"bob"}"#
    );
    assert_eq!(hear(&mut bob, r#""alice""#), "nothing");
    assert_eq!(hear(&mut bob, r#"["bob"]"#), "nothing");
    let mut scene = Scene::new();
    scene.conduct.whisper = Whisper::Everybody;
    let mut bob = scene.channel((2, "bob"), "lab:1", lab());
    assert_eq!(
        hear(&mut bob, r#""alice""#),
        r#"push whispered {"body":"psst","for":"alice"}"#
    );
}
