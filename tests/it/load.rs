//! The swarm against the reference server: what it counts and measures, and that it ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phxproof::load::{self, LoadResult, Pacing, Schedule, Settings, Stage, built_in};
use phxproof::server::{self, Server};
use phxproof::transport::Target;

/// A server of one thread.
fn serve() -> Server {
    Server::start(&server::Settings::default()).expect("a free port")
}

fn settings(server: &Server, scenario: &str) -> Settings {
    let target = Target::parse(&format!("ws://{}/socket", server.address())).expect("an address");
    let it = built_in()
        .iter()
        .find(|it| it.name == scenario)
        .expect("a built-in scenario");
    Settings {
        sockets: 20,
        shards: Some(2),
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
    println!("{}", serde_json::to_string_pretty(&result).unwrap());
    assert_eq!(
        (result.sockets.opened, result.sockets.joined, result.sockets.lost),
        (20, 20, 0)
    );
    assert!(result.messages.sent > 100);
    assert_eq!(result.messages.sent, result.latency_us.reply.count);
    assert!(result.messages.all_right() && result.troubles.is_empty());
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
    println!("{}", serde_json::to_string_pretty(&result).unwrap());
    assert_eq!(result.messages.sent, 30);
    assert_eq!(result.counts.broadcasts, 30 * 20);
    assert_eq!(result.latency_us.broadcast.count, 30 * 20);
    assert!(result.messages.all_right());
    server.drain();
}
