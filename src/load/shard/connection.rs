//! The connections of a socket: connecting, upgrading, reading, and losing them.

use std::io;

use mio::Interest;
use mio::event::Event;

use super::super::actor::{ConnectionStage, Flags, SocketSession};
use super::super::control::Phase;
use super::super::error_kind::ErrorKind;
use super::super::latency::Timing;
use super::super::shard_state::{ConnectionRequest, News};
use super::super::tcp_link::{LinkStage, LinkUse};
use super::super::timers::LATE_TIMER;
use super::super::traffic::Traffic;
use super::Shard;
use crate::clock::Time;
use crate::stream::{Rest, Taken};

/// How often a socket is read before other sockets have their turn.
const READS: usize = 4;

impl<'r> Shard<'r> {
    /// Handles a readiness event of a connection.
    pub(super) fn ready(&mut self, event: &Event) {
        let (id, of) = LinkUse::of(event.token());
        let Some(link) = self.actors.get_mut(id as usize).and_then(|actor| actor.link(of)) else {
            return;
        };
        match link.stage() {
            LinkStage::Connecting => self.connected(id, of),
            LinkStage::Tunnelling | LinkStage::Securing | LinkStage::Reached => {
                if event.is_writable() {
                    self.flush(id, of);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.readable(id, of);
                }
            }
            LinkStage::Closed => {}
        }
        self.arm(id);
    }

    /// Handles the effects of the last call to a client.
    pub(super) fn after(&mut self, id: u32) {
        loop {
            match self.state.wish.take() {
                Some(ConnectionRequest::Connect) => self.connect(id),
                Some(ConnectionRequest::Close) => {
                    self.flush(id, LinkUse::Main);
                    self.drop_connection(id);
                }
                None => break,
            }
        }
        self.hear(id);
        self.deliver(id);
    }

    /// Sends the messages of the client: its frames, or a batch.
    pub(super) fn deliver(&mut self, id: u32) {
        if !self.state.out.is_empty() {
            self.flush(id, LinkUse::Main);
        } else if let SocketSession::LongPoll(session) = &self.actors[id as usize].life.session
            && session.state.has_batch()
        {
            self.post(id);
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
        self.dial(id, LinkUse::Main);
    }

    /// Begins to make a connection.
    pub(super) fn dial(&mut self, id: u32, of: LinkUse) {
        let index = id as usize;
        let route = self.routes[index % self.routes.len()];
        let made = self.dialer.dial(route).and_then(|mut stream| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.registry().register(&mut stream, of.token(id), interest)?;
            Ok(stream)
        });
        match made {
            Ok(stream) => {
                if let Some(link) = self.actors[index].link(of) {
                    link.begin(stream);
                }
            }
            Err(error) => self.broke(id, of, &error),
        }
    }

    /// The kernel has connected, or failed to connect.
    fn connected(&mut self, id: u32, of: LinkUse) {
        let Some(link) = self.actors[id as usize].link(of) else {
            return;
        };
        match link.is_connected() {
            Ok(false) => {}
            Ok(true) => match &self.blue.way.tunnel {
                Some(tunnel) => self.tunnel(id, of, tunnel),
                None => self.passed(id, of),
            },
            Err(error) => self.broke(id, of, &error),
        }
    }

    /// Reads what has arrived, at most a few buffers.
    pub(super) fn readable(&mut self, id: u32, of: LinkUse) {
        let index = id as usize;
        for _ in 0..READS {
            let actor = &mut self.actors[index];
            let Some(link) = actor.link(of).filter(|link| link.read_at().is_none()) else {
                return;
            };
            match link.read(&mut self.buffer) {
                Ok(Taken::End) => return self.ended_by_server(id, of),
                Ok(Taken::Bytes(count, rest)) => {
                    let is_securing = link.stage() == LinkStage::Securing;
                    actor.life.traffic.hear(self.state.now);
                    self.state.tally.counts.bytes_in += count as u64;
                    if is_securing {
                        self.secured(id, of);
                    }
                    if count > 0 {
                        self.take_bytes(id, of, count);
                    }
                    let waits = of == LinkUse::Main && self.read_later(id);
                    if waits || rest == Rest::Nothing {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.broke(id, of, &error),
            }
        }
        self.greedy.push((id, of));
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
        actor.link.read_later(self.state.now + wait);
        true
    }

    /// Handles `count` bytes of the read buffer, and keeps an incomplete rest.
    fn take_bytes(&mut self, id: u32, of: LinkUse, count: usize) {
        let buffer = std::mem::take(&mut self.buffer);
        let earlier = self.actors[id as usize].link(of).map(|link| link.take_input());
        match earlier.filter(|input| !input.is_empty()) {
            None => {
                let taken = self.take_input(id, of, &buffer[..count]);
                if taken < count {
                    self.keep_input(id, of, buffer[taken..count].to_vec());
                }
            }
            Some(mut input) => {
                input.extend_from_slice(&buffer[..count]);
                let taken = self.take_input(id, of, &input);
                if taken < input.len() {
                    input.drain(..taken);
                    self.keep_input(id, of, input);
                }
            }
        }
        self.buffer = buffer;
        self.actors[id as usize].tidy(of, &mut self.kept);
        self.count_kept(id, of);
    }

    fn keep_input(&mut self, id: u32, of: LinkUse, input: Vec<u8>) {
        if let Some(link) = self.actors[id as usize].link(of).filter(|link| link.is_open()) {
            link.keep_input(input);
        }
    }

    /// Handles all complete input; returns the number of bytes consumed.
    fn take_input(&mut self, id: u32, of: LinkUse, bytes: &[u8]) -> usize {
        let actor = &mut self.actors[id as usize];
        let link_stage = actor.link(of).map(|link| link.stage());
        match actor.life.stage {
            _ if link_stage == Some(LinkStage::Tunnelling) => self.take_tunnel(id, of, bytes),
            ConnectionStage::Open if actor.life.session.long_poll().is_some() => {
                self.take_answers(id, of, bytes)
            }
            ConnectionStage::Open => self.take_frames(id, bytes),
            ConnectionStage::Asking => self.take_token(id, bytes),
            ConnectionStage::Upgrading => self.take_opening(id, bytes),
            // The socket has left, so the message has no receiver.
            ConnectionStage::Leaving => bytes.len(),
            // Nothing was asked for.
            ConnectionStage::Expected
            | ConnectionStage::Away
            | ConnectionStage::Connecting
            | ConnectionStage::Over => 0,
        }
    }

    /// The connection is open, and this session carries its messages.
    pub(super) fn opened_over(&mut self, id: u32, session: SocketSession) {
        let (play, now) = (self.play(id), self.state.now);
        let life = &mut self.actors[id as usize].life;
        life.session = session;
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
        if life.stage == ConnectionStage::Leaving {
            return self.vanish(id);
        }
        // A connection that ends because the run closes, or because of a cut, is not lost.
        let wanted = self.phase >= Phase::Closing || life.flags.has(Flags::ON_PURPOSE);
        let is_slow = self.blue.cast.roles[usize::from(life.role)].reads_every.is_some();
        match life.stage {
            _ if wanted => {}
            // Servers cut slow readers, as they should.
            ConnectionStage::Open if is_slow => self.state.tally.counts.slow_cut += 1,
            ConnectionStage::Open => {
                let (traffic, now) = (life.traffic, self.state.now);
                let (tally, heartbeat) = (&mut self.state.tally, self.blue.settings.heartbeat);
                match trouble {
                    // The server was asked and said nothing, so no idle time-out in between explains the loss.
                    ErrorKind::Silent => tally.lose(now),
                    _ => tally.lose_connection(now, traffic, heartbeat),
                }
                tally.trouble(trouble);
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
        actor.disconnect(&mut self.kept);
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
        if self.actors[id as usize].life.stage == ConnectionStage::Leaving {
            if self.actors[id as usize].life.due_at <= now {
                self.vanish(id);
            }
            return;
        }
        let actor = &mut self.actors[id as usize];
        let client = actor.socket.next_deadline(&self.blue.config).unwrap_or(Time::MAX);
        let due = actor.life.connection_deadline().min(client);
        if due <= now {
            let late = now.since(due);
            self.state.tally.timers.count(late);
            // Reads what arrived while this process was late, before any timeout takes effect.
            if late > LATE_TIMER && actor.life.stage == ConnectionStage::Open {
                self.readable(id, LinkUse::Main);
                self.readable(id, LinkUse::Batches);
            }
        }
        if self.has_silent_request(id) {
            self.state.tally.told(ErrorKind::Silent, || {
                "a long poll request was not answered in time".to_owned()
            });
            return self.fail(id, ErrorKind::Silent);
        }
        let life = &mut self.actors[id as usize].life;
        match life.stage {
            ConnectionStage::Connecting | ConnectionStage::Asking | ConnectionStage::Upgrading
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
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
            | ConnectionStage::Leaving
            | ConnectionStage::Over => {}
        }
        self.wake(id);
        self.call(id, |socket, context| socket.handle_timeout(context));
    }

    fn read_again(&mut self, id: u32) {
        if self.actors[id as usize].link.reads_again(self.state.now) {
            self.readable(id, LinkUse::Main);
        }
    }
}
