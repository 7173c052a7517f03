//! Where messages were lost: what the list says against servers of which it is known what they lose.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use phxproof::load::{LoadResult, LoadSettings, Lost, LostKind, Marks};

use super::fake::{Fake, Manner, Whom};
use super::{open, run, serve, serve_with, settings_of_own};

/// All sockets are in one room, and each of them sends.
const ROOM: &str =
    "about: A.\nshared: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n";
const MARKED: &str = "  - ana: { push: broadcast, with: { mark: \"{{mark}}\" }, reply: ok }\n  \
                      - ana: { receive: broadcasted }\n";

fn play(address: SocketAddr, steps: &str) -> LoadResult {
    play_all(address, &format!("{ROOM}{steps}"), Marks::Added)
}

fn play_all(address: SocketAddr, scenario: &str, marks: Marks) -> LoadResult {
    run(&LoadSettings {
        sockets: 4,
        schedule: open(100.0, 500),
        timeout: Duration::from_secs(2),
        marks,
        ..settings_of_own(address, scenario)
    })
}

/// The sender of a payload, its number in the topic, and the time at which it was due, in milliseconds.
fn sent(payload: &str) -> (u32, u64, u64) {
    let mark = payload.split('~').nth(1).expect("a mark");
    let numbers: Vec<u64> = mark.split('.').map(|it| it.parse().expect("a number")).collect();
    (
        u32::try_from(numbers[3]).expect("a socket"),
        numbers[2],
        numbers[5] / 1000,
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time of a short run"
)]
fn millis(lost: &Lost) -> Option<u64> {
    lost.at_s.map(|at| (at * 1000.0).round() as u64)
}

#[track_caller]
fn assert_in_order(lost: &[Lost]) {
    assert!(lost.is_sorted_by_key(millis), "{lost:?}");
    let topics: BTreeSet<&str> = lost.iter().map(|it| it.topic.as_str()).collect();
    assert!(
        topics.len() == 1 && topics.iter().all(|it| it.starts_with("lab:")),
        "{topics:?}"
    );
}

#[test]
fn each_lost_broadcast_is_told_with_its_sender_number_receiver_and_time() {
    let fake = Fake::start(Manner::Loses(10, Whom::Sender));
    let result = play(fake.address, MARKED);
    let lost = fake.lost.lock().expect("a list");
    let expected: BTreeSet<_> = lost.iter().map(|it| sent(it)).collect();
    assert!(!expected.is_empty());
    assert_eq!(result.messages.missing, expected.len() as u64);
    let told = result.lost.iter().map(|it| {
        assert_eq!((it.kind, it.sender), (LostKind::Broadcast, Some(it.receiver)));
        (
            it.receiver,
            it.number.expect("a number"),
            millis(it).expect("a time"),
        )
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
    assert_in_order(&result.lost);
    let marked: u64 = result.series.iter().map(|it| it.missing).sum();
    assert_eq!(marked, result.messages.missing);
}

#[test]
fn a_broadcast_that_came_to_nobody_is_told_of_every_receiver_in_every_shard() {
    let fake = Fake::start(Manner::Loses(10, Whom::Everybody));
    let result = play(fake.address, MARKED);
    let lost = fake.lost.lock().expect("a list");
    let expected: BTreeSet<_> = lost
        .iter()
        .map(|it| sent(it))
        .flat_map(|it| (0..4).map(move |receiver| (receiver, it)))
        .collect();
    assert!(expected.len() >= 4);
    let told = result.lost.iter().map(|it| {
        let sent = (it.sender.expect("a sender"), it.number.expect("a number"));
        (it.receiver, (sent.0, sent.1, millis(it).expect("a time")))
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
    assert_in_order(&result.lost);
}

#[test]
fn a_lost_reply_is_told_with_its_event_and_socket() {
    let fake = Fake::start(Manner::AnswersOnly(0));
    let steps = "  - ana: { push: echo, reply: ok }\n";
    let result = play(fake.address, steps);
    assert!(result.counts.replies_missing > 0 && !result.lost.is_empty());
    for it in &result.lost {
        assert_eq!((it.kind, it.event.as_deref()), (LostKind::Reply, Some("echo")));
        assert!(it.sender == Some(it.receiver) && it.receiver < 4 && it.at_s.is_some());
    }
    let one: BTreeSet<_> = result.lost.iter().map(|it| (it.receiver, it.number)).collect();
    assert_eq!(one.len(), result.lost.len(), "{:?}", result.lost);
    assert_in_order(&result.lost);
}

#[test]
fn replies_that_were_never_due_are_not_lost() {
    let fake = Fake::start(Manner::Ignores);
    // Long enough for pushes to be given up while it runs.
    let result = run(&LoadSettings {
        sockets: 4,
        schedule: open(100.0, 1200),
        timeout: Duration::from_millis(500),
        ..settings_of_own(fake.address, &format!("{ROOM}  - ana: {{ push: new_msg }}\n"))
    });
    assert_eq!((result.messages.missing, result.lost), (0, vec![]));
    assert!(result.series.iter().all(|it| it.missing == 0));
    assert!(result.notes[0].contains("`new_msg`"), "{:?}", result.notes);
}

#[test]
fn of_broadcasts_without_a_mark_it_is_not_guessed_which_were_lost() {
    let server = serve_with(&["broadcast-lost"]);
    let pair = "about: A.\nfresh: [room]\nsteps:\n  - ana, bea: connect\n  \
                - ana, bea: { join: \"lab:{{room}}\" }\n  \
                - ana: { push: broadcast, with: { a: 1 } }\n  - ana, bea: { receive: broadcasted }\n";
    let result = play_all(server.address(), pair, Marks::AsWritten);
    assert!(
        result.messages.missing > 0 && !result.lost.is_empty(),
        "{:?}",
        result.messages
    );
    for it in &result.lost {
        assert_eq!((it.sender, it.number, it.at_s), (None, None, None));
        assert!(it.receiver < 4 && it.topic.starts_with("lab:"), "{it:?}");
    }
    server.drain();
}

#[test]
fn a_server_that_loses_nothing_has_an_empty_list() {
    let server = serve();
    let result = play(server.address(), MARKED);
    assert!(result.messages.all_right() && result.counts.broadcasts >= 100);
    assert_eq!(result.lost, []);
    assert!(result.series.iter().all(|it| it.missing == 0 && it.lost == 0));
    server.drain();
}
