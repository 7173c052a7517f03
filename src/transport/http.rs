//! One HTTP request on a connection of its own. It follows no redirect, keeps no cookie, repeats nothing and does not decide
//! what an answer means.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};

use super::call::{Answer, Call};
use super::{Limits, Target, not_replaced};
use crate::wire::http as wire;

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
    pub(super) fn new(head: &wire::Head<'_, '_>) -> Self {
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
    let written = head.write(&request.body)?;
    match call
        .exchange(&request.method, &written, |_| Ok::<(), Infallible>(()))
        .await?
    {
        Answer::Response(response) | Answer::Switched(.., response) => Ok(response),
        Answer::BadSwitch(never) => match never {},
    }
}

/// The head of a request, in parts.
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    pub(super) path_and_query: &'a str,
    /// Sent unless `headers` has one of the same name.
    pub(super) standard: Vec<(&'static str, String)>,
    pub(super) headers: &'a [(String, String)],
}

pub(super) fn standard_headers(target: &Target) -> Vec<(&'static str, String)> {
    let agent = concat!("phxproof/", env!("CARGO_PKG_VERSION"));
    vec![("Host", target.host_header()), ("User-Agent", agent.to_owned())]
}

impl Head<'_> {
    /// The request as it is sent, with its body.
    pub(super) fn write(self, body: &[u8]) -> Result<Vec<u8>, RequestError> {
        let line = format!("{} {}", self.method, check_path(self.path_and_query)?);
        Method::from_bytes(self.method.as_bytes()).map_err(|why| unsendable(line.clone(), &why))?;
        self.path_and_query
            .parse::<Uri>()
            .map_err(|why| unsendable(line.clone(), &why))?;
        let mut head = format!("{line} HTTP/1.1\r\n");
        let length = ("Content-Length", body.len().to_string());
        let is_chunked = |(name, _): &(String, String)| name.eq_ignore_ascii_case("transfer-encoding");
        let has_length = body.is_empty() || self.headers.iter().any(is_chunked);
        let standard = self.standard.into_iter().chain((!has_length).then_some(length));
        for (name, value) in not_replaced(standard, self.headers) {
            head.extend([name, ": ", &value, "\r\n"]);
        }
        for (name, value) in self.headers {
            // Without the value: it may be a token.
            let what = || format!("the header {name:?}");
            name.parse::<HeaderName>()
                .map_err(|why| unsendable(what(), &why))?;
            value
                .parse::<HeaderValue>()
                .map_err(|why| unsendable(what(), &why))?;
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        Ok([head.as_bytes(), body].concat())
    }
}

/// Anything but a path would make another kind of request.
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
