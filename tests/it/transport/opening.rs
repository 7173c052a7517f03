//! The upgrade: what is asked, and every way to get no answer.

use super::*;
use phxproof::internal::transport::{OpenError, RequestError};

async fn failed(target: &Target, change: impl FnOnce(&mut Upgrade)) -> OpenError {
    let mut upgrade = upgrade(target);
    change(&mut upgrade);
    match soon(open(target, &upgrade)).await {
        Ok(opened) => panic!("{opened:?}"),
        Err(error) => error,
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
    assert_eq!(head.matches("sec-websocket-version: 12\r\n").count(), 1, "{head}");
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
        error.to_string().starts_with("the header \"a b\" cannot be sent"),
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
    // A label of more than 63 letters cannot even be asked for.
    let target = Target::parse(&format!("ws://{}.test/socket", "a".repeat(64))).unwrap();
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
    assert_late(&target, server).await;
}

/// The deadline ends it, and the connection with it.
async fn assert_late(target: &Target, server: JoinHandle<()>) {
    let error = failed(target, |upgrade| upgrade.deadline = Duration::from_millis(100)).await;
    assert!(
        matches!(error, OpenError::Request(RequestError::AnswerTimeout { .. })),
        "{error}"
    );
    soon(server).await.unwrap();
}

#[tokio::test]
async fn interim_answers_without_end_are_cut_off() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        while tcp.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
    })
    .await;
    let error = failed(&target, |_| {}).await;
    assert!(
        error.to_string().contains("interim answers (1xx) do not end"),
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
async fn localhost_is_reached_where_only_ipv4_listens() {
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
