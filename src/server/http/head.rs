//! A request's head, held against what the web server takes.

use std::borrow::Cow;

use super::super::conduct::{BareLineFeeds, HttpConduct, Repeated};
use super::response::{Asked, BodyWanted, Then, Version};

/// No server takes more headers than this.
pub(super) const MAX_HEADERS: usize = 100;
/// Nor a longer head.
const MAX_HEAD: usize = 256 << 10;
const MAX_BODY: usize = 1 << 20;

/// A request that is whole.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) version: Version,
    headers: &'a [httparse::Header<'a>],
    repeated: Repeated,
}

/// What stands at the begin of the input.
pub(super) enum Parsed<'a> {
    /// A request, and how many bytes it takes.
    Request(Request<'a>, usize),
    /// The begin of one.
    Partial,
    /// What is refused with this status.
    Refused(u16),
}

/// Reads a request.
pub(super) fn parse<'a>(
    conduct: &HttpConduct,
    input: &'a [u8],
    headers: &'a mut [httparse::Header<'a>; MAX_HEADERS],
) -> Parsed<'a> {
    if let Some(status) = too_long(conduct, input) {
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
    let (path, query) = split(parsed.path.unwrap_or_default());
    let version = if parsed.version == Some(1) {
        Version::V11
    } else {
        Version::V10
    };
    let method = parsed.method.unwrap_or_default();
    let request = Request {
        method,
        path,
        query,
        version,
        headers: parsed.headers,
        repeated: conduct.repeated,
    };
    if !request.has_a_host()
        || (conduct.bare_line_feeds == BareLineFeeds::Refused && has_bare(&input[..head]))
    {
        return Parsed::Refused(400);
    }
    match request.body(&input[head..]) {
        Body::Whole(body) => Parsed::Request(request, head + body),
        Body::Partial => Parsed::Partial,
        Body::Refused(status) => Parsed::Refused(status),
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

/// Path and query of a target, which may be a whole URL and have a fragment.
fn split(target: &str) -> (&str, &str) {
    let target = target.split('#').next().unwrap_or_default();
    let target = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |path| &rest[path..]),
        _ => target,
    };
    target.split_once('?').unwrap_or((target, ""))
}

/// How much of the body there is.
enum Body {
    Whole(usize),
    Partial,
    Refused(u16),
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
    pub(super) fn asked(&self) -> Asked {
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
    fn has_a_host(&self) -> bool {
        let hosts = self
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("host"));
        let hosts: Vec<_> = hosts.map(|header| std::str::from_utf8(header.value)).collect();
        match hosts[..] {
            [] => self.version == Version::V10,
            [Ok(host)] => {
                let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
                after_address
                    .split_once(':')
                    .is_none_or(|(_, port)| port.parse::<u16>().is_ok())
            }
            _ => false,
        }
    }

    fn body(&self, rest: &[u8]) -> Body {
        if let Some(coding) = self.value("transfer-encoding") {
            return if coding.eq_ignore_ascii_case("chunked") {
                chunked(rest)
            } else {
                Body::Refused(400)
            };
        }
        match self.value("content-length").map(|digits| digits.trim().parse()) {
            None => Body::Whole(0),
            Some(Err(_)) => Body::Refused(400),
            Some(Ok(length)) if length > MAX_BODY => Body::Refused(413),
            Some(Ok(length)) if length > rest.len() => Body::Partial,
            Some(Ok(length)) => Body::Whole(length),
        }
    }
}

/// The length of a body in chunks, without trailers.
fn chunked(rest: &[u8]) -> Body {
    let mut at = 0;
    loop {
        let Some(line) = rest[at..].windows(2).position(|window| window == b"\r\n") else {
            return if rest.len() > MAX_BODY {
                Body::Refused(413)
            } else {
                Body::Partial
            };
        };
        let size = std::str::from_utf8(&rest[at..at + line]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size.split(';').next()?.trim(), 16).ok());
        let Some(size) = size else {
            return Body::Refused(400);
        };
        at = at.saturating_add(line + 2).saturating_add(size).saturating_add(2);
        if at > MAX_BODY {
            return Body::Refused(413);
        }
        if at > rest.len() {
            return Body::Partial;
        }
        if size == 0 {
            return Body::Whole(at);
        }
    }
}

#[cfg(test)]
mod tests;
