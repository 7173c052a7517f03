//! Logs of clients that were cut off: the annotations that they have to have, those in doubt, and the mistakes.

use serde_json::json;

use super::*;

fn at(seconds: u64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

/// A video to which an annotation was written every 10 s, each acknowledged at once.
fn video(count: u64) -> Video {
    let mut video = Video::new("videos:7".into(), "ana".into());
    for number in 0..count {
        let (written, payload) = video.writes(5, at(number * 10));
        video.acknowledges(written, at(number * 10));
        let id = i64::try_from(number).unwrap() + 1;
        let shown = json!({ "id": id, "at": 5, "body": payload["body"], "user": { "username": "ana" } });
        video.sees(&shown);
    }
    video
}

/// Joins at the second 5, has a broadcast at 10, is cut at 15, and comes back at 35.
fn log(list: &[(usize, i64)]) -> Log {
    let mut log = Log::default();
    log.asks(Cause::First, at(5));
    log.joined(&[(0, 1)], at(5));
    log.hears(1, 2);
    log.over(at(15));
    log.asks(Cause::Cut, at(35));
    log.joined(list, at(35));
    log.hears(4, 5);
    log
}

#[test]
fn a_client_that_comes_back_has_all_once_and_nothing_is_wrong() {
    let outcome = log(&[(2, 3), (3, 4)]).audit(&video(5));
    assert_eq!(outcome.flaws, []);
    assert_eq!(outcome.in_doubt, 0);
    assert_eq!(outcome.due[&Some(Cause::Cut)], 2);
    assert_eq!(outcome.due[&None], 2);
}

#[test]
fn what_a_catch_up_lacks_is_missing_after_its_disruption() {
    let outcome = log(&[(3, 4)]).audit(&video(5));
    let missing = Flaw {
        annotation: 2,
        kind: FlawKind::Missing,
        after: Some(Cause::Cut),
    };
    assert_eq!(outcome.flaws, [missing]);
}

#[test]
fn what_a_catch_up_brings_again_is_doubled() {
    let outcome = log(&[(1, 2), (2, 3), (3, 4)]).audit(&video(5));
    let doubled = Flaw {
        annotation: 1,
        kind: FlawKind::Doubled,
        after: Some(Cause::Cut),
    };
    assert_eq!(outcome.flaws, [doubled]);
}

#[test]
fn what_is_lost_or_out_of_order_while_the_client_is_joined_is_no_matter_of_recovery() {
    let mut lost = Log::default();
    lost.asks(Cause::First, at(5));
    lost.joined(&[(0, 1)], at(5));
    lost.hears(2, 3);
    lost.hears(1, 2);
    let flaws = lost.audit(&video(4)).flaws;
    let kinds: Vec<_> = flaws
        .iter()
        .map(|it| (it.annotation, it.kind, it.after))
        .collect();
    assert_eq!(
        kinds,
        [(3, FlawKind::Missing, None), (1, FlawKind::Reordered, None)]
    );
}

#[test]
fn what_is_written_around_a_join_may_come_twice_or_not_at_all() {
    let mut video = video(3);
    let (number, _) = video.writes(5, at(35));
    video.acknowledges(number, at(36));
    for list in [&[(2, 3)][..], &[(2, 3), (3, 4)]] {
        let outcome = log(list).audit(&video);
        assert_eq!(
            (outcome.flaws.as_slice(), outcome.in_doubt),
            (&[][..], 1),
            "{list:?}"
        );
    }
    let mut twice = log(&[(2, 3), (3, 4)]);
    twice.hears(3, 4);
    assert_eq!(twice.audit(&video).flaws, []);
}

#[test]
fn what_was_never_answered_may_be_there_or_not_and_may_hide_what_is_written_next() {
    let mut video = video(2);
    let (unknown, payload) = video.writes(5, at(20));
    let (next, next_payload) = video.writes(5, at(25));
    video.acknowledges(next, at(25));
    let shown = |id: i64, body: &serde_json::Value| json!({ "id": id, "at": 5, "body": body, "user": { "username": "ana" } });
    video.sees(&shown(4, &payload["body"]));
    video.sees(&shown(3, &next_payload["body"]));
    assert_eq!(unknown, 2);
    let outcome = log(&[(2, 4)]).audit(&video);
    assert_eq!((outcome.flaws.as_slice(), outcome.in_doubt), (&[][..], 2));
}

#[test]
fn what_the_store_has_lost_is_not_told_of_each_client() {
    let mut video = video(5);
    video.missing_in(&[(0, 1), (1, 2), (3, 4), (4, 5)], at(100));
    assert_eq!(log(&[(3, 4)]).audit(&video).flaws, []);
}
