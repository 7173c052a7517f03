//! The prepared requests of a role over long poll: the poll that opens a session, the polls of the session, and its batches.

use super::handshake::{RequestPath, header_lines};
use super::text::{Filling, Line};
use crate::session::{PollBatch, PollRequest};
use crate::transport::{USER_AGENT, UpgradeParts};
use crate::wire::longpoll::TOKEN_HEADER;

/// The prepared requests; each socket fills in its own values.
#[derive(Clone, Debug)]
pub(super) struct PollRequests {
    path: RequestPath,
    /// The text from the end of the query to the headers of one request.
    headers: Line,
}

impl PollRequests {
    /// The requests of these parts.
    pub(super) fn new(parts: &UpgradeParts<Line>) -> Self {
        let host = parts.target.host_header();
        let standard = [
            ("Host", &*host),
            ("User-Agent", USER_AGENT),
            ("Accept", "application/json"),
        ];
        Self {
            path: RequestPath::of(parts),
            headers: Line::joined(header_lines(standard, &parts.headers)),
        }
    }

    /// Appends the poll that opens a session, with the token of a user.
    pub(super) fn write_first(&self, user_token: Option<&str>, filling: &Filling, out: &mut String) {
        self.begin(PollRequest::Poll, user_token, filling, out);
        out.push_str("\r\n");
    }

    /// Appends a poll of the session with this token.
    pub(super) fn write_poll(&self, token: &str, filling: &Filling, out: &mut String) {
        self.begin(PollRequest::Poll, Some(token), filling, out);
        end(token, out);
    }

    /// Appends the head of a batch of the session with this token; the body follows.
    pub(super) fn write_batch(&self, token: &str, batch: &PollBatch, filling: &Filling, out: &mut String) {
        self.begin(PollRequest::Batch, Some(token), filling, out);
        let length = batch.body.len().to_string();
        out.extend([
            "Content-Type: ",
            batch.content_type,
            "\r\nContent-Length: ",
            &length,
            "\r\n",
        ]);
        end(token, out);
    }

    /// The token stands in the query too, as servers before 1.8.10 look for it only there.
    fn begin(&self, of: PollRequest, token: Option<&str>, filling: &Filling, out: &mut String) {
        out.extend([of.method(), " "]);
        self.path.write(token, filling, out);
        self.headers.fill(filling, out);
    }
}

fn end(token: &str, out: &mut String) {
    out.extend([TOKEN_HEADER, ": ", token, "\r\n\r\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ledger::Mark;
    use crate::protocol::Vsn;
    use crate::transport::Target;

    fn requests() -> PollRequests {
        PollRequests::new(&UpgradeParts {
            vsn: Vsn::V2,
            target: Target::parse("http://b:1/socket").unwrap(),
            params: vec![("vsn".to_owned(), Line::fixed("2.0.0"))],
            headers: vec![("x-own".to_owned(), Line::fixed("1"))],
        })
    }

    fn written(write: impl FnOnce(&PollRequests, &Filling, &mut String)) -> String {
        let filling = Filling {
            first_own: 70,
            sender: 3,
            seq: 0,
            mark: Mark::default(),
        };
        let mut out = String::new();
        write(&requests(), &filling, &mut out);
        out
    }

    #[test]
    fn the_first_poll_carries_the_token_of_the_user() {
        let text = written(|requests, filling, out| requests.write_first(Some("u"), filling, out));
        assert!(
            text.starts_with("GET /socket/longpoll?vsn=2.0.0&token=u HTTP/1.1\r\nHost: b:1\r\n"),
            "{text}"
        );
        assert!(text.ends_with("x-own: 1\r\n\r\n"), "{text}");
    }

    #[test]
    fn later_requests_carry_the_token_of_the_session() {
        let text = written(|requests, filling, out| requests.write_poll("t", filling, out));
        assert!(
            text.starts_with("GET /socket/longpoll?vsn=2.0.0&token=t HTTP/1.1\r\n"),
            "{text}"
        );
        assert!(text.ends_with("x-phoenix-longpoll-token: t\r\n\r\n"), "{text}");
        let batch = PollBatch {
            content_type: "application/x-ndjson",
            body: b"[1]".to_vec(),
        };
        let text = written(|requests, filling, out| requests.write_batch("t", &batch, filling, out));
        assert!(
            text.starts_with("POST /socket/longpoll?vsn=2.0.0&token=t HTTP/1.1\r\n"),
            "{text}"
        );
        assert!(
            text.contains("\r\nContent-Type: application/x-ndjson\r\nContent-Length: 3\r\n"),
            "{text}"
        );
    }
}
