//! How connections end.

use super::*;
use phxproof::internal::transport::{Masking, RawFrame};

#[tokio::test]
async fn a_close_frame_is_answered_with_the_same_code_and_then_comes_the_end() {
    let (mut connection, server) = upgraded(close_frame(1001, "bye"), async |mut tcp: TcpStream| {
        let mut answer = [0; 11];
        tcp.read_exact(&mut answer).await.unwrap();
        answer.to_vec()
    })
    .await;
    // The answer goes out although nobody asks for more.
    assert_eq!(soon(connection.next()).await, closed(1001, "bye"));
    let sent = soon(server).await.unwrap();
    assert_eq!(
        client_frames(&sent),
        [(0x88, [&1001_u16.to_be_bytes()[..], b"bye"].concat())]
    );
    assert_eq!(soon(connection.next()).await, EOF);
    assert_eq!(soon(connection.next()).await, EOF);
}

#[tokio::test]
async fn an_empty_close_frame_has_no_code() {
    let (mut connection, server) = upgraded(frame(0x88, ""), async |mut tcp: TcpStream| {
        let mut answer = [0; 6];
        tcp.read_exact(&mut answer).await.unwrap();
        answer.to_vec()
    })
    .await;
    let expected = Incoming::Closed(Ending::CloseFrame {
        code: None,
        reason: String::new(),
    });
    assert_eq!(rest(&mut connection).await, [expected, EOF]);
    assert_eq!(client_frames(&soon(server).await.unwrap()), [(0x88, Vec::new())]);
}

#[tokio::test]
async fn codes_that_must_not_be_sent_are_told_as_they_came() {
    for code in [0, 999, 1005, 1006, 1015, 2999, 5000, 65535] {
        let bytes = [frame(0x81, "x".repeat(300)), close_frame(code, "odd"), vec![0; 3]].concat();
        let (mut connection, _server) = upgraded(bytes, async |_| {}).await;
        assert_eq!(rest(&mut connection).await[1], closed(code, "odd"));
    }
}

#[tokio::test]
async fn close_frames_with_garbage_are_violations() {
    for payload in [&[3][..], &[3, 0xe8, 0xff], &[0; 126]] {
        let (mut connection, _server) = upgraded(frame(0x88, payload), async |_| {}).await;
        let seen = rest(&mut connection).await;
        assert!(
            matches!(seen[..], [Incoming::Closed(Ending::Violation(_))]),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn anything_after_a_close_frame_is_a_violation() {
    let bytes = [close_frame(1000, ""), frame(0x81, "late")].concat();
    let (mut connection, _server) = upgraded(bytes, async |_| {}).await;
    let seen = rest(&mut connection).await;
    assert!(
        matches!(&seen[..], [_, Incoming::Closed(Ending::Violation(_))]),
        "{seen:?}"
    );
    assert_eq!(seen[0], closed(1000, ""));
}

#[tokio::test]
async fn the_end_without_a_close_frame() {
    for bytes in [vec![], frame(0x01, "unfinished"), vec![0x81, 5, b'h']] {
        let (mut connection, _server) = upgraded(bytes, async |_| {}).await;
        assert_eq!(rest(&mut connection).await, [EOF]);
    }
}

#[tokio::test]
async fn a_reset_without_a_close_frame() {
    let (mut connection, server) =
        upgraded(frame(0x81, "last words"), async |tcp: TcpStream| reset(tcp)).await;
    soon(server).await.unwrap();
    assert_eq!(rest(&mut connection).await, [text("last words"), RESET]);
}

#[tokio::test]
async fn a_reset_after_a_close_frame() {
    let bytes = [
        frame(0x89, "ping"),
        frame(0x81, "last words"),
        close_frame(1012, "restart"),
    ]
    .concat();
    let (mut connection, server) = upgraded(bytes, async |tcp: TcpStream| reset(tcp)).await;
    soon(server).await.unwrap();
    let expected = [
        Incoming::Ping(b"ping".to_vec()),
        text("last words"),
        closed(1012, "restart"),
        RESET,
    ];
    assert_eq!(rest(&mut connection).await, expected);
}

#[tokio::test]
async fn a_reset_that_a_send_notices_first_is_still_a_reset() {
    let (mut connection, server) =
        upgraded(frame(0x81, "last words"), async |tcp: TcpStream| reset(tcp)).await;
    soon(server).await.unwrap();
    let error = connection
        .send(Outgoing::Text("hello?".to_owned()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut connection).await, [text("last words"), RESET]);
}

#[tokio::test]
async fn a_server_that_only_stops_sending_can_still_be_told_things() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        tcp.shutdown().await.unwrap();
        drain(tcp).await
    })
    .await;
    assert_eq!(soon(connection.next()).await, EOF);
    send(&mut connection, Outgoing::Text("still here".to_owned())).await;
    drop(connection);
    assert_eq!(
        client_frames(&soon(server).await.unwrap()),
        [(0x81, b"still here".to_vec())]
    );
}

#[tokio::test]
async fn our_close_frame_and_the_servers_answer() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        let mut closing = [0; 11];
        tcp.read_exact(&mut closing).await.unwrap();
        // Still under way when our close frame arrived, and still to be read.
        tcp.write_all(&frame(0x81, "late")).await.unwrap();
        tcp.write_all(&frame(0x89, "no pong")).await.unwrap();
        tcp.write_all(&close_frame(4001, "")).await.unwrap();
        tcp.shutdown().await.unwrap();
        (closing.to_vec(), drain(tcp).await)
    })
    .await;
    let close = Outgoing::Close {
        code: Some(4001),
        reason: "bye".to_owned(),
    };
    send(&mut connection, close).await;
    let error = connection
        .send(Outgoing::Text("more".to_owned()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
    let expected = [
        text("late"),
        Incoming::Ping(b"no pong".to_vec()),
        closed(4001, ""),
        EOF,
    ];
    assert_eq!(rest(&mut connection).await, expected);
    drop(connection);
    let (closing, after) = soon(server).await.unwrap();
    assert_eq!(
        client_frames(&closing),
        [(0x88, [&4001_u16.to_be_bytes()[..], b"bye"].concat())]
    );
    assert_eq!(after, b"", "nothing follows a close frame");
}

#[tokio::test]
async fn a_close_frame_made_by_hand_is_our_close_frame() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        let mut closing = [0; 4];
        tcp.read_exact(&mut closing).await.unwrap();
        tcp.write_all(&close_frame(1002, "")).await.unwrap();
        tcp.shutdown().await.unwrap();
        (closing.to_vec(), drain(tcp).await)
    })
    .await;
    let mut close = RawFrame::new(RawFrame::CLOSE, 1000_u16.to_be_bytes());
    close.masking = Masking::Unmasked;
    send(&mut connection, Outgoing::Frame(close)).await;
    assert_eq!(rest(&mut connection).await, [closed(1002, ""), EOF]);
    drop(connection);
    assert_eq!(soon(server).await.unwrap(), (vec![0x88, 2, 3, 0xe8], Vec::new()));
}

#[tokio::test]
async fn after_an_illegal_frame_the_servers_close_frame_and_the_end_are_seen() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        let mut illegal = [0; 6];
        tcp.read_exact(&mut illegal).await.unwrap();
        tcp.write_all(&close_frame(1002, "reserved opcode"))
            .await
            .unwrap();
        let mut answer = [0; 23];
        tcp.read_exact(&mut answer).await.unwrap();
        (illegal, answer.to_vec())
    })
    .await;
    send(&mut connection, Outgoing::Frame(RawFrame::new(3, ""))).await;
    assert_eq!(
        rest(&mut connection).await,
        [closed(1002, "reserved opcode"), EOF]
    );
    let (illegal, answer) = soon(server).await.unwrap();
    assert_eq!(illegal[0], 0x83);
    assert_eq!(client_frames(&answer)[0].0, 0x88);
}

#[tokio::test]
async fn a_cut_sends_what_was_sent_before_and_no_close_frame() {
    let (mut connection, server) = upgraded([], drain).await;
    send(&mut connection, Outgoing::Text("last".to_owned())).await;
    send(&mut connection, Outgoing::Cut).await;
    assert_eq!(soon(connection.next()).await, Incoming::Closed(Ending::Cut));
    assert!(connection.send(Outgoing::Bytes(vec![0])).await.is_err());
    assert_eq!(
        client_frames(&soon(server).await.unwrap()),
        [(0x81, b"last".to_vec())]
    );
}
