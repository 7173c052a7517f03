//! The long poll requests of connections: hands each to its session, and writes the answer.

use std::borrow::Cow;

use super::conduct::{BatchOrder, LateRefusal, OpenPolls, PollTimes};
use super::connection::{Connection, PostOf, Posting, Stage, Waiting};
use super::core::{Answered, Core};
use super::http::{
    Admission, Asked, Body, Form, NotText, Poll, Response, Then, json, refused, status, write_messages,
};
use super::ids::ConnectionId;
use super::longpoll::{Batch, PollOutcome, Requester, SessionKey, SessionRequest};
use super::message::Encoded;
use super::session::Carrier;
use super::shared::since_epoch;
use crate::clock::Time;

impl Core {
    /// Opens a session, and says by which token it is asked for.
    pub(crate) fn open_poll(&mut self, times: PollTimes, admission: Admission) -> Response {
        let session = self.open_session(admission, Carrier::LongPoll);
        let key = self.longpolls.open(session, times);
        let token = self.shared.session_tokens.sign(key, since_epoch());
        self.with_messages(self.shared.conduct.longpoll.open_status, &token, &[])
    }

    /// A client asks for the messages of a session.
    pub(crate) fn poll(
        &mut self,
        id: ConnectionId,
        times: PollTimes,
        poll: Poll,
        (asked, rest): (Asked, Body),
    ) {
        let Some(request) = self.request_of(id, poll.key, times) else {
            return;
        };
        let poll = Some(poll);
        self.wait(id, request, poll, (asked, rest));
        self.longpolls.poll(request, &mut self.channels);
    }

    fn request_of(&self, id: ConnectionId, to: SessionKey, times: PollTimes) -> Option<SessionRequest> {
        let from = self.connections.requester(id, self.longpolls.shard())?;
        Some(SessionRequest { from, to, times })
    }

    fn wait(
        &mut self,
        id: ConnectionId,
        request: SessionRequest,
        poll: Option<Poll>,
        (asked, rest): (Asked, Body),
    ) {
        let cut = self.shared.conduct.longpoll.cut_poll;
        let waiting = Waiting {
            request,
            asked,
            poll,
            rest,
            cut,
        };
        self.connections.set_stage(id, Stage::Waiting(Box::new(waiting)));
        if let Some(connection) = self.connections.get_mut(id) {
            connection.deadline = Time::MAX;
        }
    }

    /// A client sends messages. Says how much of the input is their body.
    pub(crate) fn post(&mut self, id: ConnectionId, posting: Posting, input: &[u8]) -> usize {
        if let Body::Bytes(length) = posting.rest
            && let Some(whole) = input.get(..length as usize)
            && whole.len() <= self.shared.conduct.longpoll.max_body
        {
            self.submit(id, &posting, Cow::Borrowed(whole));
            return whole.len();
        }
        self.connections.set_stage(id, Stage::Body(Box::new(posting)));
        self.connections.write(id);
        self.receive_body(id, input)
    }

    /// Reads more of the body of a POST, and says how much that was.
    pub(crate) fn receive_body(&mut self, id: ConnectionId, input: &[u8]) -> usize {
        let Some(mut posting) = self.connections.take_posting(id) else {
            return input.len();
        };
        let bytes = &mut posting.bytes;
        let Ok((used, rest)) = posting.rest.read(input, |piece| bytes.extend_from_slice(piece)) else {
            self.refuse_request(id, 400, LateRefusal::Told);
            return input.len();
        };
        posting.rest = rest;
        if posting.bytes.len() > self.shared.conduct.longpoll.max_body {
            self.answer(id, &Response::raised(), posting.asked, rest);
        } else if rest == Body::NONE {
            let body = std::mem::take(&mut posting.bytes);
            self.submit(id, &posting, Cow::Owned(body));
        } else {
            self.connections.set_stage(id, Stage::Body(posting));
        }
        used
    }

    /// Handles a POST whose body is whole.
    fn submit(&mut self, id: ConnectionId, posting: &Posting, body: Cow<'_, [u8]>) {
        let (key, times, form) = match &posting.of {
            PostOf::Messages { key, times, form } => (*key, *times, *form),
            PostOf::Login(login) => {
                let response = login.answer(&self.shared, &body);
                return self.answer(id, &response, posting.asked, Body::NONE);
            }
        };
        let Some(request) = self.request_of(id, key, times) else {
            return;
        };
        let conduct = &self.shared.conduct.longpoll;
        let batch = match (form, conduct.batch_order) {
            (Form::Text, _) => Batch::of_one(body),
            (Form::Lines, BatchOrder::Kept) => Batch::of_lines(body, conduct.batch_limit),
            (Form::Lines, BatchOrder::Reversed) => Batch::of_lines(reversed(&body), conduct.batch_limit),
        };
        self.wait(id, request, None, (posting.asked, Body::NONE));
        self.longpolls.publish(request, batch, &mut self.channels);
    }

    /// Writes the answers that there are.
    pub(crate) fn answer_requests(&mut self) -> Answered {
        let mut answered = Answered::None;
        while let Some((requester, outcome)) = self.longpolls.next_answer() {
            self.answer_request(requester, outcome);
            answered = Answered::Some;
        }
        answered
    }

    fn answer_request(&mut self, to: Requester, outcome: PollOutcome) {
        let Some(waiting) = self.connections.take_waiting(to) else {
            return;
        };
        let Waiting {
            asked, poll, rest, ..
        } = *waiting;
        let response = match (outcome, poll) {
            (PollOutcome::Messages(messages), Some(poll)) => self.with_messages(200, &poll.token, &messages),
            (PollOutcome::NoMessages, Some(poll)) => self.with_messages(204, &poll.token, &[]),
            (PollOutcome::Gone, Some(poll)) => {
                match Admission::judge(&self.shared, &poll.query, poll.mount) {
                    Ok(admission) => self.open_poll(waiting.request.times, admission),
                    Err(refusal) => refused(&self.shared, refusal),
                }
            }
            (outcome, _) => self.without_messages(&outcome),
        };
        self.answer(to.connection, &response, asked, rest);
        self.resume(to.connection);
    }

    fn without_messages(&self, outcome: &PollOutcome) -> Response {
        let conduct = &self.shared.conduct.longpoll;
        match outcome {
            PollOutcome::Published => status(conduct, 200),
            PollOutcome::TimedOut => status(conduct, 408),
            PollOutcome::Gone => status(conduct, 410),
            PollOutcome::Raised | PollOutcome::Messages(_) | PollOutcome::NoMessages => Response::raised(),
        }
    }

    fn with_messages(&self, status: u16, token: &str, messages: &[Encoded]) -> Response {
        let mut body = Vec::new();
        match write_messages(status, token, messages, &mut body) {
            Ok(()) => json(&self.shared.conduct.longpoll, status, body),
            Err(NotText) => Response::raised(),
        }
    }

    /// The server ends: a poll that is open is answered or cut, and any other connection without a session is dropped.
    pub(crate) fn drain_request(&mut self, id: ConnectionId) {
        let waiting = self.connections.get_mut(id).and_then(Connection::waiting_mut);
        match (waiting, self.shared.conduct.longpoll.open_polls) {
            (Some(waiting), OpenPolls::Answered) => {
                waiting.asked.then = Then::Close;
                if waiting.poll.is_some() {
                    let request = waiting.request;
                    self.longpolls.cancel(request);
                    self.answer_request(request.from, PollOutcome::NoMessages);
                }
            }
            _ => self.drop_connection(id),
        }
    }
}

/// The lines of a body, the last one first.
fn reversed(body: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = body.split(|&byte| byte == b'\n').rev().collect();
    lines.join(&b'\n')
}
