//! Scenarios that a swarm plays step by step: many instances can repeat each step that a case of `check` may contain.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use phxproof::conformance::internal::{Case, built_in};
use phxproof::load::internal::PlayedBy;
use phxproof::load::{Deliveries, LoadConclusion, LoadError, LoadResult, LoadSettings, Schedule};
use phxproof::scenario::Level;
use phxproof::server::Server;

use super::{open, run, serve, serve_with, settings_for, settings_of_own};

fn play(server: &Server, steps: &str, schedule: Schedule) -> LoadResult {
    let text = format!("about: A.\nfresh: [room, ana]\nload: {{ sockets: 20 }}\nsteps:\n{steps}");
    run(&LoadSettings {
        schedule,
        timeout: Duration::from_secs(5),
        ..settings_of_own(server.address(), &text)
    })
}

fn assert_all_held(result: &LoadResult) {
    assert_eq!(result.failures_so_far(&[]), [""; 0], "{:?}", result.first_answers);
    let rounds = result.counts.rounds;
    assert!(
        result.troubles.is_empty() && rounds > 5,
        "{rounds} rounds, {:?}",
        result.troubles
    );
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
}

const JOINED: &str = "  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n";

/// What no compiled role can do, each with an expectation that does not hold.
const STEPS: [(&str, &str, &str); 7] = [
    (
        "  - ana: { push: echo, with: { n: 7 }, save: { seen: /n } }\n  \
           - ana: { push: echo, with: { again: \"{{seen}}\" }, reply: { ok: { again: 7 } } }\n",
        "again: 7 }",
        "again: 8 }",
    ),
    (
        "  - ana: { push: echo }\n  - ana: { receive-nothing: 20ms }\n  - ana: { push: echo, with: { n: 1 }, reply: { ok: { n: 1 } } }\n",
        "ok: { n: 1 }",
        "ok: { n: 2 }",
    ),
    (
        "  - ana: { raw: { message: [null, \"7\", phoenix, heartbeat, {}] } }\n  - ana: { receive: phx_reply, with: { status: ok } }\n",
        "status: ok",
        "status: error",
    ),
    (
        "  - ana: { push: echo, ref: \"77\", with: { n: 1 }, reply: { ok: { n: 1 } } }\n",
        "ok: { n: 1 }",
        "ok: { n: 2 }",
    ),
    (
        "  - ana: { push: ack, reply: any }\n  - ana: { join: \"lab:{{room}}-2\" }\n  - ana: { push: echo, on: \"lab:{{room}}-2\", with: { n: 1 }, reply: { ok: { n: 1 } } }\n  \
           - ana: { leave: \"lab:{{room}}-2\" }\n",
        "ok: { n: 1 }",
        "ok: { n: 2 }",
    ),
    (
        "  - http: GET /token/{{ana}}\n    answer: 200\n  - ana: { push: echo }\n",
        "answer: 200",
        "answer: 404",
    ),
    (
        "  - ana: { push: echo }\n  - ana: { join: \"nowhere:{{room}}\", reply: error }\n",
        "reply: error",
        "reply: ok",
    ),
];

#[test]
fn a_swarm_plays_steps_that_no_role_can_be_compiled_of_and_sees_which_do_not_hold() {
    for (steps, right, wrong) in STEPS {
        let server = serve();
        let steps = format!("{JOINED}{steps}");
        assert_all_held(&play(&server, &steps, Schedule::Closed));
        assert!(steps.contains(right), "{steps}");
        let result = play(&server, &steps.replacen(right, wrong, 1), Schedule::Closed);
        let conclusion = result.conclusion(&[]);
        assert!(
            matches!(conclusion, LoadConclusion::FellShort(_)),
            "{steps}: {conclusion:?}"
        );
        assert_eq!(result.counts.rounds, 0, "{steps}");
        server.drain();
    }
}

#[test]
fn a_connect_that_is_meant_to_be_refused_is_a_round_of_its_own() {
    let server = serve();
    let refused = "  - ana: { connect: socket, params: { token: bad }, answer: 403 }\n  \
                     - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo }\n";
    assert_all_held(&play(&server, refused, Schedule::Closed));
    let let_in = refused.replace(", params: { token: bad }", "");
    let result = play(&server, &let_in, Schedule::Closed);
    assert!(result.mismatches["connect"] > 0, "{:?}", result.conclusion(&[]));
    server.drain();
}

#[test]
fn an_open_model_begins_as_many_rounds_as_it_said() {
    let server = serve();
    let (steps, ..) = STEPS[0];
    let result = play(&server, &format!("{JOINED}{steps}"), open(100.0, 500));
    assert_all_held(&result);
    let counts = result.counts;
    assert_eq!((counts.due, counts.rounds, counts.dropped), (50, 50, 0));
    assert_eq!((counts.sent, counts.replies), (100, 100));
    assert_eq!(result.latency_us.reply.count, 100);
    // No step waits for a broadcast, so none is missed by not being followed.
    assert_eq!(result.deliveries, Deliveries::None);
    server.drain();
}

#[test]
fn a_rate_counts_rounds_of_joins_and_leaves_as_well() {
    let server = serve();
    let steps = format!("{JOINED}  - ana: leave\n  - ana: {{ join: \"lab:{{{{room}}}}-2\" }}\n");
    let result = play(&server, &steps, open(100.0, 300));
    assert_eq!(
        (result.counts.due, result.counts.rounds, result.counts.sent),
        (30, 30, 0)
    );
    assert_eq!(result.failures_so_far(&[]), [""; 0]);
    server.drain();
}

#[test]
fn instances_of_several_actors_wait_for_each_other() {
    let server = serve();
    let steps = "  - ana, bea: connect\n  - ana, bea: { join: \"lab:{{room}}\" }\n  \
                 - ana: { push: broadcast, with: { n: 5 } }\n  - bea: { receive: broadcasted, save: { n: /n } }\n  \
                 - bea: { push: echo, with: { got: \"{{n}}\" }, reply: { ok: { got: 5 } } }\n  \
                 - ana: { receive: broadcasted }\n";
    let result = play(&server, steps, Schedule::Closed);
    assert_all_held(&result);
    assert_eq!(result.deliveries, Deliveries::NotFollowed);
    server.drain();
    let loses = serve_with(&["broadcast-lost"]);
    let result = run(&LoadSettings {
        timeout: Duration::from_millis(200),
        ..settings_of_own(
            loses.address(),
            &format!("about: A.\nfresh: [room]\nsteps:\n{steps}"),
        )
    });
    assert!(result.counts.awaited_missing > 0, "{:?}", result.conclusion(&[]));
    loses.drain();
}

#[test]
fn a_server_that_is_gone_is_an_error_of_each_instance() {
    let server = serve();
    let address = server.address();
    server.drain();
    server.join();
    let result = run(&LoadSettings {
        ..settings_of_own(
            address,
            &format!("about: A.\nfresh: [room]\nsteps:\n{JOINED}{}", STEPS[0].0),
        )
    });
    assert!(result.troubles["refused"] >= 20, "{:?}", result.troubles);
    assert!(matches!(result.conclusion(&[]), LoadConclusion::Undecided(_)));
}

#[test]
fn what_makes_no_sense_many_times_is_refused_with_its_place() {
    let refused = |text: &str, sockets: u32| {
        let settings = LoadSettings {
            sockets,
            ..settings_of_own("127.0.0.1:9".parse().unwrap(), text)
        };
        phxproof::load::internal::rehearse(&settings).unwrap_err()
    };
    let restart = "about: A.\nsteps:\n  - ana: connect\n  - restart: kill\n";
    let error = refused(restart, 20);
    assert!(matches!(&error, LoadError::Scenario(_)), "{error}");
    assert!(error.to_string().contains("own.yaml:4"), "{error}");
    let two = "about: A.\nsteps:\n  - ana, bea: connect\n  - ana: { receive-nothing: 1ms }\n";
    let error = refused(two, 1).to_string();
    assert!(error.contains("whole instances of 2 sockets"), "{error}");
}

#[test]
fn each_case_with_channels_of_the_reference_server_can_be_played_by_a_swarm_of_fifty() {
    let server = serve();
    let levels = [Level::Lab, Level::Presence, Level::Rumbl];
    let cases = built_in().iter();
    let cases: Vec<&Arc<Case>> = cases
        .filter(|case| case.level().is_some_and(|level| levels.contains(&level)))
        // Without an actor there is nothing that a socket could do.
        .filter(|case| case.program.actor_count() > 0)
        .collect();
    assert!(cases.len() > 100, "{}", cases.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { break };
                    play_case(&server, case, number as u64);
                }
            });
        }
    });
    server.drain();
}

/// `number` is the seed, from which the names of topics follow: others play at the same time.
fn play_case(server: &Server, case: &Case, number: u64) {
    let id = &case.id;
    let settings = LoadSettings {
        sockets: 50,
        shards: Some(1),
        seed: number,
        schedule: open(50.0, 100),
        timeout: Duration::from_secs(20),
        ..settings_for(server.address(), Arc::clone(&case.program))
    };
    match (
        phxproof::load::internal::rehearse(&settings),
        case.program.restarts(),
    ) {
        (Err(error), false) => panic!("{id}: {error}"),
        (Ok(_), true) => panic!("{id} can be played, although it restarts the server"),
        (Err(_), true) => return,
        (Ok(_), false) => {}
    }
    let result = run(&settings);
    let failures = result.failures_so_far(&[]);
    assert!(
        failures.is_empty(),
        "{id}: {failures:?}, {:?}",
        result.first_answers
    );
    assert!(
        result.counts.first_joined > 0,
        "{id}: nobody joined, {:?}",
        result.troubles
    );
}

/// Scenarios that can be repeated, and that a role can be compiled of.
const COMPILED: [&str; 6] = [
    "  - ana: { push: echo, with: { n: 1 }, reply: { ok: { n: 1 } } }\n",
    "  - ana: { push: echo }\n  - ana: { push: ack, reply: ok }\n  - ana: { push: echo, reply: any }\n",
    "  - ana: { push: broadcast, with: { n: 1 } }\n  - ana: { receive: broadcasted, with: { n: 1 } }\n",
    "  - repeat: 3\n    together: [{ ana: { push: echo } }]\n",
    "  - sleep: 10ms\n  - ana: leave\n  - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo }\n",
    "  - ana: { push: broadcast, with: { n: 1 }, reply: none }\n  - ana: { receive: broadcasted, within: 5s }\n",
];

#[test]
fn a_compiled_role_and_the_interpreter_send_and_hear_the_same() {
    let server = serve();
    for steps in COMPILED {
        // A request before the first connect is something that only the interpreter can do.
        let told = |first: &str, played_by: PlayedBy| {
            let text =
                format!("about: A.\nfresh: [room]\nload: {{ sockets: 4 }}\nsteps:\n{first}{JOINED}{steps}");
            let settings = LoadSettings {
                sockets: 4,
                // The last round is over long before the load is.
                schedule: open(5.0, 600),
                ..settings_of_own(server.address(), &text)
            };
            assert_eq!(
                phxproof::load::internal::rehearse(&settings)
                    .ok()
                    .map(|it| it.played_by),
                Some(played_by),
                "{text}"
            );
            let result = run(&settings);
            let counts = result.counts;
            let failures = result.failures_so_far(&[]);
            assert!(counts.rounds > 0 && failures.is_empty(), "{text}: {failures:?}");
            let messages = (counts.due, counts.rounds, counts.sent, counts.replies_expected);
            (messages, counts.replies, counts.first_joined, counts.lost)
        };
        assert_eq!(
            told("", PlayedBy::Roles),
            told("  - http: GET /token/somebody\n", PlayedBy::Interpreter),
            "{steps}"
        );
    }
    server.drain();
}
