//! The WebSocket upgrade by hand: a request that differs only by its key, and the head of the answer read where it lies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::tally::Trouble;

/// The longest head of an answer.
pub(super) const LONGEST_HEAD: usize = 16 << 10;

/// The request of a role, ready but for its key.
#[derive(Clone, Debug)]
pub(super) struct Request {
    before_key: Box<str>,
    after_key: Box<str>,
}

/// How the server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The head is not whole yet.
    Partial,
    /// It is open; the head took so many bytes.
    Open(usize),
    /// It is not.
    Refused(Trouble),
}

impl Request {
    /// A request for `path_and_query`, with these headers beside the usual ones.
    pub(super) fn new(host: &str, path_and_query: &str, headers: &[(String, String)]) -> Self {
        let mut before = format!("GET {path_and_query} HTTP/1.1\r\n");
        let has = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let usual = [
            ("Host", host),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
        ];
        let usual = usual.into_iter().filter(|(name, _)| !has(name));
        let own = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in usual.chain(own) {
            // Nothing that a user typed may end the head early.
            let clean = |text: &str| text.replace(['\r', '\n'], " ");
            before.push_str(&format!("{}: {}\r\n", clean(name), clean(value)));
        }
        before.push_str("Sec-WebSocket-Key: ");
        Self {
            before_key: before.into(),
            after_key: "\r\n\r\n".into(),
        }
    }

    /// Appends the request.
    pub(super) fn write(&self, key: Key, out: &mut Vec<u8>) {
        out.extend_from_slice(self.before_key.as_bytes());
        out.extend_from_slice(key.text().as_bytes());
        out.extend_from_slice(self.after_key.as_bytes());
    }
}

/// The key of a handshake. It follows from the number of the socket, so nobody has to keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    pub(super) const fn of(seed: u64, socket: u64) -> Self {
        Self(seed.wrapping_add(socket.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    fn text(self) -> String {
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_be_bytes());
        bytes[8..].copy_from_slice(&mixed.to_be_bytes());
        STANDARD.encode(bytes)
    }
}

/// Reads the head of an answer.
pub(super) fn read(bytes: &[u8], key: Key) -> Answer {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < LONGEST_HEAD => return Answer::Partial,
        Ok(httparse::Status::Partial) | Err(_) => return Answer::Refused(Trouble::Protocol),
    };
    match response.code {
        Some(101) => {}
        Some(503) => return Answer::Refused(Trouble::Unavailable),
        Some(_) | None => return Answer::Refused(Trouble::Status),
    }
    let accept = derive_accept_key(key.text().as_bytes());
    let accepted = response
        .headers
        .iter()
        .any(|it| it.name.eq_ignore_ascii_case("sec-websocket-accept") && it.value == accept.as_bytes());
    if accepted {
        Answer::Open(length)
    } else {
        Answer::Refused(Trouble::Protocol)
    }
}

/// Appends a text as a value of a query, percent-encoded.
pub(super) fn push_query_value(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::of(1, 2);

    fn answer(head: &str) -> Answer {
        read(
            head.replace("ACCEPT", &derive_accept_key(KEY.text().as_bytes()))
                .as_bytes(),
            KEY,
        )
    }

    #[test]
    fn a_101_with_the_right_accept_opens() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: ACCEPT\r\n\r\n";
        assert!(matches!(answer(head), Answer::Open(_)));
        assert_eq!(answer(&head[..30]), Answer::Partial);
        assert_eq!(
            answer(&head.replace("ACCEPT", "x")),
            Answer::Refused(Trouble::Protocol)
        );
    }

    #[test]
    fn other_answers_are_told_apart() {
        assert_eq!(
            answer("HTTP/1.1 503 Busy\r\n\r\n"),
            Answer::Refused(Trouble::Unavailable)
        );
        assert_eq!(
            answer("HTTP/1.1 403 Forbidden\r\n\r\n"),
            Answer::Refused(Trouble::Status)
        );
        assert_eq!(
            answer("SSH-2.0-OpenSSH_9.6\r\n"),
            Answer::Refused(Trouble::Protocol)
        );
        let endless = format!("HTTP/1.1 101 x\r\na: {}", "y".repeat(LONGEST_HEAD));
        assert_eq!(answer(&endless), Answer::Refused(Trouble::Protocol));
    }

    #[test]
    fn a_header_of_the_user_replaces_the_usual_one_and_cannot_end_the_head() {
        let own = vec![("host".to_owned(), "a\r\n\r\nGET /".to_owned())];
        let mut out = Vec::new();
        Request::new("b:1", "/socket/websocket?vsn=2.0.0", &own).write(KEY, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("b:1"));
        assert_eq!(text.matches("\r\n\r\n").count(), 1);
    }

    #[test]
    fn query_values_are_encoded() {
        let mut out = String::new();
        push_query_value("a b&ü", &mut out);
        assert_eq!(out, "a%20b%26%C3%BC");
    }
}
