//! Compressed messages, of servers that keep to RFC 7692 and of hostile ones: what comes has an end, and bounded memory.

use super::*;
use flate2::{Compress, Compression, FlushCompress};
use phxproof::internal::transport::Coding;

const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// A message as a server compresses it, without the tail that is not sent.
fn deflated(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 1024);
    Compress::new(Compression::default(), false)
        .compress_vec(message, &mut bytes, FlushCompress::Sync)
        .unwrap();
    assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
    bytes.truncate(bytes.len() - 4);
    bytes
}

/// A connection to a server that agrees with `params` and sends these bytes, and the server's end of it.
async fn agreed(params: &'static str, bytes: Vec<u8>) -> (Connection, JoinHandle<TcpStream>) {
    let (target, server) = serve(async move |mut tcp: TcpStream| {
        let head = read_head(&mut tcp).await;
        let extension = format!("\r\nSec-WebSocket-Extensions: permessage-deflate{params}\r\n\r\n");
        let answer = switching(&head).replace("\r\n\r\n", &extension);
        tcp.write_all(answer.as_bytes()).await.unwrap();
        tcp.write_all(&bytes).await.unwrap();
        tcp
    })
    .await;
    let upgrade = Upgrade {
        headers: vec![("Sec-WebSocket-Extensions".to_owned(), OFFER.to_owned())],
        ..upgrade(&target)
    };
    match soon(open(&target, &upgrade)).await.unwrap() {
        Opened::Open(connection, _) => (connection, server),
        Opened::Refused(response) => panic!("refused: {response:?}"),
    }
}

/// What the client says of the server, and the code of its close frame.
async fn violation(bytes: Vec<u8>) -> (String, u16) {
    let (mut connection, server) = agreed("", bytes).await;
    let seen = rest(&mut connection).await;
    let [Incoming::Closed(Ending::Violation(why))] = &seen[..] else {
        panic!("{seen:?}");
    };
    // The client has not read everything, so what it said is read before it goes.
    let mut close = [0; 8];
    soon(soon(server).await.unwrap().read_exact(&mut close))
        .await
        .unwrap();
    let sent = client_frames(&close);
    let [(0x88, payload)] = &sent[..] else {
        panic!("{sent:?}");
    };
    (why.clone(), u16::from_be_bytes([payload[0], payload[1]]))
}

#[tokio::test]
async fn compressed_messages_are_read_in_one_frame_and_in_several() {
    let text = "again and ".repeat(50);
    let whole = deflated(text.as_bytes());
    let (first, second) = whole.split_at(9);
    let bytes = [
        frame(0xc1, &*whole),
        frame(0x41, first),
        frame(0x89, "ping"),
        frame(0x80, second),
        frame(0x81, "plain"),
        frame(0xc2, [0]),
    ];
    let (mut connection, _server) = agreed("; server_no_context_takeover", bytes.concat()).await;
    assert_eq!(connection.coding(), Coding::Deflate);
    for expected in [
        Incoming::Text(text.clone()),
        Incoming::Ping(b"ping".to_vec()),
        Incoming::Text(text),
        Incoming::Text("plain".to_owned()),
        Incoming::Binary(Vec::new()),
    ] {
        assert_eq!(soon(connection.next()).await, expected);
    }
}

#[tokio::test]
async fn what_is_sent_is_compressed_unless_it_could_be_taken_for_a_bomb() {
    let (mut connection, server) = agreed("", Vec::new()).await;
    for text in [
        "a few words, and the same words again: a few words",
        &"x".repeat(60_000),
    ] {
        soon(connection.send(Outgoing::Text(text.to_owned())))
            .await
            .unwrap();
    }
    soon(connection.send(Outgoing::Close {
        code: Some(1000),
        reason: String::new(),
    }))
    .await
    .unwrap();
    drop(connection);
    let tcp = soon(server).await.unwrap();
    let sent = client_frames(&soon(drain(tcp)).await);
    let kinds: Vec<_> = sent.iter().map(|(first, _)| *first).collect();
    assert_eq!(kinds, [0xc1, 0x81, 0x88]);
    assert_eq!(sent[1].1.len(), 60_000);
}

#[tokio::test]
async fn a_bomb_is_refused_with_1009() {
    let bomb = deflated(&vec![b' '; 16 << 20]);
    let (why, code) = violation(frame(0xc1, bomb)).await;
    assert_eq!(code, 1009);
    assert_eq!(
        why,
        "the server sent a message of 1048577 bytes or more; the limit is 1048576"
    );
}

#[tokio::test]
async fn data_that_is_not_deflate_is_refused_with_1007() {
    let refers_to_nothing = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for broken in [&[0xff; 20][..], &refers_to_nothing] {
        let (why, code) = violation(frame(0xc1, broken)).await;
        assert_eq!(code, 1007);
        assert_eq!(
            why,
            "the server broke RFC 7692: a compressed message cannot be decompressed"
        );
    }
    assert_eq!(violation(frame(0xc1, deflated(b"\xff\xfe"))).await.1, 1007);
}

#[tokio::test]
async fn the_bit_of_compression_in_a_wrong_place_is_refused_with_1002() {
    let whole = deflated(b"in two frames");
    let (first, second) = whole.split_at(5);
    for bytes in [
        frame(0xc9, "ping"),
        [frame(0x41, first), frame(0xc0, second)].concat(),
        frame(0xe1, &*whole),
    ] {
        assert_eq!(violation(bytes).await.1, 1002);
    }
    let (mut connection, _server) = upgraded(frame(0xc1, whole), async |_| {}).await;
    assert_eq!(connection.coding(), Coding::Plain);
    let seen = rest(&mut connection).await;
    assert!(
        matches!(&seen[..], [Incoming::Closed(Ending::Violation(why))]
            if why.ends_with("reserved bits 100 are set without an extension")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn compressed_fragments_without_an_end_are_refused_with_1009() {
    let mut bytes = frame(0x41, vec![0; 60_000]);
    for _ in 0..20 {
        bytes.extend(frame(0x00, vec![0; 60_000]));
    }
    assert_eq!(violation(bytes).await.1, 1009);
}
