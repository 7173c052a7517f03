//! Merges the results of two made-up processes.

use super::*;

fn part(name: &str, after: u64, replies: &[u64]) -> MergePart {
    let mut histogram = Histogram::new(3).unwrap();
    replies
        .iter()
        .for_each(|micros| histogram.record(*micros).unwrap());
    let mut result = LoadResult {
        punctuality: Punctuality::InTime,
        ..LoadResult::default()
    };
    result.counts.replies = replies.len() as u64;
    result.sockets.joined = 5;
    result.generator.valid = true;
    result.series = vec![Point {
        at_s: 1.0,
        joined: 5,
        phase: "running",
        ..Point::default()
    }];
    MergePart {
        name: name.to_owned(),
        after: Duration::from_secs(after),
        result,
        measured: vec![TimedLatencies {
            kind: Timing::Reply,
            start: Duration::ZERO,
            length: Duration::from_secs(1),
            histogram,
        }],
        of_plays: BTreeMap::new(),
        why_incomplete: None,
    }
}

#[test]
fn figures_are_those_of_all_measurements_together() {
    let merged = merge(&[part("a", 0, &[100, 200, 300]), part("b", 0, &[900])]);
    assert_eq!((merged.counts.replies, merged.sockets.joined), (4, 10));
    let reply = merged.latency_us.reply;
    assert_eq!((reply.count, reply.min, reply.p50, reply.max), (4, 100, 200, 900));
    assert_eq!(
        (
            merged.series.len(),
            merged.series[0].joined,
            merged.series[0].reply_max_us
        ),
        (1, 10, 900)
    );
    assert_eq!(merged.sockets.peak_joined, 10);
    assert!(merged.generator.valid);
}

#[test]
fn a_process_that_began_later_stands_later_on_the_line_of_time() {
    let merged = merge(&[part("a", 0, &[100]), part("b", 7, &[900])]);
    let seen: Vec<_> = merged
        .series
        .iter()
        .map(|it| (it.at_s, it.reply_p50_us))
        .collect();
    assert_eq!(seen, [(1.0, 100), (8.0, 900)]);
    assert_eq!(merged.sockets.peak_joined, 5);
}

#[test]
fn a_process_that_was_killed_makes_the_whole_invalid_and_is_named() {
    let mut killed = part("b", 0, &[900]);
    killed.why_incomplete = Some("it was not heard of any more".to_owned());
    let merged = merge(&[part("a", 0, &[100]), killed]);
    let why = merged.generator.why_invalid.unwrap();
    assert_eq!(why, "b: it was not heard of any more");
    assert_eq!(merged.punctuality, Punctuality::Late);
}
