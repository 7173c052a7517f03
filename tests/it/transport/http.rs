//! The requests of the scenario verb `http`.

use super::*;
use phxproof::internal::transport::{Request, RequestError, Response, Truncated, request};

fn get(path: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        path_and_query: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        limits: Limits::default(),
        deadline: HUNG,
    }
}

async fn answered(answer: impl Into<Vec<u8>>) -> Result<Response, RequestError> {
    let answer = answer.into();
    let (target, _server) = serve(async move |mut tcp: TcpStream| {
        read_head(&mut tcp).await;
        tcp.write_all(&answer).await.unwrap();
    })
    .await;
    soon(request(&target, &get("/token?user=ana"))).await
}

#[tokio::test]
async fn method_path_headers_and_body_are_sent() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        let head = read_head(&mut tcp).await;
        let mut body = [0; 7];
        tcp.read_exact(&mut body).await.unwrap();
        tcp.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
            .await
            .unwrap();
        (head, body)
    })
    .await;
    let post = Request {
        method: "POST".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: b"{\"a\":1}".to_vec(),
        ..get("/api/x?y=z")
    };
    let response = soon(request(&target, &post)).await.unwrap();
    assert_eq!((response.status, response.body), (201, b"ok".to_vec()));
    let (head, body) = soon(server).await.unwrap();
    assert!(head.starts_with("POST /api/x?y=z HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "content-type"), Some("application/json"));
    assert_eq!(header(&head, "content-length"), Some("7"));
    assert_eq!(&body, b"{\"a\":1}");
}

#[tokio::test]
async fn errors_of_the_server_and_redirects_are_answers() {
    let answer = answered("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(answer.status, 503);
    let answer = answered("HTTP/1.1 307 T\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!((answer.status, answer.header("location")), (307, Some("/again")));
}

#[tokio::test]
async fn repeated_headers_are_kept_and_odd_bytes_replaced() {
    let answer = b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: \xff\r\n\r\n";
    let response = answered(*answer).await.unwrap();
    let cookies: Vec<_> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .collect();
    assert_eq!(cookies.len(), 2);
    assert_eq!(response.header("x-odd"), Some("\u{fffd}"));
}

#[tokio::test]
async fn chunks_without_end_and_broken_ones() {
    let endless = [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        &"5\r\nhello\r\n".repeat(20_000),
    ]
    .concat();
    let response = answered(endless).await.unwrap();
    assert_eq!(
        (response.body.len(), response.truncated),
        (64 << 10, Some(Truncated::Limit))
    );
    let broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n";
    let response = answered(broken).await.unwrap();
    assert_eq!(
        (response.body.as_slice(), response.truncated),
        (&b"ok"[..], Some(Truncated::Broken))
    );
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_whole() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n{}",
        "x".repeat(65536)
    );
    let response = answered(answer).await.unwrap();
    assert_eq!((response.body.len(), response.truncated), (65536, None));
}

#[tokio::test]
async fn no_answer_in_time() {
    let (target, _server) = serve(drain).await;
    let late = Request {
        deadline: Duration::from_millis(50),
        ..get("/")
    };
    let error = soon(request(&target, &late)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("did not answer the request within 50ms"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_does_not_read_a_long_body() {
    let (target, server) = serve(async |tcp: TcpStream| tcp).await;
    let long = Request {
        method: "POST".to_owned(),
        body: vec![0; 32 << 20],
        deadline: Duration::from_millis(200),
        ..get("/")
    };
    let error = soon(request(&target, &long)).await.unwrap_err();
    assert!(matches!(error, RequestError::AnswerTimeout { .. }), "{error}");
    soon(server).await.unwrap();
}
