//! The swarm against the reference server: what it counts and measures, and that it ends.

mod fake;
mod hostile;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use phxproof::load::{
    self, Arrivals, Event, LoadResult, Override, Pacing, Schedule, Settings, Share, Stage, built_in,
};
use phxproof::scenario::read;
use phxproof::server::conduct::Mishap;
use phxproof::server::{self, Server};
use phxproof::transport::Target;

use fake::{Fake, Manner};

/// A server of one thread.
fn serve() -> Server {
    serve_with(&[])
}

fn serve_with(faults: &[&str]) -> Server {
    let faults = faults.iter().filter_map(|id| server::faults::find(id)).collect();
    Server::start(&server::Settings {
        faults,
        ..server::Settings::default()
    })
    .expect("a free port")
}

fn settings(server: &Server, scenario: &str) -> Settings {
    settings_of(server.address(), scenario)
}

fn settings_of(address: SocketAddr, scenario: &str) -> Settings {
    let target = Target::parse(&format!("ws://{address}/socket")).expect("an address");
    let it = built_in()
        .iter()
        .find(|it| it.name == scenario)
        .expect("a built-in scenario");
    Settings {
        sockets: 20,
        shards: Some(2),
        schedule: Schedule::Closed,
        duration: Duration::from_millis(300),
        ..Settings::new(target, Arc::clone(&it.program))
    }
}

fn run(settings: &Settings) -> LoadResult {
    load::run(settings, &mut |_| {}, &AtomicBool::new(false)).expect("a run")
}

fn open(rate: f64, millis: u64) -> Schedule {
    Schedule::Open(
        vec![Stage {
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
    assert!(result.messages.all_right() && result.troubles.is_empty());
    assert!(result.generator.valid && result.lateness_us.is_none());
    server.drain();
}

#[test]
fn an_open_model_sends_what_it_said() {
    let server = serve();
    let result = run(&Settings {
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
    let result = run(&Settings {
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
    for (fault, mishap) in [
        ("broadcast-lost", Mishap::Lost),
        ("broadcast-doubled", Mishap::Doubled),
        ("broadcast-swapped", Mishap::Swapped),
    ] {
        for one_in in [None, NonZeroU32::new(13)] {
            let server = Server::start(&server::Settings {
                faults: server::faults::find(fault).into_iter().collect(),
                one_in,
                ..server::Settings::default()
            });
            let server = server.expect("a free port");
            let result = run(&Settings {
                schedule: open(200.0, 150),
                ..settings(&server, "fanout")
            });
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
}

#[test]
fn scenarios_share_sockets_and_sends_by_their_weights() {
    let server = serve();
    let share = |name: &str, weight| {
        let it = built_in().iter().find(|it| it.name == name).expect("built in");
        Share {
            program: Arc::clone(&it.program),
            weight,
        }
    };
    let target = Target::parse(&format!("ws://{}/socket", server.address())).expect("an address");
    let (first, others) = (share("fanout", 1), [share("rumbl", 2), share("idle", 3)]);
    let result = run(&Settings {
        sockets: 60,
        shards: Some(3),
        schedule: open(150.0, 400),
        ..Settings::of_several(target, first, others)
    });
    assert_eq!((result.sockets.joined, result.counts.dropped), (60, 0));
    // A third of the sends goes to the ten of a room, the rest to the ten of a video: whose topics are their own.
    assert_eq!(
        (result.messages.sent, result.counts.broadcasts),
        (60, 20 * 10 + 40 * 10)
    );
    assert_eq!(result.messages.expected, 60 + 600);
    assert!(
        result.messages.all_right() && result.troubles.is_empty(),
        "{:?}",
        result.messages
    );
    server.drain();
}

#[test]
fn an_answer_that_comes_twice_is_a_duplicate() {
    let server = serve_with(&["reply-twice"]);
    let result = run(&Settings {
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
fn people_watch_a_video_and_one_of_them_annotates_it() {
    let server = serve();
    let result = run(&Settings {
        schedule: open(100.0, 300),
        ..settings(&server, "rumbl")
    });
    // Two instances of ten; each annotation reaches the ten of its own.
    assert_eq!((result.messages.sent, result.counts.broadcasts), (30, 300));
    assert!(
        result.messages.all_right() && result.mismatches.is_empty(),
        "{:?}",
        result.messages
    );
    server.drain();
}

#[test]
fn people_of_their_own_are_let_in_by_tokens_and_known_by_their_names() {
    let server = serve();
    let scenario = "about: Everybody is somebody.\nfresh: [video]\nsteps:\n  \
        - ana: { connect: socket, as: \"ana-{{video}}\", params: { locale: \"{{video}}\" } }\n  \
        - ana: { join: \"videos:{{video}}\" }\n  \
        - ana: { push: new_annotation, with: { body: hi, at: 1 } }\n  \
        - ana: { receive: new_annotation, with: { user: { username: \"ana-{{video}}\" } } }\n  \
        - ana: cut\n";
    let program = Arc::new(read("people.yaml", scenario).expect("a scenario"));
    let result = run(&Settings {
        shares: vec![Share::new(program)],
        ..settings(&server, "echo")
    });
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
    // Who comes back needs a token again.
    assert!(result.sockets.reconnects > 0, "{:?}", result.sockets);
    assert!(
        result.messages.sent >= 20 && result.troubles.is_empty(),
        "{:?}",
        result.troubles
    );
    server.drain();
}

#[test]
fn who_gets_no_token_is_counted_so() {
    let fake = Fake::start(Manner::Unavailable);
    let scenario = "about: A.\nsteps:\n  - ana: { connect: socket, as: ana }\n  - ana: { join: \"a:b\" }\n";
    let program = Arc::new(read("people.yaml", scenario).expect("a scenario"));
    let result = run(&Settings {
        shares: vec![Share::new(program)],
        timeout: Duration::from_millis(300),
        ..settings_of(fake.address, "echo")
    });
    assert_eq!(result.sockets.opened, 0);
    assert!(result.troubles.contains_key("no-token"), "{:?}", result.troubles);
}

#[test]
fn a_herd_comes_back_and_rejoins() {
    let server = serve();
    let herd = "about: A herd.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  \
                - sleep: 100ms\n  - ana: cut\n";
    let program = Arc::new(read("herd.yaml", herd).expect("a scenario"));
    let settings = Settings {
        shares: vec![Share::new(program)],
        duration: Duration::from_millis(500),
        ..settings(&server, "herd")
    };
    let result = run(&settings);
    assert!(
        result.sockets.reconnects >= 20 && result.latency_us.rejoin.count >= 20,
        "{:?}",
        result.sockets
    );
    assert_eq!(result.sockets.lost, 0);
    server.drain();
}

#[test]
fn who_joins_and_leaves_meanwhile_is_counted_exactly() {
    let server = serve();
    let scenario = "about: Guests come and go.\nshared: [room]\nsteps:\n  - ana, bea: connect\n  \
        - ana, bea: { join: \"lab:{{room}}\" }\n  - ana: { push: broadcast, with: { m: \"{{mark}}\" } }\n  \
        - ana, bea: { receive: broadcasted }\n  - bea: leave\n  - bea: { join: \"lab:{{room}}\" }\n";
    let program = Arc::new(read("guests.yaml", scenario).expect("a scenario"));
    let settings = Settings {
        shares: vec![Share::new(program)],
        schedule: open(500.0, 500),
        ..settings(&server, "echo")
    };
    let result = run(&settings);
    assert!(result.messages.all_right(), "{:?}", result.messages);
    assert!(result.counts.broadcasts >= 250 * 10 && result.counts.rounds > 250);
    server.drain();
}

#[test]
fn an_answer_that_nobody_awaits_is_not_held_against_the_next_push() {
    let server = serve();
    let scenario = "about: A push without an answer, then one with.\nfresh: [room]\nsteps:\n  - ana: connect\n  \
        - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo_error, reply: none }\n  - ana: { push: echo }\n";
    let program = Arc::new(read("none.yaml", scenario).expect("a scenario"));
    let settings = Settings {
        shares: vec![Share::new(program)],
        schedule: open(100.0, 300),
        ..settings(&server, "echo")
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
    let result = run(&Settings {
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
    let settings = Settings {
        duration: Duration::from_secs(3600),
        ..settings(&server, "echo")
    };
    let mut on_event = |event: Event<'_>| {
        if let Event::Second(_) = event {
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
fn the_histogram_log_is_read_by_the_standard_reader() {
    let server = serve();
    let result = run(&settings(&server, "echo"));
    let mut count = 0;
    let mut deserializer = hdrhistogram::serialization::Deserializer::new();
    for entry in IntervalLogIterator::new(result.histograms.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.expect("a log") {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(interval.encoded_histogram())
                .expect("base64");
            let histogram = deserializer
                .deserialize::<u64, _>(&mut bytes.as_slice())
                .expect("a histogram");
            if interval.tag().is_some_and(|tag| tag.as_str() == "reply") {
                count += histogram.len();
            }
        }
    }
    assert!(count > 0, "no replies in the log");
    assert_eq!(count, result.latency_us.reply.count);
    server.drain();
}

#[test]
fn a_server_without_lab_is_loaded_by_topic_and_push() {
    let server = serve();
    let instead = Override {
        topic: Some("lab:lobby".to_owned()),
        join_params: Some(serde_json::json!({"a": 1})),
        push: Some((
            "echo".to_owned(),
            serde_json::json!({"n": "{{seq}}", "text": "from {{sender}}"}),
        )),
        offers: Vec::new(),
    };
    let result = run(&Settings {
        instead,
        schedule: open(100.0, 200),
        ..settings(&server, "echo")
    });
    assert_eq!((result.messages.sent, result.messages.received), (20, 20));
    assert!(
        result.messages.all_right() && result.troubles.is_empty(),
        "{:?}",
        result.troubles
    );
    server.drain();
}

#[test]
fn nonsense_is_refused_before_anything_is_opened() {
    let fake = Fake::start(Manner::Silent);
    let settings = settings_of(fake.address, "echo");
    let refused = |settings: Settings| {
        load::run(&settings, &mut |_| {}, &AtomicBool::new(false))
            .map(|_| ())
            .map_err(|it| it.to_string())
    };
    assert!(
        refused(Settings {
            sockets: 0,
            ..settings.clone()
        })
        .is_err_and(|it| it.contains("0 sockets"))
    );
    assert!(
        refused(Settings {
            duration: Duration::ZERO,
            ..settings.clone()
        })
        .is_err()
    );
    assert!(
        refused(Settings {
            schedule: open(0.0, 100),
            ..settings.clone()
        })
        .is_err()
    );
    let raw = read(
        "raw.yaml",
        "about: A.\nsteps:\n  - ana: connect\n  - ana: { raw: { text: x } }\n",
    )
    .expect("it reads");
    let said = refused(Settings {
        shares: vec![Share::new(Arc::new(raw))],
        ..settings
    });
    assert!(
        said.as_ref().is_err_and(|it| it.contains("hand-made frames")),
        "{said:?}"
    );
}
