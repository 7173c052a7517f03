//! From what was heard to the text of a scenario.

use std::time::Duration;

use proptest::prelude::*;

use super::heard::{Heard, HeardWhat, OpeningRequest, Pauses, Said};
use super::{Draft, fixture, scenario};
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::scenario::Color;
use crate::transport::Transport;

fn opening() -> OpeningRequest {
    OpeningRequest {
        transport: Transport::WebSocket,
        vsn: Vsn::V2,
        params: vec![("vsn".to_owned(), "2.0.0".to_owned())],
        headers: Vec::new(),
        agent: String::new(),
    }
}

/// The time of an event in milliseconds, its link, and the event.
pub(super) type Line<'l> = (u64, usize, &'l str);

/// The recording of these events.
pub(super) fn heard(lines: &[Line<'_>]) -> Heard {
    let mut heard = Heard::default();
    for (millis, link, line) in lines {
        let at = Time::from_micros(millis * 1_000);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let said = || Said::Text(rest.to_owned());
        let what = match word {
            "open" => {
                heard.open(at, opening(), HeardWhat::Opened);
                continue;
            }
            ">" => HeardWhat::Sent(*link, said()),
            "<" => HeardWhat::Came(*link, said()),
            "close" => HeardWhat::ClientClosed(*link, rest.parse().ok()),
            "closed" => HeardWhat::ServerClosed(*link, rest.parse().ok()),
            _ => HeardWhat::Cut(*link),
        };
        heard.hear(at, what);
    }
    heard
}

pub(super) fn drafted(heard: &Heard, pauses: Pauses) -> String {
    let draft = Draft::new(heard, pauses, "ws://127.0.0.1:4000/socket");
    let scenario = scenario(&draft, &draft.loosened());
    let fixture = fixture(&draft, &scenario, "x.yaml");
    assert!(
        fixture.is_ok(),
        "{}\n{}",
        fixture.unwrap_err().render(Color::Never),
        scenario.text
    );
    scenario.text
}

/// A client that connects and joins.
pub(super) const JOINED: [Line<'static>; 3] = [
    (0, 0, "open"),
    (0, 0, r#"> ["7","7","a:1","phx_join",{}]"#),
    (
        1,
        0,
        r#"< ["7","7","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
    ),
];

/// The steps behind the first connect and join.
fn steps(lines: &[Line<'_>]) -> String {
    let text = drafted(&heard(&[&JOINED[..], lines].concat()), Pauses::LeftOut);
    let (_, steps) = text.split_once("- ana: { join: \"a:1\" }\n").unwrap();
    steps.to_owned()
}

#[test]
fn heartbeats_are_left_out_and_refs_are_those_of_a_play() {
    let lines = [
        (0, 0, "open"),
        (0, 0, r#"> ["7","7","a:1","phx_join",{}]"#),
        (
            1,
            0,
            r#"< ["7","7","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        (2, 0, r#"> [null,"8","phoenix","heartbeat",{}]"#),
        (
            3,
            0,
            r#"< [null,"8","phoenix","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        (4, 0, r#"> ["7","9","a:1","ask",{}]"#),
        (
            5,
            0,
            r#"< ["7","9","a:1","phx_reply",{"response":{"n":1},"status":"ok"}]"#,
        ),
    ];
    let heard = heard(&lines);
    let draft = Draft::new(&heard, Pauses::LeftOut, "ws://127.0.0.1:4000/socket");
    let scenario = scenario(&draft, &draft.loosened());
    assert!(!scenario.text.contains("heartbeat"), "{}", scenario.text);
    let fixture = fixture(&draft, &scenario, "x.yaml").unwrap();
    assert!(
        fixture.ends_with(
            "ana\n  + open\n  on \"a:1\"\n    [\"1\",\"1\",\"a:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]\n    \
             [\"1\",\"2\",\"a:1\",\"phx_reply\",{\"response\":{\"n\":1},\"status\":\"ok\"}]\n  - open\n"
        ),
        "{fixture}"
    );
}

#[test]
fn messages_that_follow_each_other_at_once_stand_together() {
    let steps = steps(&[
        (5, 0, r#"> ["7","8","a:1","one",{}]"#),
        (5, 0, r#"> ["7","9","a:1","two",{}]"#),
        (
            6,
            0,
            r#"< ["7","9","a:1","phx_reply",{"response":{},"status":"error"}]"#,
        ),
        (
            7,
            0,
            r#"< ["7","8","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
    ]);
    let expected =
        "  - together:\n      - ana: { push: one }\n      - ana: { push: two, reply: { error: {} } }\n";
    assert_eq!(steps, expected);
}

#[test]
fn a_reply_is_awaited_before_others_go_on_unless_it_was_slow() {
    let lines = |slow: u64| {
        [
            (5, 0, r#"> ["7","8","a:1","one",{}]"#),
            (6, 0, r#"< [null,null,"a:1","news",{}]"#),
            (7, 0, r#"> ["7","9","a:1","two",{}]"#),
            (
                8,
                0,
                r#"< ["7","9","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
            ),
            (
                slow,
                0,
                r#"< ["7","8","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
            ),
        ]
    };
    let quick = "  - ana: { push: one }\n  - ana: { receive: news }\n  - ana: { push: two }\n";
    assert_eq!(steps(&lines(20)), quick);
    let slow = "  - ana: { push: one, reply: none }\n  - ana: { receive: news }\n  - ana: { push: two }\n  \
        - ana: { receive: phx_reply, ref: \"2\", with: { response: {}, status: ok } }\n";
    assert_eq!(steps(&lines(900)), slow);
}

#[test]
fn a_stale_join_ref_and_none_are_written() {
    let steps = steps(&[
        (5, 0, r#"> ["8","8","a:1","phx_join",{}]"#),
        (6, 0, r#"> ["7","9","a:1","late",{}]"#),
        (7, 0, r#"> [null,"10","a:1","none",{}]"#),
    ]);
    let expected = "  - together:\n      - ana: { join: \"a:1\", reply: none }\n      \
        - ana: { push: late, join_ref: \"1\", reply: none }\n      - ana: { push: none, join_ref: null, reply: none }\n";
    assert_eq!(steps, expected);
}

#[test]
fn what_is_no_message_is_sent_raw() {
    let steps = steps(&[
        (5, 0, "> {nonsense"),
        (6, 0, r#"> ["7",5,"a:1","x",{}]"#),
        (7, 0, "closed 1011"),
    ]);
    let expected = "  - ana: { raw: { text: \"{nonsense\" } }\n  \
        - ana: { raw: { text: \"[\\\"7\\\",5,\\\"a:1\\\",\\\"x\\\",{}]\" } }\n  - ana: { closed: 1011 }\n";
    assert_eq!(steps, expected);
}

#[test]
fn what_the_server_sends_late_is_awaited_longer_and_pauses_stay_on_request() {
    let lines = [
        (0, 0, "open"),
        (3_100, 0, r#"< [null,null,"a:1","news",{}]"#),
        (5_200, 0, r#"> ["1","1","a:1","phx_join",{}]"#),
    ];
    let text = drafted(&heard(&lines), Pauses::LeftOut);
    assert!(
        text.contains("{ receive: news, on: \"a:1\", within: 11s }"),
        "{text}"
    );
    assert!(!text.contains("sleep"), "{text}");
    let text = drafted(&heard(&lines), Pauses::From(Duration::from_secs(2)));
    assert!(text.contains("  - sleep: 2100ms\n"), "{text}");
}

#[test]
fn an_identifier_that_the_server_gave_is_saved_and_a_secret_of_its_own_is_hidden() {
    let steps = steps(&[
        (
            5,
            0,
            r#"< [null,null,"a:1","made",{"id":41,"token":"tell-nobody"}]"#,
        ),
        (6, 0, r#"> ["7","8","a:1","take",{"list":[{"item_id":41}]}]"#),
        (
            7,
            0,
            r#"< ["7","8","a:1","phx_reply",{"response":{"id":41,"same":41},"status":"ok"}]"#,
        ),
    ]);
    let expected = "  - ana: { receive: made, with: { id: { is: integer }, token: { is: text } }, save: { saved_item_id: \"/id\" } }\n  \
        - ana:\n      push: take\n      with: { list: [{ item_id: \"{{saved_item_id}}\" }] }\n      \
        reply: { ok: { id: { is: integer }, same: 41 } }\n";
    assert_eq!(
        steps.replace(
            "  - ana:\n      receive: made\n      with",
            "  - ana: { receive: made, with"
        ),
        expected
    );
}

fn message() -> impl Strategy<Value = String> {
    let join_ref = prop::sample::select(vec!["null", "\"1\"", "\"2\"", "7"]);
    let reference = prop::sample::select(vec!["null", "\"1\"", "\"2\"", "\"3\"", "\"x\""]);
    let topic = prop::sample::select(vec!["a:1", "b", "phoenix", "{{x}}", ""]);
    let event = prop::sample::select(vec![
        "phx_join",
        "phx_leave",
        "phx_reply",
        "phx_error",
        "say",
        "on",
        "{{",
    ]);
    let payload = prop::sample::select(vec![
        "{}",
        "[]",
        "null",
        r#"{"is":"any"}"#,
        r#"{"status":"ok","response":{"id":12,"token":"abc"}}"#,
        r#"{"status":"odd","response":1}"#,
        r#"{"password":"p","last_id":12,"{{a}}":"{{b}}"}"#,
        "{",
    ]);
    (join_ref, reference, topic, event, payload).prop_map(|(join_ref, reference, topic, event, payload)| {
        format!("[{join_ref},{reference},\"{topic}\",\"{event}\",{payload}]")
    })
}

/// Found by the property below.
#[test]
fn a_push_after_a_reconnect_names_its_topic() {
    let steps = steps(&[
        (5, 0, "cut"),
        (6, 0, "open"),
        (7, 1, r#"> [null,"1","a:1","say",{}]"#),
    ]);
    assert!(
        steps.ends_with("- ana: { push: say, on: \"a:1\", reply: none }\n"),
        "{steps}"
    );
}

proptest! {
    /// Whatever was heard, it becomes a scenario that can be read, with a fixture.
    #[test]
    fn every_recording_is_a_scenario(
        events in prop::collection::vec((0_u64..4_000, 0_usize..3, 0_usize..9, message()), 1..40),
    ) {
        let mut all = heard(&[(0, 0, "open"), (0, 1, "open"), (0, 2, "open")]);
        let mut now = Time::ZERO;
        for (millis, link, kind, text) in events {
            now = now + Duration::from_millis(millis);
            let said = Said::Text(text);
            let link = all.links.len() - 1 - link.min(all.links.len() - 1);
            let what = match kind {
                0..3 => HeardWhat::Sent(link, said),
                3..6 => HeardWhat::Came(link, said),
                6 => HeardWhat::ClientClosed(link, Some(1000)),
                7 => HeardWhat::ServerClosed(link, None),
                _ => {
                    all.hear(now, HeardWhat::Cut(link));
                    all.open(now, opening(), HeardWhat::Opened);
                    continue;
                }
            };
            all.hear(now, what);
        }
        drafted(&all, Pauses::From(Duration::from_secs(1)));
    }
}
