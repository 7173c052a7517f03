//! Behaviours that Phoenix leaves open: no case fails on a server that shows them at random, and a fault that goes slightly
//! further than such a behaviour still fails.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use phxproof::Target;
use phxproof::conformance::internal::{Case, CheckSettings as Checked, NoHost, built_in, check};
use phxproof::conformance::{HeldTo, RunResult, Strictness, Verdict};
use phxproof::internal::transport::Transport;
use phxproof::server::internal::{Freedom, Tally};
use phxproof::server::{Server, ServerSettings, faults};

/// Cases that restart their server.
const RESTARTS: [&str; 2] = ["lifetime/kill", "lifetime/restart"];
const SEEDS: u64 = 20;
const SEEDS_OVER_LONG_POLL: u64 = 5;
const SIDE_BY_SIDE: usize = 2;

/// The cases of each family in which some case leaves something to chance.
fn families() -> Vec<Arc<Case>> {
    let cases = built_in();
    let mut open: BTreeSet<&str> = cases
        .iter()
        .filter(|case| case.leaves_to_chance())
        .map(|case| case.family())
        .collect();
    // In these, channels end.
    open.extend(["broadcast", "leave", "join", "room"]);
    cases
        .iter()
        .filter(|case| open.contains(case.family()) && !RESTARTS.contains(&&*case.id))
        .cloned()
        .collect()
}

/// Plays cases against a server that takes the freedoms.
fn play(
    settings: &ServerSettings,
    transport: Transport,
    cases: Vec<Arc<Case>>,
    timeout: Duration,
) -> (RunResult, Arc<Tally>) {
    let server = Server::start(settings).unwrap();
    let target = Target::parse(&format!("ws://{}/socket", server.address())).unwrap();
    let target = target.over(transport);
    let checked = Checked {
        held_to: Some(HeldTo::Profile(settings.profile)),
        strict: Strictness::Strict,
        timeout,
        ..Checked::new(target, cases)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let host = NoHost;
    let result = runtime
        .block_on(check(checked, &host, &mut |_| {}, std::future::pending()))
        .unwrap();
    let tally = server.tally().unwrap();
    server.drain();
    server.join();
    (result, tally)
}

/// The results of plays against servers with as many seeds.
fn played(
    seeds: u64,
    transport: Transport,
    cases: &(dyn Fn() -> Vec<Arc<Case>> + Sync),
) -> Vec<(u64, (RunResult, Arc<Tally>))> {
    let (next, done) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let settings = ServerSettings {
                        chance: Some(seed),
                        ..ServerSettings::default()
                    };
                    let played = play(&settings, transport, cases(), Duration::from_secs(20));
                    done.lock().unwrap().push((seed, played));
                }
            });
        }
    });
    done.into_inner().unwrap()
}

#[track_caller]
fn assert_no_case_stumbled(done: &[(u64, (RunResult, Arc<Tally>))]) {
    let stumbled: Vec<String> = done
        .iter()
        .flat_map(|(seed, (result, _))| {
            let cases = result.cases.iter();
            let wrong = cases.filter(|case| {
                !matches!(case.verdict, Verdict::Pass | Verdict::Skipped)
                    || case.close_verdict == Verdict::Fail
            });
            wrong.map(move |case| format!("seed {seed}: {} {:?} {:?}", case.id, case.verdict, case.finding))
        })
        .collect();
    assert!(
        stumbled.is_empty(),
        "{}:\n{}",
        stumbled.len(),
        stumbled.join("\n")
    );
}

#[test]
fn no_case_stumbles_over_what_phoenix_leaves_open() {
    let done = played(SEEDS, Transport::WebSocket, &families);
    assert_no_case_stumbled(&done);
    for freedom in Freedom::ALL {
        let (happened, occasions) = done
            .iter()
            .fold((0, 0), |(happened, occasions), (_, (_, tally))| {
                let (more, of) = tally.of(freedom);
                (happened + more, occasions + of)
            });
        assert!(occasions >= 20, "{freedom:?} had {occasions} occasions");
        assert!(
            (occasions..=3 * occasions).contains(&(4 * happened)),
            "{freedom:?} happened {happened} times of {occasions}"
        );
    }
}

#[test]
fn no_case_stumbles_over_it_over_long_poll() {
    let over_long_poll = || {
        let carried = families()
            .into_iter()
            .filter(|case| case.transports().any(|it| it == Transport::LongPoll));
        let over = carried.map(|case| Arc::new(case.over(Transport::LongPoll).unwrap()));
        over.collect()
    };
    let done = played(SEEDS_OVER_LONG_POLL, Transport::LongPoll, &over_long_poll);
    assert_no_case_stumbled(&done);
    let happened = |freedom| {
        done.iter()
            .map(|(_, (_, tally))| tally.of(freedom).0)
            .sum::<u64>()
    };
    // The server took at least five of the freedoms.
    let freedoms = Freedom::ALL.into_iter().filter(|freedom| happened(*freedom) > 0);
    assert!(freedoms.count() >= 5);
}

/// For each freedom, a fault that goes slightly further than Phoenix may.
const BEYOND: [(Freedom, &str); Freedom::ALL.len()] = [
    (Freedom::DeadSubscription, "subscription-never-ends"),
    (Freedom::OwnLeave, "presence-leaves-with-all"),
    (Freedom::LateEnd, "crash-ends-nothing"),
    (Freedom::QueueBeforeRejoin, "leave-unanswered"),
    (Freedom::LateState, "presence-state-without-newcomer"),
    (Freedom::LateDiff, "presence-join-untold-to-newcomer"),
    (Freedom::DiffBeforeReply, "presence-update-told-twice"),
    (Freedom::MetaOrder, "presence-state-one-meta"),
    (Freedom::LateTimer, "ping-twice"),
];

#[test]
fn what_lies_beyond_a_freedom_fails_even_where_freedoms_are_taken() {
    assert_eq!(BEYOND.map(|(freedom, _)| freedom), Freedom::ALL);
    let passed: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = BEYOND
            .iter()
            .map(|&(freedom, name)| {
                scope.spawn(move || {
                    let fault = faults::find(name).unwrap();
                    // Some freedoms are rare: where leaves and joins of many cases meet they have their occasions.
                    let cites = |case: &&Arc<Case>| {
                        let mut rules = case.rules().iter();
                        let cites = rules.any(|rule| fault.rules.contains(&rule.as_str()));
                        (cites || case.id.starts_with("leave/")) && !RESTARTS.contains(&&*case.id)
                    };
                    let cases: Vec<Arc<Case>> = built_in().iter().filter(cites).cloned().collect();
                    for seed in 1..=20 {
                        let settings = ServerSettings {
                            chance: Some(seed),
                            faults: vec![fault],
                            ..ServerSettings::default()
                        };
                        let (result, tally) = play(
                            &settings,
                            Transport::WebSocket,
                            cases.clone(),
                            Duration::from_secs(2),
                        );
                        if !result.cases.iter().any(|case| case.verdict == Verdict::Fail) {
                            return Some(format!("{name} with seed {seed}, beyond {freedom:?}"));
                        }
                        if tally.of(freedom).0 > 0 {
                            return None;
                        }
                    }
                    Some(format!("{freedom:?} never happened beside {name}"))
                })
            })
            .collect();
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    assert!(passed.is_empty(), "{passed:?}");
}
