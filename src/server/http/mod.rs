//! Requests before a connection is upgraded: heads within limits, statuses and bodies as Phoenix's endpoint has them.

use std::time::Duration;

use super::core::Core;
use super::peer::Stage;
use route::Answer;

pub(crate) mod query;
mod route;
mod upgrade;
pub(crate) mod version;

/// How long a head may take, and how long a connection may rest between two requests.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_HEAD: usize = 64 << 10;
const MAX_HEADERS: usize = 64;
const MAX_BODY: usize = 1 << 20;

/// A response without frills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
        }
    }
}

/// Whether the connection serves another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    KeepAlive,
    Close,
}

/// A request whose head is whole.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// 1.1; all others are 1.0.
    pub(crate) is_current: bool,
    headers: &'a [httparse::Header<'a>],
}

impl<'a> Request<'a> {
    /// The values of a header in their order; those that are no text are left out.
    pub(crate) fn values(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .filter_map(|header| std::str::from_utf8(header.value).ok())
    }

    /// The elements of a header's comma-separated lists.
    pub(crate) fn elements(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|element| !element.is_empty())
    }

    fn then(&self) -> Then {
        let says = |word: &str| {
            self.elements("connection")
                .any(|element| element.eq_ignore_ascii_case(word))
        };
        let keeps = if self.is_current {
            !says("close")
        } else {
            says("keep-alive")
        };
        if keeps { Then::KeepAlive } else { Then::Close }
    }
}

/// How long the body is.
enum Length {
    Known(usize),
    /// In chunks, or said badly: what follows is not read.
    Unknown,
}

impl Core {
    /// Handles one request, if it is whole, and says how long it was.
    pub(crate) fn request(&mut self, peer: u32, input: &[u8]) -> usize {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let head = match parsed.parse(input) {
            Ok(httparse::Status::Complete(head)) => head,
            Ok(httparse::Status::Partial) if input.len() <= MAX_HEAD => return 0,
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return self.reject(peer, 431, input);
            }
            Err(_) => return self.reject(peer, 400, input),
        };
        let request = Request {
            method: parsed.method.unwrap_or_default(),
            target: parsed.path.unwrap_or_default(),
            is_current: parsed.version == Some(1),
            headers: parsed.headers,
        };
        let body = match length(&request) {
            Length::Known(body) if body > MAX_BODY => return self.reject(peer, 413, input),
            Length::Known(body) if input.len() < head + body => return 0,
            Length::Known(body) => Some(body),
            Length::Unknown => None,
        };
        let then = if body.is_some() {
            request.then()
        } else {
            Then::Close
        };
        match self.route(&request) {
            Answer::Upgrade(upgrade) => self.upgrade(peer, *upgrade),
            Answer::Response(response) => self.respond(peer, &response, then),
        }
        body.map_or(input.len(), |body| head + body)
    }

    fn reject(&mut self, peer: u32, status: u16, input: &[u8]) -> usize {
        self.respond(peer, &Response::new(status, ""), Then::Close);
        input.len()
    }

    /// The head did not come in time; a connection that rests between requests just ends.
    pub(crate) fn head_is_late(&mut self, peer: u32) {
        match self.peers.get(peer as usize) {
            Some(sender) if !sender.input.is_empty() => {
                self.respond(peer, &Response::new(408, ""), Then::Close);
            }
            _ => self.drop_peer(peer),
        }
    }

    fn respond(&mut self, peer: u32, response: &Response, then: Then) {
        let connection = match then {
            Then::KeepAlive => "",
            Then::Close => "connection: close\r\n",
        };
        let Response { status, body } = response;
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\ncontent-length: {length}\r\n\
             cache-control: max-age=0, private, must-revalidate\r\n{connection}\r\n",
            reason = reason(*status),
            length = body.len(),
        );
        self.out.extend_from_slice(head.as_bytes());
        self.out.extend_from_slice(body.as_bytes());
        match then {
            Then::KeepAlive => {
                if let Some(receiver) = self.peers.get_mut(peer as usize) {
                    receiver.deadline = self.now + HEAD_TIMEOUT;
                }
            }
            Then::Close => {
                self.write(peer);
                if let Some(receiver) = self.peers.get_mut(peer as usize) {
                    receiver.stage = Stage::Leaving;
                    receiver.input = Vec::new();
                }
                self.shut_when_written(peer);
            }
        }
    }
}

fn length(request: &Request<'_>) -> Length {
    if request.values("transfer-encoding").next().is_some() {
        return Length::Unknown;
    }
    match request.values("content-length").next() {
        None => Length::Known(0),
        Some(digits) => digits.trim().parse().map_or(Length::Unknown, Length::Known),
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        431 => "Request Header Fields Too Large",
        _ => "Internal Server Error",
    }
}
