//! The upgrade: what is asked, and every way in which it can fail.

use super::*;
use phxproof::transport::{BadSwitch, OpenError, RequestError, Truncated};

async fn failed(target: &Target, change: impl FnOnce(&mut Upgrade)) -> OpenError {
    let mut upgrade = upgrade(target);
    change(&mut upgrade);
    match soon(open(target, &upgrade)).await {
        Ok(opened) => panic!("{opened:?}"),
        Err(error) => error,
    }
}

async fn refused(answer: impl Into<Vec<u8>>) -> phxproof::transport::Response {
    let answer = answer.into();
    let (target, _server) = serve(async move |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        tcp.write_all(&answer).await.unwrap();
    })
    .await;
    match soon(open(&target, &upgrade(&target))).await.unwrap() {
        Opened::Refused(response) => response,
        Opened::Open(..) => panic!("open"),
    }
}

async fn answered(answer: impl Into<Vec<u8>>) -> OpenError {
    let answer = answer.into();
    let (target, _server) = serve(async move |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        tcp.write_all(&answer).await.unwrap();
    })
    .await;
    failed(&target, |_| {}).await
}

#[tokio::test]
async fn the_request_is_what_rfc_6455_asks_for() {
    let (target, server) = serve(async |mut tcp: TcpStream| read_head(&mut tcp).await).await;
    failed(&target, |_| {}).await;
    let head = server.await.unwrap();
    assert!(
        head.starts_with("GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\n"),
        "{head}"
    );
    assert_eq!(header(&head, "host").unwrap(), target.host_header());
    assert_eq!(header(&head, "upgrade"), Some("websocket"));
    assert_eq!(header(&head, "connection"), Some("Upgrade"));
    assert_eq!(header(&head, "sec-websocket-version"), Some("13"));
    assert_eq!(header(&head, "sec-websocket-key").unwrap().len(), 24);
    assert_eq!(header(&head, "origin"), None);
}

#[tokio::test]
async fn headers_of_the_user_take_the_place_of_the_standard_ones() {
    let (target, server) = serve(async |mut tcp: TcpStream| read_head(&mut tcp).await).await;
    failed(&target, |upgrade| {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        upgrade.headers = vec![
            header("sec-websocket-version", "12"),
            header("Host", "example.test"),
            header("X-Twice", "one"),
            header("X-Twice", "two"),
        ];
    })
    .await;
    let head = server.await.unwrap();
    assert_eq!(head.matches("Sec-Websocket-Version: 12\r\n").count(), 1, "{head}");
    assert!(!head.contains(": 13\r\n"), "{head}");
    assert_eq!(header(&head, "host"), Some("example.test"));
    assert_eq!(head.matches("X-Twice: ").count(), 2, "{head}");
}

#[tokio::test]
async fn the_key_of_the_user_is_the_one_that_must_be_answered() {
    let (target, _server) = serve(async |mut tcp: TcpStream| accept(&mut tcp).await).await;
    let upgrade = Upgrade {
        headers: vec![(
            "Sec-WebSocket-Key".to_owned(),
            "dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
        )],
        ..upgrade(&target)
    };
    match soon(open(&target, &upgrade)).await.unwrap() {
        Opened::Open(_, response) => {
            assert_eq!(response.status, 101);
            assert_eq!(
                response.header("sec-websocket-accept"),
                Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            );
        }
        Opened::Refused(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn headers_and_paths_that_cannot_be_written_are_named() {
    let target = Target::parse("ws://127.0.0.1:1/socket").unwrap();
    let error = failed(&target, |upgrade| {
        upgrade.headers.push(("a b".into(), "c".into()))
    })
    .await;
    assert!(
        error
            .to_string()
            .starts_with("the header \"a b\" with the value \"c\" cannot be sent"),
        "{error}"
    );
    let error = failed(&target, |upgrade| upgrade.path_and_query = "socket".into()).await;
    assert!(
        error.to_string().contains("does not begin with a slash"),
        "{error}"
    );
    let error = failed(&target, |upgrade| upgrade.path_and_query = "/a b".into()).await;
    assert!(
        error.to_string().starts_with("GET /a b cannot be sent"),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::parse(&format!("ws://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = failed(&target, |_| {}).await;
    assert!(
        matches!(error, OpenError::Request(RequestError::ConnectionRefused { .. })),
        "{error}"
    );
    assert!(
        error.to_string().starts_with("nothing listens at 127.0.0.1:"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_without_an_address() {
    // RFC 6761: names under .invalid never resolve.
    let target = Target::parse("ws://phxproof.invalid/socket").unwrap();
    let error = failed(&target, |_| {}).await;
    assert!(
        matches!(error, OpenError::Request(RequestError::Lookup { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing() {
    let (target, server) = serve(drain).await;
    let error = failed(&target, |upgrade| upgrade.deadline = Duration::from_millis(50)).await;
    let said = "accepted the connection, but did not answer the upgrade within 50ms";
    assert!(error.to_string().ends_with(said), "{error}");
    // The connection is gone with the error.
    soon(server).await.unwrap();
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_held_to_the_deadline() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        let mut head = b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: "
            .iter()
            .chain(std::iter::repeat(&b'a'));
        loop {
            tick.tick().await;
            if tcp.write_u8(*head.next().unwrap()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let error = failed(&target, |upgrade| upgrade.deadline = Duration::from_millis(100)).await;
    assert!(
        matches!(error, OpenError::Request(RequestError::AnswerTimeout { .. })),
        "{error}"
    );
    soon(server).await.unwrap();
}

#[tokio::test]
async fn interim_answers_without_end_are_held_to_the_deadline() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        while tcp.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
    })
    .await;
    let error = failed(&target, |upgrade| upgrade.deadline = Duration::from_millis(100)).await;
    assert!(
        matches!(error, OpenError::Request(RequestError::AnswerTimeout { .. })),
        "{error}"
    );
    soon(server).await.unwrap();
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    for line in ["X-More: and more\r\n", "more-and-more-and-more"] {
        let (target, server) = serve(async move |mut tcp: TcpStream| {
            read_head(&mut tcp).await;
            tcp.write_all(b"HTTP/1.1 101 Switching Protocols\r\n")
                .await
                .unwrap();
            while tcp.write_all(line.as_bytes()).await.is_ok() {}
        })
        .await;
        let error = failed(&target, |_| {}).await;
        assert!(
            matches!(error, OpenError::Request(RequestError::NotHttp { .. })),
            "{error:?}"
        );
        soon(server).await.unwrap();
    }
}

#[tokio::test]
async fn something_that_is_not_http() {
    for banner in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "\0\u{1}\u{2}\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
    ] {
        let error = answered(banner).await;
        assert!(
            error.to_string().contains("cannot be read as HTTP/1.1"),
            "{banner}: {error:?}"
        );
    }
}

#[tokio::test]
async fn the_end_instead_of_an_answer() {
    for part in [
        "",
        "HTTP/1.1 101 Swi",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso",
    ] {
        let error = answered(part).await;
        let OpenError::Request(RequestError::NoAnswer { why: None, .. }) = &error else {
            panic!("{part}: {error:?}")
        };
        assert!(
            error
                .to_string()
                .ends_with("ended the connection before it answered the upgrade"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_reset_instead_of_an_answer() {
    let (target, _server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        reset(tcp);
    })
    .await;
    let error = failed(&target, |_| {}).await;
    let OpenError::Request(RequestError::NoAnswer { why: Some(_), .. }) = error else {
        panic!("{error:?}")
    };
}

#[tokio::test]
async fn a_refusal_keeps_status_headers_and_body() {
    let response = refused(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nRetry-After: 2\r\nContent-Length: 2\r\n\r\n{}",
    )
    .await;
    assert_eq!(response.status, 403);
    assert_eq!(response.header("retry-after"), Some("2"));
    assert_eq!((response.body.as_slice(), response.truncated), (&b"{}"[..], None));
}

#[tokio::test]
async fn a_chunked_refusal_and_one_that_ends_with_the_connection() {
    let chunked =
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n5\r\n here\r\n0\r\n\r\n";
    assert_eq!(refused(chunked).await.body, b"not here");
    let until_eof = refused("HTTP/1.0 404 Not Found\r\n\r\nnot here").await;
    assert_eq!(
        (until_eof.body.as_slice(), until_eof.truncated),
        (&b"not here"[..], None)
    );
}

#[tokio::test]
async fn a_redirect_is_a_refusal_and_is_not_followed() {
    let response =
        refused("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(
        (response.status, response.header("location")),
        (302, Some("http://127.0.0.1:1/"))
    );
}

#[tokio::test]
async fn a_200_is_a_refusal() {
    assert_eq!(
        refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_refusal_without_end_is_kept_up_to_the_limit() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        tcp.write_all(b"HTTP/1.1 500 Oops\r\n\r\n").await.unwrap();
        while tcp.write_all(&[b'a'; 4096]).await.is_ok() {}
    })
    .await;
    let Opened::Refused(response) = soon(open(&target, &upgrade(&target))).await.unwrap() else {
        panic!("open")
    };
    assert_eq!(
        (response.body.len(), response.truncated),
        (64 << 10, Some(Truncated::Limit))
    );
    soon(server).await.unwrap();
}

#[tokio::test]
async fn a_refusal_that_stops_half_way_says_so() {
    let response = refused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nhalf").await;
    assert_eq!(
        (response.body.as_slice(), response.truncated),
        (&b"half"[..], Some(Truncated::Broken))
    );
    let (target, _server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        tcp.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nhalf")
            .await
            .unwrap();
        drain(tcp).await;
    })
    .await;
    let upgrade = Upgrade {
        deadline: Duration::from_millis(200),
        ..upgrade(&target)
    };
    let Opened::Refused(response) = soon(open(&target, &upgrade)).await.unwrap() else {
        panic!("open")
    };
    assert_eq!(
        (response.body.as_slice(), response.truncated),
        (&b"half"[..], Some(Truncated::Deadline))
    );
}

/// A server that alters the right answer.
async fn switched(
    alter: impl FnOnce(String) -> String + Send + 'static,
    offered: &[(&str, &str)],
) -> Result<Opened, OpenError> {
    let (target, _server) = serve(async move |mut tcp: TcpStream| {
        let head = read_head(&mut tcp).await;
        tcp.write_all(alter(switching(&head)).as_bytes()).await.unwrap();
    })
    .await;
    let headers = offered
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let upgrade = Upgrade {
        headers: headers.collect(),
        ..upgrade(&target)
    };
    soon(open(&target, &upgrade)).await
}

fn bad(result: Result<Opened, OpenError>) -> BadSwitch {
    match result {
        Err(OpenError::BadSwitch(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_101_with_a_wrong_accept() {
    let wrong = bad(switched(|answer| answer.replace("Accept: ", "Accept: x"), &[]).await);
    assert!(matches!(wrong, BadSwitch::Accept { .. }), "{wrong:?}");
    let missing = bad(switched(|answer| answer.replace("Sec-WebSocket-Accept", "X-Accept"), &[]).await);
    assert!(
        missing
            .to_string()
            .starts_with("its header Sec-WebSocket-Accept is missing; expected"),
        "{missing}"
    );
}

#[tokio::test]
async fn a_101_to_something_else() {
    let other = bad(switched(|answer| answer.replace("Upgrade: websocket", "Upgrade: h2c"), &[]).await);
    assert_eq!(
        other.to_string(),
        "its header Upgrade is \"h2c\"; expected websocket"
    );
    let without = bad(switched(|answer| answer.replace("Connection: Upgrade\r\n", ""), &[]).await);
    assert_eq!(
        without.to_string(),
        "its header Connection is missing; expected Upgrade"
    );
}

#[tokio::test]
async fn letter_case_and_lists_in_a_101_do_not_matter() {
    let odd = |answer: String| {
        answer
            .replace("Upgrade: websocket", "uPGRADE: WebSocket")
            .replace("Connection: Upgrade", "connection: keep-alive, upgrade")
    };
    assert!(matches!(switched(odd, &[]).await, Ok(Opened::Open(..))));
}

#[tokio::test]
async fn a_101_may_accept_only_what_was_offered() {
    let deflate = |answer: String| {
        answer.replace(
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate; x=1\r\n\r\n",
        )
    };
    let bad_extension = bad(switched(deflate, &[]).await);
    assert_eq!(
        bad_extension.to_string(),
        "it uses the extension \"permessage-deflate\", which was not offered"
    );
    let offered = [("Sec-WebSocket-Extensions", "x-other, permessage-deflate")];
    assert!(matches!(switched(deflate, &offered).await, Ok(Opened::Open(..))));

    let protocol = |answer: String| answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: phoenix\r\n\r\n");
    assert!(matches!(
        bad(switched(protocol, &[]).await),
        BadSwitch::Subprotocol { .. }
    ));
    let offered = [("Sec-WebSocket-Protocol", "phoenix, base64url.bearer.phx.abc")];
    assert!(matches!(switched(protocol, &offered).await, Ok(Opened::Open(..))));
}

#[tokio::test]
async fn an_interim_answer_before_the_101_is_skipped() {
    let early = |answer: String| format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{answer}");
    assert!(matches!(switched(early, &[]).await, Ok(Opened::Open(..))));
}

#[tokio::test]
async fn frames_in_the_same_packet_as_the_101_are_not_lost() {
    let (target, _server) = serve(async |mut tcp: TcpStream| {
        let head = read_head(&mut tcp).await;
        let mut answer = switching(&head).into_bytes();
        for _ in 0..1000 {
            answer.extend(frame(0x81, "early"));
        }
        answer.extend(frame(0x81, "x".repeat(20_000)));
        tcp.write_all(&answer).await.unwrap();
    })
    .await;
    let mut connection = opened(&target, Limits::default()).await;
    let seen = rest(&mut connection).await;
    assert_eq!(seen.len(), 1002);
    assert!(seen[..1000].iter().all(|incoming| *incoming == text("early")));
    assert_eq!(seen[1000..], [text(&"x".repeat(20_000)), EOF]);
}

#[tokio::test]
async fn localhost_and_ipv6_are_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Target::parse(&format!("ws://localhost:{port}/socket")).unwrap();
    let server = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        accept(&mut tcp).await;
    });
    opened(&target, Limits::default()).await;
    soon(server).await.unwrap();
}
