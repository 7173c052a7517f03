//! How a swarm plays single steps: which socket waits for which message, which step takes a message, and what is counted if
//! the message never comes.

use std::time::Duration;

use phxproof::load::{LoadConclusion, LoadResult, LoadSettings, Schedule};
use phxproof::server::Server;

use super::{open, run, serve, serve_with, settings_of_own};

const START: &str = "about: A.\nfresh: [room]\nsteps:\n  - ana, bea: connect\n  \
                     - ana, bea: { join: \"lab:{{room}}\" }\n";

/// Plays these steps behind a join of both, again and again for a while.
fn play(steps: &str, schedule: Schedule) -> LoadResult {
    play_against(serve(), steps, schedule)
}

fn play_against(server: Server, steps: &str, schedule: Schedule) -> LoadResult {
    let result = run(&LoadSettings {
        schedule,
        timeout: Duration::from_secs(1),
        ..settings_of_own(server.address(), &format!("{START}{steps}"))
    });
    server.drain();
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
    result
}

/// Nothing was broken; whether the swarm itself was in time is not asked, as a test may run on a busy machine.
fn assert_all_held(result: &LoadResult) {
    assert_eq!(result.failures_so_far(&[]), [""; 0]);
    assert!(
        result.troubles.is_empty() && result.counts.rounds > 20,
        "{:?}",
        result.troubles
    );
}

fn assert_fell_short(result: &LoadResult, reason: &str) {
    let conclusion = result.conclusion(&[]);
    let LoadConclusion::FellShort(reasons) = &conclusion else {
        panic!("{conclusion:?}");
    };
    assert!(reasons.iter().any(|it| it.contains(reason)), "{reasons:?}");
}

#[test]
fn a_message_is_right_if_one_of_the_steps_that_wait_for_it_takes_it() {
    let steps = |last: &str| {
        format!(
            "  - ana: {{ push: broadcast, with: {{ a: 1 }} }}\n  - ana: {{ push: broadcast, with: {{ b: 2 }} }}\n  \
             - ana, bea: {{ receive: broadcasted, with: {{ a: 1 }} }}\n  \
             - ana, bea: {{ receive: broadcasted, with: {{ {last} }} }}\n"
        )
    };
    assert_all_held(&play(&steps("b: 2"), Schedule::Closed));
    assert_all_held(&play(&steps("b: 2"), open(300.0, 300)));
    let wrong = play(&steps("b: 3"), Schedule::Closed);
    assert_fell_short(&wrong, "not as the scenario says");
    assert!(wrong.mismatches["broadcasted"] > 0);
}

#[test]
fn what_comes_to_a_role_that_only_pushes_is_judged_as_well() {
    let steps = |status: &str| {
        format!(
            "  - ana: {{ push: broadcast, with: {{ a: 1 }}, reply: none }}\n  \
             - ana: {{ receive: phx_reply, with: {{ status: {status} }} }}\n  \
             - ana: {{ receive: broadcasted, with: {{ a: 1 }} }}\n"
        )
    };
    let right = play(&steps("ok"), open(300.0, 300));
    assert!(right.messages.sent > 20 && right.mismatches.is_empty());
    let wrong = play(&steps("error"), open(300.0, 300));
    assert_eq!(wrong.mismatches["phx_reply"], wrong.messages.sent);
}

#[test]
fn a_lost_broadcast_is_noticed_whether_somebody_waits_for_it_or_not() {
    let steps = "  - ana: { push: broadcast }\n  - ana: { receive: broadcasted }\n";
    for schedule in [Schedule::Closed, open(50.0, 300)] {
        let result = play_against(serve_with(&["broadcast-lost"]), steps, schedule);
        assert_fell_short(&result, "messages never came");
    }
}

#[test]
fn a_broadcast_counts_only_as_the_event_that_is_awaited() {
    let steps = "  - ana: { push: broadcast, with: { m: \"{{mark}}\" } }\n  - ana: { receive: shouted }\n";
    let result = play(steps, open(50.0, 300));
    assert_fell_short(&result, "messages never came");
    assert_eq!(
        (result.counts.broadcasts, result.messages.missing),
        (0, result.messages.sent)
    );
    assert!(result.unasked["broadcasted"] > 0);
}

#[test]
fn answers_to_what_went_out_together_come_in_order_where_that_is_said() {
    let steps = "  - repeat: 3\n    counting: n\n    together:\n      \
                 - ana: { push: echo, with: { n: \"{{n}}\" }, reply: { ok: { n: \"{{n}}\" } } }\n    \
                 answers: in order\n";
    assert_all_held(&play(steps, Schedule::Closed));
    let swapped = play_against(serve_with(&["replies-swapped"]), steps, Schedule::Closed);
    assert_fell_short(&swapped, "not as the scenario says");
    let any_order = steps.replace("in order", "in any order");
    assert_all_held(&play_against(
        serve_with(&["replies-swapped"]),
        &any_order,
        Schedule::Closed,
    ));
}

#[test]
fn what_comes_twice_around_a_leave_is_a_duplicate_or_in_doubt() {
    let steps = "  - ana: { push: broadcast, with: { m: \"{{mark}}\" } }\n  - ana: { receive: broadcasted }\n  \
                 - bea: { receive: broadcasted }\n  - bea: leave\n  - bea: { join: \"lab:{{room}}\" }\n";
    let server = serve_with(&["broadcast-doubled"]);
    let (_, planted) = server.planted().expect("a fault of deliveries");
    let result = play_against(server, steps, open(200.0, 400));
    let told = result.messages.duplicated + result.messages.in_doubt;
    assert!(result.messages.duplicated > 0 && told >= planted.count());
}

#[test]
fn who_leaves_waits_for_the_answer_and_hears_the_close() {
    let steps = "  - ana: leave\n  - ana: { receive: phx_close }\n  \
                 - ana: { join: \"lab:{{room}}\", with: { a: 1 }, reply: { ok: { params: { a: 1 } } } }\n  \
                 - ana: { push: count, reply: { ok: { count: 1 } } }\n";
    let result = play(steps, Schedule::Closed);
    assert_all_held(&result);
    assert!(result.unasked.is_empty(), "{:?}", result.unasked);
}

#[test]
fn a_round_that_ends_without_a_topic_begins_with_it_again() {
    assert_all_held(&play(
        "  - ana: { push: echo }\n  - ana: leave\n",
        Schedule::Closed,
    ));
    assert_all_held(&play(
        "  - ana: { push: echo }\n  - ana: leave\n",
        open(200.0, 300),
    ));
}

#[test]
fn a_topic_that_was_left_keeps_nobody_from_speaking_on_another() {
    let steps = "  - ana: { join: \"lab:other-{{room}}\" }\n  - ana: { leave: \"lab:other-{{room}}\" }\n  \
                 - ana: { push: echo, on: \"lab:{{room}}\" }\n";
    let result = play(steps, Schedule::Closed);
    assert_all_held(&result);
    assert!(result.messages.sent > 20);
}

#[test]
fn the_answer_to_a_join_is_judged() {
    let steps = "  - ana: leave\n  - ana: { join: \"lab:{{room}}\", reply: { ok: { params: { a: 1 } } } }\n";
    let result = play(steps, Schedule::Closed);
    assert_fell_short(&result, "not as the scenario says");
    assert!(result.mismatches["phx_join"] > 0);
}

#[test]
fn an_answer_that_its_push_does_not_wait_for_can_be_received() {
    let steps = "  - ana: { push: echo, with: { a: 1 }, reply: none }\n  - ana: { push: count }\n  \
                 - ana: { receive: phx_reply, with: { status: ok, response: { a: 1 } } }\n";
    assert_all_held(&play(steps, Schedule::Closed));
}

#[test]
fn a_crash_that_is_waited_for_is_no_trouble_and_any_other_is() {
    let crash = "  - ana: { push: crash, reply: none }\n";
    let expected = play(
        &format!("{crash}  - ana: {{ receive: phx_error }}\n"),
        Schedule::Closed,
    );
    assert_eq!(
        expected.conclusion(&[]),
        LoadConclusion::Held,
        "{:?}",
        expected.troubles
    );
    assert!(expected.troubles.is_empty() && expected.messages.sent >= 10);
    assert_fell_short(&play(crash, Schedule::Closed), "channels crashed");
}

#[test]
fn who_crashed_has_its_next_turn_when_it_has_rejoined() {
    // The client rejoins after a second.
    let steps = "  - ana: { push: crash, reply: none }\n  - ana: { receive: phx_error }\n";
    let result = play(steps, open(10.0, 2500));
    assert!(result.counts.rounds > 10, "{:?}", result.counts);
}

#[test]
fn a_channel_that_the_server_ends_is_joined_again_in_the_next_round() {
    let stop = "  - ana: { push: stop, with: { reason: normal }, reply: none }\n";
    let expected = play(
        &format!("{stop}  - ana: {{ receive: phx_close }}\n"),
        Schedule::Closed,
    );
    assert_all_held(&expected);
    assert_all_held(&play(
        &format!("{stop}  - ana: {{ receive: phx_close }}\n"),
        open(150.0, 300),
    ));
    assert_fell_short(
        &play(&format!("{stop}  - ana: {{ push: echo }}\n"), Schedule::Closed),
        "channels were closed by the server",
    );
}

#[test]
fn what_a_step_waits_for_in_vain_is_missing() {
    let steps = "  - ana: { push: echo }\n  - ana: { receive: never, within: 20ms }\n";
    let result = play(steps, Schedule::Closed);
    assert_fell_short(&result, "that the scenario waits for did not come");
    assert!(result.counts.awaited_missing >= 10);
}

#[test]
fn sockets_without_a_topic_are_a_swarm_too() {
    let server = serve();
    let steps = "about: A.\nsteps:\n  - ana: connect\n  - sleep: 50ms\n  - ana: cut\n";
    let result = run(&LoadSettings {
        ..settings_of_own(server.address(), steps)
    });
    server.drain();
    assert_eq!(result.conclusion(&[]), LoadConclusion::Held);
    assert!(result.sockets.joined == 20 && result.sockets.reconnects > 20);
}

#[test]
fn rounds_that_nobody_was_free_for_are_not_passed_over_in_silence() {
    let steps = "  - ana: { push: echo }\n  - sleep: 1s\n";
    let result = play(steps, open(100.0, 1500));
    // Ten can begin at once, and ten again when they have slept.
    assert!(result.counts.dropped >= 20, "{:?}", result.counts);
    assert_eq!(result.counts.due, result.messages.sent + result.counts.dropped);
    assert_eq!(result.counts.due, 150);
    assert!(matches!(result.conclusion(&[]), LoadConclusion::Undecided(_)));
    // A hundred senders, and as many who listen.
    let shortage = result.shortage.expect("sockets lack");
    assert!(
        (200..300).contains(&shortage.sockets) && shortage.had == 20,
        "{shortage:?}"
    );
    let said = shortage.to_string();
    assert!(
        said.contains("sends were never sent") && said.contains("100 a second"),
        "{said}"
    );
    // The second ten waited for the sleep of the first, and not for the server.
    let (reply, waited) = (result.latency_us.reply, result.waited_us.expect("an open model"));
    assert!(waited.p50 > reply.max, "{reply:?} {waited:?}");
    let enough = play(steps, open(8.0, 1500));
    assert!(enough.counts.dropped == 0 && enough.messages.sent > 0);
}
