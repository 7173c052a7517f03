//! `record`: what clients say through it becomes a scenario that replays, over both transports, with TLS, with phoenix.js.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::certificates::Authority;
use crate::cli::{Served, phxproof, said};
use crate::phoenix_js::{can_play, folder as phoenix_js};

/// What two actors say to each other on the reference server.
const TALK: &str = r#"about: Two clients talk.
vsn: 2.0.0
steps:
  - ana, bea: connect
  - ana, bea: { join: "lab:talk", with: { name: somebody }, reply: { ok: { params: { name: somebody } } } }
  - together:
      - ana: { push: echo, with: { text: "häß {{'{{' * 1}} \"" } }
      - ana: { push: count, reply: { ok: { count: 1 } } }
  - ana: { push: broadcast, with: { greeting: hello } }
  - ana, bea: { receive: broadcasted }
  - ana: { push: crash, reply: none }
  - ana: { receive: phx_error }
  - ana: { join: "lab:talk" }
  - ana: { join: "lab-nowhere:1", reply: error }
  - bea: cut
  - bea: connect
  - bea: { join: "lab:talk" }
  - bea: { leave: "lab:talk" }
  - bea: { receive: phx_close }
"#;

/// A folder with the scenario of a client.
fn folder_with(talk: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("talk.yaml"), talk).unwrap();
    folder
}

/// A `record` before a target; it writes `recorded.yaml`.
fn record(folder: &Path, target: &str, more: &[&str]) -> Served {
    let args = [
        "record",
        "--listen",
        "0",
        "--target",
        target,
        "--save",
        "recorded.yaml",
    ];
    Served::run(folder, &[&args, more].concat())
}

/// The address of its socket for clients of this transport.
fn mount(recorder: &Served, scheme: &str) -> String {
    recorder.target().replace("ws://", &format!("{scheme}://"))
}

/// Ends a recording, and returns what it said on stderr.
#[track_caller]
fn end(recorder: &mut Served, exit: i32) -> String {
    let code = recorder.terminate();
    let text = recorder.rest() + &recorder.stderr();
    assert_eq!(code, Some(exit), "{text}");
    text
}

/// A replay of the recording.
fn replay(folder: &Path, target: &str, more: &[&str]) -> String {
    let args = [
        "check",
        "recorded.yaml",
        "--target",
        target,
        "--profile",
        "phoenix-1.8.12-bandit",
        "--color",
        "never",
    ];
    said(folder, &[&args, more].concat())
}

#[track_caller]
fn assert_exit(said: &str, code: i32) {
    assert!(said.ends_with(&format!("--- exit {code}\n")), "{said}");
}

/// Drives a scenario through the proxy.
#[track_caller]
fn drive(folder: &Path, target: &str, more: &[&str]) {
    let args = [
        "check",
        "talk.yaml",
        "--target",
        target,
        "--profile",
        "phoenix-1.8.12-bandit",
    ];
    let driven = said(folder, &[&args, more].concat());
    assert_exit(&driven, 0);
}

/// Records the talk over a transport; the replay passes on a correct server, and fails on those with a mistake.
fn is_recorded_and_replayed(scheme: &str, faults: &[&str]) {
    let folder = folder_with(TALK);
    let folder = folder.path();
    let server = Served::start(folder, &[]);
    let mut recorder = record(folder, &server.target(), &[]);
    drive(folder, &mount(&recorder, scheme), &[]);
    end(&mut recorder, 0);
    let replayed = replay(folder, &Served::start(folder, &[]).target(), &[]);
    assert_exit(&replayed, 0);
    for fault in faults {
        let faulty = Served::start(folder, &["--fault", fault]);
        let replayed = replay(folder, &faulty.target(), &["--timeout", "500ms"]);
        assert_exit(&replayed, 1);
    }
}

#[test]
fn a_talk_over_websocket_is_recorded_and_replayed() {
    is_recorded_and_replayed("ws", &["broadcast-skips-sender", "reply-twice"]);
}

#[test]
fn a_talk_over_long_poll_is_recorded_and_replayed() {
    is_recorded_and_replayed("http", &["broadcast-skips-sender", "reply-twice"]);
}

#[test]
fn what_phoenix_js_says_is_recorded_and_replayed() {
    if !can_play() {
        return;
    }
    for (transport, version) in [("websocket", "1.8.12"), ("longpoll", "1.8.16")] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let server = Served::start(folder, &[]);
        let mut recorder = record(folder, &server.target(), &[]);
        let address = recorder.target().replace("/socket", "");
        let talked = Command::new("node")
            .args(["recorded.mjs", &format!("phoenix-{version}"), transport, &address])
            .current_dir(phoenix_js())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&talked.stdout), "said\n", "{talked:?}");
        end(&mut recorder, 0);
        let text = fs::read_to_string(folder.join("recorded.yaml")).unwrap();
        for expected in [
            "  - http: \"GET /token/ana\"\n    save: saved_token\n",
            "params: { token: \"{{saved_token}}\" }",
            "variables: [password]",
            "  - ana: { push: crash, reply: none }\n  - ana: { receive: phx_error, with: { reason: channel_crash } }\n",
            "last_seen_id: \"{{saved_last_seen_id}}\"",
        ] {
            assert!(text.contains(expected), "{version}: no {expected}\n{text}");
        }
        let fixture = fs::read_to_string(folder.join("recorded.snap")).unwrap();
        assert!(!(text + &fixture).contains("open sesame"));
        // Another server signs other tokens, and another password is given.
        let target = Served::start(folder, &[]);
        let replayed = replay(folder, &target.target(), &["--var", "password=another one"]);
        assert_exit(&replayed, 0);
        let without = replay(folder, &target.target(), &[]);
        assert!(
            without.contains("the variable `password` has no value"),
            "{without}"
        );
        assert_exit(&without, 64);
    }
}

#[test]
fn a_second_run_finds_what_differs_and_a_server_with_a_memory_passes_again() {
    let talk = "about: x\nsteps:\n  - ana: connect\n  - ana: { join: \"videos:7\" }\n  \
        - ana: { push: new_annotation, with: { body: a, at: 1 } }\n  - ana: { receive: new_annotation }\n";
    let outcome = |more: &[&str]| {
        let folder = folder_with(talk);
        let server = Served::start(folder.path(), &[]);
        let mut recorder = record(folder.path(), &server.target(), more);
        drive(folder.path(), &mount(&recorder, "ws"), &[]);
        let told = end(&mut recorder, 0);
        let left_out = "left out of the comparison (`hide:`): ";
        assert_eq!(told.contains(left_out), more.contains(&"--twice"), "{told}");
        let text = fs::read_to_string(folder.path().join("recorded.yaml")).unwrap();
        (text, replay(folder.path(), &server.target(), &[]))
    };
    let (text, replayed) = outcome(&["--twice"]);
    assert_exit(&replayed, 0);
    assert!(text.contains("\"/response/annotations\""), "{text}");
    assert!(
        text.contains("annotations: { is: list }") && text.contains("id: { is: integer }"),
        "{text}"
    );
    let (text, replayed) = outcome(&[]);
    assert_exit(&replayed, 1);
    assert!(!text.contains("\"/response/annotations\""), "{text}");
}

#[test]
fn a_target_with_tls_is_recorded_by_clients_without() {
    let folder = folder_with(TALK);
    let folder = folder.path();
    let authority = Authority::new();
    let file = authority.write(folder);
    let [cert, key] = authority.sign(&["127.0.0.1"], |_| ()).write(folder, "server");
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let server = Served::start(folder, &files);
    let trust = ["--cacert", file.to_str().unwrap()];
    let mut recorder = record(folder, &server.target(), &trust);
    drive(folder, &mount(&recorder, "ws"), &[]);
    let told = end(&mut recorder, 0);
    assert!(told.contains(" --cacert "), "{told}");
    assert_exit(&replay(folder, &server.target(), &trust), 0);
    let untrusting = ["record", "--listen", "0", "--save", "other.yaml", "--target"];
    let untrusting = said(folder, &[&untrusting[..], &[&server.target()]].concat());
    assert_exit(&untrusting, 2);
    assert!(!folder.join("other.yaml").exists());
}

#[test]
fn a_token_is_not_written_and_is_asked_for() {
    let folder = folder_with("about: x\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:1\" }\n");
    let folder = folder.path();
    let server = Served::start(folder, &[]);
    let token = server.token("ana");
    let mut recorder = record(folder, &server.target(), &[]);
    let param = format!("token={token}");
    drive(folder, &mount(&recorder, "ws"), &["--param", &param]);
    end(&mut recorder, 0);
    for name in ["recorded.yaml", "recorded.snap"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(!text.contains(&token), "{text}");
    }
    let given = format!("token={token}");
    assert_exit(&replay(folder, &server.target(), &["--var", &given]), 0);
    let refused = replay(folder, &server.target(), &["--var", "token=none"]);
    assert_exit(&refused, 1);
}

#[test]
fn requests_beside_the_socket_pass() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let recorder = record(folder.path(), &server.target(), &[]);
    let mut tcp = TcpStream::connect(recorder.address()).unwrap();
    // Two requests in one segment, on one connection.
    let request = "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /token/ana HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    tcp.write_all(request.as_bytes()).unwrap();
    let mut answers = String::new();
    tcp.read_to_string(&mut answers).unwrap();
    assert!(
        answers.starts_with("HTTP/1.1 404 ") && answers.contains("SFMyNTY."),
        "{answers}"
    );
}

/// A WebSocket by hand through the proxy.
fn upgraded(recorder: &Served) -> TcpStream {
    let address = recorder.address();
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!(
        "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    tcp
}

#[test]
fn clients_that_misbehave_pass_and_what_came_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path(), &[]);
    let mut recorder = record(folder.path(), &server.target(), &[]);
    let join = |tcp: &mut TcpStream| {
        let message = br#"["1","1","lab:odd","phx_join",{}]"#;
        let header = [0x81, 0x80 | u8::try_from(message.len()).unwrap(), 0, 0, 0, 0];
        tcp.write_all(&[&header[..], message].concat()).unwrap();
        let mut answer = [0; 64];
        assert!(tcp.read(&mut answer).unwrap() > 0);
    };
    // A frame with reserved bits, which the server answers with a close frame.
    let mut garbage = upgraded(&recorder);
    join(&mut garbage);
    garbage.write_all(&[0xf1, 0x80, 0, 0, 0, 0]).unwrap();
    let mut rest = Vec::new();
    garbage.read_to_end(&mut rest).unwrap();
    assert!(rest.contains(&0x88), "no close frame: {rest:?}");
    // The announcement of a huge message, and then nothing more.
    let mut huge = upgraded(&recorder);
    join(&mut huge);
    huge.write_all(&[0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .unwrap();
    huge.shutdown(Shutdown::Write).unwrap();
    let _ = huge.read_to_end(&mut rest);
    // No HTTP at all.
    let mut other = TcpStream::connect(recorder.address()).unwrap();
    other.write_all(b"\x16\x03\x01\x00\x00").unwrap();
    other.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(other.read_to_end(&mut rest).unwrap_or(0), 0);
    end(&mut recorder, 0);
    let text = fs::read_to_string(folder.path().join("recorded.yaml")).unwrap();
    assert!(
        text.contains("# ana: the recording of this connection is not complete: the client sent a frame"),
        "{text}"
    );
    assert_eq!(text.matches("{ join: \"lab:odd\"").count(), 2, "{text}");
    assert!(text.contains("- ana: { closed: 1002 }"), "{text}");
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Served::start(folder, &[]);
    let target = server.target();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let absent = "ws://127.0.0.1:1/socket";
    let there = folder.join("there.yaml");
    fs::write(&there, "mine").unwrap();
    for (listen, target, file, exit, expected) in [
        (
            port.as_str(),
            target.as_str(),
            "a.yaml",
            64,
            "cannot listen on 127.0.0.1:",
        ),
        ("0", absent, "a.yaml", 2, "nothing listens at 127.0.0.1:1"),
        (
            "0",
            &target,
            "there.yaml",
            64,
            "there.yaml exists already\n  next      --force overwrites it",
        ),
        ("0", &target, "no/folder/a.yaml", 64, "cannot write the recording"),
        ("0", &target, "a.txt", 64, "expected  a name that ends in .yaml"),
    ] {
        let told = said(
            folder,
            &["record", "--listen", listen, "--target", target, "--save", file],
        );
        assert!(told.contains(expected), "{told}");
        assert_exit(&told, exit);
    }
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    let told = said(folder, &["record", "--listen", "0", "--save", "a.yaml"]);
    assert!(
        told.contains("nothing says which server is to be recorded"),
        "{told}"
    );
    assert_exit(&told, 64);
    let left = fs::read_dir(folder).unwrap().count();
    assert_eq!(left, 1, "only there.yaml");
}

#[test]
fn a_recording_of_nothing_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Served::start(folder, &[]);
    let args = [
        "record", "--listen", "0", "--save", "a.yaml", "--for", "50ms", "--target",
    ];
    let told = said(folder, &[&args[..], &[&server.target()]].concat());
    assert!(told.contains("nothing was recorded"), "{told}");
    assert_exit(&told, 2);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn force_overwrites() {
    let folder = folder_with("about: x\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:1\" }\n");
    let folder = folder.path();
    fs::write(folder.join("recorded.yaml"), "old").unwrap();
    let server = Served::start(folder, &[]);
    let mut recorder = record(folder, &server.target(), &["--force"]);
    drive(folder, &mount(&recorder, "ws"), &[]);
    end(&mut recorder, 0);
    let text = fs::read_to_string(folder.join("recorded.yaml")).unwrap();
    assert!(text.contains("about: A recorded conversation of"), "{text}");
    let help = phxproof(folder, &["record", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("--twice"));
}
