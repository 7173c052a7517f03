//! Join, timeout, rejoin.

use super::pair::{Mood, Pair};
use crate::client::{ChannelState, Config, Ref, Socket};

#[test]
fn a_join_before_the_connection_is_sent_once_it_opens() {
    let mut pair = Pair::new(Config::phoenix_js());
    pair.join("room:1");
    assert_eq!(pair.told(), [""; 0]);
    pair.call(Socket::connect);
    pair.millis(2);
    assert_eq!(
        pair.told(),
        [
            "0 connect",
            "1 opened",
            r#"1 > ["3","3","room:1","phx_join",{}]"#,
            "2 joined 0 after 2ms"
        ]
    );
}

#[test]
fn a_join_carries_the_params_of_the_moment() {
    let (mut pair, channel) = Pair::joined();
    pair.client.set_params(channel, r#"{"last_seen_id":7}"#.into());
    pair.lose_connection();
    pair.millis(20);
    let told = pair.told();
    assert!(
        told.contains(&r#"11 > ["4","4","room:1","phx_join",{"last_seen_id":7}]"#.to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_second_channel_of_a_topic_replaces_the_open_one() {
    let (mut pair, first) = Pair::joined();
    let second = pair.join("room:1");
    pair.millis(1);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","6","room:1","phx_leave",{}]"#,
            r#"0 > ["7","7","room:1","phx_join",{}]"#,
            "1 closed 0 left after 1ms",
            r#"1 dropped Stale(ChannelId(1)) ["3","3","room:1","phx_close",{}]"#,
            "1 joined 1 after 1ms",
        ]
    );
    assert_eq!(pair.client.state(first), None);
    assert_eq!(pair.client.channel("room:1"), Some(second));
}

#[test]
fn a_channel_of_another_topic_replaces_nothing() {
    let (mut pair, first) = Pair::joined();
    pair.join("room:2");
    pair.millis(1);
    assert!(pair.client.state(first).is_some_and(ChannelState::is_open));
}

#[test]
fn a_join_without_an_answer_is_left_and_tried_again_after_1_2_5_10_and_10_seconds() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Mute), ("phx_leave", Mood::Mute)].into();
    pair.config.heartbeat = std::time::Duration::MAX;
    pair.call(|client, context| {
        client.heartbeat(context);
    });
    pair.told();
    pair.join("room:1");
    pair.millis(80_000);
    let joins_and_leaves: Vec<_> = pair
        .told()
        .into_iter()
        .filter(|line| line.contains("room:1"))
        .collect();
    assert_eq!(
        joins_and_leaves,
        [
            r#"0 > ["4","4","room:1","phx_join",{}]"#,
            r#"10000 > ["4","5","room:1","phx_leave",{}]"#,
            r#"11000 > ["6","6","room:1","phx_join",{}]"#,
            r#"21000 > ["6","7","room:1","phx_leave",{}]"#,
            r#"23000 > ["8","8","room:1","phx_join",{}]"#,
            r#"33000 > ["8","9","room:1","phx_leave",{}]"#,
            r#"38000 > ["10","10","room:1","phx_join",{}]"#,
            r#"48000 > ["10","11","room:1","phx_leave",{}]"#,
            r#"58000 > ["12","12","room:1","phx_join",{}]"#,
            r#"68000 > ["12","13","room:1","phx_leave",{}]"#,
            r#"78000 > ["14","14","room:1","phx_join",{}]"#,
        ]
    );
}

#[test]
fn a_late_answer_to_a_join_that_timed_out_changes_nothing() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Mute), ("phx_leave", Mood::Mute)].into();
    let channel = pair.join("room:1");
    pair.millis(11_500);
    pair.told();
    let late = r#"["3","3","room:1","phx_reply",{"status":"ok","response":{}}]"#;
    pair.hear(late);
    assert_eq!(pair.told(), [format!("0 dropped Stale({channel:?}) {late}")]);
    assert_eq!(pair.client.join_ref(channel), Some(Ref::new(5)));
}

#[test]
fn a_refused_join_is_tried_again_and_again() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Harsh)].into();
    pair.join("room:1");
    pair.millis(2000);
    pair.moods.clear();
    pair.millis(2000);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","3","room:1","phx_join",{}]"#,
            "1 refused 0 after 1ms",
            r#"1001 > ["4","4","room:1","phx_join",{}]"#,
            "1002 refused 0 after 1ms",
            r#"3002 > ["5","5","room:1","phx_join",{}]"#,
            "3003 joined 0 after 1ms",
        ]
    );
}

#[test]
fn after_a_success_the_waits_begin_anew() {
    let (mut pair, _) = Pair::joined();
    for join_ref in [3, 4, 5] {
        pair.hear(&format!(
            r#"["{join_ref}","{join_ref}","room:1","phx_error",{{}}]"#
        ));
        pair.millis(1002);
        let again = format!(r#"1000 > ["{0}","{0}","room:1","phx_join",{{}}]"#, join_ref + 1);
        assert_eq!(
            pair.told(),
            [
                "0 crashed 0".to_owned(),
                again,
                "1001 joined 0 after 1ms".to_owned()
            ]
        );
    }
}

#[test]
fn channels_rejoin_at_once_when_the_connection_is_back() {
    let (mut pair, _) = Pair::joined();
    pair.join("room:2");
    pair.millis(1);
    pair.told();
    pair.lose_connection();
    pair.millis(20);
    assert_eq!(
        pair.told(),
        [
            "0 cut off 0",
            "0 cut off 1",
            "0 disconnected for 10ms",
            "10 connect",
            "11 opened",
            r#"11 > ["7","7","room:1","phx_join",{}]"#,
            r#"11 > ["8","8","room:2","phx_join",{}]"#,
            "12 joined 0 after 1ms",
            "12 joined 1 after 1ms",
        ]
    );
}

#[test]
fn a_crash_is_not_rejoined_while_there_is_no_connection() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("connect", Mood::Mute)].into();
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    pair.lose_connection();
    pair.told();
    pair.millis(60_000);
    assert_eq!(pair.told(), ["10 connect"]);
    assert!(matches!(
        pair.client.state(channel),
        Some(ChannelState::Errored { .. })
    ));
}

#[test]
fn the_server_may_close_a_channel_for_good_even_while_it_joins() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Mute)].into();
    let channel = pair.join("room:1");
    pair.hear(r#"["3","3","room:1","phx_close",{}]"#);
    pair.millis(25_000);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","3","room:1","phx_join",{}]"#,
            "0 closed 0 by the server"
        ]
    );
    assert_eq!(pair.client.state(channel), None);
}

#[test]
fn an_answer_that_is_neither_ok_nor_error_settles_no_join() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Mute), ("phx_leave", Mood::Mute)].into();
    pair.join("room:1");
    for payload in [r#"{"status":"maybe","response":{}}"#, "{}", "null"] {
        pair.hear(&format!(r#"["3","3","room:1","phx_reply",{payload}]"#));
    }
    pair.told();
    pair.millis(10_000);
    assert!(pair.told().contains(&"10000 join timed out 0".to_owned()));
}

#[test]
fn a_crash_while_a_rejoin_is_due_puts_it_off_and_keeps_its_place_in_the_table() {
    let mut pair = Pair::connected();
    pair.moods = [("phx_join", Mood::Harsh)].into();
    pair.join("room:1");
    pair.millis(2500);
    pair.told();
    pair.hear(r#"["4","4","room:1","phx_error",{}]"#);
    pair.millis(2000);
    assert_eq!(
        pair.told(),
        ["0 crashed 0", r#"2000 > ["5","5","room:1","phx_join",{}]"#]
    );
}

#[test]
fn a_close_without_a_join_ref_is_for_every_channel_of_its_topic() {
    let (mut pair, first) = Pair::joined();
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    assert_eq!(pair.client.channel("room:1"), Some(first));
    let second = pair.join("room:1");
    assert_eq!(pair.client.channel("room:1"), Some(second));
    pair.millis(1);
    pair.told();
    pair.hear(r#"[null,null,"room:1","phx_close",{}]"#);
    assert_eq!(
        pair.told(),
        ["0 closed 0 by the server", "0 closed 1 by the server"]
    );
    assert_eq!(
        [first, second].map(|channel| pair.client.state(channel)),
        [None, None]
    );
}
