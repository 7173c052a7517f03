//! Tests of a scripted client, which does nothing by itself.

use std::time::Duration;

use super::pair::{Mood, Pair};
use crate::client::{ChannelState, Config, DropReason, Ref, Socket};

fn scripted() -> Pair {
    let mut pair = Pair::new(Config::scripted());
    pair.call(Socket::connect);
    pair.millis(1);
    pair.told();
    pair
}

#[test]
fn refs_are_counted_from_one() {
    let mut pair = scripted();
    let channel = pair.join("room:1");
    pair.millis(1);
    pair.push(channel, "ev");
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["1","1","room:1","phx_join",{}]"#,
            "1 joined 0 after 1ms",
            r#"1 > ["1","2","room:1","ev",{}]"#
        ]
    );
}

#[test]
fn nothing_happens_by_itself() {
    let mut pair = scripted();
    pair.moods = [("phx_join", Mood::Mute), ("ev", Mood::Mute)].into();
    let channel = pair.join("room:1");
    pair.push(channel, "ev");
    pair.leave(channel);
    pair.join("room:2");
    pair.told();
    pair.under_way.clear();
    assert_eq!(pair.client.next_deadline(&pair.config), None);
    pair.advance(Duration::from_secs(86_400));
    pair.lose_connection();
    assert_eq!(pair.client.next_deadline(&pair.config), None);
    assert_eq!(
        pair.told(),
        [
            "86400000 closed 0 left unheard",
            "86400000 cut off 1",
            "86400000 disconnected"
        ]
    );
}

#[test]
fn nothing_is_held_back() {
    let mut pair = scripted();
    pair.moods = [("phx_join", Mood::Mute)].into();
    let joining = pair.join("room:1");
    pair.push(joining, "ev");
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["1","1","room:1","phx_join",{}]"#,
            r#"0 > ["1","2","room:1","ev",{}]"#
        ]
    );
}

#[test]
fn a_second_join_is_only_a_join_with_a_new_ref() {
    let mut pair = scripted();
    let channel = pair.join("room:1");
    pair.millis(1);
    pair.told();
    assert_eq!(pair.join("room:1"), channel);
    pair.millis(1);
    let close = r#"["1","1","room:1","phx_close",{}]"#;
    pair.hear(close);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["2","2","room:1","phx_join",{}]"#.to_owned(),
            "1 joined 0 after 1ms".to_owned(),
            format!("1 dropped {:?} {close}", DropReason::Stale(channel))
        ]
    );
}

#[test]
fn a_channel_that_was_left_can_be_pushed_to_left_and_joined_again() {
    let mut pair = scripted();
    let channel = pair.join("room:1");
    pair.millis(1);
    pair.leave(channel);
    pair.millis(1);
    let last = Some(Ref::new(1));
    assert_eq!(pair.client.state(channel), Some(ChannelState::Closed { last }));
    pair.told();
    pair.push(channel, "ev");
    pair.leave(channel);
    pair.millis(1);
    assert_eq!(pair.join("room:1"), channel);
    assert_eq!(
        pair.told(),
        [
            r#"0 > ["1","3","room:1","ev",{}]"#,
            r#"0 > ["1","4","room:1","phx_leave",{}]"#,
            "1 ok 0 #3 after 1ms",
            "1 closed 0 left after 1ms",
            r#"1 dropped NotJoined(ChannelId(0)) ["1","1","room:1","phx_close",{}]"#,
            r#"1 > ["5","5","room:1","phx_join",{}]"#,
        ]
    );
}

#[test]
fn a_script_chooses_refs_and_sends_heartbeats_when_it_likes() {
    let mut pair = scripted();
    pair.client.skip_refs_to(Ref::new(11));
    assert_eq!(pair.client.make_ref(), Ref::new(11));
    let sent = pair.call(Socket::heartbeat);
    let too_soon = pair.call(Socket::heartbeat);
    pair.millis(1);
    assert_eq!((sent, too_soon), (Some(Ref::new(12)), None));
    assert_eq!(
        pair.told(),
        [
            r#"0 > [null,"12","phoenix","heartbeat",{}]"#,
            "1 heartbeat answered after 1ms"
        ]
    );
}

#[test]
fn after_a_cut_the_script_connects_and_joins_again() {
    let mut pair = scripted();
    let channel = pair.join("room:1");
    pair.millis(1);
    pair.told();
    pair.lose_connection();
    pair.call(Socket::connect);
    pair.millis(1);
    pair.join("room:1");
    pair.millis(1);
    assert_eq!(
        pair.told(),
        [
            "0 cut off 0",
            "0 disconnected",
            "0 connect",
            "1 opened",
            r#"1 > ["2","2","room:1","phx_join",{}]"#,
            "2 joined 0 after 1ms"
        ]
    );
    assert_eq!(pair.client.join_ref(channel), Some(Ref::new(2)));
}
