//! Reads the head of a request, within the limits of the web server below Phoenix.

use std::borrow::Cow;

use super::super::conduct::{BareLineFeeds, BrokenConnection, Hosts, HttpConduct, Repeated};
use super::body::Body;
use super::response::{Asked, BodyWanted, Then, Version};
use super::target::{self, Target};

/// No server takes more headers than this.
pub(crate) const MAX_HEADERS: usize = 100;
/// Nor a longer head.
const MAX_HEAD: usize = 256 << 10;

/// A request whose head is whole.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// The host in the target, if it is a whole URL.
    authority: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) version: Version,
    headers: &'a [httparse::Header<'a>],
    repeated: Repeated,
}

/// What stands at the begin of the input.
pub(crate) enum Parsed<'a> {
    /// A request, how many bytes its head takes, and the body that follows.
    Request(Request<'a>, usize, Body),
    /// The begin of one.
    Partial,
    /// What is refused with this status.
    Refused(u16),
}

/// Reads a request.
pub(crate) fn parse<'a>(
    conduct: &HttpConduct,
    input: &'a [u8],
    headers: &'a mut [httparse::Header<'a>; MAX_HEADERS],
) -> Parsed<'a> {
    if let Some(status) = too_long(conduct, input) {
        return Parsed::Refused(status);
    }
    if let Some(status) = target::refused(conduct, input) {
        return Parsed::Refused(status);
    }
    let mut parsed = httparse::Request::new(headers);
    let head = match parsed.parse(input) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(httparse::Error::TooManyHeaders) => return Parsed::Refused(431),
        Err(httparse::Error::Version) => return Parsed::Refused(conduct.unknown_version_status),
        Err(_) => return Parsed::Refused(400),
    };
    if parsed.headers.len() > conduct.max_headers {
        return Parsed::Refused(431);
    }
    let target = Target::from(parsed.path.unwrap_or_default());
    let request = Request {
        method: parsed.method.unwrap_or_default(),
        authority: target.authority,
        path: target.path,
        query: target.query,
        version: match parsed.version {
            Some(1) => Version::V11,
            _ => Version::V10,
        },
        headers: parsed.headers,
        repeated: conduct.repeated,
    };
    let lines_are_fine = conduct.bare_line_feeds == BareLineFeeds::Read || !has_bare(&input[..head]);
    if !(lines_are_fine && request.has_a_host(conduct.hosts) && request.connects(conduct.broken_connection)) {
        return Parsed::Refused(400);
    }
    let coding = request.value("transfer-encoding");
    match Body::of(coding.as_deref(), &request.values("content-length"), conduct) {
        Ok(body) => Parsed::Request(request, head, body),
        Err(_) => Parsed::Refused(400),
    }
}

/// The status for a head of which so much is there that it is too long, whole or not.
fn too_long(conduct: &HttpConduct, input: &[u8]) -> Option<u16> {
    let mut lines = input.split(|&byte| byte == b'\n').take(MAX_HEADERS + 2);
    if lines
        .next()
        .is_some_and(|line| line.len() > conduct.max_request_line)
    {
        return Some(414);
    }
    let line_is_long = lines
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .any(|line| line.len() > conduct.max_header_line);
    let is_head = !input.windows(4).any(|window| window == b"\r\n\r\n");
    (line_is_long || (is_head && input.len() > MAX_HEAD)).then_some(431)
}

fn has_bare(head: &[u8]) -> bool {
    head.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
}

impl<'a> Request<'a> {
    /// The values of a header; those that are no text are left out.
    pub(crate) fn values(&self, name: &str) -> Vec<Cow<'a, str>> {
        let each = self
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name));
        let values: Vec<&str> = each
            .filter_map(|header| std::str::from_utf8(header.value).ok())
            .collect();
        match self.repeated {
            Repeated::Joined if values.len() > 1 => vec![Cow::Owned(values.join(", "))],
            _ => values.into_iter().map(Cow::Borrowed).collect(),
        }
    }

    /// The first value of a header.
    pub(crate) fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        self.values(name).into_iter().next()
    }

    /// Whether one of a header's comma-separated elements is this word.
    pub(crate) fn says(&self, name: &str, word: &str) -> bool {
        self.values(name).iter().any(|value| {
            value
                .split(',')
                .any(|element| element.trim().eq_ignore_ascii_case(word))
        })
    }

    /// What of it matters to its response.
    pub(crate) fn asked(&self) -> Asked {
        let keeps = match self.version {
            Version::V11 => !self.says("connection", "close"),
            Version::V10 => self.says("connection", "keep-alive"),
        };
        Asked {
            version: self.version,
            body: if self.method == "HEAD" {
                BodyWanted::No
            } else {
                BodyWanted::Yes
            },
            then: if keeps { Then::KeepAlive } else { Then::Close },
        }
    }

    /// One host, if it has to be there, with a port that is a number, if it is there.
    fn has_a_host(&self, rule: Hosts) -> bool {
        let hosts = self
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("host"));
        let hosts: Vec<_> = hosts.map(|header| std::str::from_utf8(header.value)).collect();
        match hosts[..] {
            [] => self.version == Version::V10 || (rule == Hosts::AnyText && self.authority.is_some()),
            [Ok(host)] => {
                let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
                let port_is_fine = after_address
                    .split_once(':')
                    .is_none_or(|(_, port)| port.parse::<u16>().is_ok());
                let is_checked = rule == Hosts::AnyText
                    || (target::is_host(host) && self.authority.is_none_or(|authority| authority == host));
                port_is_fine && is_checked
            }
            _ => false,
        }
    }

    /// Whether the `connection` header can be read.
    fn connects(&self, rule: BrokenConnection) -> bool {
        if rule == BrokenConnection::PassedOver {
            return true;
        }
        self.value("connection").is_none_or(|value| {
            let mut elements = value
                .split(',')
                .map(str::trim)
                .filter(|element| !element.is_empty())
                .peekable();
            elements.peek().is_some() && elements.all(is_token)
        })
    }
}

/// A token of RFC 9110, 5.6.2.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests;
