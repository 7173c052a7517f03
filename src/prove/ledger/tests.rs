//! Each thing that a ledger may prove, seen right and seen wrong.

use super::super::oddity::OddityKind;
use super::*;

fn at(millis: u64) -> Time {
    Time::from_micros(millis * 1_000)
}

fn topic() -> Rc<str> {
    "lab:a".into()
}

/// Sockets 0 and 1 have joined at 10 ms; socket 0 sends broadcasts 0 to 2, one each 100 ms from 100 ms on.
fn two_who_stay() -> Ledger {
    let mut ledger = Ledger::default();
    for socket in [0, 1] {
        ledger.asks(&topic(), socket, at(5));
        ledger.joined(&topic(), socket, at(10));
    }
    for number in 0..3 {
        let sent = at(100 + 100 * number);
        let number = ledger.sends(&topic(), 0, Audience::Others, sent);
        ledger.acknowledged(&topic(), number, sent + Duration::from_millis(2));
    }
    ledger
}

fn kinds(ledger: &Ledger) -> Vec<(OddityKind, u32)> {
    let told = ledger.audit().oddities;
    told.iter().map(|it| (it.kind, it.socket)).collect()
}

#[test]
fn all_that_was_promised_came() {
    let mut ledger = two_who_stay();
    for number in 0..3 {
        let sent = ledger.came(&topic(), 1, (0, number), at(1_000));
        assert_eq!(sent, Some(at(100 + 100 * u64::from(number))));
    }
    assert_eq!(kinds(&ledger), []);
    let sums = Sums {
        expected: 3,
        arrived: 3,
        in_doubt: 0,
    };
    assert_eq!(ledger.audit().sums, sums);
}

#[test]
fn a_broadcast_that_never_came_is_named_with_its_receiver_and_what_happened_to_it() {
    let mut ledger = two_who_stay();
    ledger.came(&topic(), 1, (0, 0), at(101));
    ledger.came(&topic(), 1, (0, 2), at(301));
    let told = ledger.audit().oddities;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].to_string(),
        "at 0.200 s, socket 1 on lab:a: broadcast 1 of socket 0 never came; it had joined 0.190 s before and stayed so"
    );
}

#[test]
fn twice_and_out_of_order_are_told_apart() {
    let mut ledger = two_who_stay();
    for number in [0, 2, 1, 2] {
        ledger.came(&topic(), 1, (0, number), at(400));
    }
    assert_eq!(
        kinds(&ledger),
        [(OddityKind::Doubled, 1), (OddityKind::Reordered, 1)]
    );
}

#[test]
fn the_sender_and_a_stranger_must_not_hear_it() {
    let mut ledger = two_who_stay();
    for number in 0..3 {
        ledger.came(&topic(), 1, (0, number), at(400));
    }
    ledger.came(&topic(), 0, (0, 1), at(400));
    ledger.came(&topic(), 7, (0, 1), at(400));
    ledger.came(&topic(), 1, (5, 1), at(400));
    let mut told = kinds(&ledger);
    told.sort();
    let stray = OddityKind::Misdelivered;
    assert_eq!(told, [(stray, 0), (stray, 1), (stray, 7)]);
}

#[test]
fn a_socket_that_leaves_gets_what_was_acknowledged_before_and_nothing_long_after() {
    let mut ledger = two_who_stay();
    ledger.leaves(&topic(), 1, at(201));
    ledger.left(&topic(), 1, at(203));
    ledger.came(&topic(), 1, (0, 0), at(101));
    // The second was under way when it left; the third was sent after it, but within the moment of grace.
    assert_eq!(kinds(&ledger), []);
    assert_eq!(ledger.audit().sums.in_doubt, 2);
    let late = ledger.sends(&topic(), 0, Audience::Others, at(1_500));
    ledger.acknowledged(&topic(), late, at(1_501));
    ledger.came(&topic(), 1, (0, late), at(1_502));
    assert_eq!(kinds(&ledger), [(OddityKind::Misdelivered, 1)]);
}

#[test]
fn a_socket_that_joins_may_miss_what_is_under_way_but_nothing_after_its_reply() {
    let mut ledger = two_who_stay();
    ledger.asks(&topic(), 2, at(150));
    ledger.joined(&topic(), 2, at(201));
    for number in 0..3 {
        ledger.came(&topic(), 1, (0, number), at(400));
    }
    let told = ledger.audit();
    assert_eq!(told.oddities.len(), 1, "{:?}", told.oddities);
    assert!(
        told.oddities[0]
            .what
            .starts_with("broadcast 2 of socket 0 never came")
    );
    assert_eq!((told.sums.expected, told.sums.in_doubt), (4, 1));
}

#[test]
fn who_rejoins_at_once_may_hear_a_broadcast_twice() {
    let mut ledger = two_who_stay();
    for number in 0..3 {
        ledger.came(&topic(), 1, (0, number), at(301));
    }
    ledger.leaves(&topic(), 1, at(350));
    ledger.left(&topic(), 1, at(351));
    ledger.asks(&topic(), 1, at(352));
    ledger.joined(&topic(), 1, at(353));
    let soon = ledger.sends(&topic(), 0, Audience::Others, at(354));
    ledger.acknowledged(&topic(), soon, at(355));
    ledger.came(&topic(), 1, (0, soon), at(356));
    ledger.came(&topic(), 1, (0, soon), at(356));
    assert_eq!(kinds(&ledger), []);
    let later = ledger.sends(&topic(), 0, Audience::Others, at(2_000));
    ledger.acknowledged(&topic(), later, at(2_001));
    ledger.came(&topic(), 1, (0, later), at(2_002));
    ledger.came(&topic(), 1, (0, later), at(2_002));
    assert_eq!(kinds(&ledger), [(OddityKind::Doubled, 1)]);
}

#[test]
fn without_a_reply_nobody_knows_whether_it_was_broadcast() {
    let mut ledger = two_who_stay();
    for number in 0..3 {
        ledger.came(&topic(), 1, (0, number), at(301));
    }
    ledger.sends(&topic(), 0, Audience::Others, at(400));
    assert_eq!(kinds(&ledger), []);
    assert_eq!(ledger.audit().sums.in_doubt, 1);
}

#[test]
fn a_broadcast_before_a_cut_is_due_only_if_a_later_one_of_its_sender_came() {
    let cut = |came: &[u32]| {
        let mut ledger = two_who_stay();
        for number in came {
            ledger.came(&topic(), 1, (0, *number), at(301));
        }
        ledger.cuts(&topic(), 1, at(303));
        (kinds(&ledger), ledger.audit().sums)
    };
    let (told, sums) = cut(&[0]);
    assert_eq!((told, sums.expected, sums.in_doubt), (vec![], 0, 3));
    let (told, sums) = cut(&[2]);
    assert_eq!(told, [(OddityKind::Lost, 1), (OddityKind::Lost, 1)]);
    assert_eq!((sums.expected, sums.in_doubt), (2, 1));
}

#[test]
fn a_server_that_is_slow_in_everything_has_more_time_to_forget_a_channel() {
    let late_delivery = |reply_after: u64| {
        let mut ledger = two_who_stay();
        for number in 0..3 {
            ledger.came(&topic(), 1, (0, number), at(301));
        }
        ledger.leaves(&topic(), 1, at(350));
        ledger.left(&topic(), 1, at(400));
        let number = ledger.sends(&topic(), 0, Audience::Others, at(2_000));
        ledger.acknowledged(&topic(), number, at(2_000 + reply_after));
        ledger.came(&topic(), 1, (0, number), at(2_900));
        kinds(&ledger)
    };
    assert_eq!(late_delivery(2), [(OddityKind::Misdelivered, 1)]);
    assert_eq!(late_delivery(900), []);
}
