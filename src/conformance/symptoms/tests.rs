//! Recordings with and without the symptoms of broken rules.

use std::time::Duration;

use super::super::catalogue::built_in;
use super::*;
use crate::clock::Time;
use crate::scenario::{RecordedEntry, Recording};

/// An event in a play of one actor.
enum Happens {
    Sends(&'static str),
    Hears(&'static str),
    Ends(u16),
    /// 100 ms pass.
    Wait,
}

use Happens::{Ends, Hears, Sends, Wait};

const JOIN: &str = r#"["1","1","a","phx_join",{}]"#;
const LEAVE: &str = r#"["1","2","a","phx_leave",{}]"#;
const CLOSE: &str = r#"["1","1","a","phx_close",{}]"#;
const NEWS: &str = r#"[null,null,"a","news",{"n":1}]"#;
const PUSH: &str = r#"["1","3","a","news",{"n":1}]"#;

/// The rule that a play shows to be broken.
fn broken(vsn: Vsn, happens: &[Happens]) -> Option<&'static str> {
    let case = built_in().iter().find(|case| &*case.id == "join/ok").unwrap();
    let mut recording = Recording::default();
    let mut at = Time::from_micros(0);
    for it in happens {
        let what = match it {
            Sends(text) => Noted::SentText((*text).into()),
            Hears(text) => Noted::Text((*text).into()),
            Ends(code) => Noted::Ended(Ending::CloseFrame {
                code: Some(*code),
                reason: String::new(),
            }),
            Wait => {
                at = at + Duration::from_millis(100);
                continue;
            }
        };
        let who = Who::Actor(0, 1);
        recording.entries.push(RecordedEntry { at, who, what });
    }
    shown(&Heard::new(&case.program, &recording, vsn)).map(|it| it.rule)
}

#[test]
fn a_broadcast_long_after_a_leave_shows_that_the_subscription_lives() {
    let so_far = [Sends(JOIN), Sends(LEAVE), Hears(CLOSE)];
    let at_once = so_far.into_iter().chain([Hears(NEWS)]).collect::<Vec<_>>();
    assert_eq!(broken(Vsn::V2, &at_once), None);
    let late = [Sends(JOIN), Sends(LEAVE), Hears(CLOSE), Wait, Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &late), Some("broadcast-skips-left"));
    let again = r#"["4","4","a","phx_join",{}]"#;
    let joined_again = [
        Sends(JOIN),
        Sends(LEAVE),
        Hears(CLOSE),
        Sends(again),
        Wait,
        Hears(NEWS),
    ];
    assert_eq!(broken(Vsn::V2, &joined_again), None);
}

#[test]
fn a_push_that_is_handled_after_the_end_shows_that_the_channel_lives() {
    let ok = r#"["1","3","a","phx_reply",{"response":{},"status":"ok"}]"#;
    let unmatched =
        r#"[null,"3","a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]"#;
    let left = |answer| {
        [
            Sends(JOIN),
            Sends(LEAVE),
            Hears(CLOSE),
            Sends(PUSH),
            Hears(answer),
        ]
    };
    assert_eq!(broken(Vsn::V2, &left(ok)), Some("push-after-leave-not-run"));
    assert_eq!(broken(Vsn::V2, &left(unmatched)), None);
    let error = r#"["1","1","a","phx_error",{}]"#;
    let crashed = [Sends(JOIN), Hears(error), Sends(PUSH), Hears(ok)];
    assert_eq!(broken(Vsn::V2, &crashed), Some("unmatched-topic-reply"));
    // It was sent before the client was told.
    let behind = [Sends(JOIN), Sends(PUSH), Hears(error), Hears(ok)];
    assert_eq!(broken(Vsn::V2, &behind), None);
}

#[test]
fn an_event_of_a_join_that_is_over_shows_that_its_channel_lives() {
    let again = r#"["4","4","a","phx_join",{}]"#;
    let timer = r#"["1",null,"a","tick",{}]"#;
    let of_the_first = [Sends(JOIN), Sends(again), Hears(CLOSE), Hears(timer)];
    assert_eq!(broken(Vsn::V2, &of_the_first), Some("closed-channel-silent"));
    let before_its_end = [Sends(JOIN), Sends(again), Hears(timer), Hears(CLOSE)];
    assert_eq!(broken(Vsn::V2, &before_its_end), None);
    let under_the_same_ref = [Sends(JOIN), Hears(CLOSE), Sends(JOIN), Hears(timer)];
    assert_eq!(broken(Vsn::V2, &under_the_same_ref), None);
}

#[test]
fn a_broadcast_that_comes_more_often_than_it_was_sent_is_a_repeated_one() {
    let once = [Sends(JOIN), Sends(PUSH), Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &once), None);
    let twice = [Sends(JOIN), Sends(PUSH), Hears(NEWS), Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &twice), Some("broadcast-once"));
    let sent_twice = [Sends(JOIN), Sends(PUSH), Sends(PUSH), Hears(NEWS), Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &sent_twice), None);
    let other = r#"["9","9","b","phx_join",{}]"#;
    let by_another_topic = [Sends(JOIN), Sends(other), Sends(PUSH), Hears(NEWS), Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &by_another_topic), None);
    // Nobody knows what made the server say this.
    let unasked = [Sends(JOIN), Hears(NEWS), Hears(NEWS)];
    assert_eq!(broken(Vsn::V2, &unasked), None);
}

#[test]
fn a_message_of_the_other_version_shows_the_rule_of_the_version_of_its_client() {
    let object = r#"{"topic":"a","event":"news","payload":{},"ref":null}"#;
    assert_eq!(broken(Vsn::V2, &[Hears(object)]), Some("v2-arrays"));
    assert_eq!(broken(Vsn::V1, &[Hears(NEWS)]), Some("v1-objects"));
    assert_eq!(broken(Vsn::V1, &[Hears(object)]), None);
    assert_eq!(broken(Vsn::V2, &[Hears("no message")]), None);
}

#[test]
fn a_close_for_size_shows_that_the_limit_is_too_low() {
    assert_eq!(
        broken(Vsn::V2, &[Sends(PUSH), Ends(1009)]),
        Some("large-message-carried")
    );
    assert_eq!(broken(Vsn::V2, &[Sends(PUSH), Ends(1001)]), None);
    let frame: &'static str = "x".repeat(CARRIED).leak();
    assert_eq!(broken(Vsn::V2, &[Sends(frame), Ends(1009)]), None);
}
