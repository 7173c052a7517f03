//! The sessions of long poll that pass the proxy, by their tokens, and what their requests and answers say.

use std::collections::HashMap;

use super::frames::{FrameContent, ReadFrames, Side};
use super::heard::{Heard, HeardWhat, OpeningRequest, Said};
use super::request::RequestHead;
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::transport::Transport;
use crate::wire::longpoll::server::{Lines, Posted, read_line};
use crate::wire::longpoll::{BATCH_TYPE, PollAnswer, TOKEN_HEADER, read_answer};

/// The statuses of answers.
const OK: u16 = 200;
const NO_CONTENT: u16 = 204;
const GONE: u16 = 410;

/// The name of the param that names a session.
const TOKEN: &str = "token";
/// The tokens that clients send before they have a session.
const NO_TOKEN: [&str; 3] = ["null", "undefined", ""];

/// The recording so far, and the sessions of long poll by their tokens.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) heard: Heard,
    sessions: HashMap<String, usize>,
}

/// A request of long poll that has no answer yet.
#[derive(Clone, Debug)]
pub(super) struct PollExchange {
    /// The link of the session that it names.
    link: Option<usize>,
    opening: OpeningRequest,
    asks: Asks,
    /// The messages that it carries.
    posted: Vec<Said>,
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// It waits for messages.
    Poll,
    /// It brings a message.
    Single,
    /// It brings messages, one a line.
    Lines,
    /// It asks whether a browser may send another request.
    Preflight,
}

impl Book {
    /// A request begins. A session that is asked for is not over.
    pub(super) fn poll(&mut self, head: &RequestHead) -> PollExchange {
        let mut params = head.params();
        let named = params.iter().rev().filter(|(name, _)| name == TOKEN);
        let mut tokens = head
            .value(TOKEN_HEADER)
            .into_iter()
            .chain(named.map(|(_, value)| value.clone()));
        let link = tokens.find_map(|token| self.sessions.get(&token).copied());
        if let Some(link) = link {
            self.heard.revive(link);
        }
        let names_session = |(name, value): &(String, String)| {
            name == TOKEN && (NO_TOKEN.contains(&value.as_str()) || self.sessions.contains_key(value))
        };
        params.retain(|pair| !names_session(pair));
        PollExchange {
            link,
            opening: OpeningRequest {
                params,
                ..opening_of(head, Transport::LongPoll)
            },
            asks: match (&*head.method, head.value("content-type")) {
                ("OPTIONS", _) => Asks::Preflight,
                ("POST", Some(kind)) if kind.starts_with(BATCH_TYPE) => Asks::Lines,
                ("POST", _) => Asks::Single,
                _ => Asks::Poll,
            },
            posted: Vec::new(),
        }
    }

    /// The body of a request is whole: its messages are under way.
    pub(super) fn posted(&mut self, at: Time, exchange: &mut PollExchange, body: &[u8]) {
        let Some(link) = exchange.link else { return };
        for said in messages_of(body, exchange) {
            exchange.posted.push(said.clone());
            self.heard.hear(at, HeardWhat::Sent(link, said));
        }
    }

    /// A request is answered, with this HTTP status and body.
    pub(super) fn answered(&mut self, at: Time, exchange: &PollExchange, http_status: u16, body: &[u8]) {
        let answer = read_answer(body).unwrap_or_else(|why| {
            if let (Some(link), OK) = (exchange.link, http_status)
                && exchange.asks != Asks::Preflight
            {
                self.heard
                    .lose(link, &format!("an answer of long poll cannot be read: {why}"));
            }
            PollAnswer {
                status: http_status,
                token: None,
                messages: Vec::new(),
            }
        });
        match (exchange.link, answer.status) {
            (Some(link), OK | NO_CONTENT) => {
                for message in answer.messages {
                    self.heard
                        .hear(at, HeardWhat::Came(link, Said::Text(message.into_owned())));
                }
                if let Some(token) = answer.token {
                    self.sessions.insert(token.into_owned(), link);
                }
            }
            (Some(link), status) => {
                for said in &exchange.posted {
                    self.heard.take_back(link, said);
                }
                self.heard.hear(at, HeardWhat::SessionOver(link, status));
                self.begun(at, exchange, &answer);
            }
            (None, GONE) => self.begun(at, exchange, &answer),
            // A batch for a session that nobody knows was not heard from its begin.
            (None, _) if exchange.asks != Asks::Poll => {}
            (None, status) if status >= 400 => self.heard.refuse(at, exchange.opening.clone(), status),
            (None, _) => {}
        }
    }

    /// A side of a WebSocket sent this.
    pub(super) fn frames(&mut self, at: Time, link: usize, side: Side, read: ReadFrames) {
        let (found, lost) = match read {
            Ok(found) => (found, None),
            Err((found, why)) => (found, Some(why)),
        };
        for content in found {
            let what = match (content, side) {
                (FrameContent::Message(said), Side::Client) => HeardWhat::Sent(link, said),
                (FrameContent::Message(said), Side::Server) => HeardWhat::Came(link, said),
                (FrameContent::Close(code), Side::Client) => HeardWhat::ClientClosed(link, code),
                (FrameContent::Close(code), Side::Server) => HeardWhat::ServerClosed(link, code),
            };
            self.heard.hear(at, what);
        }
        if let Some(why) = lost {
            self.heard.lose(link, &why);
        }
    }

    /// The answer to a poll may begin a session.
    fn begun(&mut self, at: Time, exchange: &PollExchange, answer: &PollAnswer<'_>) {
        if let (Some(token), GONE, Asks::Poll) = (&answer.token, answer.status, exchange.asks) {
            let link = self.heard.open(at, exchange.opening.clone(), HeardWhat::Opened);
            self.sessions.insert(token.clone().into_owned(), link);
        }
    }

    /// The connection of a request ended before the answer, by the client: it is gone, unless it asks again.
    pub(super) fn aborted(&mut self, at: Time, exchange: &PollExchange) {
        if let (Some(link), Asks::Poll) = (exchange.link, exchange.asks) {
            self.heard.hear(at, HeardWhat::Cut(link));
        }
    }
}

/// The contents of a request to connect.
pub(super) fn opening_of(head: &RequestHead, transport: Transport) -> OpeningRequest {
    OpeningRequest {
        transport,
        vsn: head.vsn(),
        params: head.params(),
        headers: head.telling_headers(),
        agent: head.value("user-agent").unwrap_or_default(),
    }
}

/// The messages of a batch, as a server reads them.
fn messages_of(body: &[u8], exchange: &PollExchange) -> Vec<Said> {
    let text = |bytes: &[u8]| Said::Text(String::from_utf8_lossy(bytes).into_owned());
    match (exchange.asks, exchange.opening.vsn) {
        (Asks::Poll | Asks::Preflight, _) => return Vec::new(),
        (Asks::Single, _) | (Asks::Lines, Vsn::V1) => return vec![text(body)],
        (Asks::Lines, Vsn::V2) => {}
    }
    let mut lines = Lines::START;
    let lines = std::iter::from_fn(|| lines.next(body));
    lines
        .filter_map(|line| match read_line(line).ok()? {
            Posted::Text(bytes) => Some(text(bytes)),
            Posted::Binary(bytes) => Some(Said::Binary(bytes)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> RequestHead {
        let text = format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n\r\n");
        RequestHead::parse(text.as_bytes()).unwrap().unwrap().0
    }

    fn whats(book: &Book) -> Vec<HeardWhat> {
        book.heard.events.iter().map(|event| event.what.clone()).collect()
    }

    fn text(text: &str) -> Said {
        Said::Text(text.to_owned())
    }

    /// A book with one session, whose token is `t`.
    fn begun() -> Book {
        let mut book = Book::default();
        let first = book.poll(&request("GET /socket/longpoll?vsn=2.0.0&a=b&token=null"));
        book.answered(
            Time::ZERO,
            &first,
            200,
            br#"{"status":410,"token":"t","messages":[]}"#,
        );
        book
    }

    #[test]
    fn a_session_is_told_by_its_token() {
        let mut book = begun();
        let params = &book.heard.links[0].opening.params;
        assert_eq!(params.len(), 2, "{params:?}");
        let mut post = book.poll(&request("POST /socket/longpoll?vsn=2.0.0&token=t"));
        book.posted(Time::ZERO, &mut post, b"[1]\nAAE=");
        let poll = book.poll(&request("GET /socket/longpoll?vsn=2.0.0&token=t"));
        book.answered(
            Time::ZERO,
            &poll,
            200,
            br#"{"status":200,"token":"t","messages":["[2]"]}"#,
        );
        book.answered(Time::ZERO, &post, 200, br#"{"status":200}"#);
        let expected = [
            HeardWhat::Opened(0),
            HeardWhat::Sent(0, text("[1]")),
            HeardWhat::Sent(0, Said::Binary(vec![0, 1])),
            HeardWhat::Came(0, text("[2]")),
        ];
        assert_eq!(whats(&book), expected);
    }

    #[test]
    fn a_session_that_is_gone_took_nothing_and_another_one_begins() {
        let mut book = begun();
        let mut post = book.poll(&request("POST /socket/longpoll?vsn=2.0.0&token=t"));
        book.posted(Time::ZERO, &mut post, b"[1]");
        book.answered(Time::ZERO, &post, 200, br#"{"status":410}"#);
        let poll = book.poll(&request("GET /socket/longpoll?vsn=2.0.0&a=b&token=t"));
        book.answered(
            Time::ZERO,
            &poll,
            200,
            br#"{"status":410,"token":"u","messages":[]}"#,
        );
        let expected = [
            HeardWhat::Opened(0),
            HeardWhat::SessionOver(0, 410),
            HeardWhat::Opened(1),
        ];
        assert_eq!(whats(&book), expected);
        assert_eq!((book.heard.links[1].actor, book.heard.links[1].number), (0, 2));
    }

    #[test]
    fn a_client_that_asks_again_was_not_gone() {
        let mut book = begun();
        let poll = book.poll(&request("GET /socket/longpoll?vsn=2.0.0&token=t"));
        book.aborted(Time::ZERO, &poll);
        assert_eq!(whats(&book).last(), Some(&HeardWhat::Cut(0)));
        book.poll(&request("GET /socket/longpoll?vsn=2.0.0&token=t"));
        assert_eq!(whats(&book), [HeardWhat::Opened(0)]);
    }

    #[test]
    fn the_notes_name_an_answer_that_cannot_be_read() {
        let mut book = begun();
        let poll = book.poll(&request("GET /socket/longpoll?vsn=2.0.0&token=t"));
        book.answered(Time::ZERO, &poll, 200, br#"{"status":200,"messages":["[2]"#);
        let notes = book.heard.all_notes();
        assert!(
            notes
                .iter()
                .any(|it| it.contains("not complete: an answer of long poll cannot be read: ")),
            "{notes:?}"
        );
        assert_eq!(whats(&book), [HeardWhat::Opened(0)]);
    }

    #[test]
    fn the_answer_to_a_preflight_of_a_browser_carries_no_messages() {
        let mut book = begun();
        let preflight = book.poll(&request("OPTIONS /socket/longpoll?vsn=2.0.0&token=t"));
        book.answered(Time::ZERO, &preflight, 200, b"");
        assert_eq!(book.heard.all_notes(), [""; 0]);
    }

    #[test]
    fn a_refused_session_is_a_refused_connection() {
        let mut book = Book::default();
        let first = book.poll(&request("GET /socket/longpoll?vsn=2.0.0"));
        book.answered(Time::ZERO, &first, 200, br#"{"status":403}"#);
        assert_eq!(whats(&book), [HeardWhat::Refused(0, 403)]);
    }
}
