//! Opens the connections of a socket: asks the proxy, makes the TLS handshake, and sends the first requests, for a token and for
//! the WebSocket or the long poll session.

use super::super::actor::{ConnectionStage, Flags, SocketSession};
use super::super::error_kind::ErrorKind;
use super::super::handshake::{Answer, TokenAnswer, UpgradeRequest, key_of, read_token};
use super::super::latency::Timing;
use super::super::ledger::Mark;
use super::super::role_requests::{OpeningRequest, RoleRequests};
use super::super::tcp_link::{LinkStage, LinkUse};
use super::super::text::Filling;
use super::super::told;
use super::Shard;
use crate::session::{Key, WebSocket};
use crate::stream::{Handshake, SecureTo, TlsError, Tunnel};

impl<'r> Shard<'r> {
    /// Asks the proxy to pass the connection on.
    pub(super) fn tunnel(&mut self, id: u32, of: LinkUse, tunnel: &Tunnel) {
        if let Some(link) = self.actors[id as usize].link(of) {
            link.tunnel();
            self.state.out.extend_from_slice(tunnel.request());
            self.flush(id, of);
        }
    }

    /// Takes the answer of the proxy; returns the number of bytes consumed.
    pub(super) fn take_tunnel(&mut self, id: u32, of: LinkUse, bytes: &[u8]) -> usize {
        match Tunnel::answer(bytes) {
            Ok(None) => return 0,
            Ok(Some(_)) => self.passed(id, of),
            Err(why) => {
                self.state
                    .tally
                    .told(ErrorKind::Proxy, || format!("the proxy: {why}"));
                self.fail(id, ErrorKind::Proxy);
            }
        }
        // A server says nothing before it was spoken to.
        bytes.len()
    }

    /// The bytes of the connection go to the server and come from it.
    pub(super) fn passed(&mut self, id: u32, of: LinkUse) {
        match &self.blue.way.secure {
            Some(to) => self.begin_tls(id, of, to),
            None => {
                if let Some(link) = self.actors[id as usize].link(of) {
                    link.reach();
                }
                self.reached(id, of);
            }
        }
    }

    /// A socket that connects for the first time makes a full handshake, as the client that it stands for does.
    fn begin_tls(&mut self, id: u32, of: LinkUse, to: &SecureTo) {
        let now = self.state.now;
        let actor = &mut self.actors[id as usize];
        let handshake = if actor.life.flags.has(Flags::OPENED) {
            Handshake::Resumable
        } else {
            Handshake::Full
        };
        let Some(link) = actor.link(of) else { return };
        match link.secure(to, handshake, now) {
            Ok(()) => self.flush(id, of),
            Err(why) => self.tls_failed(id, why),
        }
    }

    /// Goes on with HTTP if the handshake is over.
    pub(super) fn secured(&mut self, id: u32, of: LinkUse) {
        let (play, now) = (self.play(id), self.state.now);
        let actor = &mut self.actors[id as usize];
        let Some(since) = actor.link(of).and_then(|link| link.secured()) else {
            return;
        };
        actor.tidy(of, &mut self.kept);
        self.state.tally.record(play, Timing::Tls, since, now);
        self.reached(id, of);
    }

    /// The server ended a connection.
    pub(super) fn ended_by_server(&mut self, id: u32, of: LinkUse) {
        match self.actors[id as usize].link(of).map(|link| link.stage()) {
            Some(LinkStage::Securing) => self.tls_failed(id, TlsError::Ended),
            Some(LinkStage::Tunnelling) => {
                let told = || "the proxy ended the connection without an answer".to_owned();
                self.state.tally.told(ErrorKind::Proxy, told);
                self.fail(id, ErrorKind::Proxy);
            }
            _ => self.link_ended(id, of, (ErrorKind::Closed, None)),
        }
    }

    pub(super) fn tls_failed(&mut self, id: u32, why: TlsError) {
        let why = match &self.blue.way.secure {
            Some(to) => to.explained(why),
            None => why,
        };
        self.state.tally.told(ErrorKind::Tls, || why.to_string());
        self.fail(id, ErrorKind::Tls);
    }

    /// Sends the first request, now that nothing stands between the connection and the server's HTTP.
    fn reached(&mut self, id: u32, of: LinkUse) {
        match (of, self.actors[id as usize].life.stage) {
            (LinkUse::Batches, _) => self.post(id),
            (LinkUse::Main, ConnectionStage::Open) => self.send_poll(id),
            (LinkUse::Main, _) => match &self.requests(id).ask {
                Some(ask) => self.ask(id, ConnectionStage::Asking, |filling, text| {
                    ask.fill(filling, text);
                }),
                None => self.request_opening(id, None),
            },
        }
    }

    /// Requests the WebSocket or the long poll session, with the token of a user.
    pub(super) fn request_opening(&mut self, id: u32, token: Option<&str>) {
        let (requests, key) = (self.requests(id), self.key(id));
        self.ask(id, ConnectionStage::Upgrading, |filling, text| {
            match &requests.opening {
                OpeningRequest::WebSocket(request) => request.write(key, token, filling, text),
                OpeningRequest::LongPoll(requests) => requests.write_first(token, filling, text),
            }
        });
    }

    /// Sends a request; the next data that arrives is its answer.
    fn ask(&mut self, id: u32, stage: ConnectionStage, write: impl FnOnce(&Filling, &mut String)) {
        self.actors[id as usize].life.stage = stage;
        self.write_request(id, LinkUse::Main, write);
    }

    /// Writes the text of a request.
    pub(super) fn write_request(&mut self, id: u32, of: LinkUse, write: impl FnOnce(&Filling, &mut String)) {
        let filling = self.filling(id, Mark::default());
        self.text.clear();
        write(&filling, &mut self.text);
        self.state.out.extend_from_slice(self.text.as_bytes());
        self.flush(id, of);
    }

    /// Handles the answer to the token request, and asks for the connection.
    pub(super) fn take_token(&mut self, id: u32, bytes: &[u8]) -> usize {
        match read_token(bytes) {
            TokenAnswer::Partial => 0,
            TokenAnswer::Refused(trouble) => {
                self.state.tally.told(trouble, || told::answer(bytes));
                self.fail(id, trouble);
                bytes.len()
            }
            TokenAnswer::Token(token, length) => {
                self.request_opening(id, Some(&token));
                length
            }
        }
    }

    /// Handles the answer to the request that opens the connection, and what follows it.
    pub(super) fn take_opening(&mut self, id: u32, bytes: &[u8]) -> usize {
        match &self.requests(id).opening {
            OpeningRequest::WebSocket(request) => self.take_upgrade(id, request, bytes),
            OpeningRequest::LongPoll(_) => self.take_first_poll(id, bytes),
        }
    }

    fn take_upgrade(&mut self, id: u32, request: &UpgradeRequest, bytes: &[u8]) -> usize {
        match request.answer(bytes, self.key(id)) {
            Answer::Partial => 0,
            Answer::Refused(trouble) => {
                self.state.tally.told(trouble, || told::answer(bytes));
                self.fail(id, trouble);
                bytes.len()
            }
            Answer::Open(length, agreed) => {
                self.state.tally.counts.compressed += u64::from(agreed.is_some());
                self.opened_over(id, SocketSession::WebSocket(WebSocket::new(agreed)));
                length + self.take_frames(id, &bytes[length..])
            }
        }
    }

    pub(super) fn requests(&self, id: u32) -> &'r RoleRequests {
        &self.blue.requests[usize::from(self.actors[id as usize].life.role)]
    }

    pub(super) fn key(&self, id: u32) -> Key {
        key_of(self.blue.settings.seed, self.place(id).socket.into())
    }
}
