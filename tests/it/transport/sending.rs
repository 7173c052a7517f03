//! What we send, legal and not, also to servers that do not read.

use super::*;
use phxproof::internal::transport::{Masking, RawFrame};

/// The bytes that the server sees when these are sent.
async fn sent(outgoing: Vec<Outgoing>) -> Vec<u8> {
    let (mut connection, server) = upgraded([], drain).await;
    for outgoing in outgoing {
        send(&mut connection, outgoing).await;
    }
    drop(connection);
    soon(server).await.unwrap()
}

#[tokio::test]
async fn messages_arrive_whole_and_masked() {
    let long = "x".repeat(300);
    let bytes = sent(vec![
        Outgoing::Text("héllo".to_owned()),
        Outgoing::Binary(vec![0, 255]),
        Outgoing::Ping(b"p".to_vec()),
        Outgoing::Text(long.clone()),
        Outgoing::Close {
            code: None,
            reason: String::new(),
        },
    ])
    .await;
    let expected = [
        (0x81, "héllo".as_bytes().to_vec()),
        (0x82, vec![0, 255]),
        (0x89, b"p".to_vec()),
        (0x81, long.into_bytes()),
        (0x88, Vec::new()),
    ];
    assert_eq!(client_frames(&bytes), expected);
}

#[tokio::test]
async fn frames_made_by_hand_arrive_as_they_were_made() {
    let whole = RawFrame::new(RawFrame::TEXT, "ab");
    let fixed = |change: fn(&mut RawFrame)| {
        let mut frame = whole.clone();
        frame.masking = Masking::Key([1, 2, 3, 4]);
        change(&mut frame);
        frame
    };
    let cases: [(RawFrame, &[u8]); 6] = [
        (fixed(|_| {}), &[0x81, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2]),
        (
            fixed(|frame| frame.masking = Masking::Unmasked),
            &[0x81, 2, b'a', b'b'],
        ),
        (
            fixed(|frame| frame.fin = false),
            &[0x01, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2],
        ),
        (
            fixed(|frame| frame.rsv = 0b101),
            &[0xd1, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2],
        ),
        (
            fixed(|frame| frame.opcode = 15),
            &[0x8f, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2],
        ),
        (
            fixed(|frame| frame.lied_length = Some(1 << 40)),
            &[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2],
        ),
    ];
    for (frame, expected) in cases {
        assert_eq!(
            sent(vec![Outgoing::Frame(frame.clone())]).await,
            expected,
            "{frame:?}"
        );
    }
}

#[tokio::test]
async fn fragments_of_a_message_can_be_sent_by_hand() {
    let mut first = RawFrame::new(RawFrame::TEXT, "ab");
    first.fin = false;
    let last = RawFrame::new(RawFrame::CONTINUATION, "cd");
    let bytes = sent(vec![
        Outgoing::Frame(first),
        Outgoing::Ping(vec![]),
        Outgoing::Frame(last),
    ])
    .await;
    let expected = [(0x01, b"ab".to_vec()), (0x89, vec![]), (0x80, b"cd".to_vec())];
    assert_eq!(client_frames(&bytes), expected);
}

#[tokio::test]
async fn bytes_go_out_as_they_are_in_their_place() {
    let bytes = sent(vec![
        Outgoing::Bytes(b"GET / ".to_vec()),
        Outgoing::Text("x".to_owned()),
        Outgoing::Bytes(vec![0]),
    ])
    .await;
    assert!(bytes.starts_with(b"GET / \x81\x81"), "{bytes:?}");
    assert!(bytes.ends_with(&[0]));
}

#[tokio::test]
async fn each_frame_has_its_own_key() {
    let bytes = sent(vec![
        Outgoing::Text("x".to_owned()),
        Outgoing::Text("x".to_owned()),
    ])
    .await;
    assert_ne!(bytes[2..6], bytes[9..13]);
}

#[tokio::test]
async fn control_frames_that_cannot_exist_are_not_sent() {
    let (mut connection, server) = upgraded([], drain).await;
    for outgoing in [
        Outgoing::Ping(vec![0; 126]),
        Outgoing::Close {
            code: None,
            reason: "why".to_owned(),
        },
        Outgoing::Close {
            code: Some(1000),
            reason: "x".repeat(124),
        },
    ] {
        let error = connection.send(outgoing).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
    drop(connection);
    assert_eq!(soon(server).await.unwrap(), b"");
}

#[tokio::test]
async fn a_ping_is_answered_at_once_with_its_payload() {
    let (mut connection, server) = upgraded(frame(0x89, "are you there"), async |mut tcp: TcpStream| {
        let mut pong = [0; 19];
        tcp.read_exact(&mut pong).await.unwrap();
        pong
    })
    .await;
    // Nobody calls next() again.
    assert_eq!(
        soon(connection.next()).await,
        Incoming::Ping(b"are you there".to_vec())
    );
    assert_eq!(
        client_frames(&soon(server).await.unwrap()),
        [(0x8a, b"are you there".to_vec())]
    );
}

#[tokio::test]
async fn several_pings_are_each_answered_in_order() {
    let pings: Vec<u8> = (0..100).flat_map(|n: u8| frame(0x89, [n])).collect();
    let (mut connection, server) = upgraded(pings, async |mut tcp: TcpStream| {
        tcp.shutdown().await.unwrap();
        drain(tcp).await
    })
    .await;
    assert_eq!(rest(&mut connection).await.len(), 101);
    drop(connection);
    let expected: Vec<_> = (0..100).map(|n| (0x8a, vec![n])).collect();
    assert_eq!(client_frames(&soon(server).await.unwrap()), expected);
}

#[tokio::test]
async fn what_the_kernel_does_not_take_is_sent_while_we_wait() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        // An echo with both directions full: whoever waits for the other to read first waits for ever.
        let message = frame(0x82, [7; 60_000]);
        for _ in 0..200 {
            tcp.write_all(&message).await.unwrap();
        }
        let mut bytes = vec![0; 14 + (9 << 20)];
        tcp.read_exact(&mut bytes).await.unwrap();
        tcp.write_all(&close_frame(1009, "")).await.unwrap();
    })
    .await;
    send(&mut connection, Outgoing::Text("x".repeat(9 << 20))).await;
    let seen = rest(&mut connection).await;
    assert_eq!(seen.len(), 202);
    assert_eq!(seen[200], closed(1009, ""));
    soon(server).await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_reads_fills_only_so_much() {
    let (target, server) = serve(async |mut tcp: TcpStream| {
        accept(&mut tcp).await;
        tcp
    })
    .await;
    let limits = Limits {
        unsent_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut connection = opened(&target, limits).await;
    let tcp = soon(server).await.unwrap();
    let mut sent = 0;
    let error = loop {
        match connection.send(Outgoing::Binary(vec![0; 10_000])).await {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 100_000, "the kernel takes no gigabyte");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
    assert!(
        error.to_string().starts_with("the server does not read: "),
        "{error}"
    );
    drop(connection);
    assert!(soon(drain(tcp)).await.len() <= sent * 10_008);
}

#[tokio::test]
async fn a_flood_of_pings_from_a_server_that_never_reads_fills_only_so_much() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        let pings = frame(0x89, [0; 125]).repeat(100);
        for _ in 0..1000 {
            tcp.write_all(&pings).await.unwrap();
        }
        tcp.write_all(&frame(0x89, "the last")).await.unwrap();
        tcp.shutdown().await.unwrap();
        tcp
    })
    .await;
    let seen = rest(&mut connection).await;
    assert_eq!(seen.len(), 100_002);
    soon(server).await.unwrap();
}
