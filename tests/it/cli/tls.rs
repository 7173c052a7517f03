//! TLS on the command line: who is trusted, what is said where a handshake fails, and how it ends.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rcgen::date_time_ymd;

use super::{Served, phxproof, said, shown};
use crate::certificates::{Authority, Clients, Signed, accept, serve, settings};

/// What `check` says of a server at `address` that is called `host`.
fn check(folder: &Path, host: &str, address: SocketAddr, more: &[&str]) -> String {
    let target = format!("wss://{host}:{}/socket", address.port());
    let resolve = format!("{host}:{}:127.0.0.1", address.port());
    let args = [
        &[
            "check",
            "join/ok",
            "--quiet",
            "--target",
            &target,
            "--resolve",
            &resolve,
        ],
        more,
    ];
    said(folder, &args.concat())
}

/// The same with trust in an authority.
fn check_trusting(authority: &Authority, host: &str, address: SocketAddr, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = authority.write(folder.path());
    let more = [&["--cacert", file.to_str().unwrap()], more].concat();
    check(folder.path(), host, address, &more)
}

fn server(signed: &Signed) -> SocketAddr {
    serve(settings(signed, Clients::Anyone))
}

#[track_caller]
fn assert_undecided(said: &str, expected: &str) {
    assert!(said.contains(expected), "{said}");
    assert!(said.ends_with("--- exit 2\n"), "{said}");
}

#[test]
fn a_certificate_of_a_trusted_authority_lets_the_upgrade_through() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["a.test"], |_| ()));
    let said = check_trusting(&authority, "a.test", address, &[]);
    assert_undecided(&said, "answered the upgrade with 404");
}

#[test]
fn an_authority_that_is_not_trusted_is_told_with_the_flag_that_helps() {
    let address = server(&Authority::new().sign(&["a.test"], |_| ()));
    let folder = tempfile::tempdir().unwrap();
    let said = check(folder.path(), "a.test", address, &[]);
    assert_undecided(&said, "signed by an authority that is not trusted");
    assert!(said.contains("--cacert FILE"), "{said}");
    let said = check_trusting(&Authority::new(), "a.test", address, &[]);
    assert_undecided(&said, "signed by an authority that is not trusted");
}

#[test]
fn insecure_accepts_any_certificate() {
    let signed = Authority::new().sign(&["b.test"], |params| params.not_after = date_time_ymd(2020, 1, 2));
    let folder = tempfile::tempdir().unwrap();
    let said = check(
        folder.path(),
        "a.test",
        server(&signed),
        &["--insecure", "--out", "out"],
    );
    assert_undecided(&said, "answered the upgrade with 404");
    let result = std::fs::read_to_string(folder.path().join("out/result.json")).unwrap();
    assert!(result.contains("\"insecure\": true"), "{result}");
}

#[test]
fn an_expired_certificate_is_told_with_its_last_moment() {
    let authority = Authority::new();
    let signed = authority.sign(&["a.test"], |params| params.not_after = date_time_ymd(2020, 1, 2));
    let said = check_trusting(&authority, "a.test", server(&signed), &[]);
    assert_undecided(&said, "its certificate expired at 2020-01-02T00:00:00Z");
}

#[test]
fn a_certificate_of_the_future_is_told_with_its_first_moment() {
    let authority = Authority::new();
    let signed = authority.sign(&["a.test"], |params| {
        params.not_before = date_time_ymd(3000, 1, 2)
    });
    let said = check_trusting(&authority, "a.test", server(&signed), &[]);
    assert_undecided(&said, "not valid yet at 3000-01-02T00:00:00Z");
}

#[test]
fn a_certificate_for_another_name_is_told_with_both_names() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["b.test", "*.c.test", "10.0.0.7"], |_| ()));
    let said = check_trusting(&authority, "a.test", address, &[]);
    assert_undecided(
        &said,
        "its certificate is for b.test, *.c.test, 10.0.0.7, not for a.test",
    );
}

#[test]
fn plain_http_on_a_port_that_should_speak_tls_is_told() {
    let address = accept(|mut tcp| {
        let _ = tcp.read(&mut [0; 4096]);
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let folder = tempfile::tempdir().unwrap();
    let said = check(folder.path(), "a.test", address, &[]);
    assert_undecided(&said, "it speaks HTTP without TLS; use ws://");
}

#[test]
fn tls_on_a_port_that_should_speak_plain_http_is_told() {
    let address = server(&Authority::new().sign(&["a.test"], |_| ()));
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{address}/socket");
    let said = said(
        folder.path(),
        &["check", "join/ok", "--quiet", "--target", &target],
    );
    assert_undecided(&said, "speaks TLS; use wss://");
}

#[test]
fn a_server_of_old_versions_only_is_told() {
    let address = accept(|mut tcp| {
        const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];
        let _ = tcp.read(&mut [0; 4096]);
        let _ = tcp.write_all(&PROTOCOL_VERSION);
    });
    let folder = tempfile::tempdir().unwrap();
    let said = check(folder.path(), "a.test", address, &[]);
    assert_undecided(&said, "it speaks neither TLS 1.2 nor TLS 1.3");
}

#[test]
fn a_client_certificate_that_is_wanted_is_told_and_one_that_is_given_is_used() {
    let authority = Authority::new();
    let signed = authority.sign(&["a.test"], |_| ());
    let address = serve(settings(&signed, Clients::Of(&authority)));
    let said = check_trusting(&authority, "a.test", address, &[]);
    assert_undecided(
        &said,
        "it wants a client certificate; name one with --cert FILE --key FILE",
    );

    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = authority.sign(&["me"], |_| ()).write(folder.path(), "me");
    let own = ["--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let said = check_trusting(&authority, "a.test", address, &own);
    assert_undecided(&said, "answered the upgrade with 404");

    let [cert, key] = Authority::new()
        .sign(&["me"], |_| ())
        .write(folder.path(), "other");
    let own = ["--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let said = check_trusting(&authority, "a.test", address, &own);
    assert_undecided(&said, "it does not accept the client certificate: ");
}

#[test]
fn a_server_of_http_2_only_is_told() {
    let authority = Authority::new();
    let mut settings = settings(&authority.sign(&["a.test"], |_| ()), Clients::Anyone);
    settings.alpn_protocols = vec![b"h2".to_vec()];
    let said = check_trusting(&authority, "a.test", serve(settings), &[]);
    assert_undecided(
        &said,
        "it speaks no HTTP/1.1; WebSocket over HTTP/2 (RFC 8441) is not used",
    );
}

#[test]
fn a_server_that_ends_the_handshake_or_sends_anything_else_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ends = accept(|mut tcp| drop(tcp.read(&mut [0; 4096])));
    let said = check(folder.path(), "a.test", ends, &[]);
    assert_undecided(&said, "it ended the connection during the handshake");
    let greets = accept(|mut tcp| {
        let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
        let _ = tcp.read(&mut [0; 4096]);
    });
    let said = check(folder.path(), "a.test", greets, &[]);
    assert_undecided(&said, "what it sent is not TLS");
}

#[test]
fn files_that_are_no_certificates_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "these are notes\n").unwrap();
    let [cert, _] = Authority::new().sign(&["me"], |_| ()).write(folder.path(), "me");
    let [_, key] = Authority::new()
        .sign(&["me"], |_| ())
        .write(folder.path(), "other");
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    for (more, expected) in [
        (
            &["--cacert", "notes.txt"][..],
            "it has no certificate of an authority",
        ),
        (
            &["--cacert", "nowhere.pem"],
            "the file of --cacert cannot be read",
        ),
        (&["--cert", cert], "--cert says nothing without --key"),
        (&["--cert", cert, "--key", "notes.txt"], "it has no private key"),
        (
            &["--cert", cert, "--key", key],
            "the key cannot be used with the certificate",
        ),
        (&["--resolve", "a.test"], "expected HOST:PORT:ADDR"),
        (
            &["--proxy", "https://p.test"],
            "a proxy cannot be reached by https://",
        ),
    ] {
        let args = [&["check", "--target", "wss://a.test:1/socket"], more].concat();
        let said = said(folder.path(), &args);
        assert!(
            said.contains(expected) && said.ends_with("--- exit 64\n"),
            "{said}"
        );
    }
}

#[test]
fn a_server_with_an_authority_of_its_own_says_how_to_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--tls"]);
    assert!(
        served.first_line.starts_with("listening on https://127.0.0.1:"),
        "{}",
        served.first_line
    );
    let mut hint = String::new();
    BufReader::new(served.child.stderr.as_mut().unwrap())
        .read_line(&mut hint)
        .unwrap();
    let typed = hint.trim().strip_prefix("try: phxproof ").unwrap().split(' ');
    let args: Vec<&str> = typed
        .chain(["join/*", "binary/*", "videos/*", "--quiet"])
        .collect();
    assert_eq!(args[2], served.target());
    let said = said(folder.path(), &args);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
    let file = Path::new(args[4]);
    assert!(file.exists());
    assert_eq!(served.terminate(), Some(0));
    assert!(!file.exists());
}

#[test]
fn a_server_with_a_certificate_from_files_speaks_tls_with_it() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let file = authority.write(folder.path());
    let [cert, key] = authority
        .sign(&["127.0.0.1"], |_| ())
        .write(folder.path(), "server");
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let served = Served::start(folder.path(), &files);
    let target = served.target();
    let args = ["check", "heartbeat/*", "--quiet", "--target", &target, "--cacert"];
    let said = said(folder.path(), &[&args[..], &[file.to_str().unwrap()]].concat());
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}

/// A proxy that notes whom it was asked to connect to, and answers with `status`; with 200 it connects.
fn proxy(status: u16) -> (SocketAddr, Receiver<String>) {
    let (noted, asked) = channel();
    let address = accept(move |mut tcp| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        tcp.write_all(format!("HTTP/1.1 {status} As asked\r\n\r\n").as_bytes())
            .unwrap();
        let port: u16 = head
            .lines()
            .next()
            .and_then(|line| line.split([':', ' ']).nth(2)?.parse().ok())
            .unwrap();
        noted.send(head).unwrap();
        if status == 200 {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            relay(&tcp, &server);
        }
    });
    (address, asked)
}

fn relay(client: &TcpStream, server: &TcpStream) {
    let copy = |from: &TcpStream, to: &TcpStream| {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
    };
    copy(client, server);
    copy(server, client);
}

#[test]
fn a_proxy_that_was_asked_for_passes_the_connection_on() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["a.test"], |_| ()));
    let (proxy, asked) = proxy(200);
    let url = format!("http://me:secret@{proxy}");
    let said = check_trusting(&authority, "a.test", address, &["--proxy", &url]);
    assert_undecided(&said, "answered the upgrade with 404");
    let head = asked.recv().unwrap();
    let place = format!("a.test:{}", address.port());
    assert_eq!(
        head,
        format!(
            "CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
        )
    );
}

#[test]
fn a_proxy_that_refuses_is_told() {
    let (proxy, _asked) = proxy(407);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{proxy}");
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let said = check(folder.path(), "a.test", nobody, &["--proxy", &url]);
    assert_undecided(
        &said,
        "refused to pass the connection on, with 407; give a user and a password",
    );
}

#[test]
fn a_proxy_of_the_environment_is_used_for_others_only() {
    let authority = Authority::new();
    let address = server(&authority.sign(&["a.test"], |_| ()));
    let (proxy, asked) = proxy(403);
    let folder = tempfile::tempdir().unwrap();
    let file = authority.write(folder.path());
    let target = format!("wss://a.test:{}/socket", address.port());
    let run = |resolve: &str, no_proxy: &str| {
        let output = phxproof(
            folder.path(),
            &["check", "join/ok", "--quiet", "--target", &target],
        )
        .args(["--resolve", resolve, "--cacert", file.to_str().unwrap()])
        .env("HTTPS_PROXY", format!("http://{proxy}"))
        .env("NO_PROXY", no_proxy)
        .output();
        shown(&output.unwrap())
    };
    let here = format!("a.test:{}:127.0.0.1", address.port());
    assert_undecided(&run(&here, ""), "answered the upgrade with 404");
    assert!(
        asked.try_recv().is_err(),
        "the proxy was asked for a loopback target"
    );
    // An address of a network for documentation, which nobody has.
    let there = format!("a.test:{}:192.0.2.1", address.port());
    assert_undecided(&run(&there, ""), "refused to pass the connection on, with 403");
    assert!(asked.recv().unwrap().starts_with("CONNECT a.test:"));
    run(&there, "example.test, a.test");
    assert!(
        asked.try_recv().is_err(),
        "the proxy was asked for a server of NO_PROXY"
    );
}

/// A reference server with a certificate for 127.0.0.1, and the flags for its clients.
fn served(folder: &Path) -> (Served, Vec<String>) {
    let authority = Authority::new();
    let file = authority.write(folder);
    let [cert, key] = authority.sign(&["127.0.0.1"], |_| ()).write(folder, "server");
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let served = Served::start(folder, &files);
    let flags = ["--target", &served.target(), "--cacert", file.to_str().unwrap()].map(str::to_owned);
    (served, flags.to_vec())
}

/// What `load` says, and its `result.json`.
fn load(folder: &Path, args: &[&str]) -> (String, serde_json::Value) {
    let args = [&["load"], args, &["--duration", "1s", "--out", "out"]].concat();
    let said = said(folder, &args);
    let result = std::fs::read_to_string(folder.join("out/result.json"));
    let result = serde_json::from_str(&result.unwrap_or_default()).unwrap_or_default();
    (said, result)
}

/// Nothing is missing and all have joined. Whether the run is valid depends on how busy the machine is.
#[track_caller]
fn assert_received(said: &str, result: &serde_json::Value, sockets: u64) {
    assert_eq!(result["messages"]["missing"], 0, "{said}");
    assert_eq!(result["sockets"]["joined"], sockets, "{said}");
    assert_eq!(result["troubles"], serde_json::json!({}), "{said}");
}

#[test]
fn a_swarm_over_tls_receives_everything_and_measures_its_handshakes() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let echo = ["echo", "--sockets", "20", "--rate", "100"];
    let (said, result) = load(folder.path(), &[&echo[..], &flags].concat());
    assert_received(&said, &result, 20);
    assert_eq!(result["latency_us"]["tls"]["count"], 20);
}

#[test]
fn a_swarm_that_reconnects_over_tls_makes_its_handshakes_again() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let scenario = "about: Sockets are cut and come back.\nfresh: [room]\nsteps:\n  - ana: connect\n  \
                    - ana: { join: \"lab:{{room}}\" }\n  - sleep: 50ms\n  - ana: cut\n";
    std::fs::write(folder.path().join("back.yaml"), scenario).unwrap();
    let (said, result) = load(
        folder.path(),
        &[&["back.yaml", "--sockets", "4"][..], &flags].concat(),
    );
    let handshakes = result["latency_us"]["tls"]["count"].as_u64().unwrap();
    let opened = result["counts"]["opened"].as_u64().unwrap();
    let reconnects = result["sockets"]["reconnects"].as_u64().unwrap();
    assert!(reconnects > 0, "{said}");
    assert!(
        handshakes >= opened && opened > 4,
        "{handshakes} handshakes, {said}"
    );
}

#[test]
fn a_swarm_goes_through_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let (proxy, asked) = proxy(200);
    let url = format!("http://{proxy}");
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(["--proxy", &url]);
    let echo = ["echo", "--sockets", "3", "--rate", "30"];
    let (said, result) = load(folder.path(), &[&echo[..], &flags].concat());
    assert_received(&said, &result, 3);
    assert_eq!(result["latency_us"]["tls"]["count"], 3);
    // The sockets of the run, and those that try it before.
    assert!(asked.try_iter().count() > 3);
}

#[test]
fn a_swarm_that_does_not_trust_the_server_is_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let echo = ["echo", "--sockets", "3", "--rate", "30", "--target", &flags[1]];
    let (said, _) = load(folder.path(), &echo);
    assert_undecided(&said, "signed by an authority that is not trusted");
    let (said, result) = load(folder.path(), &[&echo[..], &["--insecure"]].concat());
    assert!(
        said.contains("insecure: any certificate of the server was accepted (--insecure)"),
        "{said}"
    );
    assert_eq!(result["insecure"], true);
    assert_received(&said, &result, 3);
}

/// What `check` says of a server that behaves like this once it was greeted, and that it ends by itself.
fn hostile(act: impl Fn(&mut TcpStream) + Send + 'static) -> String {
    let address = accept(move |mut tcp| {
        let _ = tcp.read(&mut [0; 4096]);
        act(&mut tcp);
    });
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), "a.test", address, &[])
}

/// A record of the handshake with this content.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 3], &length[..], content].concat()
}

#[test]
fn a_handshake_message_without_an_end_is_not_gathered_for_ever() {
    let said = hostile(|tcp| {
        // A ServerHello of 16 MB.
        let start = record(&[&[2, 0xff, 0xff, 0xff][..], &[0; 1000]].concat());
        let more = record(&[0; 16_000]);
        let _ = tcp.write_all(&start);
        while tcp.write_all(&more).is_ok() {}
    });
    assert_undecided(&said, "TLS with a.test:");
}

#[test]
fn empty_records_without_an_end_are_not_read_for_ever() {
    let said = hostile(|tcp| while tcp.write_all(&record(&[])).is_ok() {});
    assert_undecided(&said, "TLS with a.test:");
}

#[test]
fn garbage_in_the_place_of_a_greeting_is_told() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[0x5a; 3000]));
    });
    assert_undecided(&said, "TLS with a.test:");
}

#[test]
fn a_handshake_that_never_goes_on_ends_at_the_deadline() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[2, 0, 0, 100])[..7]);
        // Until the client has gone.
        let _ = tcp.read(&mut [0; 16]);
    });
    assert_undecided(&said, "did not accept the connection within");
}

#[test]
fn a_server_that_ends_its_half_in_the_middle_of_a_record_is_told() {
    let said = hostile(|tcp| {
        let _ = tcp.write_all(&record(&[2, 0, 0, 100])[..7]);
        let _ = tcp.shutdown(std::net::Shutdown::Write);
        let _ = tcp.read(&mut [0; 16]);
    });
    assert_undecided(&said, "it ended the connection during the handshake");
}

#[test]
fn the_server_answers_what_is_no_tls_with_an_alert_and_goes_on_serving() {
    let folder = tempfile::tempdir().unwrap();
    let (served, flags) = served(folder.path());
    let address = served.target().replace("wss://", "").replace("/socket", "");
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &record(&[0x5a; 3000]),
        &[0; 70_000],
    ] {
        let mut tcp = TcpStream::connect(&address).unwrap();
        let _ = tcp.write_all(garbage);
        let mut answer = Vec::new();
        let _ = tcp.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(&[21, 3]), "{answer:?}");
    }
    let plain = served.target().replace("wss://", "ws://");
    let said_of_plain = said(
        folder.path(),
        &["check", "join/ok", "--quiet", "--target", &plain],
    );
    assert_undecided(&said_of_plain, "speaks TLS; use wss://");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let well = said(
        folder.path(),
        &[&["check", "join/ok", "--quiet"][..], &flags].concat(),
    );
    assert!(well.ends_with("--- exit 0\n"), "{well}");
}
