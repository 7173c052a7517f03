//! TLS on the command line: whom a client trusts, how a failed handshake is told, and the exit code.

mod hostile;
mod load;
mod proxy;
mod serve;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use rcgen::date_time_ymd;

use super::{Served, said};
use crate::certificates::{Authority, Clients, Signed, accept, serve, settings};

/// The output of `check` for a server at `address` that is called `host`.
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
fn a_journey_to_a_server_with_an_expired_certificate_says_so() {
    let authority = Authority::new();
    let expired = authority.sign(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 2);
    });
    let folder = tempfile::tempdir().unwrap();
    let file = authority.write(folder.path());
    let source = "about: A login.\nsteps:\n  - ana: { http: GET /login }\n";
    std::fs::write(folder.path().join("login.yaml"), source).unwrap();
    let target = format!("wss://{}/socket", server(&expired));
    for command in ["check", "load"] {
        let args = [
            command,
            "login.yaml",
            "--target",
            &target,
            "--cacert",
            file.to_str().unwrap(),
            "--out",
            "out",
        ];
        let said = said(folder.path(), &args);
        assert_undecided(&said, "its certificate expired at 2020-01-02T00:00:00Z");
    }
}
