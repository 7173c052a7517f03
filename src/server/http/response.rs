//! Responses, with the heads that Bandit and Cowboy give them.

use std::fmt::Write;

use httpdate::HttpDate;

use super::super::conduct::{Cache, Look};
use crate::clock::wall_clock;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) origin: Origin,
    headers: Headers,
}

/// The headers that not every response has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Headers {
    None,
    /// Lines of the application's own, with their line ends.
    Own(String),
    /// Those that let scripts of any site read an answer of long poll (CORS).
    AnySite,
    /// The same for an answer in JSON.
    Json(Cache),
    /// The same for a preflight request, with the headers that it asks for.
    Preflight(String),
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The application, by way of Plug.
    Application,
    /// The web server, for an application that raised.
    Raised,
    /// The web server, of a request that it does not take.
    WebServer,
}

/// Whether the connection serves another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    KeepAlive,
    Close,
}

/// What of the request matters to its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) version: Version,
    pub(crate) body: BodyWanted,
    pub(crate) then: Then,
}

impl Asked {
    /// What is known of a request that cannot be read.
    pub(crate) const UNREADABLE: Self = Self {
        version: Version::V11,
        body: BodyWanted::Yes,
        then: Then::Close,
    };
}

/// The version of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V10,
    V11,
}

/// Whether the method lets the response have a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyWanted {
    Yes,
    /// HEAD
    No,
}

impl Response {
    /// A response of the application.
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into().into_bytes(),
            origin: Origin::Application,
            headers: Headers::None,
        }
    }

    /// An answer of long poll in JSON.
    pub(crate) const fn json(status: u16, body: Vec<u8>, cache: Cache) -> Self {
        Self {
            status,
            body,
            origin: Origin::Application,
            headers: Headers::Json(cache),
        }
    }

    /// An answer of long poll to a method that it does not serve.
    pub(crate) const fn unserved(status: u16) -> Self {
        Self {
            status,
            body: Vec::new(),
            origin: Origin::Application,
            headers: Headers::AnySite,
        }
    }

    /// The answer of long poll to a browser that asks whether it may send these headers.
    pub(crate) const fn preflight(headers: String) -> Self {
        Self {
            status: 200,
            body: Vec::new(),
            origin: Origin::Application,
            headers: Headers::Preflight(headers),
        }
    }

    /// The same with one more header.
    pub(super) fn with_header(self, name: &str, value: impl std::fmt::Display) -> Self {
        let before = match self.headers {
            Headers::Own(lines) => lines,
            _ => String::new(),
        };
        Self {
            headers: Headers::Own(format!("{before}{name}: {value}\r\n")),
            ..self
        }
    }

    /// 500
    pub(crate) fn raised() -> Self {
        Self {
            status: 500,
            body: Vec::new(),
            origin: Origin::Raised,
            headers: Headers::None,
        }
    }

    /// A response of the web server itself.
    pub(crate) fn refused(status: u16) -> Self {
        Self {
            status,
            body: Vec::new(),
            origin: Origin::WebServer,
            headers: Headers::None,
        }
    }

    /// What becomes of the connection.
    pub(crate) fn then(&self, look: Look, asked: Asked) -> Then {
        match (self.origin, look) {
            (Origin::WebServer, _) | (Origin::Raised, Look::Bandit) => Then::Close,
            (Origin::Application, _) | (Origin::Raised, Look::Cowboy) => asked.then,
        }
    }

    /// Appends head and body.
    pub(crate) fn write(&self, look: Look, asked: Asked, out: &mut Vec<u8>) {
        let mut head = match (look, self.origin, asked.version) {
            (Look::Bandit, Origin::WebServer, _) | (Look::Bandit, _, Version::V10) => "HTTP/1.0 ".to_owned(),
            _ => "HTTP/1.1 ".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = write!(head, "{} {}\r\n", self.status, reason(self.status));
        match (look, self.origin) {
            (Look::Bandit, Origin::Application) => self.bandit_headers(asked, &mut head),
            (Look::Cowboy, Origin::Application) => self.cowboy_headers(asked, &mut head),
            (Look::Bandit, _) => head.push_str("connection: close\r\n"),
            (Look::Cowboy, Origin::WebServer) => head.push_str("connection: close\r\ncontent-length: 0\r\n"),
            (Look::Cowboy, Origin::Raised) => {
                head.push_str(connection(asked));
                head.push_str("content-length: 0\r\n");
            }
        }
        if let Headers::Own(line) = &self.headers {
            head.push_str(line);
        }
        head.push_str("\r\n");
        out.extend_from_slice(head.as_bytes());
        if asked.body == BodyWanted::Yes {
            out.extend_from_slice(&self.body);
        }
    }

    fn bandit_headers(&self, asked: Asked, head: &mut String) {
        head.push_str(connection(asked));
        let _ = write!(head, "date: {}\r\n", http_date());
        if self.status != 204 {
            if asked.body == BodyWanted::Yes || !self.body.is_empty() {
                let _ = write!(head, "content-length: {}\r\n", self.body.len());
            }
            head.push_str("vary: accept-encoding\r\n");
        }
        head.push_str(self.headers.cache_control());
        if self.headers.allow_any_site() {
            head.push_str(ANY_SITE);
        }
        if let Headers::Preflight(headers) = &self.headers {
            let _ = write!(head, "access-control-allow-headers: {headers}\r\n");
            head.push_str(METHODS);
            head.push_str(MAX_AGE);
        }
        if let Headers::Json(_) = &self.headers {
            head.push_str(JSON);
        }
    }

    fn cowboy_headers(&self, asked: Asked, head: &mut String) {
        if let Headers::Preflight(headers) = &self.headers {
            let _ = write!(head, "access-control-allow-headers: {headers}\r\n");
            head.push_str(METHODS);
        }
        if self.headers.allow_any_site() {
            head.push_str(ANY_SITE);
        }
        if let Headers::Preflight(_) = &self.headers {
            head.push_str(MAX_AGE);
        }
        head.push_str(self.headers.cache_control());
        head.push_str(connection(asked));
        if self.status != 204 {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        if let Headers::Json(_) = &self.headers {
            head.push_str(JSON);
        }
        let _ = write!(head, "date: {}\r\nserver: Cowboy\r\n", http_date());
    }
}

impl Headers {
    const fn cache_control(&self) -> &'static str {
        match self {
            Self::Json(Cache::NoStore) => "cache-control: no-store\r\n",
            _ => CACHE_CONTROL,
        }
    }

    /// Whether scripts of any site may read the answer.
    const fn allow_any_site(&self) -> bool {
        matches!(self, Self::AnySite | Self::Json(_) | Self::Preflight(_))
    }
}

const ANY_SITE: &str = "access-control-allow-origin: *\r\n";
const METHODS: &str = "access-control-allow-methods: get, post, options\r\n";
const MAX_AGE: &str = "access-control-max-age: 3600\r\n";
const JSON: &str = "content-type: application/json; charset=utf-8\r\n";

/// This moment as the `date` header has it (RFC 9110, 5.6.7).
fn http_date() -> HttpDate {
    HttpDate::from(wall_clock())
}

/// Appends the answer that asks for the body of a request.
pub(crate) fn go_on(look: Look, out: &mut Vec<u8>) {
    let head = match look {
        Look::Bandit => format!("HTTP/1.1 100 Continue\r\ndate: {}\r\n\r\n", http_date()),
        Look::Cowboy => "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
    };
    out.extend_from_slice(head.as_bytes());
}

/// Appends the answer to a handshake.
pub(crate) fn switch_protocols(look: Look, accept: &str, extensions: Option<&str>, out: &mut Vec<u8>) {
    let date = http_date();
    let extensions = extensions.map(|value| format!("sec-websocket-extensions: {value}\r\n"));
    let extensions = extensions.unwrap_or_default();
    let head = match look {
        Look::Bandit => format!(
            "HTTP/1.1 101 Switching Protocols\r\ndate: {date}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n{extensions}{CACHE_CONTROL}\r\n"
        ),
        Look::Cowboy => format!(
            "HTTP/1.1 101 Switching Protocols\r\n{CACHE_CONTROL}connection: Upgrade\r\ndate: {date}\r\n\
             sec-websocket-accept: {accept}\r\n{extensions}server: Cowboy\r\nupgrade: websocket\r\n\r\n"
        ),
    };
    out.extend_from_slice(head.as_bytes());
}

const CACHE_CONTROL: &str = "cache-control: max-age=0, private, must-revalidate\r\n";

fn connection(asked: Asked) -> &'static str {
    match (asked.then, asked.version) {
        (Then::Close, _) => "connection: close\r\n",
        (Then::KeepAlive, Version::V10) => "connection: keep-alive\r\n",
        (Then::KeepAlive, Version::V11) => "",
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests;
