//! Long poll sessions: which request is sent again if a kept connection ends without an answer.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use phxproof::Target;
use phxproof::internal::transport::{Connection, Ending, Incoming, Limits, Outgoing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{header, opened, read_head, soon};

/// How the server reacts to a request.
enum Reaction {
    Answer(&'static str),
    /// It ends the connection.
    End,
    /// It does not answer.
    Wait,
}

const OPENS: &str = r#"{"status":410,"token":"t","messages":[]}"#;
const TAKEN: &str = r#"{"status":200}"#;
const BRINGS: &str = r#"{"status":200,"token":"t","messages":["[1]"]}"#;

/// Opens a session at a server that reacts to the nth poll (the one that opens the session is number 0) and to the nth
/// batch like this. The receiver gets the method of each request, once the server has reacted.
async fn session(
    poll: fn(usize) -> Reaction,
    batch: fn(usize) -> Reaction,
) -> (Connection, UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/socket", listener.local_addr().unwrap());
    let (asked, requests) = unbounded_channel();
    let numbers = Arc::new([const { AtomicUsize::new(0) }; 2]);
    let react = move |method: &str| {
        let next = |kind: usize| numbers[kind].fetch_add(1, Ordering::Relaxed);
        if method == "GET" {
            poll(next(0))
        } else {
            batch(next(1))
        }
    };
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(converse(tcp, react.clone(), asked.clone()));
        }
    });
    let target = Target::parse(&url).unwrap();
    (opened(&target, Limits::default()).await, requests)
}

async fn converse(
    mut tcp: TcpStream,
    react: impl Fn(&str) -> Reaction,
    asked: UnboundedSender<&'static str>,
) {
    let mut first = [0];
    while tcp.peek(&mut first).await.is_ok_and(|count| count > 0) {
        let head = read_head(&mut tcp).await;
        let length = header(&head, "content-length").map_or(0, |it| it.parse().unwrap());
        tcp.read_exact(&mut vec![0; length]).await.unwrap();
        let method = if head.starts_with("GET ") { "GET" } else { "POST" };
        match react(method) {
            Reaction::Answer(body) => {
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                tcp.write_all(answer.as_bytes()).await.unwrap();
                let _ = asked.send(method);
            }
            Reaction::End => {
                let _ = asked.send(method);
                return;
            }
            Reaction::Wait => pending().await,
        }
    }
}

#[tokio::test]
async fn a_poll_without_an_answer_on_a_kept_connection_is_sent_again() {
    let poll = |number| match number {
        0 => Reaction::Answer(OPENS),
        1 => Reaction::End,
        2 => Reaction::Answer(BRINGS),
        _ => Reaction::Wait,
    };
    let (mut connection, mut requests) = session(poll, |_| Reaction::Wait).await;
    assert_eq!(soon(connection.next()).await, Incoming::Text("[1]".to_owned()));
    for _ in 0..3 {
        assert_eq!(soon(requests.recv()).await, Some("GET"));
    }
}

#[tokio::test]
async fn a_batch_without_an_answer_ends_the_session_and_is_not_sent_again() {
    let poll = |number| match number {
        0 => Reaction::Answer(OPENS),
        _ => Reaction::Wait,
    };
    let batch = |number| match number {
        1 => Reaction::End,
        _ => Reaction::Answer(TAKEN),
    };
    let (mut connection, mut requests) = session(poll, batch).await;
    assert_eq!(soon(requests.recv()).await, Some("GET"));
    connection.send(Outgoing::Text("[1]".to_owned())).await.unwrap();
    let answered = async {
        tokio::select! {
            method = requests.recv() => method,
            incoming = connection.next() => panic!("{incoming:?}"),
        }
    };
    assert_eq!(soon(answered).await, Some("POST"));
    connection.send(Outgoing::Text("[2]".to_owned())).await.unwrap();
    let ending = soon(connection.next()).await;
    assert!(
        matches!(&ending, Incoming::Closed(Ending::NoAnswer(_))),
        "{ending:?}"
    );
    assert_eq!(requests.try_recv(), Ok("POST"));
    assert!(requests.try_recv().is_err(), "the batch was sent again");
}
