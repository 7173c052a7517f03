//! The ledger against deliveries as they may come, and against a plain model.

use proptest::prelude::*;

use super::*;

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

/// What each of these deliveries (number, sender) is to somebody who joined when `since` had been sent.
fn arrivals(since: u32, deliveries: &[(u32, u32)]) -> (Reception, Vec<Arrival>) {
    let common = Common::new(0, &[]);
    let mut topics = Topics::new(&common, 0);
    let mut reception = Reception::since(since);
    let arrivals = deliveries.iter().map(|(number, sender)| {
        let mark = mark(*number, *sender);
        topics.note(&mark);
        reception.take(&mark, &topics).0
    });
    let arrivals = arrivals.collect();
    (reception, arrivals)
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
    let (reception, arrivals) = arrivals(2, &[(1, 0), (2, 0), (3, 0), (3, 0)]);
    use Arrival::{Duplicate, InDoubt, InOrder};
    assert_eq!(arrivals, [InDoubt, InOrder, InOrder, Duplicate]);
    assert!(reception.is_complete(4));
    assert_eq!(
        reception.settle(6, &[5]),
        Gone {
            missing: 1,
            in_doubt: 1
        }
    );
}

#[test]
fn a_swap_is_one_reordered() {
    let (reception, arrivals) = arrivals(0, &[(0, 0), (2, 0), (1, 0), (3, 0)]);
    assert_eq!(arrivals.iter().filter(|it| **it == Arrival::Reordered).count(), 1);
    assert!(reception.is_complete(4));
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
    let mut reception = Reception::since(0);
    // Another receiver had all of them, so that their senders are known.
    for (number, sender) in [(0, 1), (1, 2), (2, 1), (3, 1), (4, 1)] {
        topics.note(&mark(number, sender));
    }
    reception.take(&mark(2, 1), &topics);
    reception.take(&mark(4, 1), &topics);
    // The one before the last that came may be on its way: two that changed places.
    assert_eq!(
        reception.cut(9, &topics, 6),
        Gone {
            missing: 1,
            in_doubt: 3
        }
    );
}

#[test]
fn a_receiver_at_rest_takes_sixteen_bytes() {
    assert_eq!(size_of::<Reception>(), 16);
}

#[test]
fn a_hostile_number_costs_no_memory() {
    let (reception, _) = arrivals(0, &[(u32::MAX - 1, 0), (0, 0), (7, 0)]);
    assert_eq!(reception.settle(0, &[]).missing, u64::from(u32::MAX) - 3);
}

proptest! {
    #[test]
    fn one_sender_is_counted_as_a_plain_model_does(
        deliveries in prop::collection::vec(0_u32..12, 0..40),
        sent in 12_u32..14,
        doubts in prop::collection::btree_set(0_u32..14, 0..4),
    ) {
        let (reception, arrivals) = arrivals(0, &deliveries.iter().map(|it| (*it, 0)).collect::<Vec<_>>());
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
        let expected = Gone { missing: missing.len() as u64, in_doubt: in_doubt.len() as u64 };
        prop_assert_eq!(reception.settle(sent, &doubts), expected);
    }
}
