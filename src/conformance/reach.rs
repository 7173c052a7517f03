//! Checks that there is a Phoenix socket at the target, and describes the problem if not.

use std::time::Duration;

use super::context::RunContext;
use crate::transport::{
    ConnectRequest, Connection, OpenError, Opened, RequestError, Response, Transport, Upgrade, open,
};

/// A target at which nothing can be judged.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// No connection, or no response.
    #[error("{0}")]
    Unreachable(#[from] OpenError),
    /// The server responded, but not as a Phoenix socket does.
    #[error("{target} answered the {asked} with {status}{text}, so no client was let in")]
    NoPhoenix {
        /// The URL.
        target: String,
        /// The first request of a client: `upgrade` or `first poll`.
        asked: &'static str,
        /// The status of the response.
        status: u16,
        /// The text of the response in one short line, or nothing.
        text: String,
    },
    /// A topic or push from the command line does not work at the target.
    #[error("{what}: {actual}")]
    Room {
        /// What does not work.
        what: String,
        /// What the server did.
        actual: String,
        /// What the user can do.
        next: &'static str,
    },
}

impl CheckError {
    /// Advice for the user.
    pub fn next(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable(OpenError::Request(RequestError::ConnectionRefused { .. })) => Some(
                "start the server; or have it started: --exec CMD; or wait until it has started: --wait-for 30s",
            ),
            Self::Unreachable(_) => None,
            Self::Room { next, .. } => Some(next),
            Self::NoPhoenix { status, .. } => match status {
                404 | 405 | 200 | 301 | 302 | 307 | 308 => Some(
                    "is a Phoenix socket mounted there? Give the path of the mount, such as ws://host:4000/socket",
                ),
                401 | 403 => {
                    Some("connect params or headers may be missing: --param token=…, --header 'Name: value'")
                }
                502 | 503 => Some("the server may still be starting; wait for it: --wait-for 30s"),
                _ => None,
            },
        }
    }
}

/// Opens a connection.
pub(super) async fn reach(context: &RunContext) -> Result<Connection, CheckError> {
    let parts = ConnectRequest::default().at(&context.endpoint(), context.settings.vsn);
    let upgrade = Upgrade::new(&parts, context.timeout.max(Duration::from_secs(8)));
    match open(&context.target, &upgrade).await? {
        Opened::Open(connection, _) => Ok(connection),
        Opened::Refused(response) => Err(CheckError::NoPhoenix {
            target: context.target.url(),
            asked: match context.target.transport() {
                Transport::WebSocket => "upgrade",
                Transport::LongPoll => "first poll",
            },
            status: response.status,
            text: text_of(&response).map_or_else(String::new, |text| format!(" `{text}`")),
        }),
    }
}

/// The first words of the body of a refusal, without tags.
fn text_of(response: &Response) -> Option<String> {
    const SHOWN: usize = 80;
    let body = String::from_utf8_lossy(&response.body);
    let body = body.trim_start();
    let text = if body.starts_with('<') {
        without_tags(body)
    } else {
        body.to_owned()
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    let shown: String = line.chars().take(SHOWN).collect();
    let more = if shown.len() < line.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| format!("{shown}{more}"))
}

/// The text of an HTML page, without tags, styles and scripts.
fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let lower = tag.get(..6).unwrap_or_default().to_ascii_lowercase();
        let end = match lower.as_str() {
            "style " | "style>" => "</style>",
            "script" => "</script>",
            "title>" => "</title>",
            _ => ">",
        };
        rest = tag.split_once(end).map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Option<String> {
        text_of(&Response {
            status: 404,
            headers: Vec::new(),
            body: body.into(),
            truncated: None,
        })
    }

    #[test]
    fn a_refusal_is_shown_in_one_short_line_without_tags() {
        let page = "<!DOCTYPE HTML>\n<html>\n  <head><title>Error</title><style>p { a: b }</style></head>\n  <body>\n    \
                    <h1>Error response</h1>\n    <p>Error code: 404</p>\n  </body>\n</html>\n";
        assert_eq!(text(page).unwrap(), "Error response Error code: 404");
        assert_eq!(text("Not Found\n").unwrap(), "Not Found");
        assert_eq!(text("{\"a\": \"<b>\"}").unwrap(), "{\"a\": \"<b>\"}");
        assert_eq!(text(&"long ".repeat(100)).unwrap().chars().count(), 81);
        assert_eq!(text(" \n"), None);
    }
}
