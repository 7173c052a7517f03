//! `connect` with `fallback` through middleboxes that hinder WebSockets or requests, as `check` plays it.

use std::path::Path;
use std::time::Duration;

use super::{Served, said};
use crate::middlebox::{Hindrance, Middlebox};

/// The output of `check` for a scenario with these steps, and the frames that it wrote.
fn check(middlebox: &Middlebox, scheme: &str, steps: &str) -> (String, String) {
    let scenario = format!("about: A client falls back.\nlevel: lab\nfresh: [room]\nsteps:\n{steps}");
    check_scenario(middlebox, scheme, &scenario)
}

fn check_scenario(middlebox: &Middlebox, scheme: &str, scenario: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.yaml"), scenario).unwrap();
    let target = format!("{scheme}://{}/socket", middlebox.address);
    let args = [
        "check",
        "own.yaml",
        "--target",
        &target,
        "--timeout",
        "2s",
        "--out",
        "out",
    ];
    let said = said(folder.path(), &args);
    (said, frames(&folder.path().join("out/frames")))
}

/// All frames that were written.
fn frames(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

fn serve() -> Served {
    Served::start(tempfile::tempdir().unwrap().path(), &[])
}

/// A client that connects, and then pushes over whichever transport it is on.
fn connect_and_push(fallback: &str, settles_on: &str) -> String {
    format!(
        "  - ana: {{ connect: socket, fallback: {fallback}, settles-on: {settles_on} }}\n  \
         - ana: {{ join: \"lab:{{{{room}}}}\" }}\n  - ana: {{ push: echo, with: {{ a: 1 }} }}\n"
    )
}

/// The client joins before it pings; the reply to the join has 120 kB.
fn join_with_a_large_reply(fallback: &str, settles_on: &str) -> String {
    format!(
        "  - together:\n      - ana: {{ connect: socket, fallback: {fallback}, settles-on: {settles_on} }}\n      \
         - ana: {{ join: \"lab:{{{{room}}}}\", with: {{ text: \"{{{{'large ' * 20000}}}}\" }} }}\n  \
         - ana: {{ push: echo, with: {{ a: 1 }} }}\n"
    )
}

#[track_caller]
fn assert_passed(said: &str) {
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}

#[test]
fn a_websocket_that_is_refused_or_silent_is_given_up() {
    let served = serve();
    for (hindrance, why) in [
        (
            Hindrance::RefusesUpgrades,
            "the WebSocket failed: the server refused it with 403",
        ),
        (
            Hindrance::SwallowsUpgrades,
            "the WebSocket did not open within 400 ms",
        ),
        (
            Hindrance::MutesWebSockets,
            "the WebSocket did not answer the health ping within 400 ms",
        ),
    ] {
        let middlebox = Middlebox::before(served.address(), hindrance);
        let (said, frames) = check(&middlebox, "http", &connect_and_push("400ms", "longpoll"));
        assert_passed(&said);
        assert!(frames.contains(why), "{frames}");
        assert!(frames.contains("over long poll: "), "{frames}");
    }
}

#[test]
fn a_websocket_that_is_cut_soon_after_the_upgrade_is_given_up() {
    let served = serve();
    let middlebox = Middlebox::before(
        served.address(),
        Hindrance::CutsWebSockets(Duration::from_millis(200)),
    );
    // The server answers the ping before the cut. After it, the client joins the room again.
    let steps = "  - ana: { connect: socket, fallback: 10s }\n  \
                 - ana: { join: \"lab:{{room}}\" }\n  - sleep: 1s\n  - ana: { push: echo, with: { a: 1 } }\n";
    let (said, frames) = check(&middlebox, "http", steps);
    assert_passed(&said);
    assert!(
        frames.contains("over WebSocket: it answered the health ping after"),
        "{frames}"
    );
    assert!(
        frames.contains("over long poll: the WebSocket failed"),
        "{frames}"
    );
}

#[test]
fn a_slow_line_delays_the_ping_behind_a_large_reply_and_the_delay_is_told() {
    let served = serve();
    // 100 bytes in a millisecond at most: the reply to the join takes more than a second.
    let middlebox = Middlebox::before(served.address(), Hindrance::Slows(100));
    let (said, frames) = check(&middlebox, "http", &join_with_a_large_reply("300ms", "longpoll"));
    assert!(
        frames.contains("the WebSocket did not answer the health ping within 300 ms"),
        "{said}\n{frames}"
    );
    let (said, frames) = check(&middlebox, "ws", &join_with_a_large_reply("60s", "websocket"));
    assert_passed(&said);
    let delay = frames
        .split("it answered the health ping after ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let delay: u64 = delay.unwrap().parse().unwrap();
    // The line itself takes 1.2 s.
    assert!(delay >= 1000, "{delay} ms");
}

#[test]
fn a_batch_that_is_swallowed_is_told_by_the_step_that_waits_for_its_answer() {
    let served = serve();
    let middlebox = Middlebox::before(served.address(), Hindrance::SwallowsPosts);
    // The probe finds no lab channel here, as its posts are swallowed too.
    let scenario = "about: A post is swallowed.\nlevel: wire\nsteps:\n  - ana: connect\n  - ana: heartbeat\n";
    let (said, _) = check_scenario(&middlebox, "http", scenario);
    assert!(
        said.contains("nothing came within 2s") && said.contains("an answer ok to the heartbeat"),
        "{said}"
    );
    assert!(said.ends_with("--- exit 1\n"), "{said}");
}

#[test]
fn a_case_fails_if_the_server_answers_no_heartbeat() {
    let served = Served::start(
        tempfile::tempdir().unwrap().path(),
        &["--fault", "heartbeat-unanswered"],
    );
    let target = served.target();
    let folder = tempfile::tempdir().unwrap();
    let said = said(
        folder.path(),
        &["check", "longpoll/stays-on-websocket", "--target", &target],
    );
    assert!(said.contains("the client fell back to long poll"), "{said}");
    assert!(said.ends_with("--- exit 1\n"), "{said}");
}
