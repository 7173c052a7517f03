//! Upgrades that are answered, but not by a 101.

use super::*;
use phxproof::internal::transport::{Response, Truncated};

async fn refused(answer: impl Into<Vec<u8>>) -> Response {
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
