//! What happens on a connection of a socket until it is upgraded: the request to a proxy, the handshake of TLS, the requests for
//! a token and for the upgrade.

use super::super::actor::{ConnectionStage, Flags};
use super::super::error_kind::ErrorKind;
use super::super::handshake::{Request, key_of};
use super::super::latency::Timing;
use super::super::ledger::Mark;
use super::super::text::Filling;
use super::Shard;
use crate::session::Key;
use crate::stream::{Handshake, SecureTo, TlsError, Tunnel};

impl<'r> Shard<'r> {
    /// Asks the proxy to pass the connection on.
    pub(super) fn tunnel(&mut self, id: u32, tunnel: &Tunnel) {
        self.actors[id as usize].life.stage = ConnectionStage::Tunnelling;
        self.state.out.extend_from_slice(tunnel.request());
        self.flush(id);
    }

    /// Takes the answer of the proxy; returns the number of bytes consumed.
    pub(super) fn take_tunnel(&mut self, id: u32, bytes: &[u8]) -> usize {
        match Tunnel::answer(bytes) {
            Ok(None) => return 0,
            Ok(Some(_)) => self.reached(id),
            Err(why) => {
                let told = || format!("the proxy: {why}");
                self.state.tally.told(ErrorKind::Tls, told);
                self.fail(id, ErrorKind::Tls);
            }
        }
        // A server says nothing before it was spoken to.
        bytes.len()
    }

    /// The bytes of the connection go to the server and come from it.
    pub(super) fn reached(&mut self, id: u32) {
        match &self.blue.way.secure {
            Some(to) => self.begin_tls(id, to),
            None => self.begin_http(id),
        }
    }

    /// A socket that connects for the first time makes a full handshake, as the client that it stands for does.
    fn begin_tls(&mut self, id: u32, to: &SecureTo) {
        let now = self.state.now;
        let actor = &mut self.actors[id as usize];
        let Some(stream) = &mut actor.stream else { return };
        let handshake = if actor.life.flags.has(Flags::OPENED) {
            Handshake::Resumable
        } else {
            Handshake::Full
        };
        actor.life.stage = ConnectionStage::Securing;
        match stream.secure(to, handshake) {
            Ok(()) => {
                actor.life.buffers().securing_since = Some(now);
                self.flush(id);
            }
            Err(why) => self.tls_failed(id, why),
        }
    }

    /// Goes on with HTTP if the handshake is over.
    pub(super) fn secured(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        if !actor.stream.as_ref().is_some_and(|stream| stream.is_open()) {
            return;
        }
        let since = actor.life.buffers().securing_since.take();
        actor.life.tidy(&mut self.kept);
        let (play, now) = (self.play(id), self.state.now);
        if let Some(since) = since {
            self.state.tally.record(play, Timing::Tls, since, now);
        }
        self.begin_http(id);
    }

    /// The server ended the connection.
    pub(super) fn ended_by_server(&mut self, id: u32) {
        match self.actors[id as usize].life.stage {
            ConnectionStage::Securing => self.tls_failed(id, TlsError::Ended),
            _ => self.fail(id, ErrorKind::Closed),
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

    /// Sends the first request, now that nothing stands between the socket and the server's HTTP.
    fn begin_http(&mut self, id: u32) {
        match self.request(id).ask() {
            Some(ask) => self.ask(id, ConnectionStage::Asking, |filling, text| {
                ask.fill(filling, text)
            }),
            None => self.upgrade(id, None),
        }
    }

    pub(super) fn upgrade(&mut self, id: u32, token: Option<&str>) {
        let (request, key) = (self.request(id), self.key(id));
        self.ask(id, ConnectionStage::Upgrading, |filling, text| {
            request.write(key, token, filling, text)
        });
    }

    /// Sends a request; the next data that arrives is its response.
    fn ask(&mut self, id: u32, stage: ConnectionStage, write: impl FnOnce(&Filling, &mut String)) {
        let filling = self.filling(id, Mark::default());
        self.text.clear();
        write(&filling, &mut self.text);
        self.state.out.extend_from_slice(self.text.as_bytes());
        self.actors[id as usize].life.stage = stage;
        self.flush(id);
    }

    pub(super) fn request(&self, id: u32) -> &'r Request {
        &self.blue.requests[usize::from(self.actors[id as usize].life.role)]
    }

    pub(super) fn key(&self, id: u32) -> Key {
        key_of(self.blue.settings.seed, self.place(id).socket.into())
    }
}
