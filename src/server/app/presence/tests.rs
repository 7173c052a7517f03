//! The presence family of the transcripts: what the channels on a topic push, and when.

use super::super::testing::Scene;
use super::PresenceChannel;
use crate::server::conduct::PresenceLeave;
use crate::server::context::Info;

/// The lines with every presence ref blanked.
fn redacted(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| redact(line)).collect()
}

fn redact(line: &str) -> String {
    let mut pieces = line.split("\"phx_ref");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (key, rest) = piece.split_once("\":\"").unwrap();
        format!("{text}\"phx_ref{key}\":\"*{}", &rest[16..])
    })
}

#[test]
fn a_join_is_told_to_all_and_then_the_state_to_the_new_one() {
    let scene = Scene::new();
    let mut alice = scene.channel((1, "alice"), "presence:room", PresenceChannel::default());
    assert_eq!(alice.join("{}"), ["after 0ns Track", "ok {}"]);
    let mut bob = scene.channel((2, "bob"), "presence:room", PresenceChannel::default());
    alice.info(Info::Track);
    assert_eq!(bob.join(r#"{"status":"busy"}"#), ["after 0ns Track", "ok {}"]);
    assert_eq!(
        redacted(&bob.info(Info::Track)),
        [
            r#"all presence_diff {"joins":{"bob":{"metas":[{"phx_ref":"*","status":"busy"}]}},"leaves":{}}"#,
            r#"push presence_state {"alice":{"metas":[{"phx_ref":"*","status":"online"}]},"bob":{"metas":[{"phx_ref":"*","status":"busy"}]}}"#,
        ]
    );
}

#[test]
fn the_status_is_any_value_and_online_only_where_there_is_none() {
    for (params, status) in [
        ("{}", r#""online""#),
        (r#"{"status":null}"#, "null"),
        (r#"{"status":false}"#, "false"),
        (r#"{"status":{"b":1,"a":[1.50]}}"#, r#"{"a":[1.5],"b":1}"#),
    ] {
        let scene = Scene::new();
        let mut talk = scene.channel((1, "alice"), "presence:room", PresenceChannel::default());
        talk.join(params);
        let lines = redacted(&talk.info(Info::Track));
        assert_eq!(
            lines[1],
            format!(r#"push presence_state {{"alice":{{"metas":[{{"phx_ref":"*","status":{status}}}]}}}}"#)
        );
    }
}

#[test]
fn params_that_are_no_map_crash_the_join() {
    for params in ["null", "[]", "\"\"", "1"] {
        let scene = Scene::new();
        let mut talk = scene.channel((1, "alice"), "presence:room", PresenceChannel::default());
        assert_eq!(talk.join(params), ["crash"]);
    }
}

#[test]
fn an_update_is_answered_and_then_told() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "bob"), "presence:room", PresenceChannel::default());
    talk.join("{}");
    talk.info(Info::Track);
    assert_eq!(
        talk.push("update", r#"{"status":"away"}"#),
        ["after 0ns Tracked", "ok {}"]
    );
    assert_eq!(
        redacted(&talk.info(Info::Tracked)),
        [
            r#"all presence_diff {"joins":{"bob":{"metas":[{"phx_ref":"*","phx_ref_prev":"*","status":"away"}]}},"leaves":{"bob":{"metas":[{"phx_ref":"*","status":"online"}]}}}"#
        ]
    );
    assert!(talk.info(Info::Tracked).is_empty());
}

#[test]
fn what_is_no_update_crashes() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "bob"), "presence:room", PresenceChannel::default());
    talk.join("{}");
    talk.info(Info::Track);
    for (event, payload) in [("update", "{}"), ("update", "null"), ("other", "{}")] {
        assert_eq!(talk.push(event, payload), ["crash"]);
    }
}

#[test]
fn the_end_of_a_channel_is_told_after_what_was_still_untold() {
    let scene = Scene::new();
    let mut talk = scene.channel((1, "bob"), "presence:room", PresenceChannel::default());
    talk.join("{}");
    talk.info(Info::Track);
    talk.push("update", r#"{"status":1}"#);
    assert_eq!(
        redacted(&talk.terminate()),
        [
            r#"all presence_diff {"joins":{"bob":{"metas":[{"phx_ref":"*","phx_ref_prev":"*","status":1}]}},"leaves":{"bob":{"metas":[{"phx_ref":"*","status":"online"}]}}}"#,
            r#"all presence_diff {"joins":{},"leaves":{"bob":{"metas":[{"phx_ref":"*","phx_ref_prev":"*","status":1}]}}}"#,
        ]
    );
    assert!(talk.terminate().is_empty());
}

#[test]
fn a_server_that_does_not_tell_of_leaves_still_forgets_who_left() {
    let mut scene = Scene::new();
    scene.conduct.presence_leave = PresenceLeave::Untold;
    let mut talk = scene.channel((1, "bob"), "presence:room", PresenceChannel::default());
    talk.join("{}");
    talk.info(Info::Track);
    assert!(talk.terminate().is_empty());
    let mut other = scene.channel((2, "alice"), "presence:room", PresenceChannel::default());
    other.join("{}");
    assert!(!other.info(Info::Track)[1].contains("bob"));
}
