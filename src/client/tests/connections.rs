//! Reconnect, heartbeat, and what the end of a connection does to channels.

use std::time::Duration;

use super::pair::{Arrival, Mood, Pair};
use crate::client::{ChannelState, Socket};

#[test]
fn a_refused_client_comes_back_ever_later() {
    let mut pair = Pair::connected();
    pair.moods = [("connect", Mood::Harsh)].into();
    pair.lose_connection();
    pair.millis(30_000);
    let told = pair.told();
    let connects = told.iter().filter_map(|line| line.strip_suffix(" connect"));
    let connects: Vec<u64> = connects.map(|at| at.parse().expect("milliseconds")).collect();
    // each attempt takes a millisecond to fail
    let waits: Vec<_> = connects.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
    assert_eq!(connects[0], 10);
    assert_eq!(waits[..10], [50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000]);
}

#[test]
fn only_the_users_own_disconnect_is_final() {
    let mut pair = Pair::connected();
    pair.lose_connection();
    pair.millis(100);
    assert!(pair.client.is_connected());
    pair.disconnect();
    pair.told();
    pair.millis(86_400_000);
    assert_eq!(pair.told(), [""; 0]);
}

#[test]
fn a_disconnect_while_waiting_to_reconnect_is_final_too() {
    let mut pair = Pair::connected();
    pair.lose_connection();
    pair.disconnect();
    pair.told();
    pair.millis(60_000);
    assert_eq!(pair.told(), [""; 0]);
}

#[test]
fn channels_rejoin_when_the_user_connects_again() {
    let (mut pair, _) = Pair::joined();
    pair.disconnect();
    pair.millis(60_000);
    pair.call(Socket::connect);
    pair.millis(2);
    assert_eq!(
        pair.told(),
        [
            "0 close 1000",
            "0 cut off 0",
            "0 disconnected",
            "60000 connect",
            "60001 opened",
            r#"60001 > ["4","4","room:1","phx_join",{}]"#,
            "60002 joined 0 after 1ms",
        ]
    );
}

#[test]
fn connecting_twice_is_connecting_once() {
    let mut pair = Pair::connected();
    pair.call(Socket::connect);
    pair.lose_connection();
    pair.call(Socket::connect);
    pair.millis(9);
    assert_eq!(pair.told(), ["0 disconnected for 10ms"]);
}

#[test]
fn events_of_a_connection_that_was_given_up_are_nobodys() {
    let (mut pair, channel) = Pair::joined();
    pair.disconnect();
    pair.told();
    pair.call(Socket::handle_closed);
    pair.call(Socket::handle_open);
    pair.hear(r#"["3",null,"room:1","phx_close",{}]"#);
    assert_eq!(pair.told(), [""; 0]);
    assert!(matches!(
        pair.client.state(channel),
        Some(ChannelState::Errored { .. })
    ));
}

#[test]
fn a_day_of_heartbeats() {
    let mut pair = Pair::connected();
    pair.advance(Duration::from_secs(24 * 60 * 60));
    let told = pair.told();
    assert_eq!(
        told[..4],
        [
            r#"30000 > [null,"1","phoenix","heartbeat",{}]"#,
            "30001 heartbeat answered after 1ms",
            r#"60001 > [null,"2","phoenix","heartbeat",{}]"#,
            "60002 heartbeat answered after 1ms",
        ]
    );
    // 86,400 s, one every 30.001 s
    assert_eq!(told.len(), 2 * 2879);
    assert!(pair.client.is_connected());
}

#[test]
fn a_heartbeat_without_an_answer_ends_the_connection_and_starts_the_next() {
    let (mut pair, _) = Pair::joined();
    pair.moods = [("heartbeat", Mood::Mute)].into();
    pair.millis(61_600);
    assert_eq!(
        pair.told(),
        [
            r#"29999 > [null,"4","phoenix","heartbeat",{}]"#,
            "59999 close 1000 heartbeat timeout",
            "59999 heartbeat timed out after 30000ms",
            "59999 cut off 0",
            "59999 disconnected for 1510ms",
            "61509 connect",
            "61510 opened",
            r#"61510 > ["5","5","room:1","phx_join",{}]"#,
            "61511 joined 0 after 1ms",
        ]
    );
}

#[test]
fn after_a_dead_connection_the_waits_go_on_from_the_second() {
    let mut pair = Pair::connected();
    pair.moods = [("heartbeat", Mood::Mute), ("connect", Mood::Harsh)].into();
    pair.millis(60_000);
    pair.told();
    pair.millis(1600);
    assert_eq!(
        pair.told(),
        [
            "1510 connect",
            "1511 disconnected for 50ms",
            "1561 connect",
            "1562 disconnected for 100ms"
        ]
    );
}

#[test]
fn a_dead_connection_that_closes_soon_is_replaced_soon() {
    for (closed_after, connects_after) in [
        (0, 160),
        (1, 160),
        (150, 160),
        (151, 460),
        (700, 910),
        (1400, 1510),
    ] {
        let mut pair = Pair::connected();
        pair.moods = [("heartbeat", Mood::Mute)].into();
        pair.millis(60_000);
        pair.told();
        pair.under_way
            .push_back((pair.now + Duration::from_millis(closed_after), Arrival::Closed));
        pair.millis(2000);
        assert_eq!(pair.told()[0], format!("{connects_after} connect"));
    }
}

#[test]
fn what_a_dead_connection_still_brings_is_dropped() {
    let (mut pair, _) = Pair::joined();
    pair.moods = [("heartbeat", Mood::Mute), ("connect", Mood::Mute)].into();
    pair.millis(60_000);
    pair.told();
    pair.hear(r#"[null,"4","phoenix","phx_reply",{"status":"ok","response":{}}]"#);
    pair.hear(r#"[null,null,"room:1","news",{}]"#);
    assert_eq!(pair.told(), [""; 0]);
}

#[test]
fn a_late_answer_to_a_heartbeat_keeps_the_connection() {
    let mut pair = Pair::connected();
    pair.moods = [("heartbeat", Mood::Mute)].into();
    pair.millis(59_999);
    pair.hear(r#"[null,"1","phoenix","phx_reply",{"status":"ok","response":{}}]"#);
    pair.millis(1000);
    assert!(pair.client.is_connected());
}

#[test]
fn a_close_errors_joining_and_joined_channels_and_not_those_left() {
    let (mut pair, joined) = Pair::joined();
    pair.moods = [("phx_join", Mood::Mute), ("phx_leave", Mood::Mute)].into();
    let joining = pair.join("room:2");
    let leaving = pair.join("room:3");
    pair.leave(leaving);
    let broken = pair.join("room:4");
    pair.hear(r#"["13","13","room:4","phx_error",{}]"#);
    pair.told();
    pair.lose_connection();
    assert_eq!(
        pair.told(),
        [
            "0 cut off 0",
            "0 cut off 1",
            "0 closed 2 left unheard",
            "0 disconnected for 10ms"
        ]
    );
    for channel in [joined, joining, broken] {
        assert!(matches!(
            pair.client.state(channel),
            Some(ChannelState::Errored { .. })
        ));
    }
}

#[test]
fn a_join_that_waits_for_the_connection_is_cut_off_with_the_attempt() {
    let mut pair = Pair::connected();
    pair.moods = [("connect", Mood::Harsh)].into();
    pair.lose_connection();
    pair.join("room:1");
    pair.millis(11);
    pair.moods.clear();
    pair.millis(60);
    assert_eq!(
        pair.told(),
        [
            "0 disconnected for 10ms",
            "10 connect",
            "11 cut off 0",
            "11 disconnected for 50ms",
            "61 connect",
            "62 opened",
            r#"62 > ["4","4","room:1","phx_join",{}]"#,
            "63 joined 0 after 1ms",
        ]
    );
}

#[test]
fn waits_of_zero_do_not_keep_the_machine_busy_for_ever() {
    let mut pair = Pair::connected();
    pair.moods = [
        ("phx_join", Mood::Mute),
        ("phx_leave", Mood::Mute),
        ("heartbeat", Mood::Mute),
    ]
    .into();
    pair.config.timeout = Duration::ZERO;
    pair.config.heartbeat = Duration::ZERO;
    pair.config.rejoin = crate::client::Backoff::new([], Duration::ZERO);
    pair.join("room:1");
    pair.call(Socket::handle_timeout);
    pair.millis(1);
    assert!(pair.client.next_deadline(&pair.config) > Some(pair.now));
}
