//! The token request and the WebSocket upgrade of a load socket: prepared request texts, and the parsing of the
//! responses.

use std::borrow::Cow;

use super::error_kind::ErrorKind;
use super::text::{Filling, Line};
use crate::session::{Key, Offered, check_switch};
use crate::transport::{
    Endpoint, USER_AGENT, UpgradeParts, not_replaced, percent_encoded, push_percent_encoded, query,
};
use crate::wire::http::{LONGEST_HEAD, NO_HEADERS, read_answer, read_head};
use crate::wire::websocket::DeflateParams;

/// The prepared upgrade request of a role; each socket fills in its own values.
#[derive(Clone, Debug)]
pub(super) struct UpgradeRequest {
    path: RequestPath,
    /// The text from the end of the query to the key.
    headers: Line,
    offered: Offered,
}

/// The path of a request with its query, behind which a token can follow.
#[derive(Clone, Debug)]
pub(super) struct RequestPath {
    line: Line,
    /// The text before the token.
    before_token: &'static str,
}

/// The server's response to the upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The response head is still incomplete.
    Partial,
    /// The connection is open: the length of the head in bytes, and how messages are compressed, if they are.
    Open(usize, Option<DeflateParams>),
    /// The server refused the upgrade.
    Refused(ErrorKind),
}

/// The server's response to a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenAnswer<'b> {
    /// The response is still incomplete.
    Partial,
    /// The token, and the length of the response in bytes.
    Token(Cow<'b, str>, usize),
    /// The response contains no token.
    Refused(ErrorKind),
}

impl RequestPath {
    /// The path with the connect params.
    pub(super) fn of(parts: &UpgradeParts<Line>) -> Self {
        let mut path = vec![Line::fixed(&parts.path())];
        let mut before = "?";
        for (key, value) in &parts.params {
            path.extend([
                Line::fixed(before),
                Line::fixed(&percent_encoded(key)),
                Line::fixed("="),
                value.rewritten(percent_encoded),
            ]);
            before = "&";
        }
        Self {
            line: Line::joined(path),
            before_token: if before == "?" { "?token=" } else { "&token=" },
        }
    }

    /// Appends the path, and the token as the last param.
    pub(super) fn write(&self, token: Option<&str>, filling: &Filling, out: &mut String) {
        self.line.fill(filling, out);
        if let Some(token) = token {
            out.push_str(self.before_token);
            push_percent_encoded(token, out);
        }
    }
}

impl UpgradeRequest {
    /// The upgrade request of these parts.
    pub(super) fn new(parts: &UpgradeParts<Line>) -> Self {
        let host = parts.target.host_header();
        let standard = [
            ("Host", &*host),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
        ];
        let mut headers = header_lines(standard, &parts.headers);
        headers.push(Line::fixed("Sec-WebSocket-Key: "));
        let own = parts.headers.iter();
        let offered = own.filter_map(|(name, value)| Some((name.as_str(), value.as_fixed()?)));
        Self {
            path: RequestPath::of(parts),
            headers: Line::joined(headers),
            offered: Offered::in_headers(offered),
        }
    }

    /// Appends the upgrade request.
    pub(super) fn write(&self, key: Key, token: Option<&str>, filling: &Filling, out: &mut String) {
        out.push_str("GET ");
        self.path.write(token, filling, out);
        self.headers.fill(filling, out);
        out.push_str(&key.text());
        out.push_str("\r\n\r\n");
    }

    /// Parses the response to the upgrade.
    pub(super) fn answer(&self, bytes: &[u8], key: Key) -> Answer {
        let (mut headers, mut rest) = (NO_HEADERS, bytes);
        let head = match read_head(&mut rest, &mut headers, LONGEST_HEAD) {
            Ok(Some(head)) => head,
            Ok(None) => return Answer::Partial,
            Err(_) => return Answer::Refused(ErrorKind::Protocol),
        };
        match head.status {
            101 => match check_switch(&head, &key.text(), &self.offered) {
                Ok(agreed) => Answer::Open(bytes.len() - rest.len(), agreed),
                Err(_) => Answer::Refused(ErrorKind::Protocol),
            },
            503 => Answer::Refused(ErrorKind::Unavailable),
            _ => Answer::Refused(ErrorKind::Status),
        }
    }
}

/// The request for the token of a user, with the params and headers of the run.
pub(super) fn token_request(user: &Line, endpoint: &Endpoint) -> Line {
    let host = endpoint.target.host_header();
    let own: Vec<(String, Line)> = endpoint
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Line::fixed(value)))
        .collect();
    let mut request = vec![
        Line::fixed("GET /token/"),
        user.rewritten(percent_encoded),
        Line::fixed(&query(&endpoint.params, |_, value| percent_encoded(value))),
    ];
    request.extend(header_lines([("Host", &*host), ("User-Agent", USER_AGENT)], &own));
    request.push(Line::fixed("\r\n"));
    Line::joined(request)
}

/// The end of the request line, the standard headers that none of the own ones replaces, and the own ones.
pub(super) fn header_lines<'h>(
    standard: impl IntoIterator<Item = (&'static str, &'h str)>,
    own: &[(String, Line)],
) -> Vec<Line> {
    let standard = not_replaced(standard, own).map(|(name, value)| header(name, &Line::fixed(value)));
    let mut lines = vec![Line::fixed(" HTTP/1.1\r\n")];
    lines.extend(standard);
    lines.extend(own.iter().map(|(name, value)| header(name, value)));
    lines
}

/// Builds a header line. Line breaks that a user typed must not end the head early.
fn header(name: &str, value: &Line) -> Line {
    let clean = |text: &str| text.replace(['\r', '\n'], " ");
    let parts = [
        Line::fixed(&clean(name)),
        Line::fixed(": "),
        value.rewritten(clean),
        Line::fixed("\r\n"),
    ];
    Line::joined(parts)
}

/// The key of a socket's upgrade. It is derived from the number of the socket, so no socket has to store it.
pub(super) fn key_of(seed: u64, socket: u64) -> Key {
    let number = seed.wrapping_add(socket.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (number ^ (number >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&mixed.to_be_bytes());
    Key(bytes)
}

/// Parses the response to a token request.
pub(super) fn read_token(bytes: &[u8]) -> TokenAnswer<'_> {
    let mut rest = bytes;
    let token = match read_answer(&mut rest, LONGEST_HEAD) {
        // Its body need not come to know that a refusal is one.
        Ok(None) => match read_head(&mut &*bytes, &mut NO_HEADERS.clone(), LONGEST_HEAD) {
            Ok(Some(head)) if head.status != 200 => None,
            Ok(_) | Err(_) => return TokenAnswer::Partial,
        },
        Ok(Some(answer)) if answer.status == 200 => match answer.body {
            Cow::Borrowed(token) => str::from_utf8(token).ok().map(|it| it.trim().into()),
            Cow::Owned(token) => String::from_utf8(token)
                .ok()
                .map(|it| it.trim().to_owned().into()),
        },
        Ok(Some(_)) | Err(_) => None,
    };
    match token {
        Some(token) => TokenAnswer::Token(token, bytes.len() - rest.len()),
        None => TokenAnswer::Refused(ErrorKind::NoToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ledger::Mark;
    use crate::transport::Target;
    use crate::wire::websocket::accept_of;

    const KEY: Key = Key([7; 16]);

    fn answer(head: &str) -> Answer {
        let head = head.replace("ACCEPT", &accept_of(KEY.text().as_bytes()));
        UpgradeRequest::new(&parts(&[], &[])).answer(head.as_bytes(), KEY)
    }

    #[test]
    fn a_101_with_the_right_accept_opens() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-accept: ACCEPT\r\n\r\n";
        assert!(matches!(answer(head), Answer::Open(..)));
        assert_eq!(answer(&head[..30]), Answer::Partial);
        assert_eq!(
            answer(&head.replace("ACCEPT", "x")),
            Answer::Refused(ErrorKind::Protocol)
        );
    }

    #[test]
    fn other_answers_are_told_apart() {
        assert_eq!(
            answer("HTTP/1.1 503 Busy\r\n\r\n"),
            Answer::Refused(ErrorKind::Unavailable)
        );
        assert_eq!(
            answer("HTTP/1.1 403 Forbidden\r\n\r\n"),
            Answer::Refused(ErrorKind::Status)
        );
        assert_eq!(
            answer("SSH-2.0-OpenSSH_9.6\r\n"),
            Answer::Refused(ErrorKind::Protocol)
        );
        let endless = format!("HTTP/1.1 101 x\r\na: {}", "y".repeat(LONGEST_HEAD));
        assert_eq!(answer(&endless), Answer::Refused(ErrorKind::Protocol));
    }

    fn nobody() -> Filling {
        Filling {
            first_own: 70,
            sender: 3,
            seq: 0,
            mark: Mark::default(),
        }
    }

    fn parts(params: &[(&str, &str)], headers: &[(&str, &str)]) -> UpgradeParts<Line> {
        let lines = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(name, value)| ((*name).to_owned(), Line::fixed(value)))
                .collect()
        };
        UpgradeParts {
            vsn: crate::protocol::Vsn::V2,
            target: Target::parse("ws://b:1/socket").unwrap(),
            params: lines(params),
            headers: lines(headers),
        }
    }

    fn written(parts: &UpgradeParts<Line>, token: Option<&str>) -> String {
        let mut out = String::new();
        UpgradeRequest::new(parts).write(KEY, token, &nobody(), &mut out);
        out
    }

    #[test]
    fn a_header_of_the_user_replaces_the_usual_one_and_cannot_end_the_head() {
        let text = written(&parts(&[], &[("host", "a\r\n\r\nGET /")]), None);
        assert!(!text.contains("b:1"));
        assert_eq!(text.matches("\r\n\r\n").count(), 1);
    }

    #[test]
    fn params_and_tokens_are_encoded_and_the_token_comes_last() {
        let text = written(&parts(&[], &[]), Some("t"));
        assert!(text.starts_with("GET /socket/websocket?token=t HTTP/1.1\r\n"));
        let text = written(&parts(&[("a b", "&ü")], &[]), Some("x+y"));
        assert!(
            text.starts_with("GET /socket/websocket?a%20b=%26%C3%BC&token=x%2By HTTP/1.1\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_token_is_asked_for_by_the_name_of_its_user() {
        let user = Line::fixed("da/ve");
        let mut out = String::new();
        let endpoint = Endpoint {
            target: Target::parse("ws://b:1/socket").unwrap(),
            params: vec![("tenant".to_owned(), "a b".to_owned())],
            headers: vec![("x-key".to_owned(), "k".to_owned())],
        };
        token_request(&user, &endpoint).fill(&nobody(), &mut out);
        let (line, headers) = out.split_once("\r\n").unwrap();
        assert_eq!(line, "GET /token/da%2Fve?tenant=a%20b HTTP/1.1");
        assert!(
            headers.starts_with("Host: b:1\r\n") && headers.ends_with("\r\nx-key: k\r\n\r\n"),
            "{out}"
        );
    }

    #[test]
    fn a_token_is_the_body_of_a_200_once_all_of_it_is_there() {
        let whole = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcd\n";
        assert_eq!(
            read_token(whole.as_bytes()),
            TokenAnswer::Token("abcd".into(), whole.len())
        );
        for end in 0..whole.len() {
            assert_eq!(read_token(&whole.as_bytes()[..end]), TokenAnswer::Partial);
        }
        for bad in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nNot ",
            "HTTP/1.1 200 OK\r\n\r\nabcd",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
        ] {
            assert_eq!(
                read_token(bad.as_bytes()),
                TokenAnswer::Refused(ErrorKind::NoToken),
                "{bad}"
            );
        }
    }
}
