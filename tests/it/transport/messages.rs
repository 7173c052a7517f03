//! What a server says, and how much of it is kept.

use super::*;

async fn said(bytes: impl Into<Vec<u8>>) -> Vec<Incoming> {
    let (mut connection, _server) = upgraded(bytes, async |_| {}).await;
    rest(&mut connection).await
}

async fn violation(bytes: impl Into<Vec<u8>>) -> String {
    match said(bytes).await.pop() {
        Some(Incoming::Closed(Ending::Violation(sentence))) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn text_binary_ping_and_pong() {
    let bytes = [
        frame(0x81, "héllo"),
        frame(0x82, [0, 255]),
        frame(0x89, "p"),
        frame(0x8a, "q"),
        frame(0x81, ""),
    ];
    let seen = said(bytes.concat()).await;
    let expected = [
        text("héllo"),
        Incoming::Binary(vec![0, 255]),
        Incoming::Ping(b"p".to_vec()),
        Incoming::Pong(b"q".to_vec()),
        text(""),
        EOF,
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn fragments_are_one_message_and_control_frames_may_come_between() {
    let bytes = [
        frame(0x01, &"h\u{e9}".as_bytes()[..2]),
        frame(0x89, ""),
        frame(0x80, [0xa9]),
    ];
    assert_eq!(
        said(bytes.concat()).await,
        [Incoming::Ping(Vec::new()), text("hé"), EOF]
    );
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        for byte in [frame(0x81, "slow"), close_frame(1000, "")].concat() {
            tcp.write_u8(byte).await.unwrap();
            tokio::task::yield_now().await;
        }
        // Whoever closes with something unread resets.
        tcp.read_exact(&mut [0; 8]).await.unwrap();
    })
    .await;
    assert_eq!(rest(&mut connection).await, [text("slow"), closed(1000, ""), EOF]);
    soon(server).await.unwrap();
}

#[tokio::test]
async fn what_breaks_the_rfc_is_told() {
    assert!(violation([0x81, 0x81, 1, 2, 3, 4, 5]).await.contains("masked"));
    assert!(
        violation(frame(0x83, "x")).await.contains("opcode")
            || violation(frame(0x83, "x")).await.contains('3')
    );
    assert!(
        violation(frame(0xc1, "x"))
            .await
            .to_lowercase()
            .contains("reserved")
    );
    assert!(
        violation(frame(0x80, "x"))
            .await
            .to_lowercase()
            .contains("continu")
    );
    assert!(
        violation(frame(0x09, "x"))
            .await
            .to_lowercase()
            .contains("fragment")
    );
    assert!(
        violation(frame(0x89, [0; 126]))
            .await
            .to_lowercase()
            .contains("control frame")
    );
    assert!(
        violation([frame(0x01, "x"), frame(0x81, "y")].concat())
            .await
            .to_lowercase()
            .contains("fragment")
    );
    assert_eq!(
        violation(frame(0x81, [0xff])).await,
        "the server sent text that is not UTF-8"
    );
    assert_eq!(
        violation([frame(0x01, [0xc3]), frame(0x80, [0x28])].concat()).await,
        "the server sent text that is not UTF-8"
    );
}

#[tokio::test]
async fn what_came_before_a_violation_is_not_lost() {
    let seen = said([frame(0x81, "fine"), frame(0x89, ""), frame(0x83, "x")].concat()).await;
    assert_eq!(seen[..2], [text("fine"), Incoming::Ping(Vec::new())]);
}

#[tokio::test]
async fn a_violation_is_answered_with_its_close_code() {
    for (bytes, code) in [
        (frame(0x83, ""), 1002_u16),
        (frame(0x81, [0xff]), 1007),
        (vec![0x81, 127, 0, 0, 0, 0, 8, 0, 0, 0], 1009),
    ] {
        let (mut connection, server) = upgraded(bytes, drain).await;
        assert!(matches!(
            rest(&mut connection).await[..],
            [Incoming::Closed(Ending::Violation(_))]
        ));
        drop(connection);
        let sent = client_frames(&soon(server).await.unwrap());
        assert_eq!(sent, [(0x88, code.to_be_bytes().to_vec())]);
    }
}

#[tokio::test]
async fn a_frame_of_100_megabytes_is_refused_by_its_header() {
    let mut header = vec![0x82, 127];
    header.extend(100_000_000_u64.to_be_bytes());
    let (mut connection, _server) = upgraded(header, drain).await;
    let expected = "the server sent a message of 100000000 bytes or more; the limit is 1048576";
    assert_eq!(
        rest(&mut connection).await,
        [Incoming::Closed(Ending::Violation(expected.to_owned()))]
    );
}

#[tokio::test]
async fn a_message_of_the_limit_is_read_and_one_byte_more_is_not() {
    for (length, fits) in [(60_000, true), (60_001, false)] {
        let (target, _server) = serve(async move |mut tcp: TcpStream| {
            accept(&mut tcp).await;
            tcp.write_all(&frame(0x81, "x".repeat(length))).await.unwrap();
        })
        .await;
        let limits = Limits {
            message_bytes: 60_000,
            ..Limits::default()
        };
        let mut connection = opened(&target, limits).await;
        let seen = rest(&mut connection).await;
        assert_eq!(seen[0] == text(&"x".repeat(length)), fits);
    }
}

#[tokio::test]
async fn fragments_without_end_are_held_to_the_limit() {
    let (mut connection, server) = upgraded(frame(0x01, "x"), async |mut tcp: TcpStream| {
        while tcp.write_all(&frame(0x00, [b'x'; 1000])).await.is_ok() {}
    })
    .await;
    let seen = rest(&mut connection).await;
    let [Incoming::Closed(Ending::Violation(sentence))] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert!(sentence.ends_with("the limit is 1048576"), "{sentence}");
    drop(connection);
    soon(server).await.unwrap();
}

#[tokio::test]
async fn empty_fragments_without_end_are_given_up() {
    let (mut connection, server) = upgraded(frame(0x01, ""), async |mut tcp: TcpStream| {
        let many = [0x00, 0x00].repeat(4096);
        while tcp.write_all(&many).await.is_ok() {}
    })
    .await;
    let seen = rest(&mut connection).await;
    let [Incoming::Closed(Ending::Violation(sentence))] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert!(sentence.contains("more than 20000 fragments"), "{sentence}");
    drop(connection);
    soon(server).await.unwrap();
}

#[tokio::test]
async fn next_can_be_dropped_at_any_time() {
    let (mut connection, _server) = upgraded([], async |mut tcp: TcpStream| {
        for n in 0..200 {
            for part in frame(0x81, format!("message {n}")).chunks(3) {
                tcp.write_all(part).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let mut seen = Vec::new();
    while seen.last() != Some(&EOF) {
        tokio::select! {
            biased;
            incoming = connection.next() => seen.push(incoming),
            () = tokio::task::yield_now() => {}
        }
    }
    let expected: Vec<_> = (0..200)
        .map(|n| text(&format!("message {n}")))
        .chain([EOF])
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_flood_waits_on_the_servers_side_until_it_is_read() {
    let (mut connection, server) = upgraded([], async |mut tcp: TcpStream| {
        let message = frame(0x82, [7; 60_000]);
        for _ in 0..1000 {
            tcp.write_all(&message).await.unwrap();
        }
        tcp.write_all(&close_frame(1000, "enough")).await.unwrap();
    })
    .await;
    assert_eq!(soon(connection.next()).await, Incoming::Binary(vec![7; 60_000]));
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!server.is_finished(), "60 MB do not fit into what kernels keep");
    let seen = rest(&mut connection).await;
    assert_eq!(seen.len(), 999 + 2);
    assert_eq!(seen[999..], [closed(1000, "enough"), EOF]);
    soon(server).await.unwrap();
}
