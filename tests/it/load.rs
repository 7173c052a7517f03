//! The swarm against the reference server: what it counts and measures, and that it ends.

mod compressed;
mod fake;
mod followed;
mod hostile;
mod lost;
mod played;
mod polls;
mod scaled;
mod stepped;
mod steps;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use phxproof::Target;
use phxproof::load::{
    self, Arrivals, LoadEvent, LoadResult, LoadSettings, Pacing, RateStage, Schedule, Share, built_in,
};
use phxproof::scenario::{Program, read};
use phxproof::server::internal::Mishap;
use phxproof::server::{self, Server};

use fake::{Fake, Manner};

/// A server of one thread.
fn serve() -> Server {
    serve_with(&[])
}

pub(crate) fn serve_with(faults: &[&str]) -> Server {
    let faults = faults
        .iter()
        .map(|id| server::faults::find(id).expect("a fault"))
        .collect();
    Server::start(&server::ServerSettings {
        faults,
        ..server::ServerSettings::default()
    })
    .expect("a free port")
}

fn settings(server: &Server, scenario: &str) -> LoadSettings {
    settings_of(server.address(), scenario)
}

fn settings_of(address: SocketAddr, scenario: &str) -> LoadSettings {
    let mut all = built_in().iter();
    let it = all.find(|it| it.name == scenario).expect("a built-in scenario");
    settings_for(address, Arc::clone(&it.program))
}

/// Those of a scenario that is written here.
fn settings_of_own(address: SocketAddr, text: &str) -> LoadSettings {
    settings_for(address, Arc::new(read("own.yaml", text).expect("a scenario")))
}

fn settings_for(address: SocketAddr, program: Arc<Program>) -> LoadSettings {
    let target = Target::parse(&format!("ws://{address}/socket")).expect("an address");
    LoadSettings {
        sockets: 20,
        shards: Some(2),
        schedule: Schedule::Closed,
        duration: Duration::from_millis(300),
        ..LoadSettings::new(target, program)
    }
}

fn run(settings: &LoadSettings) -> LoadResult {
    load::run(settings, &mut |_| {}, &AtomicBool::new(false)).expect("a run")
}

/// Nothing happened that should not.
fn assert_all_right(result: &LoadResult) {
    let is_right = result.messages.all_right() && result.troubles.is_empty();
    assert!(is_right, "{:?} {:?}", result.messages, result.troubles);
}

fn open(rate: f64, millis: u64) -> Schedule {
    Schedule::Open(
        vec![RateStage {
            rate,
            duration: Duration::from_millis(millis),
        }],
        Pacing::Even,
    )
}

#[test]
fn an_echo_is_answered_again_and_again() {
    let server = serve();
    let result = run(&settings(&server, "echo"));
    assert_eq!(
        (result.sockets.opened, result.sockets.joined, result.sockets.lost),
        (20, 20, 0)
    );
    assert!(result.messages.sent > 100);
    assert_eq!(result.messages.sent, result.latency_us.reply.count);
    assert_all_right(&result);
    assert!(result.generator.valid && result.lateness_us.is_none());
    server.drain();
}

#[test]
fn an_open_model_sends_what_it_said() {
    let server = serve();
    let result = run(&LoadSettings {
        schedule: open(200.0, 500),
        ..settings(&server, "echo")
    });
    assert_eq!(
        (
            result.messages.sent,
            result.messages.expected,
            result.messages.received
        ),
        (100, 100, 100)
    );
    assert_eq!(result.lateness_us.map(|it| it.count), Some(100));
    server.drain();
}

#[test]
fn a_broadcast_reaches_everybody_once() {
    let server = serve();
    let result = run(&LoadSettings {
        schedule: open(100.0, 300),
        ..settings(&server, "fanout")
    });
    assert_eq!(
        (
            result.messages.sent,
            result.counts.broadcasts,
            result.latency_us.broadcast.count
        ),
        (30, 600, 600)
    );
    assert!(
        result.messages.all_right() && result.messages.in_doubt == 0,
        "{:?}",
        result.messages
    );
    assert_eq!(result.messages.expected, 630);
    server.drain();
}

#[test]
fn what_is_lost_doubled_or_swapped_is_counted_to_the_last() {
    for one_in in [None, NonZeroU32::new(13)] {
        count_mishaps(one_in, |settings| settings);
    }
}

/// Runs `fanout` against servers that lose, double or swap deliveries, and compares the counts with those of the servers.
#[track_caller]
fn count_mishaps(one_in: Option<NonZeroU32>, adapt: impl Fn(LoadSettings) -> LoadSettings) {
    for (fault, mishap) in [
        ("broadcast-lost", Mishap::Lost),
        ("broadcast-doubled", Mishap::Doubled),
        ("broadcast-swapped", Mishap::Swapped),
    ] {
        let server = Server::start(&server::ServerSettings {
            faults: server::faults::find(fault).into_iter().collect(),
            one_in,
            ..server::ServerSettings::default()
        });
        let server = server.expect("a free port");
        let result = run(&adapt(LoadSettings {
            schedule: open(200.0, 150),
            ..settings(&server, "fanout")
        }));
        let (what, planted) = server.planted().expect("a fault of deliveries");
        assert_eq!(what, mishap);
        let planted = planted.count();
        assert!(planted > 20, "{planted} of {fault}");
        let of = |it| if it == mishap { planted } else { 0 };
        let messages = result.messages;
        assert_eq!(
            [messages.missing, messages.duplicated, messages.reordered],
            [of(Mishap::Lost), of(Mishap::Doubled), of(Mishap::Swapped)],
            "{fault}"
        );
        assert_eq!((messages.expected, messages.misdelivered), (630, 0), "{fault}");
        server.drain();
    }
}

#[test]
fn an_answer_that_comes_twice_is_a_duplicate() {
    let server = serve_with(&["reply-twice"]);
    let result = run(&LoadSettings {
        schedule: open(100.0, 200),
        ..settings(&server, "echo")
    });
    assert_eq!(
        (
            result.messages.sent,
            result.messages.duplicated,
            result.messages.missing
        ),
        (20, 20, 0)
    );
    server.drain();
}

#[test]
fn an_answer_that_nobody_awaits_is_not_held_against_the_next_push() {
    let server = serve();
    let scenario = "about: A push without an answer, then one with.\nfresh: [room]\nsteps:\n  - ana: connect\n  \
        - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo_error, reply: none }\n  - ana: { push: echo }\n";
    let settings = LoadSettings {
        schedule: open(100.0, 300),
        ..settings_of_own(server.address(), scenario)
    };
    let result = run(&settings);
    assert!(result.mismatches.is_empty(), "{:?}", result.mismatches);
    assert!(result.messages.all_right(), "{:?}", result.messages);
    assert_eq!(
        result.counts.replies_expected, result.counts.rounds,
        "{:?}",
        result.counts
    );
    assert!(result.counts.rounds > 0);
    server.drain();
}

#[test]
fn sockets_come_at_their_times() {
    let server = serve();
    let arrivals = Arrivals::Over(Duration::from_millis(400));
    let result = run(&LoadSettings {
        arrivals,
        ..settings(&server, "idle")
    });
    assert_eq!((result.sockets.joined, result.messages.sent), (20, 0));
    assert!(result.took.opening_s >= 0.37, "{:?}", result.took);
    server.drain();
}

#[test]
fn a_run_can_be_stopped() {
    let server = serve();
    let stop = AtomicBool::new(false);
    let mut seconds = 0;
    let settings = LoadSettings {
        duration: Duration::from_secs(3600),
        ..settings(&server, "echo")
    };
    let mut on_event = |event: LoadEvent<'_>| {
        if let LoadEvent::Second(_) = event {
            seconds += 1;
            stop.store(true, Ordering::Relaxed);
        }
    };
    let result = load::run(&settings, &mut on_event, &stop).expect("a run");
    assert!(result.cut_short && seconds >= 1 && result.series.len() == seconds);
    assert!(result.messages.sent > 0 && result.messages.missing == 0);
    server.drain();
}

#[test]
fn nonsense_is_refused_before_anything_is_opened() {
    let fake = Fake::start(Manner::Silent);
    let settings = settings_of(fake.address, "echo");
    let refused = |settings: LoadSettings| {
        load::run(&settings, &mut |_| {}, &AtomicBool::new(false))
            .map(|_| ())
            .map_err(|it| it.to_string())
    };
    assert!(
        refused(LoadSettings {
            sockets: 0,
            ..settings.clone()
        })
        .is_err_and(|it| it.contains("0 sockets"))
    );
    assert!(
        refused(LoadSettings {
            duration: Duration::ZERO,
            ..settings.clone()
        })
        .is_err()
    );
    assert!(
        refused(LoadSettings {
            schedule: open(0.0, 100),
            ..settings.clone()
        })
        .is_err()
    );
    let restart = read(
        "restart.yaml",
        "about: A.\nsteps:\n  - ana: connect\n  - restart: kill\n",
    )
    .expect("it reads");
    let said = refused(LoadSettings {
        shares: vec![Share::new(Arc::new(restart))],
        ..settings
    });
    assert!(
        said.as_ref().is_err_and(|it| it.contains("restarts no server")),
        "{said:?}"
    );
}
