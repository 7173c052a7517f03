//! The connection of a socket: connecting, upgrading, reading, writing, and losing it.

use std::io;

use mio::event::Event;
use mio::{Interest, Token};

use super::super::actor::{ConnectionStage, Flags};
use super::super::control::Phase;
use super::super::error_kind::ErrorKind;
use super::super::handshake::{Answer, TokenAnswer, read_token};
use super::super::latency::Timing;
use super::super::shard_state::{ConnectionRequest, News};
use super::super::timers::LATE_TIMER;
use super::super::told;
use super::super::traffic::Traffic;
use super::Shard;
use crate::clock::Time;
use crate::session::WebSocket;
use crate::stream::{Rest, SocketStream, Taken};

/// How often a socket is read before other sockets have their turn.
const READS: usize = 4;

impl<'r> Shard<'r> {
    /// Handles a readiness event of a connection.
    pub(super) fn ready(&mut self, event: &Event) {
        let id = u32::try_from(event.token().0).unwrap_or(u32::MAX);
        let Some(stage) = self.actors.get(id as usize).map(|actor| actor.life.stage) else {
            return;
        };
        match stage {
            ConnectionStage::Connecting => self.connected(id),
            ConnectionStage::Tunnelling
            | ConnectionStage::Securing
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
            | ConnectionStage::Open => {
                if event.is_writable() {
                    self.flush(id);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.readable(id);
                }
            }
            ConnectionStage::Expected | ConnectionStage::Away | ConnectionStage::Over => {}
        }
        self.arm(id);
    }

    /// Handles the effects of the last call to a client.
    pub(super) fn after(&mut self, id: u32) {
        loop {
            match self.state.wish.take() {
                Some(ConnectionRequest::Connect) => self.connect(id),
                Some(ConnectionRequest::Close) => {
                    self.flush(id);
                    self.drop_connection(id);
                }
                None => break,
            }
        }
        self.hear(id);
        if !self.state.out.is_empty() {
            self.flush(id);
        }
    }

    /// Passes the pending events to the role.
    fn hear(&mut self, id: u32) {
        if self.state.news.is_empty() {
            return;
        }
        // Handling an event may add events; the list is taken and given back to reuse its memory.
        let mut news = std::mem::take(&mut self.state.news);
        for item in news.drain(..) {
            match item {
                News::Opened => self.opened(id),
                News::AllJoined => self.all_joined(id),
                News::JoinFailed => self.settled(id),
                News::Answered(push) => self.answered(id, push),
                News::Heard(awaited) => self.heard(id, awaited),
                News::Left => self.left(id),
                News::Ended => self.ended(id),
            }
        }
        if self.state.news.is_empty() {
            self.state.news = news;
        } else {
            self.hear(id);
        }
    }

    fn connect(&mut self, id: u32) {
        let index = id as usize;
        let life = &mut self.actors[index].life;
        // The first attempt counts from its intended time, which was set when it became due.
        if life.flags.has(Flags::OPENED) || life.since == Time::ZERO {
            life.since = self.state.now;
        }
        life.stage = ConnectionStage::Connecting;
        life.due_at = self.state.now + self.blue.settings.timeout;
        let route = self.routes[index % self.routes.len()];
        let made = self.dialer.dial(route).and_then(|mut stream| {
            self.registry()
                .register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match made {
            Ok(stream) => self.actors[index].stream = Some(SocketStream::plain(stream)),
            Err(error) => self.broke(id, &error),
        }
    }

    /// The kernel has connected, or failed to connect.
    fn connected(&mut self, id: u32) {
        let index = id as usize;
        let Some(stream) = &self.actors[index].stream else {
            return;
        };
        match stream.socket().take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return self.broke(id, &error),
        }
        match stream.socket().peer_addr() {
            Ok(_) => {}
            // Not connected yet; the kernel will send another event.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
            Err(error) => return self.broke(id, &error),
        }
        match &self.blue.way.tunnel {
            Some(tunnel) => self.tunnel(id, tunnel),
            None => self.reached(id),
        }
    }

    /// Reads what has arrived, at most a few buffers.
    pub(super) fn readable(&mut self, id: u32) {
        let index = id as usize;
        for _ in 0..READS {
            let actor = &mut self.actors[index];
            if actor
                .life
                .buffers
                .as_ref()
                .is_some_and(|buffers| buffers.read_at.is_some())
            {
                return;
            }
            let Some(stream) = &mut actor.stream else { return };
            match stream.read(&mut self.buffer) {
                Ok(Taken::End) => return self.ended_by_server(id),
                Ok(Taken::Bytes(count, rest)) => {
                    actor.life.traffic.hear(self.state.now);
                    self.state.tally.counts.bytes_in += count as u64;
                    if self.actors[id as usize].life.stage == ConnectionStage::Securing {
                        self.secured(id);
                    }
                    if count > 0 {
                        self.take_bytes(id, count);
                    }
                    if self.read_later(id) || rest == Rest::Nothing {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.broke(id, &error),
            }
        }
        self.greedy.push(id);
    }

    /// Whether a slow reader leaves the rest in the kernel buffer for now.
    fn read_later(&mut self, id: u32) -> bool {
        let actor = &mut self.actors[id as usize];
        let role = &self.blue.cast.roles[usize::from(actor.life.role)];
        // A slow reader joins as quickly as other sockets.
        let is_in = actor.life.flags.has(Flags::COUNTED);
        let Some(wait) = role.reads_every.filter(|_| is_in) else {
            return false;
        };
        actor.life.buffers().read_at = Some(self.state.now + wait);
        true
    }

    /// Handles `count` bytes of the read buffer, and keeps an incomplete rest.
    fn take_bytes(&mut self, id: u32, count: usize) {
        let buffer = std::mem::take(&mut self.buffer);
        let buffers = self.actors[id as usize].life.buffers.as_mut();
        match buffers
            .map(|buffers| std::mem::take(&mut buffers.input))
            .filter(|input| !input.is_empty())
        {
            None => {
                let taken = self.take_input(id, &buffer[..count]);
                if taken < count && self.actors[id as usize].stream.is_some() {
                    self.actors[id as usize].life.buffers().input = buffer[taken..count].to_vec();
                }
            }
            Some(mut input) => {
                input.extend_from_slice(&buffer[..count]);
                let taken = self.take_input(id, &input);
                if taken < input.len() && self.actors[id as usize].stream.is_some() {
                    input.drain(..taken);
                    self.actors[id as usize].life.buffers().input = input;
                }
            }
        }
        self.buffer = buffer;
        self.actors[id as usize].life.tidy(&mut self.kept);
        self.count_kept(id);
    }

    /// Handles all complete input; returns the number of bytes consumed.
    fn take_input(&mut self, id: u32, bytes: &[u8]) -> usize {
        match self.actors[id as usize].life.stage {
            ConnectionStage::Open => return self.take_frames(id, bytes),
            ConnectionStage::Tunnelling => return self.take_tunnel(id, bytes),
            _ => {}
        }
        let mut start = 0;
        if self.actors[id as usize].life.stage == ConnectionStage::Asking {
            match read_token(bytes) {
                TokenAnswer::Partial => return 0,
                TokenAnswer::Refused(trouble) => {
                    self.state.tally.told(trouble, || told::answer(bytes));
                    self.fail(id, trouble);
                    return bytes.len();
                }
                TokenAnswer::Token(token, length) => {
                    start = length;
                    self.upgrade(id, Some(&token));
                }
            }
        }
        if self.actors[id as usize].life.stage == ConnectionStage::Upgrading {
            match self.request(id).answer(&bytes[start..], self.key(id)) {
                Answer::Partial => return start,
                Answer::Refused(trouble) => {
                    self.state.tally.told(trouble, || told::answer(&bytes[start..]));
                    self.fail(id, trouble);
                    return bytes.len();
                }
                Answer::Open(length, agreed) => {
                    start += length;
                    self.state.tally.counts.compressed += u64::from(agreed.is_some());
                    self.actors[id as usize].life.session = WebSocket::new(agreed);
                    self.upgraded(id);
                }
            }
        }
        start + self.take_frames(id, &bytes[start..])
    }

    fn upgraded(&mut self, id: u32) {
        let (play, now) = (self.play(id), self.state.now);
        let life = &mut self.actors[id as usize].life;
        self.state.tally.record(play, Timing::Connect, life.since, now);
        self.state.tally.counts.opened += 1;
        if life.flags.set(Flags::OPENED) {
            self.state.tally.counts.first_opened += 1;
        } else {
            self.state.tally.counts.reconnects += 1;
        }
        life.stage = ConnectionStage::Open;
        life.since = now;
        life.traffic = Traffic::since(now);
        self.open += 1;
        self.call(id, |socket, context| socket.handle_open(context));
    }

    /// Handles a connection that was lost or could not be made.
    pub(super) fn fail(&mut self, id: u32, trouble: ErrorKind) {
        let life = &self.actors[id as usize].life;
        // A connection that ends because the run closes, or because of a cut, is not lost.
        let wanted = self.phase >= Phase::Closing || life.flags.has(Flags::ON_PURPOSE);
        let is_slow = self.blue.cast.roles[usize::from(life.role)].reads_every.is_some();
        match life.stage {
            _ if wanted => {}
            // Servers cut slow readers, as they should.
            ConnectionStage::Open if is_slow => self.state.tally.counts.slow_cut += 1,
            ConnectionStage::Open => {
                let (traffic, now) = (life.traffic, self.state.now);
                self.state
                    .tally
                    .lose_connection(now, traffic, self.blue.settings.heartbeat);
                self.state.tally.trouble(trouble);
            }
            _ => {
                self.state.tally.trouble(trouble);
                self.state.tally.counts.connects_failed += u64::from(trouble != ErrorKind::Exhausted);
                self.actors[id as usize].life.turn_away();
            }
        }
        self.drop_connection(id);
        if self.phase >= Phase::Closing {
            return self.leave_for_good(id);
        }
        self.settled(id);
        self.call(id, |socket, context| socket.handle_closed(context));
        self.arm(id);
    }

    /// Drops a connection without telling the client.
    pub(super) fn drop_connection(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        actor.stream = None;
        actor.life.forget(&mut self.kept);
        if actor.life.stage == ConnectionStage::Open {
            self.open -= 1;
            if actor.life.lost_at == Time::MAX {
                actor.life.lost_at = self.state.now;
            }
        }
        actor.life.uncount(&mut self.state.joined);
        actor.life.stage = ConnectionStage::Away;
        actor.life.due_at = Time::MAX;
        actor.life.flags.clear(Flags::ON_PURPOSE);
        self.state.out.clear();
        self.state.doubt_all(id);
    }

    /// Handles what is due: of the connection, the role or the client.
    pub(super) fn attend(&mut self, id: u32) {
        // A socket that is closing waits for nothing else.
        if self.phase >= Phase::Closing {
            return;
        }
        let now = self.state.now;
        let actor = &mut self.actors[id as usize];
        let client = actor.socket.next_deadline(&self.blue.config).unwrap_or(Time::MAX);
        let due = actor.life.connection_deadline().min(client);
        if due <= now {
            let late = now.since(due);
            self.state.tally.timers.count(late);
            // Reads what arrived while this process was late, before any timeout takes effect.
            if late > LATE_TIMER && actor.life.stage == ConnectionStage::Open {
                self.readable(id);
            }
        }
        let life = &mut self.actors[id as usize].life;
        match life.stage {
            ConnectionStage::Connecting
            | ConnectionStage::Tunnelling
            | ConnectionStage::Securing
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
                if life.due_at <= now =>
            {
                return self.fail(id, ErrorKind::Silent);
            }
            ConnectionStage::Open => {
                if life.due_at <= now {
                    life.due_at = Time::MAX;
                    self.call(id, |socket, context| {
                        socket.heartbeat(context);
                    });
                }
                self.read_again(id);
            }
            ConnectionStage::Expected
            | ConnectionStage::Away
            | ConnectionStage::Connecting
            | ConnectionStage::Tunnelling
            | ConnectionStage::Securing
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
            | ConnectionStage::Over => {}
        }
        self.wake(id);
        self.call(id, |socket, context| socket.handle_timeout(context));
    }

    fn read_again(&mut self, id: u32) {
        let now = self.state.now;
        if let Some(buffers) = &mut self.actors[id as usize].life.buffers
            && buffers.read_at.is_some_and(|at| at <= now)
        {
            buffers.read_at = None;
            self.readable(id);
        }
    }
}
