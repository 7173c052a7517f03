//! The frames of a WebSocket: those of a server as a client reads them, and those of a client as the reference server does.

use super::MESSAGE_LIMIT;
use crate::server;
use crate::session::{Output, WebSocket};
use crate::wire::websocket::{ContextTakeover, DeflateParams, Direction};

/// Reads frames. The first byte says whether messages may be compressed, and in which pieces the bytes arrive.
pub(super) fn frames(input: &[u8]) {
    let Some((&choice, bytes)) = input.split_first() else {
        return;
    };
    let agreed = (choice & 1 == 1).then(|| agreed(choice));
    let piece = usize::from(choice >> 4) + 1;
    let whole = heard(agreed, bytes.chunks(bytes.len().max(1)));
    assert_eq!(
        whole,
        heard(agreed, bytes.chunks(piece)),
        "pieces change what is heard"
    );
    server::untrusted::frames(agreed, bytes, piece);
}

fn agreed(choice: u8) -> DeflateParams {
    let context = match choice & 2 {
        0 => ContextTakeover::Kept,
        _ => ContextTakeover::Dropped,
    };
    let side = Direction {
        context,
        window_bits: 8 + (choice >> 2 & 3) * 2,
    };
    DeflateParams {
        client: side,
        server: side,
    }
}

/// The messages that a client receives, as texts, and the bytes of its answers.
fn heard<'b>(
    agreed: Option<DeflateParams>,
    pieces: impl Iterator<Item = &'b [u8]>,
) -> (Vec<String>, Vec<u8>) {
    let mut session = WebSocket::new(agreed);
    let (mut heard, mut answers) = (Vec::new(), Answers::default());
    let mut held = Vec::new();
    for piece in pieces {
        held.extend_from_slice(piece);
        let mut rest = &held[..];
        loop {
            match session.next(&mut rest, MESSAGE_LIMIT, &mut answers) {
                Ok(Some(received)) => heard.push(format!("{received:?}")),
                Ok(None) => break,
                Err(error) => {
                    heard.push(error.to_string());
                    return (heard, answers.0);
                }
            }
            assert!(session.kept() <= MESSAGE_LIMIT);
        }
        session.ends_within(rest);
        held = rest.to_vec();
    }
    (heard, answers.0)
}

/// The answers of a client, with a mask that changes nothing.
#[derive(Default)]
struct Answers(Vec<u8>);

impl Output for Answers {
    fn key(&mut self) -> [u8; 4] {
        [0; 4]
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}
