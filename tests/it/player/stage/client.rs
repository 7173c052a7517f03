//! What the client said, held against what the recorded client said: each line waits until there is something to
//! compare, and what differs becomes a complaint.

use tokio::net::TcpStream;

use super::super::names::{same_message, signed_for};
use super::super::transcript::{Line, Said};
use super::super::wire::{BINARY, CLOSE, Frame, PONG, Request, TEXT};
use super::{Open, Played, Stage, TOKEN};

impl Stage {
    pub(super) fn take_upgrade(&mut self, line: &Line, path: &str, headers: &[String]) -> Played {
        let Some((request, tcp)) = self.next_waiting(Request::asks_for_upgrade) else {
            return Played::NotYet;
        };
        let (recorded, actual) = (Query::of(path), Query::of(&request.path));
        if let (Some(recorded), Some(actual)) = (&recorded.token, &actual.token)
            && let (Some(name), Some(fresh)) = (signed_for(recorded), actual.strip_prefix(TOKEN))
        {
            self.names.learn(&name, fresh);
        }
        if recorded.shown != actual.shown || recorded.token.is_some() != actual.token.is_some() {
            self.complain(line, path, &request.path);
        }
        for header in ["origin", "sec-websocket-protocol"] {
            let recorded = headers
                .iter()
                .filter_map(|it| it.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case(header))
                .map(|it| it.1);
            let actual = request.header(header);
            if recorded != actual {
                self.complain(
                    line,
                    &format!("{header}: {recorded:?}"),
                    &format!("{header}: {actual:?}"),
                );
            }
        }
        self.asked.push((line.actor.clone(), request, tcp));
        Played::Yes
    }

    pub(super) fn take_request(&mut self, line: &Line, method: &str, path: &str, body: &str) -> Played {
        let Some((request, tcp)) = self.next_waiting(|request| !request.asks_for_upgrade()) else {
            return Played::NotYet;
        };
        let recorded = format!("{method} {} {body}", self.names.path(path));
        let actual = format!("{} {} {}", request.method, request.path, request.body);
        if recorded != actual {
            self.complain(line, &recorded, &actual);
        }
        self.asked.push((line.actor.clone(), request, tcp));
        Played::Yes
    }

    pub(super) fn take_frame(&mut self, line: &Line, said: &Said) -> Played {
        let Some((index, frame)) = self.next_frame(&line.actor) else {
            return Played::NotYet;
        };
        let (recorded, held) = match said {
            Said::Text(text) => {
                self.names
                    .learn_topic(text, &String::from_utf8_lossy(&frame.payload));
                let text = self.names.text(text);
                let held = frame.text().is_some_and(|actual| same_message(&text, actual));
                (text, held)
            }
            Said::LongText { head, bytes } => {
                let actual = String::from_utf8_lossy(&frame.payload).into_owned();
                self.names.learn_topic(head, &actual);
                let text = self.names.text(head);
                let length = bytes + text.len() - head.len();
                let held = frame.is_whole(TEXT) && actual.starts_with(&text) && actual.len() == length;
                self.conversations[index].long = actual;
                (format!("{text}… ({length} bytes)"), held)
            }
            Said::Binary(bytes) => {
                let bytes = self.names.binary_from_client(bytes, &frame.payload);
                let held = frame.is_whole(BINARY) && bytes == frame.payload;
                (format!("binary {}", String::from_utf8_lossy(&bytes)), held)
            }
            Said::Frame {
                opcode,
                fin,
                masked,
                payload,
            } => {
                let payload = match str::from_utf8(payload) {
                    Ok(text) => self.names.text(text).into_bytes(),
                    Err(_) => payload.clone(),
                };
                let held = (frame.opcode, frame.fin, frame.masked) == (*opcode, *fin, *masked)
                    && frame.reserved == 0
                    && frame.payload == payload;
                let text = String::from_utf8_lossy(&payload).into_owned();
                (
                    format!("a frame with opcode {opcode}, fin {fin}, masked {masked}: {text}"),
                    held,
                )
            }
            Said::Pong(_) => ("a pong".to_owned(), frame.opcode == PONG),
        };
        if !held {
            self.complain(line, &recorded, &frame.show());
        }
        Played::Yes
    }

    pub(super) fn take_close(&mut self, line: &Line, code: u16) -> Played {
        let Some((_, frame)) = self.next_frame(&line.actor) else {
            return Played::NotYet;
        };
        if frame.opcode != CLOSE || frame.payload != code.to_be_bytes() {
            self.complain(line, &format!("a close frame with {code}"), &frame.show());
        }
        Played::Yes
    }

    pub(super) fn take_cut(&mut self, actor: &str) -> Played {
        let Some(index) = self.conversation(actor) else {
            return Played::NotYet;
        };
        let gone = self.conversations[index].line == Open::ClientGone;
        if gone && self.conversations[index].said.is_empty() {
            Played::Yes
        } else {
            Played::NotYet
        }
    }

    /// The first request that is `wanted` among those that wait.
    fn next_waiting(&mut self, wanted: impl Fn(&Request) -> bool) -> Option<(Request, TcpStream)> {
        let at = self.waiting.iter().position(|(request, _)| wanted(request))?;
        self.waiting.remove(at)
    }

    /// The first frame that the actor's conversation holds and no line was compared with.
    fn next_frame(&mut self, actor: &str) -> Option<(usize, Frame)> {
        let index = self.conversation(actor)?;
        let frame = self.conversations[index].said.pop_front()?;
        Some((index, frame))
    }
}

/// A path with its query, the token apart.
struct Query {
    shown: String,
    token: Option<String>,
}

impl Query {
    fn of(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let decoded = query.replace("%5B", "[").replace("%5D", "]");
        let (tokens, mut params): (Vec<&str>, Vec<&str>) = decoded
            .split('&')
            .filter(|it| !it.is_empty())
            .partition(|it| it.starts_with("token="));
        params.sort_unstable();
        Self {
            shown: format!("{path}?{}", params.join("&")),
            token: tokens.first().map(|token| token["token=".len()..].to_owned()),
        }
    }
}
