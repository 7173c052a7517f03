//! Answers of HTTP/1, as a client reads them.

use super::MESSAGE_LIMIT;
use crate::wire::http::{Body, NO_HEADERS, read_answer, read_head};
use crate::wire::websocket::deflate_agreed;

/// The longest head that the target accepts.
const HEAD_LIMIT: usize = 8 << 10;

/// Reads answers. The first byte says in which pieces the bytes arrive.
pub(super) fn http_answers(input: &[u8]) {
    let Some((&choice, bytes)) = input.split_first() else {
        return;
    };
    whole_and_begun(bytes, bytes.len() * usize::from(choice) / 255);
    for method in ["GET", "HEAD", "CONNECT"] {
        let whole = streamed(method, bytes, bytes.len());
        assert_eq!(whole, streamed(method, bytes, usize::from(choice >> 4) + 1));
    }
}

/// An answer that is whole before all bytes are there is the same when they are.
fn whole_and_begun(bytes: &[u8], at: usize) {
    let (mut all, mut begun) = (bytes, &bytes[..at]);
    let whole = read_answer(&mut all, MESSAGE_LIMIT);
    match read_answer(&mut begun, MESSAGE_LIMIT) {
        Ok(None) => {}
        Ok(Some(early)) => {
            assert_eq!(whole, Ok(Some(early)));
            assert_eq!(all.len(), begun.len() + bytes.len() - at);
        }
        Err(early) => {
            assert!(whole.is_err(), "{early}, and then {whole:?}");
        }
    }
    if let Ok(Some(answer)) = whole {
        assert!(answer.body.len() <= MESSAGE_LIMIT);
    }
}

/// The status and the body of an answer whose body arrives in pieces; nothing if it is none.
fn streamed(method: &str, bytes: &[u8], piece: usize) -> Option<(u16, Vec<u8>, Body)> {
    let mut headers = NO_HEADERS;
    let mut rest = bytes;
    let head = read_head(&mut rest, &mut headers, HEAD_LIMIT).ok()??;
    for value in head.values("sec-websocket-extensions") {
        let offers = ["permessage-deflate; client_max_window_bits"];
        let _refused_or_agreed = deflate_agreed(&String::from_utf8_lossy(value), offers);
    }
    let mut body = head.body(method).ok()?;
    let (mut told, mut held) = (Vec::new(), Vec::new());
    for piece in rest.chunks(piece.max(1)) {
        held.extend_from_slice(piece);
        let mut input = &held[..];
        while let Some(taken) = body.take(&mut input).ok()? {
            told.extend_from_slice(taken);
        }
        held = input.to_vec();
    }
    Some((head.status, told, body))
}
