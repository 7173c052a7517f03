//! What `load` finds out before a run, and how the run uses it: pushes without a reply, broadcasts without a mark.

use std::time::Duration;

use phxproof::load::{Deliveries, LoadConclusion, LoadResult, LoadSettings, Marks};
use phxproof::server::Server;

use super::fake::{Fake, Manner};
use super::{open, run, serve, serve_with, settings_of_own};

const ROOM: &str = "about: A.\nfresh: [room]\nsteps:\n  - ana, bea: connect\n  \
                    - ana, bea: { join: \"lab:{{room}}\" }\n";
const BROADCAST: &str =
    "  - ana: { push: broadcast, with: { a: 1 } }\n  - ana, bea: { receive: broadcasted }\n";

fn play(server: &Server, steps: &str, marks: Marks) -> LoadResult {
    run(&LoadSettings {
        schedule: open(200.0, 500),
        timeout: Duration::from_secs(2),
        marks,
        ..settings_of_own(server.address(), &format!("{ROOM}{steps}"))
    })
}

#[track_caller]
fn assert_nothing_broken(result: &LoadResult) {
    assert_eq!(result.failures_so_far(&[]), [""; 0]);
}

#[track_caller]
fn assert_lost(result: &LoadResult, deliveries: Deliveries) {
    assert_eq!(result.deliveries, deliveries, "{:?}", result.notes);
    assert!(result.messages.missing > 0, "{:?}", result.messages);
    let reasons = result.failures_so_far(&[]);
    assert!(
        reasons.iter().any(|it| it.contains("messages never came")),
        "{reasons:?}"
    );
}

#[test]
fn a_broadcast_without_a_mark_gets_one_so_that_a_loss_is_seen() {
    let server = serve_with(&["broadcast-lost"]);
    assert_lost(&play(&server, BROADCAST, Marks::Added), Deliveries::ByMark);
    server.drain();
    let server = serve();
    let result = play(&server, BROADCAST, Marks::Added);
    assert_nothing_broken(&result);
    assert_eq!((result.messages.sent, result.counts.broadcasts), (100, 200));
    assert_eq!((result.deliveries, result.notes.len()), (Deliveries::ByMark, 0));
    server.drain();
}

#[test]
fn where_no_mark_comes_through_broadcasts_are_counted() {
    let server = serve_with(&["broadcast-lost"]);
    assert_lost(&play(&server, BROADCAST, Marks::AsWritten), Deliveries::ByNumber);
    server.drain();
    let server = serve();
    let result = play(&server, BROADCAST, Marks::AsWritten);
    assert_nothing_broken(&result);
    assert_eq!(
        (result.messages.missing, result.latency_us.broadcast.count),
        (0, 0)
    );
    assert!(result.counts.broadcasts > 100, "{:?}", result.counts);
    assert!(
        result.notes[0].contains("`broadcasted` are counted by number only"),
        "{:?}",
        result.notes
    );
    server.drain();
}

#[test]
fn what_an_application_makes_of_a_push_may_hold_no_mark() {
    let server = serve();
    let annotated = "about: A.\nfresh: [video]\nsteps:\n  - ana, bea: connect\n  \
                     - ana, bea: { join: \"videos:{{video}}\" }\n  \
                     - ana: { push: new_annotation, with: { body: hi, at: 1 } }\n  \
                     - ana, bea: { receive: new_annotation, with: { body: hi } }\n";
    let result = run(&LoadSettings {
        schedule: open(100.0, 300),
        ..settings_of_own(server.address(), annotated)
    });
    assert_eq!(result.deliveries, Deliveries::ByNumber, "{:?}", result.notes);
    assert_nothing_broken(&result);
    server.drain();
}

#[test]
fn an_added_mark_is_taken_out_again_before_anything_is_compared() {
    let server = serve();
    let steps = "  - ana: { push: echo, with: { a: 1 }, reply: { ok: { exactly: { a: 1 } } } }\n  \
                 - ana: { push: broadcast, with: { a: 1 } }\n  \
                 - ana, bea: { receive: broadcasted, with: { exactly: { a: 1 } } }\n";
    let result = play(&server, steps, Marks::Added);
    assert_nothing_broken(&result);
    assert!(
        result.mismatches.is_empty() && result.deliveries == Deliveries::ByMark,
        "{:?}",
        result.notes
    );
    server.drain();
}

#[test]
fn deliveries_that_nobody_can_follow_are_said_to_be_none() {
    let server = serve();
    let steps = "  - ana: { push: echo }\n  - bea: { receive: never }\n";
    let result = play(&server, steps, Marks::Added);
    assert_eq!(result.deliveries, Deliveries::NotFollowed);
    assert!(
        result.notes[0].contains("`never` are NOT followed"),
        "{:?}",
        result.notes
    );
    server.drain();
}

/// A run against a server of which no step says whether it answers.
fn push_to(manner: Manner, reply: &str) -> LoadResult {
    let fake = Fake::start(manner);
    let scenario = format!(
        "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: {{ join: \"a:{{{{room}}}}\" }}\n  \
         - ana: {{ push: new_msg{reply} }}\n"
    );
    run(&LoadSettings {
        sockets: 2,
        timeout: Duration::from_secs(2),
        schedule: open(50.0, 400),
        ..settings_of_own(fake.address, &scenario)
    })
}

#[test]
fn a_channel_that_never_replies_is_told_and_not_accused() {
    let result = push_to(Manner::Ignores, "");
    assert_nothing_broken(&result);
    assert_eq!(
        (
            result.messages.sent,
            result.messages.missing,
            result.messages.expected
        ),
        (20, 0, 0)
    );
    assert!(
        result.notes[0].contains("no push of `new_msg` was ever answered (20 sent)"),
        "{:?}",
        result.notes
    );
    assert!(result.troubles.is_empty(), "{:?}", result.troubles);
}

#[test]
fn a_reply_that_is_wanted_is_missing_where_none_comes() {
    let result = push_to(Manner::Ignores, ", reply: ok");
    assert_eq!((result.messages.missing, result.notes.len()), (20, 0));
    assert!(matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)));
}

#[test]
fn a_single_answer_makes_silence_a_failure() {
    // The first push is the one before the run.
    let result = push_to(Manner::AnswersOnly(8), "");
    assert_eq!(
        (
            result.messages.sent,
            result.messages.missing,
            result.messages.received
        ),
        (20, 19, 1)
    );
    assert!(matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)));
}
