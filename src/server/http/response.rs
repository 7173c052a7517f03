//! Responses, with the heads that Bandit and Cowboy give them.

use std::fmt::Write;

use httpdate::HttpDate;

use super::super::conduct::Look;
use crate::clock::wall_clock;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) origin: Origin,
    /// A header line of the application's own, with its line end.
    extra: String,
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
            body: body.into(),
            origin: Origin::Application,
            extra: String::new(),
        }
    }

    /// The same with one more header.
    pub(super) fn with_header(self, name: &str, value: impl std::fmt::Display) -> Self {
        Self {
            extra: format!("{name}: {value}\r\n"),
            ..self
        }
    }

    /// 500
    pub(crate) fn raised() -> Self {
        Self {
            status: 500,
            body: String::new(),
            origin: Origin::Raised,
            extra: String::new(),
        }
    }

    /// A response of the web server itself.
    pub(crate) fn refused(status: u16) -> Self {
        Self {
            status,
            body: String::new(),
            origin: Origin::WebServer,
            extra: String::new(),
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
        head.push_str(&self.extra);
        head.push_str("\r\n");
        out.extend_from_slice(head.as_bytes());
        if asked.body == BodyWanted::Yes {
            out.extend_from_slice(self.body.as_bytes());
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
        head.push_str(CACHE_CONTROL);
    }

    fn cowboy_headers(&self, asked: Asked, head: &mut String) {
        head.push_str(CACHE_CONTROL);
        head.push_str(connection(asked));
        if self.status != 204 {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        let _ = write!(head, "date: {}\r\nserver: Cowboy\r\n", http_date());
    }
}

/// This moment as the `date` header has it (RFC 9110, 5.6.7).
fn http_date() -> HttpDate {
    HttpDate::from(wall_clock())
}

/// Appends the answer to a handshake.
pub(crate) fn switch_protocols(look: Look, accept: &str, out: &mut Vec<u8>) {
    let date = http_date();
    let head = match look {
        Look::Bandit => format!(
            "HTTP/1.1 101 Switching Protocols\r\ndate: {date}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n{CACHE_CONTROL}\r\n"
        ),
        Look::Cowboy => format!(
            "HTTP/1.1 101 Switching Protocols\r\n{CACHE_CONTROL}connection: Upgrade\r\ndate: {date}\r\n\
             sec-websocket-accept: {accept}\r\nserver: Cowboy\r\nupgrade: websocket\r\n\r\n"
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
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        414 => "Request-URI Too Long",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked = Asked {
        version: Version::V11,
        body: BodyWanted::Yes,
        then: Then::KeepAlive,
    };

    fn written(response: &Response, look: Look, asked: Asked) -> String {
        let mut out = Vec::new();
        response.write(look, asked, &mut out);
        let text = String::from_utf8(out).unwrap();
        let lines = text
            .lines()
            .map(|line| if line.starts_with("date: ") { "date" } else { line });
        lines.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_header_of_the_applications_own_is_the_last_one() {
        let response = Response::new(200, "").with_header("x-token-age", 5);
        for look in [Look::Bandit, Look::Cowboy] {
            assert!(
                written(&response, look, ASKED).ends_with("|x-token-age: 5|"),
                "{look:?}"
            );
        }
    }

    #[test]
    fn bandit_begins_with_the_date_and_cowboy_goes_by_the_alphabet() {
        let response = Response::new(404, "not found");
        assert_eq!(
            written(&response, Look::Bandit, ASKED),
            "HTTP/1.1 404 Not Found|date|content-length: 9|vary: accept-encoding|\
             cache-control: max-age=0, private, must-revalidate||not found"
        );
        assert_eq!(
            written(&response, Look::Cowboy, ASKED),
            "HTTP/1.1 404 Not Found|cache-control: max-age=0, private, must-revalidate|content-length: 9|date|\
             server: Cowboy||not found"
        );
    }

    #[test]
    fn a_head_request_gets_no_body() {
        let asked = Asked {
            body: BodyWanted::No,
            ..ASKED
        };
        assert!(written(&Response::new(404, "not found"), Look::Bandit, asked).contains("content-length: 9"));
        assert!(!written(&Response::new(400, ""), Look::Bandit, asked).contains("content-length"));
    }

    #[test]
    fn what_the_web_server_refuses_has_hardly_a_head() {
        let refused = Response::refused(400);
        assert_eq!(
            written(&refused, Look::Bandit, ASKED),
            "HTTP/1.0 400 Bad Request|connection: close|"
        );
        assert_eq!(
            written(&refused, Look::Cowboy, ASKED),
            "HTTP/1.1 400 Bad Request|connection: close|content-length: 0|"
        );
    }
}
