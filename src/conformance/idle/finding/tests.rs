//! Tests of the sentences and figures.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn settings() -> IdleSettings {
    IdleSettings {
        transports: vec![Transport::WebSocket],
        longest: s(150),
        heartbeat: s(30),
    }
}

fn seen(traffic: Traffic, age: Duration, end: WatchEnd) -> Watched {
    Watched {
        transport: Transport::WebSocket,
        traffic,
        end,
        age,
        pinged: 0,
    }
}

fn only(seen: &[Watched]) -> IdleFinding {
    let mut found = findings(seen, &settings());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn closed(code: u16) -> Ending {
    Ending::CloseFrame {
        code: Some(code),
        reason: String::new(),
    }
}

#[test]
fn a_cut_tells_what_the_heartbeat_leaves() {
    let alive = seen(Traffic::Nothing, s(50), WatchEnd::Alive);
    let cut = seen(Traffic::Nothing, s(60), WatchEnd::Cut(s(60), closed(1002)));
    let found = only(&[alive, cut]);
    assert_eq!(
        found.sentence,
        "WebSocket: cut after 60 s of silence in both directions by the peer, which closed with 1002 (protocol error); \
         a 30 s heartbeat leaves 30 s"
    );
    assert_eq!((found.cut_after, found.alive_after), (Some(s(60)), Some(s(50))));
    assert_eq!(found.by, Some(CutBy::CloseFrame(Some(1002))));
    assert_eq!((found.heartbeat_leaves_ms, found.warning), (Some(30_000), None));
}

#[test]
fn a_cut_before_the_heartbeat_and_one_shortly_behind_it_are_warned_of() {
    let found = only(&[seen(Traffic::Nothing, s(20), WatchEnd::Cut(s(20), Ending::Eof))]);
    assert_eq!(
        (found.by, found.heartbeat_leaves_ms),
        (Some(CutBy::Fin), Some(-10_000))
    );
    assert!(
        found
            .warning
            .is_some_and(|it| it.contains("loses its connection"))
    );
    let found = only(&[seen(Traffic::Nothing, s(32), WatchEnd::Cut(s(32), Ending::Reset))]);
    assert_eq!(
        (found.by, found.heartbeat_leaves_ms),
        (Some(CutBy::Rst), Some(2000))
    );
    assert!(found.warning.is_some_and(|it| it.contains("leaves only 2 s")));
}

#[test]
fn of_a_connection_that_is_dropped_without_a_word_only_bounds_are_told() {
    let found = only(&[
        seen(Traffic::Nothing, s(25), WatchEnd::Alive),
        seen(Traffic::Nothing, s(50), WatchEnd::Alive),
        seen(Traffic::Nothing, s(75), WatchEnd::Unanswered),
        seen(Traffic::Nothing, s(150), WatchEnd::Unanswered),
    ]);
    assert!(
        found.sentence.contains("after between 50 s and 75 s"),
        "{}",
        found.sentence
    );
    assert_eq!((found.cut_after, found.alive_after), (None, Some(s(50))));
    assert_eq!(
        (found.by, found.heartbeat_leaves_ms),
        (Some(CutBy::Nothing), Some(20_000))
    );
}

#[test]
fn a_server_that_never_cuts_is_not_said_to() {
    let found = only(&[seen(Traffic::Nothing, s(150), WatchEnd::Alive)]);
    assert_eq!(
        found.sentence,
        "WebSocket: not cut within 150 s of silence in both directions"
    );
    assert_eq!((found.cut_after, found.by, found.warning), (None, None, None));
    let found = only(&[seen(Traffic::Heartbeats, s(150), WatchEnd::Alive)]);
    assert_eq!(
        found.sentence,
        "WebSocket with a heartbeat every 30 s: not cut within 150 s"
    );
}

#[test]
fn a_watch_that_ends_before_the_first_heartbeat_says_nothing_about_heartbeats() {
    let short = Duration::from_millis(9800);
    for (traffic, expected) in [
        (
            Traffic::Heartbeats,
            "WebSocket with a heartbeat every 30 s: not known, as it was watched for 9.8 s only",
        ),
        (
            Traffic::Pongs,
            "WebSocket with a pong of the client every 15 s, which is not answered: not known, as it was watched for 9.8 s \
             only",
        ),
    ] {
        let found = only(&[seen(traffic, short, WatchEnd::Alive)]);
        assert_eq!(found.sentence, expected);
    }
}

#[test]
fn a_connection_that_is_cut_in_spite_of_heartbeats_is_warned_of() {
    let found = only(&[seen(
        Traffic::Heartbeats,
        s(100),
        WatchEnd::Cut(s(10), Ending::Eof),
    )]);
    assert_eq!(found.cut_after, Some(s(100)));
    assert!(found.warning.is_some(), "{found:?}");
    assert!(
        found.sentence.contains("10 s after the last message"),
        "{}",
        found.sentence
    );
}

#[test]
fn the_direction_that_was_silent_is_named() {
    let found = only(&[seen(
        Traffic::ServerPushes(1),
        s(60),
        WatchEnd::Cut(s(60), closed(1000)),
    )]);
    assert_eq!(found.direction, SilentDirection::FromClient);
    assert!(
        found.sentence.contains("60 s of silence of the client"),
        "{}",
        found.sentence
    );
    let found = only(&[seen(Traffic::Pongs, s(150), WatchEnd::Alive)]);
    assert_eq!(found.direction, SilentDirection::FromServer);
    assert!(
        found
            .sentence
            .ends_with("not cut within 150 s of silence of the server"),
        "{}",
        found.sentence
    );
}

#[test]
fn connections_that_did_not_open_say_nothing() {
    let closed = seen(Traffic::Nothing, s(0), WatchEnd::NotOpened);
    assert_eq!(findings(&[closed], &settings()), []);
}
