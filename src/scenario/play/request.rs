//! Requests of `http` steps: as their steps ask for them, and as redirects do.

use super::command::{HttpRequest, RequestId, RequestSender};
use crate::scenario::program::{Http, HttpBody};
use crate::scenario::template::Values;
use crate::transport::{Response, percent_encoded};

/// A request that has no answer yet.
#[derive(Debug)]
pub(super) struct RequestUnderWay {
    pub(super) id: RequestId,
    pub(super) request: HttpRequest,
    /// How many redirects led to it.
    pub(super) redirects: u8,
}

/// The request of an `http` step.
pub(crate) fn http_request(http: &Http, values: &Values) -> HttpRequest {
    let own = http.headers.iter();
    let mut headers: Vec<(String, String)> = own
        .map(|(key, value)| (key.clone(), value.fill(values)))
        .collect();
    let (content_type, body) = match &http.body {
        HttpBody::None => (None, None),
        HttpBody::Text(text) => (None, Some(text.fill(values))),
        HttpBody::Form(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.clone(), value.fill(values)));
            (Some("application/x-www-form-urlencoded"), Some(form(fields)))
        }
        HttpBody::Json(data) => (Some("application/json"), Some(data.fill(values).to_string())),
    };
    if let Some(content_type) = content_type.filter(|_| !names_header(&headers, "content-type")) {
        headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
    HttpRequest {
        method: http.method.clone(),
        path: http.path.fill(values),
        headers,
        body,
        sender: match http.by {
            Some(user) => RequestSender::User(user.0),
            None => RequestSender::Nobody,
        },
    }
}

/// Whether a step names this header itself.
pub(super) fn names_header<V>(headers: &[(String, V)], header: &str) -> bool {
    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header))
}

/// The fields of a form as a body.
fn form(fields: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<String> = fields
        .map(|(key, value)| format!("{}={}", percent_encoded(&key), percent_encoded(&value)))
        .collect();
    pairs.join("&")
}

/// The request that a redirect asks for (RFC 9110, 15.4), if the answer is one.
pub(super) fn redirected(request: &HttpRequest, response: &Response) -> Option<HttpRequest> {
    let location = response.header("location")?;
    let keeps_method = match response.status {
        301 | 302 => matches!(request.method.as_str(), "GET" | "HEAD"),
        303 => request.method == "HEAD",
        307 | 308 => true,
        _ => return None,
    };
    let path = resolved(&request.path, location);
    if keeps_method {
        return Some(HttpRequest {
            path,
            ..request.clone()
        });
    }
    let describes_body = |name: &str| name.to_ascii_lowercase().starts_with("content-");
    Some(HttpRequest {
        method: "GET".to_owned(),
        path,
        headers: request
            .headers
            .iter()
            .filter(|(name, _)| !describes_body(name))
            .cloned()
            .collect(),
        body: None,
        sender: request.sender,
    })
}

/// The path that a `Location` means, seen from the path of the request; a URL of another origin stays as it is.
fn resolved(from: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let path = from.split('?').next().unwrap_or_default();
    if location.is_empty() {
        from.to_owned()
    } else if location.starts_with('/') || location.contains("://") {
        location.to_owned()
    } else if location.starts_with('?') {
        format!("{path}{location}")
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_a_path_seen_from_that_of_the_request() {
        for (location, path) in [
            ("/a?b#c", "/a?b"),
            ("http://other.example/a", "http://other.example/a"),
            ("new", "/users/new"),
            ("?page=2", "/users/log-in?page=2"),
            ("", "/users/log-in?x"),
        ] {
            assert_eq!(resolved("/users/log-in?x", location), path, "{location}");
        }
    }
}
