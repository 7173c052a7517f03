//! Addresses as users type them.

use super::*;

fn parse(url: &str) -> Target {
    Target::parse(url).unwrap()
}

#[track_caller]
fn assert_parts(target: &Target, host: &str, port: u16, mount: &str) {
    assert_eq!(
        (target.host(), target.port(), target.mount()),
        (host, port, mount)
    );
}

#[test]
fn host_port_and_mount_are_read() {
    let target = parse("ws://127.0.0.1:4000/socket");
    assert_parts(&target, "127.0.0.1", 4000, "/socket");
    assert_eq!(target.host_header(), "127.0.0.1:4000");
    assert_eq!(target.url(), "ws://127.0.0.1:4000/socket");
}

#[test]
fn http_means_long_poll_and_the_port_may_be_left_out() {
    let target = parse("http://Example.test/a/socket/");
    assert_parts(&target, "example.test", 80, "/a/socket");
    assert_eq!(target.url(), "http://example.test/a/socket");
    assert_eq!(
        target.over(Transport::WebSocket).url(),
        "ws://example.test/a/socket"
    );
}

#[test]
fn tls_has_another_scheme_and_another_port() {
    for (url, shown) in [
        ("wss://a.test/socket", "wss://a.test/socket"),
        ("HTTPS://a.test/socket", "https://a.test/socket"),
    ] {
        let target = parse(url);
        assert!(target.is_secure());
        assert_eq!((target.port(), &*target.url()), (443, shown));
    }
    assert_eq!(parse("wss://a.test:8443").port(), 8443);
    assert!(!parse("ws://a.test").is_secure());
}

#[test]
fn what_was_given_for_a_name_and_a_proxy_decide_what_is_loopback() {
    let given = |text: &str| NetworkSettings {
        resolve: vec![text.parse().unwrap()],
        ..NetworkSettings::default()
    };
    let by = |proxy: &str| NetworkSettings {
        proxy: ProxySettings::Given(proxy.parse().unwrap()),
        ..NetworkSettings::default()
    };
    let is_loopback = |url: &str, network| parse(url).reached_by(network).is_loopback();
    assert!(is_loopback("ws://a.test:1", given("a.test:1:127.0.0.1")));
    assert!(!is_loopback("ws://localhost:1", given("localhost:1:10.0.0.7")));
    assert!(!is_loopback("ws://localhost:1", by("http://10.0.0.1:3128")));
    assert!(is_loopback("ws://localhost:1", by("http://127.0.0.1:3128")));
}

#[test]
fn ipv6_literals_lose_their_brackets_only_for_the_resolver() {
    let target = parse("ws://[::1]:4000/socket");
    assert_eq!(target.host(), "::1");
    assert_eq!(target.host_header(), "[::1]:4000");
    assert!(target.is_loopback());
    assert_eq!(parse("ws://[::1]/socket").port(), 80);
}

#[test]
fn without_a_path_the_mount_is_empty() {
    assert_eq!(parse("ws://localhost:1").mount(), "");
    assert_eq!(parse("ws://localhost:1/").mount(), "");
    assert_eq!(parse("ws://localhost:1").with_mount("socket").mount(), "/socket");
}

#[test]
fn a_url_as_a_browser_shows_it_means_the_mount() {
    for url in [
        "ws://localhost:4000/socket/websocket",
        "ws://localhost:4000/socket/websocket/",
        "ws://localhost:4000/socket/websocket?vsn=2.0.0",
        "ws://localhost:4000/socket/websocket?token=a%2Fb&vsn=2.0.0",
    ] {
        assert_eq!(parse(url).url(), "ws://localhost:4000/socket", "{url}");
    }
    assert_eq!(
        parse("http://localhost/socket/longpoll?vsn=2.0.0").url(),
        "http://localhost/socket"
    );
    assert_eq!(parse("ws://localhost/websocket").mount(), "");
    assert_eq!(parse("ws://localhost/my-websocket").mount(), "/my-websocket");
}

#[test]
fn another_mount_takes_the_place_of_the_last_segment_only() {
    let target = parse("ws://localhost:4000/a/socket").with_mount("fast_socket");
    assert_eq!(target.url(), "ws://localhost:4000/a/fast_socket");
}

#[test]
fn only_what_must_be_this_machine_is_loopback() {
    for url in [
        "ws://localhost",
        "ws://a.localhost",
        "ws://127.9.9.9",
        "ws://[::ffff:127.0.0.1]",
    ] {
        assert!(parse(url).is_loopback(), "{url}");
    }
    for url in [
        "ws://localhost.example",
        "ws://10.0.0.1",
        "ws://0.0.0.0",
        "ws://[fe80::1]",
    ] {
        assert!(!parse(url).is_loopback(), "{url}");
    }
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let said = |url| Target::parse(url).unwrap_err().to_string();
    assert!(said("localhost:4000/socket").ends_with("as in ws://localhost:4000/socket"));
    assert!(said("ftp://localhost").starts_with("cannot connect by ftp://"));
    assert!(said("ws://localhost/socket?vsn=2.0.0").contains("has a query"));
    assert!(said("ws://localhost/socket#x").contains("has a fragment"));
    assert!(said("ws://me:secret@localhost/socket").contains("has a user"));
    for url in [
        "ws://localhost:0/",
        "ws://localhost:/",
        "ws://localhost:65536/",
        "ws://localhost:x/",
    ] {
        let said = said(url);
        assert!(said.contains("port") || said.contains("is no URL"), "{said}");
    }
    for url in [
        "ws://",
        "ws:///socket",
        "ws://:4000/",
        "ws://a b/",
        "ws://[::1/",
        "",
    ] {
        assert!(Target::parse(url).is_err(), "{url}");
    }
}
