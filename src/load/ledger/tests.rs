//! Tests the ledger with handwritten deliveries and against a simple model.

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::clock::Time;

fn mark(of_topic: u32, sender: u32) -> Mark {
    Mark {
        run: 1,
        topic: 9,
        of_topic,
        sender,
        of_sender: 0,
        intended: 0,
    }
}

fn gone(missing: Range<u32>, in_doubt: u64) -> Gone {
    Gone {
        missing: vec![missing],
        in_doubt,
    }
}

/// Classifies these deliveries (number, sender) for a receiver that joined after `since` broadcasts.
fn arrivals(since: u32, deliveries: &[(u32, u32)]) -> (ReceiveWindow, Vec<Arrival>) {
    let common = Common::new(0, &[]);
    let mut topics = Topics::new(&common, 0);
    let mut received = ReceiveWindow::since(since);
    let arrivals = deliveries.iter().map(|(number, sender)| {
        let mark = mark(*number, *sender);
        topics.note(&mark);
        received.take(&mark, &topics).0
    });
    let arrivals = arrivals.collect();
    (received, arrivals)
}

#[test]
fn a_mark_is_found_wherever_an_application_puts_it() {
    let mark = Mark {
        run: 4711,
        topic: 3,
        of_topic: 12,
        sender: 99,
        of_sender: 7,
        intended: 1_234_567,
    };
    let mut text = r#"{"body":"~ nearly ~1.2~ and ~5.5.5.5.5.5~ "#.to_owned();
    mark.write(&mut text);
    text.push_str("\"}");
    assert_eq!(Mark::find(text.as_bytes(), 4711), Some(mark));
    assert_eq!(Mark::find(text.as_bytes(), 4712), None);
}

#[test]
fn what_is_no_mark_is_none() {
    for text in [
        "",
        "~",
        "~~~~~~~",
        "~1.2.3.4.5~",
        "~1.2.3.4.5.~",
        "~1.2.4294967296.4.5.6~",
        "~1.2.3.4.5.6",
    ] {
        assert_eq!(Mark::find(text.as_bytes(), 1), None, "{text}");
    }
    let long = format!("~1.{}.3.4.5.6~", "9".repeat(40));
    assert_eq!(Mark::find(long.as_bytes(), 1), None);
}

#[test]
fn what_came_while_joining_is_in_doubt_and_what_comes_twice_is_a_duplicate() {
    let (received, arrivals) = arrivals(2, &[(1, 0), (2, 0), (3, 0), (3, 0)]);
    use Arrival::{Duplicate, InDoubt, InOrder};
    assert_eq!(arrivals, [InDoubt, InOrder, InOrder, Duplicate]);
    assert!(received.is_complete(4));
    assert_eq!(received.settle(6, &[5]), gone(4..5, 1));
}

#[test]
fn a_swap_is_one_reordered() {
    let (received, arrivals) = arrivals(0, &[(0, 0), (2, 0), (1, 0), (3, 0)]);
    assert_eq!(arrivals.iter().filter(|it| **it == Arrival::Reordered).count(), 1);
    assert!(received.is_complete(4));
}

#[test]
fn different_senders_may_overtake_each_other() {
    let (_, arrivals) = arrivals(0, &[(1, 8), (0, 7), (2, 7)]);
    assert_eq!(arrivals, [Arrival::InOrder; 3]);
}

#[test]
fn who_leaves_misses_only_what_was_overtaken_by_its_own_sender() {
    let common = Common::new(0, &[]);
    let mut topics = Topics::new(&common, 0);
    let mut received = ReceiveWindow::since(0);
    // Another receiver received all of them, so their senders are known.
    for (number, sender) in [(0, 1), (1, 2), (2, 1), (3, 1), (4, 1)] {
        topics.note(&mark(number, sender));
    }
    received.take(&mark(2, 1), &topics);
    received.take(&mark(4, 1), &topics);
    // The one before the last arrival may be under way: two broadcasts can swap places.
    assert_eq!(received.cut(9, &topics, 6), gone(0..1, 3));
}

#[test]
fn a_push_of_which_nobody_heard_anything_is_not_missing_to_a_receiver_that_leaves() {
    let common = Common::new(0, &[]);
    let mut topics = Topics::new(&common, 0);
    let mut received = ReceiveWindow::since(0);
    (0..4).for_each(|number| topics.note_sent(&mark(number, 1)));
    // The push of the first one may have been refused, so it may never have been broadcast.
    for number in [1, 3] {
        topics.note(&mark(number, 1));
        received.take(&mark(number, 1), &topics);
    }
    assert_eq!(received.cut(9, &topics, 4).count_missing(), 0);
    topics.note(&mark(0, 1));
    // Sending it again does not make it unheard.
    topics.note_sent(&mark(0, 1));
    assert_eq!(received.cut(9, &topics, 4), gone(0..1, 1));
}

#[test]
fn it_is_remembered_who_sent_what_when_and_the_rest_is_unknown() {
    let common = Common::new(0, &[]);
    let mut topics = Topics::new(&common, 0);
    for number in [2, 3, 5] {
        topics.note_sent(&Mark {
            intended: 4_200_900,
            ..mark(number, 7)
        });
    }
    let at = Time::from_micros(4_200_000);
    assert_eq!(topics.sent_by(9, 3), Some((7, at)));
    assert_eq!((topics.sent_by(9, 4), topics.sent_by(8, 3)), (None, None));
    assert_eq!(topics.within(9, &(1..9)), 1..6);
    assert_eq!(topics.within(8, &(1..9)), 1..1);
    // A topic of an instance's own remembers only the last 64.
    topics.note_sent(&mark(100, 7));
    topics.note_sent(&mark(140, 7));
    assert_eq!(
        (topics.sent_by(9, 5), topics.within(9, &(0..200))),
        (None, 100..141)
    );
    assert_eq!(topics.sent_by(9, 140), Some((7, Time::ZERO)));
}

#[test]
fn shards_learn_from_each_other_who_sent_on_the_topics_that_they_have_in_common() {
    let common = Common::new(10, &[]);
    let [mut one, mut other] = [(); 2].map(|()| Topics::new(&common, 0));
    one.note_sent(&mark(0, 1));
    other.note_sent(&mark(1, 2));
    one.note_sent(&mark(2, 1));
    one.tell();
    other.tell();
    one.learn();
    let senders = [0, 1, 2, 3].map(|number| one.sent_by(9, number).map(|it| it.0));
    assert_eq!(senders, [Some(1), Some(2), Some(1), None]);
}

#[test]
fn a_receiver_at_rest_takes_sixteen_bytes() {
    assert_eq!(size_of::<ReceiveWindow>(), 16);
}

#[test]
fn a_hostile_number_costs_no_memory() {
    let (received, _) = arrivals(0, &[(u32::MAX - 1, 0), (0, 0), (7, 0)]);
    assert_eq!(received.settle(0, &[]).count_missing(), u64::from(u32::MAX) - 3);
}

proptest! {
    #[test]
    fn one_sender_is_counted_as_a_plain_model_does(
        deliveries in prop::collection::vec(0_u32..12, 0..40),
        sent in 12_u32..14,
        doubts in prop::collection::btree_set(0_u32..14, 0..4),
    ) {
        let (received, arrivals) = arrivals(0, &deliveries.iter().map(|it| (*it, 0)).collect::<Vec<_>>());
        let mut seen = Vec::new();
        for (number, arrival) in deliveries.iter().zip(arrivals) {
            let expected = match () {
                () if seen.contains(number) => Arrival::Duplicate,
                () if seen.iter().any(|it| it > number) => Arrival::Reordered,
                () => Arrival::InOrder,
            };
            prop_assert_eq!(arrival, expected);
            seen.push(*number);
        }
        let lacking = (0..sent).filter(|number| !seen.contains(number));
        let (in_doubt, missing): (Vec<u32>, Vec<u32>) = lacking.partition(|number| doubts.contains(number));
        let doubts: Vec<u32> = doubts.into_iter().filter(|it| *it < sent).collect();
        let gone = received.settle(sent, &doubts);
        prop_assert_eq!(gone.in_doubt, in_doubt.len() as u64);
        prop_assert!(gone.missing.is_sorted_by(|a, b| a.end <= b.start));
        prop_assert_eq!(gone.missing.into_iter().flatten().collect::<Vec<_>>(), missing);
    }
}
