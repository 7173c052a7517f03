//! The 101: what makes it wrong, and what comes with it.

use super::*;
use phxproof::internal::transport::{BadSwitch, OpenError};

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
    let with = |extension: &'static str| {
        move |answer: String| {
            let header = format!("\r\nSec-WebSocket-Extensions: {extension}\r\n\r\n");
            answer.replace("\r\n\r\n", &header)
        }
    };
    let deflate = with("permessage-deflate; client_no_context_takeover");
    let bad_extension = bad(switched(deflate, &[]).await);
    assert_eq!(
        bad_extension.to_string(),
        "it uses the extension \"permessage-deflate\", which was not offered"
    );
    let offered = [("Sec-WebSocket-Extensions", "x-other, permessage-deflate")];
    assert!(matches!(switched(deflate, &offered).await, Ok(Opened::Open(..))));
    for (answer, why) in [
        ("permessage-deflate; x=1", "the param \"x\" means nothing"),
        (
            "permessage-deflate; client_max_window_bits=9",
            "client_max_window_bits was not offered",
        ),
        (
            "permessage-deflate, permessage-deflate",
            "\"permessage-deflate\" stands twice",
        ),
    ] {
        let told = bad(switched(with(answer), &offered).await).to_string();
        assert!(told.starts_with("it answers permessage-deflate with "), "{told}");
        assert!(told.ends_with(why), "{told}");
    }

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
async fn a_reset_right_after_the_101_is_an_open_connection_that_broke() {
    let (mut connection, server) = upgraded([], async |tcp: TcpStream| reset(tcp)).await;
    soon(server).await.unwrap();
    assert_eq!(rest(&mut connection).await, [RESET]);
}

#[tokio::test]
async fn the_end_right_after_the_101_is_an_open_connection_that_ended() {
    let (mut connection, server) = upgraded([], async |_| {}).await;
    soon(server).await.unwrap();
    assert_eq!(rest(&mut connection).await, [EOF]);
}
