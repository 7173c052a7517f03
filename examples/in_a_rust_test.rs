//! A server that is checked and loaded from Rust tests. `cargo test --example in_a_rust_test` runs the tests.
//!
//! The reference server stands in for your own: start yours on a free port instead.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phxproof::conformance::{Check, Verdict};
use phxproof::load::{self, LoadConclusion, LoadSettings};
use phxproof::server::{Server, ServerSettings, faults};
use phxproof::{Target, scenario};

/// Each socket joins a room of its own and waits for the reply to each push.
const ECHO: &str = r#"
about: Each push is answered.
fresh: [room]
steps:
  - ana: connect
  - ana: { join: "lab:{{room}}" }
  - ana: { push: echo, with: { n: 1 }, reply: ok }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    check()?;
    load()?;
    find_a_fault()
}

fn url(server: &Server) -> String {
    format!("ws://{}/socket", server.address())
}

/// The server conforms.
fn check() -> Result<(), Box<dyn Error>> {
    let server = Server::start(&ServerSettings::default())?;
    let result = Check::target(&url(&server))?
        .cases(["join/ok", "heartbeat"])
        .run()?;
    result.assert_held();
    println!("{} cases passed", result.count(Verdict::Pass));
    server.drain();
    server.join();
    Ok(())
}

/// The server answers every push of a hundred sockets.
fn load() -> Result<(), Box<dyn Error>> {
    let server = Server::start(&ServerSettings::default())?;
    let program = scenario::read("echo.yaml", ECHO)?;
    let settings = LoadSettings {
        sockets: 100,
        duration: Duration::from_secs(1),
        ..LoadSettings::new(Target::parse(&url(&server))?, program.into())
    };
    let result = load::run(&settings, &mut |_| {}, &AtomicBool::new(false))?;
    assert!(
        !matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)),
        "{:?}",
        result.messages
    );
    assert!(result.messages.sent > 0, "nothing was sent");
    assert_eq!(result.messages.missing, 0);
    println!(
        "{} pushes, reply p99 {} µs",
        result.messages.sent, result.latency_us.reply.p99
    );
    server.drain();
    server.join();
    Ok(())
}

/// A server with a fault is found out.
fn find_a_fault() -> Result<(), Box<dyn Error>> {
    let server = Server::start(&ServerSettings {
        faults: faults::find("leave-unanswered").into_iter().collect(),
        ..ServerSettings::default()
    })?;
    let result = Check::target(&url(&server))?.cases(["leave/ok"]).run()?;
    let failed: Vec<&str> = result.failed().map(|case| &*case.id).collect();
    assert!(!failed.is_empty(), "the fault was not found");
    println!("found out by {}", failed.join(", "));
    server.drain();
    server.join();
    Ok(())
}

#[test]
fn the_server_conforms() -> Result<(), Box<dyn Error>> {
    check()
}

#[test]
fn the_server_answers_every_push() -> Result<(), Box<dyn Error>> {
    load()
}

#[test]
fn a_fault_is_found() -> Result<(), Box<dyn Error>> {
    find_a_fault()
}
