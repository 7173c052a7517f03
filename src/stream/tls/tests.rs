//! Both sides of TLS against each other, without a network between them.

use proptest::prelude::*;

use super::*;
use crate::stream::{ClientTls, Handshake, OwnAuthority, SecureTo, ServerTls, Trust};

/// A server, and what its clients need.
struct Pair {
    server: ServerTls,
    to: SecureTo,
}

fn pair() -> Pair {
    let own = OwnAuthority::new(&["a.test".to_owned()]).unwrap();
    let trust = Trust {
        authorities: Some(own.certificate.into_bytes()),
        ..Trust::default()
    };
    Pair {
        server: ServerTls::new(&own.server).unwrap(),
        to: ClientTls::new(&trust).unwrap().to("a.test").unwrap(),
    }
}

/// One side, with the bytes that it has sent and received.
struct End {
    tls: Tls,
    out: Vec<u8>,
    plain: Vec<u8>,
}

impl End {
    /// Takes what the other side sent, in pieces of this size.
    fn take(&mut self, other: &mut Self, piece: usize) {
        let mut sent = std::mem::take(&mut other.out);
        for piece in sent.chunks_mut(piece) {
            self.tls.receive(piece, &mut self.plain, &mut self.out).unwrap();
        }
    }

    fn send(&mut self, plain: &[u8]) {
        self.tls.send(plain, &mut self.out).unwrap();
    }
}

impl Pair {
    /// A client and a server after their handshake.
    fn connected(&self, handshake: Handshake, piece: usize) -> [End; 2] {
        let mut out = Vec::new();
        let end = |tls, out| End {
            tls,
            out,
            plain: Vec::new(),
        };
        let client = self.to.begin(handshake, &mut out).unwrap();
        let mut client = end(client, out);
        let mut server = end(Tls::server(self.server.config()).unwrap(), Vec::new());
        while !client.out.is_empty() || !server.out.is_empty() {
            server.take(&mut client, piece);
            client.take(&mut server, piece);
        }
        for side in [&client, &server] {
            assert_eq!(side.tls.progress(), Progress::Open);
        }
        [client, server]
    }
}

fn is_resumed(end: &End) -> bool {
    let kind = match &end.tls.side {
        Side::Client(connection) => connection.handshake_kind(),
        Side::Server(connection) => connection.handshake_kind(),
    };
    kind == Some(rustls::HandshakeKind::Resumed)
}

#[test]
fn nothing_is_kept_at_rest() {
    let [mut client, mut server] = pair().connected(Handshake::Full, 5000);
    client.send(b"ping");
    server.take(&mut client, 3);
    assert_eq!(server.plain, b"ping");
    assert_eq!(
        (server.tls.unread.capacity(), client.tls.unread.capacity()),
        (0, 0)
    );
}

#[test]
fn a_client_that_was_there_before_shortens_the_handshake_and_a_stranger_does_not() {
    let pair = pair();
    assert!(!is_resumed(&pair.connected(Handshake::Resumable, 5000)[0]));
    assert!(is_resumed(&pair.connected(Handshake::Resumable, 5000)[0]));
    assert!(!is_resumed(&pair.connected(Handshake::Full, 5000)[0]));
}

#[test]
fn the_end_is_told_and_what_came_before_it_is_not_lost() {
    let [mut client, mut server] = pair().connected(Handshake::Full, 5000);
    server.send(b"last words");
    server.tls.close(&mut server.out);
    client.take(&mut server, 10_000);
    assert_eq!(client.plain, b"last words");
    assert_eq!(client.tls.progress(), Progress::PeerClosed);
    // The other direction is still open.
    client.send(b"thanks");
    server.take(&mut client, 10_000);
    assert_eq!(server.plain, b"thanks");
}

#[test]
fn a_changed_byte_is_an_error_and_the_other_side_is_told() {
    let [mut client, mut server] = pair().connected(Handshake::Full, 5000);
    client.send(b"pay 10");
    *client.out.last_mut().unwrap() ^= 1;
    let mut sent = std::mem::take(&mut client.out);
    let received = server.tls.receive(&mut sent, &mut server.plain, &mut server.out);
    assert!(received.is_err() && server.plain.is_empty());
    let mut alert = std::mem::take(&mut server.out);
    let told = client.tls.receive(&mut alert, &mut client.plain, &mut client.out);
    assert_eq!(told, Err(TlsError::Alert("BadRecordMac".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_arrive_as_they_were_sent_however_they_are_cut(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40_000), 1..5),
        piece in 1..20_000_usize,
    ) {
        let [mut client, mut server] = pair().connected(Handshake::Full, piece.max(100));
        for message in &messages {
            client.send(message);
            server.take(&mut client, piece);
            server.send(message);
            client.take(&mut server, piece);
        }
        let all = messages.concat();
        prop_assert!(server.plain == all && client.plain == all);
    }
}
