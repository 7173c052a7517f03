//! The answers to requests.

/// The reaction to a request.
#[derive(Debug)]
pub(super) enum Reaction {
    /// An answer that ends.
    Answer(Answer),
    /// The changes of the page, as server-sent events.
    Events,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// The content type.
    pub(super) kind: &'static str,
    /// The body.
    pub(super) body: String,
    /// The methods that the path takes, if the request had another one.
    pub(super) allow: Option<&'static str>,
}

impl Answer {
    /// A page.
    pub(super) fn html(body: String) -> Self {
        Self {
            kind: "text/html; charset=utf-8",
            ..Self::text(200, body)
        }
    }

    /// Metrics in the text format of Prometheus.
    pub(super) fn metrics(body: String) -> Self {
        Self {
            kind: "text/plain; version=0.0.4; charset=utf-8",
            ..Self::text(200, body)
        }
    }

    /// A value as JSON.
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Self {
            kind: "application/json",
            ..Self::text(200, format!("{value}\n"))
        }
    }

    /// A sentence with this status.
    pub(super) fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8",
            body: body.into(),
            allow: None,
        }
    }

    /// The answer to a method that the path does not take.
    pub(super) fn only(methods: &'static str) -> Self {
        Self {
            allow: Some(methods),
            ..Self::text(405, format!("this path takes {methods} only\n"))
        }
    }
}
