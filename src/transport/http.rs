//! One HTTP request, on a connection of its own or on a kept one. It follows no redirect, keeps no cookie, repeats nothing and does not decide
//! what an answer means.

use std::convert::Infallible;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};

use super::answer::{RequestError, Response};
use super::call::{Answer, Call};
use super::{Limits, Target, not_replaced};
use crate::stream::Stream;

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

/// Sends one request and reads the answer, whatever its status is.
///
/// # Errors
/// If no head of an answer came; a body that is not whole is no error, the [`Response`] says so.
pub async fn request(target: &Target, request: &Request) -> Result<Response, RequestError> {
    let written = request.written(target)?;
    match request
        .call(target)
        .exchange(&request.method, &written, |_| Ok::<(), Infallible>(()))
        .await?
    {
        Answer::Response(response) | Answer::Switched(.., response) => Ok(response),
        Answer::BadSwitch(never) => match never {},
    }
}

/// A connection on which another request may follow.
pub(crate) struct KeptConnection(Stream);

/// The same on the kept connection of an earlier request, or on a new one. Returns the connection if another request may
/// follow on it.
///
/// # Errors
/// As [`request`].
pub(crate) async fn request_on(
    kept: Option<KeptConnection>,
    target: &Target,
    request: &Request,
) -> Result<(Response, Option<KeptConnection>), RequestError> {
    let written = request.written(target)?;
    let call = request.call(target);
    let kept = kept.map(|kept| kept.0);
    let (response, kept) = call.converse(kept, &request.method, &written).await?;
    Ok((response, kept.map(KeptConnection)))
}

impl Request {
    /// The request as it is sent.
    fn written(&self, target: &Target) -> Result<Vec<u8>, RequestError> {
        let head = Head {
            method: &self.method,
            path_and_query: &self.path_and_query,
            standard: standard_headers(target),
            headers: &self.headers,
        };
        head.write(&self.body)
    }

    fn call<'a>(&'a self, target: &'a Target) -> Call<'a> {
        Call {
            target,
            what: "request",
            limits: &self.limits,
            deadline: self.deadline,
            moved: None,
        }
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
    vec![
        ("Host", target.host_header()),
        ("User-Agent", USER_AGENT.to_owned()),
    ]
}

/// The value of `User-Agent`.
pub(crate) const USER_AGENT: &str = concat!("phxproof/", env!("CARGO_PKG_VERSION"));

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
    let why = match path.starts_with('/') {
        true if path.contains('#') => "it has a fragment (`#`), which is not for servers",
        true => return Ok(path),
        false => "it does not begin with a slash",
    };
    Err(unsendable(format!("the path {path:?}"), &why))
}

fn unsendable(what: String, why: &dyn std::fmt::Display) -> RequestError {
    let why = why.to_string();
    RequestError::Unsendable { what, why }
}
