//! Long poll: opens sessions, keeps a poll open, sends batches, and handles the answers. A session behaves as that of
//! phoenix.js: one poll is open, one batch is under way at a time, and an error ends it.

use super::super::actor::{ConnectionStage, SocketSession};
use super::super::error_kind::ErrorKind;
use super::super::ledger::Mark;
use super::super::poll_requests::PollRequests;
use super::super::poll_session::{PollSession, PolledOn};
use super::super::role_requests::OpeningRequest;
use super::super::tcp_link::{LinkStage, LinkUse};
use super::super::text::Filling;
use super::super::{LARGEST_MESSAGE, told};
use super::Shard;
use crate::clock::Time;
use crate::protocol::Frame;
use crate::session::{AnswerPace, BadAnswer, FirstPoll, LongPoll, PollRequest, Polled};
use crate::wire::http::{Answer, HttpError, read_answer};

impl Shard<'_> {
    /// Handles the answer to the poll that opens a session; returns the number of bytes consumed.
    pub(super) fn take_first_poll(&mut self, id: u32, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        let answer = match read_answer(&mut rest, LARGEST_MESSAGE) {
            Ok(None) => return 0,
            Ok(Some(answer)) => answer,
            Err(why) => {
                self.bad_request(id, PollRequest::Poll, &why);
                return bytes.len();
            }
        };
        if answer.status != 200 {
            self.refused_with(id, answer.status, || told::answer(bytes));
            return bytes.len();
        }
        match LongPoll::begin(self.state.vsn, &answer.body) {
            Ok(FirstPoll::Open(session)) => {
                self.close_if_asked(id, LinkUse::Main, &answer);
                let session = PollSession::new(session);
                self.opened_over(id, SocketSession::LongPoll(Box::new(session)));
                self.poll(id);
            }
            Ok(FirstPoll::Refused(status)) => {
                self.refused_with(id, status, || told::over(PollRequest::Poll, status));
            }
            Err(why) => self.bad_answer(id, PollRequest::Poll, &why),
        }
        bytes.len() - rest.len()
    }

    fn refused_with(&mut self, id: u32, status: u16, told: impl FnOnce() -> String) {
        let trouble = match status {
            503 => ErrorKind::Unavailable,
            _ => ErrorKind::Status,
        };
        self.state.tally.told(trouble, told);
        self.fail(id, trouble);
    }

    /// Handles all whole answers to requests of an open session; returns the number of bytes consumed.
    pub(super) fn take_answers(&mut self, id: u32, of: LinkUse, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        // An answer may end the session, or the connection.
        while !rest.is_empty() && self.is_reached(id, of) {
            match read_answer(&mut rest, LARGEST_MESSAGE) {
                Ok(None) => break,
                Ok(Some(answer)) => self.answered_with(id, of, &answer),
                Err(why) => {
                    self.bad_request(id, of.carries(), &why);
                    return bytes.len();
                }
            }
        }
        bytes.len() - rest.len()
    }

    fn is_reached(&mut self, id: u32, of: LinkUse) -> bool {
        let link = self.actors[id as usize].link(of);
        link.is_some_and(|link| link.stage() == LinkStage::Reached)
    }

    fn answered_with(&mut self, id: u32, of: LinkUse, answer: &Answer<'_>) {
        let request = of.carries();
        let Some(session) = self.actors[id as usize].life.session.long_poll() else {
            return;
        };
        let due = match of {
            LinkUse::Main => &mut session.poll_due,
            LinkUse::Batches => &mut session.batch_due,
        };
        if *due == Time::MAX {
            return self.violated(
                id,
                format!(
                    "an answer on the connection for each {}, without a request",
                    request.name()
                ),
            );
        }
        let sent_at = std::mem::replace(due, Time::MAX) - LongPoll::ANSWERED_WITHIN;
        if answer.status != 200 {
            let status = answer.status;
            return self.over(id, request, status);
        }
        match of {
            LinkUse::Main => self.polled(id, answer, sent_at),
            LinkUse::Batches => self.posted(id, answer),
        }
    }

    /// Polls again, then handles the messages.
    fn polled(&mut self, id: u32, answer: &Answer<'_>, sent_at: Time) {
        let pace = match self.state.now.since(sent_at) < LongPoll::AT_ONCE {
            true => AnswerPace::AtOnce,
            false => AnswerPace::Waited,
        };
        let Some(session) = self.actors[id as usize].life.session.long_poll() else {
            return;
        };
        match session.state.polled(&answer.body, pace) {
            Ok(Polled::Messages(messages)) => {
                self.close_if_asked(id, LinkUse::Main, answer);
                self.poll(id);
                for text in messages {
                    // A message may end the session.
                    if self.actors[id as usize].life.stage != ConnectionStage::Open {
                        break;
                    }
                    self.take_message(id, Frame::Text(&text));
                }
            }
            Ok(Polled::Over(status)) => self.over(id, PollRequest::Poll, status),
            Err(why) => self.bad_answer(id, PollRequest::Poll, &why),
        }
    }

    fn posted(&mut self, id: u32, answer: &Answer<'_>) {
        let Some(session) = self.actors[id as usize].life.session.long_poll() else {
            return;
        };
        match session.state.posted(&answer.body) {
            Ok(None) => {
                self.close_if_asked(id, LinkUse::Batches, answer);
                self.deliver(id);
            }
            Ok(Some(status)) => self.over(id, PollRequest::Batch, status),
            Err(why) => self.bad_answer(id, PollRequest::Batch, &why),
        }
    }

    /// Polls on the connection of the last poll, or makes a new connection first.
    fn poll(&mut self, id: u32) {
        let is_kept = self.is_reached(id, LinkUse::Main);
        let due = self.state.now + LongPoll::ANSWERED_WITHIN;
        let Some(session) = self.actors[id as usize].life.session.long_poll() else {
            return;
        };
        session.poll_due = due;
        if is_kept {
            session.polled_on = PolledOn::Kept;
            self.send_poll(id);
        } else {
            session.polled_on = PolledOn::New;
            self.dial(id, LinkUse::Main);
        }
    }

    /// Sends a poll on the open connection.
    pub(super) fn send_poll(&mut self, id: u32) {
        self.write_session_request(id, |requests, token, filling, text| {
            requests.write_poll(token, filling, text);
        });
        self.flush(id, LinkUse::Main);
    }

    /// Sends the messages that wait as a batch, unless one is under way. Makes a connection first if there is none.
    pub(super) fn post(&mut self, id: u32) {
        let due = self.state.now + LongPoll::ANSWERED_WITHIN;
        let Some(session) = self.actors[id as usize].life.session.long_poll() else {
            return;
        };
        match session.batches.stage() {
            LinkStage::Closed => {
                session.batch_due = due;
                return self.dial(id, LinkUse::Batches);
            }
            LinkStage::Connecting | LinkStage::Tunnelling | LinkStage::Securing => return,
            LinkStage::Reached => {}
        }
        let Some(batch) = session.state.next_batch() else {
            return;
        };
        session.batch_due = due;
        self.write_session_request(id, |requests, token, filling, text| {
            requests.write_batch(token, &batch, filling, text);
        });
        self.state.out.extend_from_slice(&batch.body);
        self.flush(id, LinkUse::Batches);
    }

    /// Appends a request with the token of the session to the output.
    fn write_session_request(
        &mut self,
        id: u32,
        write: impl FnOnce(&PollRequests, &str, &Filling, &mut String),
    ) {
        let (requests, filling) = (self.requests(id), self.filling(id, Mark::default()));
        if let SocketSession::LongPoll(session) = &self.actors[id as usize].life.session
            && let OpeningRequest::LongPoll(requests) = &requests.opening
        {
            self.text.clear();
            write(requests, session.state.token(), &filling, &mut self.text);
            self.state.out.extend_from_slice(self.text.as_bytes());
        }
    }

    /// Closes a connection behind an answer that says so.
    fn close_if_asked(&mut self, id: u32, of: LinkUse, answer: &Answer<'_>) {
        if answer.closes
            && let Some(link) = self.actors[id as usize].link(of)
        {
            link.close(&mut self.kept);
        }
    }

    /// Handles the end of a connection. It ends an open session only if an answer was awaited on it. A poll on a connection
    /// that had been kept is sent again, because the server may have closed that connection before it came.
    pub(super) fn link_ended(&mut self, id: u32, of: LinkUse, (trouble, why): (ErrorKind, Option<String>)) {
        let actor = &mut self.actors[id as usize];
        let has_input = actor.link(of).is_some_and(|link| link.has_input());
        let Some(session) = actor.life.session.long_poll() else {
            if let Some(why) = why {
                self.state.tally.told(trouble, || why);
            }
            return self.fail(id, trouble);
        };
        match of {
            LinkUse::Batches if session.batch_due == Time::MAX => session.batches.close(&mut self.kept),
            LinkUse::Main if session.polled_on == PolledOn::Kept && !has_input => {
                actor.link.close(&mut self.kept);
                self.poll(id);
            }
            LinkUse::Main | LinkUse::Batches => {
                let unanswered = || {
                    format!(
                        "the connection of a {} ended without an answer",
                        of.carries().name()
                    )
                };
                self.state.tally.told(trouble, || why.unwrap_or_else(unanswered));
                self.fail(id, trouble);
            }
        }
    }

    /// Whether a request of the session was not answered in time.
    pub(super) fn has_silent_request(&mut self, id: u32) -> bool {
        let now = self.state.now;
        let life = &mut self.actors[id as usize].life;
        let session = life.session.long_poll();
        session.is_some_and(|session| session.deadline() <= now)
    }

    fn over(&mut self, id: u32, of: PollRequest, status: u16) {
        self.state
            .tally
            .told(ErrorKind::Closed, || told::over(of, status));
        self.fail(id, ErrorKind::Closed);
    }

    fn bad_request(&mut self, id: u32, of: PollRequest, why: &HttpError) {
        self.violated(
            id,
            format!("the answer to a {} is not HTTP/1.1: {why}", of.name()),
        );
    }

    fn bad_answer(&mut self, id: u32, of: PollRequest, why: &BadAnswer) {
        self.violated(id, format!("the answer to a {}: {why}", of.name()));
    }

    fn violated(&mut self, id: u32, why: String) {
        self.state.tally.told(ErrorKind::Protocol, || why);
        self.fail(id, ErrorKind::Protocol);
    }
}
