//! Heads of requests on their way through the proxy: what they ask for, and how they are passed on.

use percent_encoding::percent_decode_str;

use crate::protocol::Vsn;
use crate::session::{Offered, check_switch};
use crate::transport::{Target, Transport};
use crate::wire::http::{Body, Head, NO_HEADERS, without_parameters};
use crate::wire::websocket::DeflateParams;

/// The longest head of a request that is passed on, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// Headers that every client sends, or that are about one connection: they say nothing to an application.
const USUAL_HEADERS: [&str; 28] = [
    "host",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-charset",
    "cache-control",
    "pragma",
    "origin",
    "referer",
    "dnt",
    "te",
    "trailer",
    "keep-alive",
    "priority",
    "content-length",
    "content-type",
    "transfer-encoding",
    "expect",
    "upgrade-insecure-requests",
    "proxy-connection",
    "via",
    crate::wire::longpoll::TOKEN_HEADER,
];

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestHead {
    pub(super) method: String,
    /// The path and the query as they were sent.
    pub(super) path_and_query: String,
    version: u8,
    headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Body,
}

/// Bytes that are not the head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRequest {
    #[error("it is not a request of HTTP/1.1")]
    Malformed,
    #[error("the head of the request is too long")]
    TooLong,
}

impl RequestHead {
    /// The head at the front of `input` and its length; none if it is not whole yet.
    ///
    /// # Errors
    /// If it is not the head of a request, or too long.
    pub(super) fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, BadRequest> {
        let mut headers = NO_HEADERS;
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(input) {
            Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => length,
            Ok(httparse::Status::Partial) if input.len() < LONGEST_HEAD => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(BadRequest::TooLong),
            Err(_) => return Err(BadRequest::Malformed),
        };
        let method = request.method.unwrap_or_default().to_owned();
        let head = Head {
            status: 200,
            headers: request.headers,
        };
        // Without a length a request has no body, unlike an answer.
        let body = match head.body(&method).map_err(|_| BadRequest::Malformed)? {
            Body::UntilEnd => Body::NONE,
            body => body,
        };
        let headers = request.headers.iter();
        let head = Self {
            method,
            path_and_query: request.path.unwrap_or_default().to_owned(),
            version: request.version.unwrap_or(1),
            headers: headers
                .map(|header| (header.name.to_owned(), header.value.to_vec()))
                .collect(),
            body,
        };
        Ok(Some((head, length)))
    }

    /// The path without the query.
    pub(super) fn path(&self) -> &str {
        self.path_and_query
            .split_once('?')
            .map_or(self.path_and_query.as_str(), |(path, _)| path)
    }

    /// The transport of the socket at `mount` that it asks for, if it does.
    pub(super) fn transport(&self, mount: &str) -> Option<Transport> {
        let name = self.path().strip_prefix(mount)?.strip_prefix('/')?;
        match Transport::named(name)? {
            Transport::WebSocket if !self.asks_to_upgrade() => None,
            transport => Some(transport),
        }
    }

    /// Whether it asks for another protocol on this connection.
    pub(super) fn asks_to_upgrade(&self) -> bool {
        self.value("upgrade").is_some()
    }

    /// The first value of a header.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let named = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The params of the query.
    pub(super) fn params(&self) -> Vec<(String, String)> {
        let query = self.path_and_query.split_once('?').map_or("", |(_, query)| query);
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect()
    }

    /// The serializer that it asks for; without a word about it a server takes 1.0.0.
    pub(super) fn vsn(&self) -> Vsn {
        let params = self.params();
        let vsn = params.iter().rev().find(|(name, _)| name == "vsn");
        match vsn.map(|(_, value)| value.as_str()) {
            Some(value) if value.starts_with('2') => Vsn::V2,
            _ => Vsn::V1,
        }
    }

    /// The headers that an application may look at.
    pub(super) fn telling_headers(&self) -> Vec<(String, String)> {
        let is_usual = |name: &str| {
            let name = name.to_ascii_lowercase();
            USUAL_HEADERS.contains(&name.as_str())
                || name.starts_with("sec-fetch-")
                || name.starts_with("sec-ch-")
        };
        let telling = self.headers.iter().filter(|(name, _)| !is_usual(name));
        telling
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect()
    }

    /// The headers as texts, for what was offered in an upgrade.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }

    /// Writes it for the target: the same but for the host, for an origin that is that host, and for what would make the answer
    /// unreadable here.
    pub(super) fn write_for(&self, target: &Target, out: &mut Vec<u8>) {
        let here = self.value("host").unwrap_or_default();
        out.extend_from_slice(
            format!(
                "{} {} HTTP/1.{}\r\n",
                self.method, self.path_and_query, self.version
            )
            .as_bytes(),
        );
        for (name, value) in &self.headers {
            let value = match name.to_ascii_lowercase().as_str() {
                "host" => target.host_header().into_bytes(),
                "origin" if is_origin_of(value, &here) => origin(target).into_bytes(),
                "accept-encoding" => b"identity".to_vec(),
                // The body follows at once.
                "expect" => continue,
                _ => value.clone(),
            };
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(&value);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn is_origin_of(origin: &[u8], host: &str) -> bool {
    let origin = String::from_utf8_lossy(origin);
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

fn origin(target: &Target) -> String {
    let scheme = if target.is_secure() { "https" } else { "http" };
    format!("{scheme}://{}", target.host_header())
}

/// How messages are compressed, as both sides agreed on.
pub(super) fn agreed(head: &Head<'_, '_>, request: &RequestHead) -> Result<Option<DeflateParams>, String> {
    let texts = request.texts();
    let offered = Offered::in_headers(texts.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let key = request.value("sec-websocket-key").unwrap_or_default();
    check_switch(head, &key, &offered).map_err(|why| format!("the 101 cannot be used: {why}"))
}

/// Whether the content of an answer with this type can be searched for values.
pub(super) fn is_text(content_type: &str) -> bool {
    let kind = without_parameters(content_type).to_ascii_lowercase();
    kind.is_empty() || kind == "text/plain" || kind == "application/json" || kind.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADE: &str = "GET /socket/websocket?vsn=2.0.0&name=a%20b HTTP/1.1\r\nHost: localhost:7\r\n\
        Origin: http://localhost:7\r\nUpgrade: websocket\r\nX-Tenant: acme\r\nSec-Fetch-Mode: websocket\r\n\r\nrest";

    fn parsed(text: &str) -> RequestHead {
        RequestHead::parse(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn a_request_is_passed_on_with_the_host_of_the_target() {
        let (head, length) = RequestHead::parse(UPGRADE.as_bytes()).unwrap().unwrap();
        assert_eq!(&UPGRADE[length..], "rest");
        assert_eq!(head.transport("/socket"), Some(Transport::WebSocket));
        assert_eq!(head.transport("/other"), None);
        assert_eq!(head.vsn(), Vsn::V2);
        assert_eq!(head.params()[1], ("name".to_owned(), "a b".to_owned()));
        assert_eq!(
            head.telling_headers(),
            [("X-Tenant".to_owned(), "acme".to_owned())]
        );
        let mut out = Vec::new();
        head.write_for(&Target::parse("wss://example.com/socket").unwrap(), &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.starts_with("GET /socket/websocket?vsn=2.0.0&name=a%20b HTTP/1.1\r\nHost: example.com\r\n"),
            "{out}"
        );
        assert!(out.contains("Origin: https://example.com\r\n"), "{out}");
    }

    #[test]
    fn an_origin_elsewhere_stays_as_it_is() {
        let head =
            parsed("GET / HTTP/1.1\r\nHost: a:1\r\nOrigin: http://b:1\r\nExpect: 100-continue\r\n\r\n");
        let mut out = Vec::new();
        head.write_for(&Target::parse("ws://c:2/socket").unwrap(), &mut out);
        assert_eq!(out, b"GET / HTTP/1.1\r\nHost: c:2\r\nOrigin: http://b:1\r\n\r\n");
    }

    #[test]
    fn a_get_of_the_path_without_an_upgrade_is_no_socket() {
        let head = parsed("GET /socket/websocket HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(head.transport("/socket"), None);
        let head = parsed("POST /socket/longpoll?vsn=1.0.0 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        assert_eq!(head.transport("/socket"), Some(Transport::LongPoll));
        assert_eq!((head.vsn(), head.body), (Vsn::V1, Body::Bytes(3)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(RequestHead::parse(b"GET / HT"), Ok(None));
        assert_eq!(
            RequestHead::parse(b"\x16\x03\x01\x02"),
            Err(BadRequest::Malformed)
        );
        let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(LONGEST_HEAD));
        assert_eq!(RequestHead::parse(long.as_bytes()), Err(BadRequest::TooLong));
    }
}
