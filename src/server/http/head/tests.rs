//! Requests that are whole, partial and refused.

use super::*;
use crate::profile::Profile;
use crate::server::conduct::Conduct;

/// What a request is taken for: its path and the bytes it takes, or its status.
fn read(profile: Profile, input: &str) -> String {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match parse(&Conduct::of(profile).http, input.as_bytes(), &mut headers) {
        Parsed::Request(request, head, body) => match body.skip(&input.as_bytes()[head..]) {
            Ok((skipped, Body::NONE)) => format!("{} of {}", request.path, head + skipped),
            Ok((_, rest)) => format!("{} and {rest:?}", request.path),
            Err(broken) => format!("{broken:?}"),
        },
        Parsed::Partial => "partial".to_owned(),
        Parsed::Refused(status) => status.to_string(),
    }
}

fn both(input: &str) -> [String; 2] {
    [Profile::BANDIT_1_8_12, Profile::COWBOY_1_8_12].map(|profile| read(profile, input))
}

#[test]
fn a_request_takes_its_head_and_its_body() {
    let head = "POST /disconnect/a HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n";
    assert_eq!(
        both(head),
        ["/disconnect/a and Bytes(2)", "/disconnect/a and Bytes(2)"]
    );
    assert_eq!(
        both(&format!("{head}{{}}GET")),
        ["/disconnect/a of 61", "/disconnect/a of 61"]
            .map(|line| { line.replace("61", &(head.len() + 2).to_string()) })
    );
}

#[test]
fn a_body_in_chunks_is_skipped() {
    let head = "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(
        both(&format!("{head}5\r\nhello\r\n")),
        ["/a and Chunks", "/a and Chunks"]
    );
    let whole = format!("{head}5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(
        both(&format!("{whole}GET")),
        [0, 1].map(|_| format!("/a of {}", whole.len()))
    );
}

#[test]
fn there_is_one_host_in_1_1() {
    assert_eq!(both("GET /a HTTP/1.1\r\n\r\n"), ["400", "400"]);
    assert_eq!(
        both("GET /a HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"),
        ["400", "400"]
    );
    assert_eq!(both("GET /a HTTP/1.1\r\nhost: a:b\r\n\r\n"), ["400", "400"]);
    assert_eq!(
        both("GET /a HTTP/1.1\r\nhost: [::1]:80\r\n\r\n"),
        ["/a of 36", "/a of 36"].map(|line| {
            line.replace(
                "36",
                &"GET /a HTTP/1.1\r\nhost: [::1]:80\r\n\r\n".len().to_string(),
            )
        })
    );
    assert_eq!(both("GET /a HTTP/1.0\r\n\r\n"), ["/a of 19", "/a of 19"]);
}

#[test]
fn what_is_too_long_is_refused_before_it_is_whole() {
    assert_eq!(both(&format!("GET /{}", "a".repeat(9_000))), ["partial", "414"]);
    assert_eq!(both(&format!("GET /{}", "a".repeat(10_000))), ["414", "414"]);
    assert_eq!(
        both(&format!("GET / HTTP/1.1\r\na: {}", "a".repeat(10_000))),
        ["431", "431"]
    );
    let many = "a: b\r\n".repeat(60);
    assert_eq!(
        both(&format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"))[0],
        "431"
    );
}

#[test]
fn only_cowboy_minds_bare_line_feeds_and_knows_505() {
    assert_eq!(both("GET /a HTTP/1.1\nhost: a\n\n"), ["/a of 25", "400"]);
    assert_eq!(both("GET /a HTTP/1.2\r\nhost: a\r\n\r\n"), ["400", "505"]);
}

#[test]
fn only_cowboy_holds_hosts_and_connections_to_their_grammar() {
    let heads = [
        "GET http://a/b HTTP/1.1\r\n\r\n",
        "GET http://a/b HTTP/1.1\r\nhost: c\r\n\r\n",
        "GET /b HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET /b HTTP/1.1\r\nhost: a\r\nconnection:\r\n\r\n",
        "GET /b HTTP/1.1\r\nhost: a\r\nconnection: upgrade;q=1\r\n\r\n",
    ];
    for head in heads {
        assert_eq!(
            both(head),
            [format!("/b of {}", head.len()), "400".to_owned()],
            "{head}"
        );
    }
    let head = "GET http://a/b HTTP/1.1\r\nhost: a\r\nconnection: , close,,\r\n\r\n";
    assert_eq!(both(head), [0, 1].map(|_| format!("/b of {}", head.len())));
}
