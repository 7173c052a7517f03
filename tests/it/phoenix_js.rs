//! Conversations of phoenix.js itself with the reference server: over long poll, by fallback, and over what ends a connection; and of
//! the client of Supabase, which is built upon it. They need Node and the packages of `tests/phoenix_js`, which `npm ci` fetches
//! there; without them the tests say so and are skipped.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use phxproof::server::Server;

use crate::load::serve_with;
use crate::middlebox::{Hindrance, Middlebox};

/// The versions of phoenix.js that are played: 1.7.21 sends its requests by `XMLHttpRequest` and knows no limit of a batch, those
/// of 1.8 send them by `fetch`, and 1.8.16 has another socket than those before.
const VERSIONS: [&str; 4] = ["1.7.21", "1.8.9", "1.8.12", "1.8.16"];

const TALK: &str = r#"echo ["ok",{"none":null,"text":"häß\n\""}]
echo_error ["error",{"code":7}]
counted in order true
broadcasts in order true
bytes [0,1,254,255]
left {}
joined {"params":{"again":true}}
count ["ok",{"count":1}]
refused {"reason":"no"}
present ["ana","bea"]
present ["ana"]
"#;

/// What is told of ends and of what comes after them.
const COMES_BACK: &str = r#"before ["ok",{"value":1}]
after the crash ["ok",{"value":null}]
after the disconnect ["ok",{"n":1}]
annotations 0
after the restart ["ok",{"n":2}]
caught up ["missed"]
"#;

/// What the client of Supabase is told.
const REALTIME: &str = r#"vsn 2.0.0
realtime:room CHANNEL_ERROR: unmatched topic
lab SUBSCRIBED
lab SUBSCRIBED
echo ok
echo_error error
ignore timed out
push timed out {"n":2,"type":"push"}
broadcast_from ok {"n":3,"type":"broadcast_from"}
crash CHANNEL_ERROR: channel error: transport failure
rejoin SUBSCRIBED
echo ok
present ana online
present ana online; bea online
update ok
present ana online; bea busy
leave ok
present ana online
disconnect CHANNEL_ERROR: socket closed: 1001
reconnect SUBSCRIBED
echo ok
leave ok
heartbeats are answered
"#;

/// The folder of the script and its packages.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/phoenix_js")
}

/// Whether the conversations can be played here. What is missing is written past the harness, which shows nothing of a test
/// that passes.
pub(crate) fn can_play() -> bool {
    let missing = if Command::new("node").arg("--version").output().is_err() {
        "there is no Node (`node`)"
    } else if !folder().join("node_modules/@supabase/realtime-js").exists() {
        "its packages are missing: `npm ci --prefix tests/phoenix_js` fetches them"
    } else {
        return true;
    };
    // The message is lost if stderr is closed.
    let _ = writeln!(std::io::stderr(), "skipped: phoenix.js is not played, {missing}");
    false
}

/// What phoenix.js is told in a play. `path` is where ana's requests go, bea connects to the server itself.
fn played(version: &str, play: &str, server: &Server, path: SocketAddr) -> String {
    let origin = format!("http://{}", server.address());
    run(&[
        "conversation.mjs",
        &format!("phoenix-{version}"),
        play,
        &origin,
        &format!("ws://{path}"),
    ])
}

/// What a script prints.
fn run(script: &[&str]) -> String {
    let output = Command::new("node")
        .args(script)
        .current_dir(folder())
        .output()
        .expect("node was there a moment ago");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Most of a conversation is waiting, so all versions talk at the same time.
fn for_each_version(check: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for version in VERSIONS {
            let check = &check;
            scope.spawn(move || check(version));
        }
    });
}

/// What is told where all is right.
fn talk_on(transport: &str) -> String {
    format!("joined {{\"params\":{{\"from\":\"ana\"}}}}\nana is on {transport}\n{TALK}")
}

/// Plays with all versions of phoenix.js at a correct server.
#[track_caller]
fn assert_told(play: &str, expected: &str) {
    if !can_play() {
        return;
    }
    let server = serve_with(&[]);
    for_each_version(|version| {
        let told = played(version, play, &server, server.address());
        assert_eq!(told, expected, "{version}");
    });
}

#[test]
fn phoenix_js_talks_over_long_poll() {
    assert_told("longpoll", &talk_on("LongPoll"));
}

#[test]
fn phoenix_js_comes_back_when_its_session_has_expired() {
    assert_told("expired", "in the new session [\"ok\",{\"n\":1}]\n");
}

#[test]
fn phoenix_js_falls_back_where_websockets_are_hindered() {
    if !can_play() {
        return;
    }
    let server = serve_with(&[]);
    for_each_version(|version| {
        for hindrance in [Hindrance::RefusesUpgrades, Hindrance::SwallowsUpgrades] {
            falls_back(version, &server, hindrance);
        }
    });
    // Earlier versions do not repeat a join that they sent over the WebSocket; it times out.
    falls_back("1.8.16", &server, Hindrance::MutesWebSockets);
}

fn falls_back(version: &str, server: &Server, hindrance: Hindrance) {
    let middlebox = Middlebox::before(server.address(), hindrance);
    let told = played(version, "fallback", server, middlebox.address);
    let expected = talk_on("LongPoll") + "remembered [\"phx:fallback:LongPoll\"]\n";
    assert_eq!(told, expected, "{version} {hindrance:?}");
    let (upgrades, posts) = (middlebox.upgrades(), middlebox.posts());
    assert!(
        upgrades > 0 && posts > 0,
        "{version} {hindrance:?}: {upgrades} {posts}"
    );
}

#[test]
fn phoenix_js_stays_on_websocket_where_it_is_answered() {
    assert_told("fallback", &(talk_on("WebSocket") + "remembered []\n"));
}

#[test]
fn a_server_with_a_mistake_is_noticed_by_phoenix_js() {
    if !can_play() {
        return;
    }
    let server = serve_with(&["longpoll-batch-reversed"]);
    let told = played("1.8.12", "longpoll", &server, server.address());
    assert!(told.contains("counted in order false"), "{told}");
}

#[test]
fn phoenix_js_comes_back_after_a_crash_a_disconnect_and_a_restart() {
    if !can_play() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = folder
        .path()
        .to_str()
        .expect("a temporary folder has a plain name");
    for_each_version(|version| {
        let package = format!("phoenix-{version}");
        let told = run(&["comes_back.mjs", &package, env!("CARGO_BIN_EXE_phxproof"), store]);
        assert_eq!(told, COMES_BACK, "{version}");
    });
}

#[test]
fn the_client_of_supabase_joins_pushes_sees_presence_and_comes_back() {
    if !can_play() {
        return;
    }
    let server = serve_with(&[]);
    assert_eq!(
        run(&["realtime.mjs", &format!("http://{}", server.address())]),
        REALTIME
    );
}
