//! Pushes and their answers, refs and join_refs.

use super::pair::{Mood, Pair};
use crate::client::{DropReason, Ref};

#[test]
fn a_push_is_answered_by_its_ref() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("fails", Mood::Harsh)].into();
    assert_eq!(pair.push(channel, "works"), Some(Ref::new(4)));
    assert_eq!(pair.push(channel, "fails"), Some(Ref::new(5)));
    pair.millis(20_000);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","4","room:1","works",{}]"#,
            r#"0 > ["3","5","room:1","fails",{}]"#,
            "1 ok 0 #4 after 1ms",
            "1 error 0 #5 after 1ms",
        ]
    );
}

#[test]
fn pushes_before_the_join_go_out_when_it_succeeds_with_refs_of_their_own() {
    let mut pair = Pair::connected();
    let channel = pair.join("room:1");
    assert_eq!(pair.push(channel, "one"), Some(Ref::new(4)));
    assert_eq!(pair.push(channel, "two"), Some(Ref::new(5)));
    pair.millis(2);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","3","room:1","phx_join",{}]"#,
            "1 joined 0 after 1ms",
            r#"1 > ["3","6","room:1","one",{}]"#,
            r#"1 > ["3","7","room:1","two",{}]"#,
            "2 ok 0 #4 after 1ms",
            "2 ok 0 #5 after 1ms",
        ]
    );
}

#[test]
fn pushes_of_one_channel_do_not_wait_for_another() {
    let (mut pair, joined) = Pair::joined();
    pair.moods = [("phx_join", Mood::Mute)].into();
    let joining = pair.join("room:2");
    pair.push(joining, "held-back");
    pair.push(joined, "sent");
    pair.millis(1);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["6","6","room:2","phx_join",{}]"#,
            r#"0 > ["3","8","room:1","sent",{}]"#,
            "1 ok 0 #8 after 1ms"
        ]
    );
}

#[test]
fn a_push_without_an_answer_times_out_once() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("ignored", Mood::Mute)].into();
    pair.push(channel, "ignored");
    pair.millis(25_000);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","4","room:1","ignored",{}]"#,
            "10000 push timed out 0 #4"
        ]
    );
}

#[test]
fn an_answer_after_the_timeout_or_a_second_answer_is_nobodys() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("ignored", Mood::Mute)].into();
    pair.push(channel, "ignored");
    pair.push(channel, "answered");
    pair.millis(10_000);
    pair.told();
    for push in [4, 5] {
        let answer = format!(r#"["3","{push}","room:1","phx_reply",{{"status":"ok","response":{{}}}}]"#);
        pair.hear(&answer);
        let reason = DropReason::Unasked(channel);
        assert_eq!(pair.told(), [format!("0 dropped {reason:?} {answer}")]);
    }
}

#[test]
fn a_push_that_timed_out_while_held_back_is_never_sent() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Mute), ("phx_leave", Mood::Mute)].into();
    let channel = pair.join("room:1");
    pair.push(channel, "early");
    pair.millis(5000);
    pair.push(channel, "late");
    pair.millis(5000);
    pair.moods.clear();
    pair.millis(1100);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","3","room:1","phx_join",{}]"#,
            r#"10000 > ["3","6","room:1","phx_leave",{}]"#,
            "10000 join timed out 0",
            "10000 push timed out 0 #4",
            r#"11000 > ["7","7","room:1","phx_join",{}]"#,
            "11001 joined 0 after 1ms",
            r#"11001 > ["7","8","room:1","late",{}]"#,
            "11002 ok 0 #5 after 1ms",
        ]
    );
}

#[test]
fn pushes_of_a_broken_channel_wait_for_its_rejoin() {
    let (mut pair, channel) = Pair::joined();
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    pair.push(channel, "patient");
    pair.millis(1002);
    assert_eq!(
        pair.told(),
        [
            "0 crashed 0",
            r#"1000 > ["5","5","room:1","phx_join",{}]"#,
            "1001 joined 0 after 1ms",
            r#"1001 > ["5","6","room:1","patient",{}]"#,
            "1002 ok 0 #4 after 1ms",
        ]
    );
}

#[test]
fn what_was_sent_before_a_crash_can_still_be_answered_but_not_after_the_rejoin() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("slow", Mood::Mute)].into();
    pair.push(channel, "slow");
    pair.push(channel, "slow");
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    pair.hear(r#"["3","4","room:1","phx_reply",{"status":"ok","response":{}}]"#);
    pair.millis(1001);
    pair.told();
    let stale = r#"["3","5","room:1","phx_reply",{"status":"ok","response":{}}]"#;
    pair.hear(stale);
    pair.millis(9000);
    assert_eq!(
        pair.told(),
        [
            format!("0 dropped Stale(ChannelId(0)) {stale}"),
            "8999 push timed out 0 #5".to_owned()
        ]
    );
}

#[test]
fn messages_of_another_join_are_dropped_and_those_without_one_are_not() {
    let (mut pair, _) = Pair::joined();
    for (join_ref, outcome) in [
        (r#""3""#, "message 0"),
        ("null", "message 0"),
        (r#""""#, "message 0"),
        (r#""2""#, "dropped Stale(ChannelId(0))"),
        (r#""x""#, "dropped Stale(ChannelId(0))"),
        (r#""03""#, "dropped Stale(ChannelId(0))"),
    ] {
        let news = format!(r#"[{join_ref},null,"room:1","news",{{}}]"#);
        pair.hear(&news);
        assert_eq!(pair.told(), [format!("0 {outcome} {news}")]);
    }
}

#[test]
fn a_message_for_a_topic_without_a_channel_is_reported() {
    let (mut pair, _) = Pair::joined();
    let news = r#"[null,null,"room:2","news",{}]"#;
    pair.hear(news);
    assert_eq!(pair.told(), [format!("0 dropped NoChannel {news}")]);
}

#[test]
fn refs_grow_and_restart_where_javascript_numbers_end() {
    let (mut pair, channel) = Pair::joined();
    pair.client.skip_refs_to(Ref::LAST);
    let pushes = [(); 3].map(|()| pair.push(channel, "ev").expect("joined"));
    assert_eq!(pushes, [Ref::LAST, Ref::new(0), Ref::new(1)]);
    pair.millis(1);
    let answered = pair.told().into_iter().filter(|line| line.contains("ok 0"));
    assert_eq!(answered.count(), 3);
}

#[test]
fn an_answer_on_another_topic_is_no_answer() {
    let (mut pair, channel) = Pair::joined();
    let other = pair.join("room:2");
    pair.moods = [("ev", Mood::Mute)].into();
    pair.push(channel, "ev");
    pair.millis(1);
    pair.told();
    let answer = r#"[null,"7","room:2","phx_reply",{"status":"ok","response":{}}]"#;
    pair.hear(answer);
    let reason = DropReason::Unasked(other);
    assert_eq!(pair.told(), [format!("0 dropped {reason:?} {answer}")]);
}
