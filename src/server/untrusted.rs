//! Reads the bytes of clients as the reference server does, for the fuzz targets.

use super::conduct::{Conduct, HttpConduct, Mount};
use super::http::{MAX_HEADERS, Parsed, parse};
use super::ids::SessionId;
use super::websocket::{ServerCompression, WebSocket};
use crate::profile::Profile;
use crate::wire::websocket::DeflateParams;

/// Reads frames that arrive in pieces, as each recorded server does.
pub fn frames(agreed: Option<DeflateParams>, bytes: &[u8], piece: usize) {
    for conduct in Profile::RECORDED.map(Conduct::of) {
        let compression = agreed.map(|agreed| Box::new(ServerCompression::new(&conduct.compress, agreed)));
        let mut socket = WebSocket::new(SessionId(0), Mount::Plain, compression);
        let mut held = Vec::new();
        for piece in bytes.chunks(piece) {
            held.extend_from_slice(piece);
            loop {
                let there = held.len();
                match socket.read(&conduct, &mut held) {
                    Ok(None) => break,
                    Ok(Some(read)) => {
                        let length = read.length;
                        assert!(
                            (2..=there).contains(&length),
                            "a frame of {length} in {there} bytes"
                        );
                        held.drain(..length);
                    }
                    Err(_) => return,
                }
            }
        }
    }
}

/// Reads requests one after the other, as each recorded server does.
pub fn requests(bytes: &[u8]) {
    for conduct in Profile::RECORDED.map(Conduct::of) {
        let mut rest = bytes;
        while let Some(behind) = request(&conduct.http, rest) {
            rest = behind;
        }
    }
}

/// The bytes behind the first request; none if the request is not whole, or refused. It panics if the pieces in which a body
/// arrives change the body.
fn request<'b>(conduct: &HttpConduct, input: &'b [u8]) -> Option<&'b [u8]> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let Parsed::Request(_, head, body) = parse(conduct, input, &mut headers) else {
        return None;
    };
    let after_head = &input[head..];
    let mut whole = Vec::new();
    let (length, left) = body
        .read(after_head, |piece| whole.extend_from_slice(piece))
        .ok()?;
    let (mut state, mut at, mut pieces) = (body, 0, Vec::new());
    for end in 0..=after_head.len() {
        let read = state.read(&after_head[at..end], |piece| pieces.extend_from_slice(piece));
        let (taken, next) = read.ok()?;
        (state, at) = (next, at + taken);
    }
    assert_eq!((length, left, whole), (at, state, pieces), "pieces change a body");
    Some(&after_head[length..]).filter(|_| left == super::http::Body::NONE)
}
