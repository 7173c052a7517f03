//! Tests how objectives are parsed and judged against results.

use super::*;
use crate::clock::Time;
use crate::load::latency::Timing;
use crate::load::tally::Tally;

fn judge(text: &str, result: &LoadResult) -> (Option<f64>, bool) {
    let outcome = text.parse::<Objective>().unwrap().judge(result);
    (outcome.value, outcome.held)
}

/// Replies with these latencies, in microseconds.
fn replies(micros: impl IntoIterator<Item = u64>) -> LoadResult {
    let mut tally = Tally::new();
    micros
        .into_iter()
        .for_each(|it| tally.record(0, Timing::Reply, Time::ZERO, Time::from_micros(it)));
    LoadResult::of_latencies(&tally.latencies)
}

#[test]
fn times_and_counts_are_held_against_their_limits() {
    let mut result = replies([400, 1000, 80_000]);
    result.sockets.lost = 3;
    assert_eq!(judge("reply.p50<2ms", &result), (Some(1000.0), true));
    assert_eq!(judge("reply.min <= 0.4ms", &result), (Some(400.0), true));
    assert!(!judge("reply.max<80ms", &result).1 && judge("reply.max<=80.1ms", &result).1);
    assert_eq!(judge("sockets.lost<=3", &result), (Some(3.0), true));
    assert_eq!(judge("messages.sent>0", &result), (Some(0.0), false));
}

#[test]
fn a_rate_is_a_part_of_all_in_percent() {
    let mut result = LoadResult::default();
    (result.messages.expected, result.messages.missing) = (2000, 3);
    assert_eq!(judge("missing<0.1%", &result), (Some(0.15), false));
    assert_eq!(judge("messages.missing<=0.15 %", &result), (Some(0.15), true));
    (result.sockets.asked, result.sockets.joined) = (200, 198);
    assert_eq!(judge("sockets.joined>=99%", &result), (Some(99.0), true));
    assert_eq!(judge("sockets.joined>99%", &result), (Some(99.0), false));
}

#[test]
fn errors_are_a_part_of_all_that_was_tried() {
    let mut result = LoadResult::default();
    (result.latency_us.connect.count, result.latency_us.join.count) = (20, 20);
    result.messages.sent = 155;
    result.troubles = [("join-refused", 5), ("push-timeout", 1)].into();
    // 20 connects, 25 joins of which 5 were refused, 155 pushes of which one got no reply.
    assert_eq!(judge("errors<=3%", &result), (Some(3.0), true));
    assert_eq!(judge("errors<1%", &result), (Some(3.0), false));
    assert_eq!(judge("errors<=6", &result), (Some(6.0), true));
}

#[test]
fn only_what_must_stay_below_is_missed_before_the_end() {
    let mut so_far = LoadResult::default();
    let missed = |text: &str, so_far: &LoadResult| text.parse::<Objective>().unwrap().is_missed(so_far);
    assert!(!missed("sockets.joined>=10", &so_far) && !missed("reply.p99<1ms", &so_far));
    so_far.sockets.lost = 1;
    assert!(missed("sockets.lost<=0", &so_far));
}

#[test]
fn what_was_not_measured_is_not_missed() {
    for text in ["broadcast.p99<1h", "lateness.p99<1h", "missing<1%", "errors<1%"] {
        let outcome = text.parse::<Objective>().unwrap().judge(&LoadResult::default());
        assert_eq!(outcome.status(), ObjectiveStatus::NotMeasured, "{text}");
        assert_eq!((outcome.value, outcome.held), (None, false), "{text}");
    }
}

#[test]
fn a_percentile_of_few_says_how_many_there_are() {
    let few = replies(0..120);
    let only = |text: &str| text.parse::<Objective>().unwrap().judge(&few).only;
    assert_eq!(only("reply.p99.9<1s"), Some(120));
    assert_eq!(only("reply.p99<1s"), None);
    assert_eq!(only("reply.max<1s"), None);
}

#[test]
fn what_is_not_an_objective_is_said_with_what_would_be() {
    let said = [
        "",
        "reply.p99",
        "reply<1ms",
        "reply.p100<1ms",
        "replies.p99<1ms",
        "foo.p99<1ms",
        "mising<1%",
        "reply.p99<5",
        "reply.p99<fast",
        "reply.p99<1%",
        "sent<1%",
        "sockets.lost<1ms",
        "sockets.lost<nan",
        "missing<=-1",
        "missing<x%",
        "missing<=inf",
        "missing>100%",
        "reply.p99<0ms",
        "reply.p99>5ms",
        "join.max >= 1s",
    ]
    .map(|text| text.parse::<Objective>().unwrap_err().to_string());
    insta::assert_snapshot!(said.join("\n"));
}
