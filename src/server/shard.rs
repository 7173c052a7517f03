//! A thread of the server: an epoll loop over its own connections. The threads share no lock on the way of a message,
//! unless its channel uses the presences or the counters of a topic.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::core::Core;
use super::drain::{Draining, Leaver, Step};
use super::ids::ConnectionId;
use super::queues::{Note, ShardQueues};
use crate::clock::Time;

/// The token of the waker.
pub(crate) const WAKER: Token = Token(0);
const LISTENER: Token = Token(1);
/// The token of the first connection.
const CONNECTIONS: usize = 2;

const EVENTS: usize = 1024;
const READ_BUFFER: usize = 64 << 10;
/// When so many sessions have messages, their mailboxes are emptied before more is read.
const SESSIONS_WAITING: usize = 16 << 10;
/// After this long without a free descriptor the next connection is accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// What a shard runs on.
pub(crate) struct Shard {
    poll: Poll,
    pub(crate) listener: Option<TcpListener>,
    pub(crate) core: Core,
    queues: Arc<ShardQueues>,
    /// Which shard this is.
    number: usize,
    accepting: Accepting,
    /// When to accept again, where there was no descriptor for the last connection.
    accept_at: Option<Time>,
    draining: Option<Draining>,
}

/// What becomes of connections that this shard accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepting {
    /// They stay here; the kernel spreads them over the shards' listeners.
    Own,
    /// They go round; the number is the next shard's.
    RoundRobin(usize),
}

impl Shard {
    /// A shard that does not listen yet.
    pub(crate) fn new(
        poll: Poll,
        core: Core,
        (queues, number): (Arc<ShardQueues>, usize),
        accepting: Accepting,
    ) -> Self {
        Self {
            poll,
            listener: None,
            core,
            queues,
            number,
            accepting,
            accept_at: None,
            draining: None,
        }
    }

    /// Takes connections from this listener.
    pub(crate) fn listen(&mut self, listener: Option<TcpListener>) -> io::Result<()> {
        self.listener = listener;
        match &mut self.listener {
            Some(listener) => self
                .poll
                .registry()
                .register(listener, LISTENER, Interest::READABLE),
            None => Ok(()),
        }
    }

    /// Serves until the server has drained.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = vec![0; READ_BUFFER];
        let mut due = Time::MAX;
        while !self.has_drained() {
            let asked = self.core.shared.clock.now();
            self.core.woke(due, asked);
            let timeout = self.timeout(asked);
            due = timeout.map_or(Time::MAX, |timeout| asked + timeout);
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The kernel refuses to wait: nothing can be served any more.
                Err(_) => return,
            }
            self.core.begin_turn(self.core.shared.clock.now());
            for event in &events {
                self.handle(event, &mut buffer);
                self.core.settle_channels();
                if self.core.channels.sessions.mailboxes.waiting.len() > SESSIONS_WAITING {
                    self.core.settle();
                }
            }
            for connection in std::mem::take(&mut self.core.connections.unread) {
                self.core.readable(connection, &mut buffer);
                self.core.settle_channels();
            }
            // What came before the kernel was asked has been read now, so that no client is taken for silent whose
            // messages lay here while this thread had no processor.
            if events.iter().count() < EVENTS {
                self.alarms(asked);
            }
            self.core.settle();
        }
    }

    fn timeout(&self, now: Time) -> Option<Duration> {
        if !self.core.connections.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let drain_at = self.draining.as_ref().map(|draining| draining.next);
        let alarms = [self.core.next_alarm(), self.accept_at, drain_at];
        // mio rounds up to whole milliseconds, so nothing is woken too early and spins.
        let next = alarms.into_iter().flatten().min().map(|at| at.since(now));
        match self.core.longest_sleep() {
            None => next,
            Some(longest) => Some(next.map_or(longest, |next| next.min(longest))),
        }
    }

    /// Does what is due until then. The order after a stall is not that of the times, as [`Core::alarms`] says.
    fn alarms(&mut self, until: Time) {
        self.core.alarms(until);
        if self.accept_at.take_if(|at| *at <= until).is_some() {
            self.accept();
        }
        if self
            .draining
            .as_ref()
            .is_some_and(|draining| draining.next <= until)
        {
            self.go_on_draining();
            self.core.settle_channels();
        }
    }

    fn handle(&mut self, event: &Event, buffer: &mut [u8]) {
        match event.token() {
            WAKER => self.read_notes(),
            LISTENER => self.accept(),
            Token(token) => {
                let Some(id) = ConnectionId::of_number(token - CONNECTIONS) else {
                    return;
                };
                if event.is_writable() {
                    self.core.writable(id);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.core.readable(id, buffer);
                }
                if event.is_read_closed() {
                    self.core.connections.unread.push(id);
                }
            }
        }
    }

    fn read_notes(&mut self) {
        while let Some(note) = self.core.inbox.next() {
            match note {
                Note::Broadcast(broadcast, sender) => {
                    // The sender's shard has seen whether it can be encoded.
                    let _ = self.core.channels.dispatch(&broadcast, sender);
                }
                Note::Disconnect(name) => self.core.channels.disconnect(&name),
                Note::Answer(address, answer) => self.core.store_answered(address, answer),
                Note::LongPoll(note) => self.core.longpolls.note(*note, &mut self.core.channels),
                Note::Accepted(stream) => self.take(stream),
                Note::Drain => self.start_draining(),
            }
            self.core.settle_channels();
        }
    }

    fn accept(&mut self) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((stream, _)) => self.place(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                // No descriptors are left; some will be given back.
                Err(_) => {
                    self.accept_at = Some(self.core.channels.timers.now() + ACCEPT_AGAIN);
                    return;
                }
            }
        }
    }

    fn place(&mut self, stream: TcpStream) {
        match self.accepting {
            Accepting::Own => self.take(stream),
            Accepting::RoundRobin(next) => {
                self.accepting = Accepting::RoundRobin((next + 1) % self.queues.shards());
                if next == self.number {
                    self.take(stream);
                } else {
                    self.queues.tell(next, Note::Accepted(stream));
                }
            }
        }
    }

    fn take(&mut self, stream: TcpStream) {
        // Without it a reply may wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let registry = self.poll.registry();
        self.core.connections.add(stream, |stream, number| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            registry.register(stream, Token(number + CONNECTIONS), interest)
        });
    }

    /// Begins to end. No connection is accepted any more.
    fn start_draining(&mut self) {
        if self.draining.is_none() {
            self.listener = None;
            let now = self.core.channels.timers.now();
            // A session without a connection ends before the polls that are open.
            let sessions = self.core.longpolls.sessions().map(Leaver::Session);
            let connections = self.core.connections.ids().into_iter().map(Leaver::Connection);
            self.draining = Some(Draining::new(sessions.chain(connections).collect(), now));
            self.go_on_draining();
        }
    }

    fn go_on_draining(&mut self) {
        let (now, sessions) = (self.core.channels.timers.now(), &self.core.channels.sessions);
        let Some(draining) = &mut self.draining else {
            return;
        };
        match draining.step(now, || sessions.is_any_busy()) {
            Step::Tell(batch) => batch.into_iter().for_each(|leaver| match leaver {
                Leaver::Connection(id) => self.core.drain(id),
                Leaver::Session(session) => self.core.longpolls.drain(session, &mut self.core.channels),
            }),
            Step::Drop => self.core.drop_all(),
        }
    }

    /// Whether all connections have gone.
    fn has_drained(&self) -> bool {
        let draining = self.draining.as_ref();
        draining.is_some_and(Draining::has_told_all) && self.core.connections.is_empty()
    }
}
