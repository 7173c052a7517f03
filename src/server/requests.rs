//! Answers the HTTP requests of a connection, and upgrades it to a WebSocket that carries a session.

use std::sync::Arc;

use super::conduct::{EarlyFrames, LateRefusal};
use super::connection::{Before, PostOf, Posting, Stage};
use super::core::Core;
use super::http::{
    Admission, Answer, Asked, Body, Broken, HEAD_TIMEOUT, MAX_HEADERS, Parsed, PollAsk, Request, Response,
    Then, Upgrade, go_on, parse, route, switch_protocols,
};
use super::ids::{ConnectionId, SessionId};
use super::message::Dialect;
use super::session::{Carrier, Identity, Session};
use super::websocket::{ServerCompression, WebSocket};

impl Core {
    /// Handles one request, if its head is whole, and says how long it was.
    pub(crate) fn request(&mut self, id: ConnectionId, input: &[u8]) -> usize {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let shared = Arc::clone(&self.shared);
        let conduct = &shared.conduct.http;
        let (request, head, body) = match parse(conduct, input, &mut headers) {
            Parsed::Request(request, head, body) => (request, head, body),
            Parsed::Partial => return 0,
            Parsed::Refused(status) => {
                self.refuse_request(id, status, conduct.late_refusal);
                return input.len();
            }
        };
        let (skipped, rest) = match body.skip(&input[head..]) {
            Ok(skipped) => skipped,
            Err(Broken) => {
                self.refuse_request(id, 400, conduct.late_refusal);
                return input.len();
            }
        };
        match route(&shared, &request) {
            Answer::Response(response) => self.answer(id, &response, request.asked(), rest),
            Answer::Disconnect(user) => {
                self.channels.disconnect_everywhere(&user);
                self.answer(id, &Response::new(204, ""), request.asked(), rest);
            }
            Answer::LongPoll(times, PollAsk::Open(admission)) => {
                let response = self.open_poll(times, admission);
                self.answer(id, &response, request.asked(), rest);
            }
            Answer::LongPoll(times, PollAsk::Poll(poll)) => {
                self.poll(id, times, poll, (request.asked(), rest));
            }
            Answer::LongPoll(times, PollAsk::Publish(key, form)) => {
                self.ask_for_body(&request, rest);
                let of = PostOf::Messages { key, times, form };
                return head + self.post(id, Posting::new(of, request.asked(), body), &input[head..]);
            }
            Answer::Login(login) => {
                self.ask_for_body(&request, rest);
                let of = PostOf::Login(login);
                return head + self.post(id, Posting::new(of, request.asked(), body), &input[head..]);
            }
            Answer::Upgrade(upgrade) => {
                self.upgrade(id, *upgrade);
                if conduct.early_frames == EarlyFrames::Lost {
                    return input.len();
                }
            }
        }
        head + skipped
    }

    /// Says that a body may come, of which `rest` is still to come, to a client that waits for that.
    fn ask_for_body(&mut self, request: &Request<'_>, rest: Body) {
        if rest != Body::NONE && request.says("expect", "100-continue") {
            go_on(self.shared.conduct.http.look, &mut self.connections.out);
        }
    }

    /// Answers a request of whose body `rest` is still to come.
    pub(crate) fn answer(&mut self, id: ConnectionId, response: &Response, asked: Asked, rest: Body) {
        self.connections
            .set_stage(id, Stage::Http(Before::Answered, rest));
        self.respond(id, response, asked);
        if rest.ends_connection(&self.shared.conduct.http) {
            self.leave(id);
        }
    }

    /// Skips what is left of the last request's body.
    pub(crate) fn skip_body(&mut self, id: ConnectionId, body: Body, input: &[u8]) -> usize {
        let Ok((skipped, rest)) = body.skip(input) else {
            self.drop_connection(id);
            return input.len();
        };
        self.connections
            .set_stage(id, Stage::Http(Before::Answered, rest));
        skipped
    }

    pub(crate) fn refuse_request(&mut self, id: ConnectionId, status: u16, late: LateRefusal) {
        let stage = self.connections.get(id).map(|connection| &connection.stage);
        match (stage, late) {
            (Some(Stage::Http(Before::Answered, _)), LateRefusal::Untold) => self.leave(id),
            _ => self.respond(id, &Response::refused(status), Asked::UNREADABLE),
        }
    }

    /// The head of a request did not come in time.
    pub(crate) fn head_is_late(&mut self, id: ConnectionId) {
        self.respond(id, &Response::refused(408), Asked::UNREADABLE);
    }

    fn respond(&mut self, id: ConnectionId, response: &Response, asked: Asked) {
        let look = self.shared.conduct.http.look;
        response.write(look, asked, &mut self.connections.out);
        match response.then(look, asked) {
            Then::KeepAlive => {
                let deadline = self.connections.deadlines.now() + HEAD_TIMEOUT;
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.deadline = deadline;
                }
                self.connections.watch(id);
            }
            Then::Close => self.leave(id),
        }
    }

    /// Opens a session, which the connection carries from now on.
    fn upgrade(&mut self, id: ConnectionId, upgrade: Upgrade) {
        let conduct = &self.shared.conduct;
        let agreement = upgrade.compression.as_ref();
        let extensions = agreement.map(|agreement| &*agreement.answer);
        switch_protocols(
            conduct.http.look,
            &upgrade.accept,
            extensions,
            &mut self.connections.out,
        );
        let compression =
            agreement.map(|agreement| Box::new(ServerCompression::new(&conduct.compress, agreement.params)));
        let session = self.open_session(upgrade.admission, Carrier::WebSocket(id));
        let websocket = WebSocket::new(session, upgrade.mount, compression);
        self.connections.set_stage(id, Stage::WebSocket(websocket));
        self.connections.refresh(id);
        self.connections.watch(id);
    }

    /// Opens the session of a client that was let in.
    pub(crate) fn open_session(&mut self, admission: Admission, carrier: Carrier) -> SessionId {
        let (user, identity) = match admission.user {
            None => (Arc::clone(&self.shared.anonymous), Identity::Anonymous),
            Some(name) => (self.channels.sessions.shared_name(name), Identity::Signed),
        };
        self.channels.sessions.open(Session {
            carrier,
            dialect: Dialect {
                vsn: admission.vsn,
                v1_keys: self.shared.conduct.wire.v1_keys,
            },
            user,
            identity,
            channels: Vec::new(),
            joining: None,
            heartbeats: 0,
        })
    }
}
