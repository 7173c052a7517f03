//! The answer to an HTTP request, and why there is none. It does not decide what an answer means.

use std::io;
use std::time::Duration;

use crate::stream::{ProxyError, TlsError};
use crate::wire::http::Head;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, as 200.
    pub status: u16,
    /// Names in lower case, those of one name in the order of the answer; what is no UTF-8 in a value is replaced.
    pub headers: Vec<(String, String)>,
    /// The body, or what was kept of it.
    pub body: Vec<u8>,
    /// Why the body is not whole, if it is not.
    pub truncated: Option<Truncated>,
}

/// Why a body is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncated {
    /// It was longer than [`Limits::body_bytes`](super::Limits::body_bytes).
    Limit,
    /// It was still coming at the deadline.
    Deadline,
    /// The connection ended in it, or it was not well-formed.
    Broken,
}

impl Response {
    /// The first value of a header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The head alone.
    pub(super) fn new(head: &Head<'_, '_>) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let headers = head.headers.iter();
        Self {
            status: head.status,
            headers: headers
                .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                .collect(),
            body: Vec::new(),
            truncated: None,
        }
    }
}

impl RequestError {
    /// Whether no server was reached, so that nothing is known about it.
    pub(crate) const fn reached_nobody(&self) -> bool {
        matches!(
            self,
            Self::Unsendable { .. }
                | Self::Lookup { .. }
                | Self::ConnectionRefused { .. }
                | Self::Connect { .. }
                | Self::ConnectTimeout { .. }
        )
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The request cannot be written as HTTP.
    #[error("{what} cannot be sent: {why}")]
    Unsendable {
        /// The part that cannot be sent.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The name has no address.
    #[error("cannot find the host {host}: {why}")]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver said.
        why: io::Error,
    },
    /// Nothing listens there.
    #[error("nothing listens at {at}: the connection was refused")]
    ConnectionRefused {
        /// Host and port.
        at: String,
    },
    /// Could not connect for another reason.
    #[error("cannot connect to {at}: {why}")]
    Connect {
        /// Host and port.
        at: String,
        /// What the system said.
        why: io::Error,
    },
    /// The proxy did not pass the connection on.
    #[error("no connection through the proxy {at}: {why}")]
    Proxy {
        /// Host and port of the proxy.
        at: String,
        /// What went wrong.
        why: ProxyError,
    },
    /// TLS failed.
    #[error("TLS with {at} failed: {why}")]
    Tls {
        /// Host and port.
        at: String,
        /// What went wrong.
        why: TlsError,
    },
    /// What came is TLS, and it was not asked for.
    #[error("{at} speaks TLS; use wss:// or https:// in place of ws:// or http://")]
    SpeaksTls {
        /// Host and port.
        at: String,
    },
    /// What came is HTTP/2.
    #[error("{at} speaks HTTP/2 and no HTTP/1.1; WebSocket over HTTP/2 (RFC 8441) is not used")]
    SpeaksHttp2 {
        /// Host and port.
        at: String,
    },
    /// No connection by the deadline.
    #[error("{at} did not accept the connection within {}", humantime::format_duration(*.within))]
    ConnectTimeout {
        /// Host and port.
        at: String,
        /// The deadline.
        within: Duration,
    },
    /// No whole head of an answer by the deadline.
    #[error("{at} accepted the connection, but did not answer the {what} within {}", humantime::format_duration(*.within))]
    AnswerTimeout {
        /// Host and port.
        at: String,
        /// What should have been answered: `upgrade` or `request`.
        what: &'static str,
        /// The deadline.
        within: Duration,
    },
    /// What came is no HTTP, or its head is longer than the limit.
    #[error(
        "{at} answered something that cannot be read as HTTP/1.1 with a head of at most {limit} bytes: {why}"
    )]
    NotHttp {
        /// Host and port.
        at: String,
        /// The longest head that is read.
        limit: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The connection ended before the head of an answer was whole.
    #[error("{at} ended the connection before it answered the {what}{}", .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    NoAnswer {
        /// Host and port.
        at: String,
        /// What should have been answered: `upgrade` or `request`.
        what: &'static str,
        /// What the system said, if it was no orderly end.
        why: Option<io::Error>,
    },
}
