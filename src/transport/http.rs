//! One HTTP request on a connection of its own, by hyper. It follows no redirect, keeps no cookie, repeats nothing
//! and never decides what an answer means.

use std::io;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::call::Call;
use super::{Limits, Target};

/// A request of the scenario verb `http`.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// From the first slash, with the query: `/token?user=ana`.
    pub path_and_query: String,
    /// Sent beside `Host` and `User-Agent`, or in their place.
    pub headers: Vec<(String, String)>,
    /// What is sent after the head.
    pub body: Vec<u8>,
    /// How much of the answer is accepted.
    pub limits: Limits,
    /// For everything together: finding the host, connecting, head and body of the answer.
    pub deadline: Duration,
}

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
    /// It was longer than [`Limits::body_bytes`].
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
    pub(super) fn new(head: &hyper::http::response::Parts) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: Vec::new(),
            truncated: None,
        }
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

/// Sends one request and reads the answer, whatever its status is.
///
/// # Errors
/// If no head of an answer came; a body that is not whole is no error, the [`Response`] says so.
pub async fn request(target: &Target, request: &Request) -> Result<Response, RequestError> {
    let head = Head {
        method: &request.method,
        path_and_query: &request.path_and_query,
        standard: standard_headers(target),
        headers: &request.headers,
    };
    let call = Call {
        target,
        what: "request",
        limits: &request.limits,
        deadline: request.deadline,
    };
    let exchange = call
        .exchange(head.build(Bytes::from(request.body.clone()))?)
        .await?;
    Ok(exchange.response)
}

/// The head of a request, in parts.
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    pub(super) path_and_query: &'a str,
    /// Sent unless `headers` has one of the same name.
    pub(super) standard: Vec<(HeaderName, String)>,
    pub(super) headers: &'a [(String, String)],
}

pub(super) fn standard_headers(target: &Target) -> Vec<(HeaderName, String)> {
    let agent = concat!("phxproof/", env!("CARGO_PKG_VERSION"));
    vec![(HOST, target.host_header()), (USER_AGENT, agent.to_owned())]
}

impl Head<'_> {
    pub(super) fn build(self, body: Bytes) -> Result<hyper::Request<Full<Bytes>>, RequestError> {
        let mut request = hyper::Request::builder()
            .method(self.method)
            .uri(check_path(self.path_and_query)?)
            .body(Full::new(body))
            .map_err(|why| unsendable(format!("{} {}", self.method, self.path_and_query), &why))?;
        let headers = request.headers_mut();
        for (name, value) in self.standard {
            let value = value
                .parse()
                .map_err(|why| unsendable(format!("the header {name}"), &why))?;
            headers.insert(name, value);
        }
        let mut theirs = HeaderMap::new();
        for (name, value) in self.headers {
            // Without the value: it may be a token.
            let what = || format!("the header {name:?}");
            let name: HeaderName = name.parse().map_err(|why| unsendable(what(), &why))?;
            let value: HeaderValue = value.parse().map_err(|why| unsendable(what(), &why))?;
            theirs.append(name, value);
        }
        // Replaces those of the same name and keeps repeated ones.
        headers.extend(theirs);
        Ok(request)
    }
}

/// Anything but a path would make hyper write another request line.
fn check_path(path: &str) -> Result<&str, RequestError> {
    if path.starts_with('/') {
        return Ok(path);
    }
    Err(unsendable(
        format!("the path {path:?}"),
        &"it does not begin with a slash",
    ))
}

fn unsendable(what: String, why: &dyn std::fmt::Display) -> RequestError {
    let why = why.to_string();
    RequestError::Unsendable { what, why }
}
