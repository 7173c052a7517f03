//! Leave, and that a channel that was left stays away.

use super::pair::{Mood, Pair};
use crate::client::Socket;

#[test]
fn a_leave_ends_the_channel_when_the_server_says_ok() {
    let (mut pair, channel) = Pair::joined();
    pair.leave(channel);
    pair.millis(1);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["3","4","room:1","phx_leave",{}]"#,
            "1 closed 0 left after 1ms",
            r#"1 dropped NoChannel ["3","3","room:1","phx_close",{}]"#,
        ]
    );
    assert_eq!(pair.client.state(channel), None);
    assert_eq!(pair.push(channel, "ev"), None);
    assert_eq!(pair.leave(channel), None);
}

#[test]
fn a_leave_without_an_answer_ends_the_channel_too() {
    for mood in [Mood::Mute, Mood::Harsh] {
        let (mut pair, channel) = Pair::joined();
        pair.moods = [("phx_leave", mood)].into();
        pair.leave(channel);
        pair.leave(channel);
        pair.millis(10_000);
        let told = pair.told();
        assert_eq!(
            told.first().expect("a frame"),
            r#"0 > ["3","4","room:1","phx_leave",{}]"#
        );
        assert_eq!(
            told.last().expect("an end"),
            "10000 closed 0 leave timed out after 10000ms"
        );
    }
}

#[test]
fn a_left_channel_does_not_rejoin_when_the_connection_comes_back() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("phx_leave", Mood::Mute)].into();
    pair.leave(channel);
    pair.told();
    pair.lose_connection();
    pair.millis(1000);
    assert_eq!(
        pair.told(),
        [
            "0 closed 0 left unheard",
            "0 disconnected for 10ms",
            "10 connect",
            "11 opened"
        ]
    );
}

#[test]
fn a_crash_while_leaving_does_not_bring_the_channel_back() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("phx_leave", Mood::Mute)].into();
    pair.leave(channel);
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    pair.told();
    pair.millis(20_000);
    assert_eq!(pair.told(), ["10000 closed 0 leave timed out after 10000ms"]);
}

#[test]
fn a_channel_that_waits_for_its_rejoin_can_be_left() {
    let (mut pair, channel) = Pair::joined();
    pair.hear(r#"["3","3","room:1","phx_error",{}]"#);
    pair.leave(channel);
    pair.millis(20_000);
    let told = pair.told();
    assert_eq!(
        told[..3],
        [
            "0 crashed 0",
            r#"0 > ["3","4","room:1","phx_leave",{}]"#,
            "1 closed 0 left after 1ms"
        ]
    );
    assert!(!told.iter().any(|line| line.contains("phx_join")));
}

#[test]
fn without_a_connection_a_channel_is_left_at_once_and_nothing_is_sent_later() {
    let mut pair = Pair::connected();
    pair.disconnect();
    let channel = pair.join("room:1");
    pair.leave(channel);
    pair.call(Socket::connect);
    pair.millis(5);
    assert_eq!(
        pair.told(),
        [
            "0 close 1000",
            "0 disconnected",
            "0 closed 0 left unheard",
            "0 connect",
            "1 opened"
        ]
    );
}

#[test]
fn the_answer_to_an_earlier_push_is_told_while_leaving() {
    let (mut pair, channel) = Pair::joined();
    pair.push(channel, "ev");
    pair.leave(channel);
    pair.millis(1);
    assert_eq!(
        pair.told()[2..4],
        ["1 ok 0 #4 after 1ms", "1 closed 0 left after 1ms"]
    );
}

#[test]
fn broadcasts_no_longer_concern_a_channel_that_is_leaving() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("phx_leave", Mood::Mute)].into();
    pair.leave(channel);
    pair.told();
    let news = r#"[null,null,"room:1","news",{}]"#;
    pair.hear(news);
    assert_eq!(pair.told(), [format!("0 dropped NotJoined(ChannelId(0)) {news}")]);
}

#[test]
fn pushes_of_a_left_channel_time_out() {
    let (mut pair, channel) = Pair::joined();
    pair.moods = [("ignored", Mood::Mute)].into();
    pair.push(channel, "ignored");
    pair.leave(channel);
    pair.push(channel, "too-late");
    pair.millis(20_000);
    let told = pair.told();
    assert_eq!(
        told[told.len() - 2..],
        ["10000 push timed out 0 #4", "10000 push timed out 0 #6"]
    );
}

#[test]
fn leaving_one_channel_leaves_its_siblings_joined() {
    let (mut pair, first) = Pair::joined();
    let second = pair.join("room:2");
    pair.millis(1);
    pair.leave(first);
    pair.millis(1);
    pair.told();
    pair.push(second, "ev");
    pair.millis(1);
    assert_eq!(
        pair.told(),
        [r#"0 > ["6","8","room:2","ev",{}]"#, "1 ok 1 #8 after 1ms"]
    );
}
