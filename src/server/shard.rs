//! A thread of the server: an epoll loop over its own connections, which shares no lock with the others on the way of
//! a message.

use std::io::{self, ErrorKind};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::conversation::Letter;
use super::core::{Alarm, Core};
use super::drain::Draining;
use super::http::HEAD_TIMEOUT;
use super::links::Note;
use super::peer::Peer;
use crate::clock::Time;

/// The token of the waker.
pub(crate) const WAKER: Token = Token(0);
const LISTENER: Token = Token(1);
/// The first token of a connection.
const PEERS: usize = 2;

const EVENTS: usize = 1024;
const READ_BUFFER: usize = 64 << 10;
/// So much mail, and it is delivered before more is made.
const MAILED: usize = 16 << 10;
/// After this long without a free descriptor the next connection is tried again.
const BREATHER: Duration = Duration::from_millis(50);

/// What a shard runs on.
pub(crate) struct Shard {
    poll: Poll,
    inbox: Receiver<Note>,
    pub(crate) listener: Option<TcpListener>,
    pub(crate) core: Core,
    accepting: Accepting,
    pub(crate) draining: Option<Draining>,
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
    pub(crate) fn new(poll: Poll, inbox: Receiver<Note>, core: Core, accepting: Accepting) -> Self {
        Self {
            poll,
            inbox,
            listener: None,
            core,
            accepting,
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
        while !self.has_drained() {
            let asked = self.core.shared.clock.now();
            let timeout = self.timeout(asked);
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The kernel refuses to wait: nothing can be served any more.
                Err(_) => return,
            }
            self.core.now = self.core.shared.clock.now();
            for event in &events {
                self.handle(event, &mut buffer);
                self.core.settle_channels();
                if self.core.mailed.len() > MAILED {
                    self.core.settle();
                }
            }
            for peer in std::mem::take(&mut self.core.greedy) {
                self.core.readable(peer, &mut buffer);
                self.core.settle_channels();
            }
            // What came before the kernel was asked has been read now, so that no silence is blamed on a client whose
            // words lay here while this thread had no processor.
            if events.iter().count() < EVENTS {
                self.alarms(asked);
            }
            self.core.settle();
        }
    }

    fn timeout(&self, now: Time) -> Option<Duration> {
        if !self.core.greedy.is_empty() {
            return Some(Duration::ZERO);
        }
        // mio rounds up to whole milliseconds, so nothing is woken too early and spins.
        self.core.timers.next().map(|at| at.since(now))
    }

    fn handle(&mut self, event: &Event, buffer: &mut [u8]) {
        match event.token() {
            WAKER => self.read_notes(),
            LISTENER => self.accept(),
            Token(token) => {
                let Ok(peer) = u32::try_from(token - PEERS) else {
                    return;
                };
                if event.is_writable() {
                    self.core.writable(peer);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.core.readable(peer, buffer);
                }
                if event.is_read_closed() {
                    self.core.greedy.push(peer);
                }
            }
        }
    }

    fn read_notes(&mut self) {
        while let Ok(note) = self.inbox.try_recv() {
            match note {
                Note::Broadcast(broadcast, sender) => {
                    // The sender's shard has seen whether it has a frame.
                    let _ = self.core.dispatch(&broadcast, sender);
                }
                Note::Disconnect(name) => self.core.disconnect(&name),
                Note::Answer(address, answer) => self.core.store_answered(address, answer),
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
                Err(_) => return self.core.timers.set(self.core.now + BREATHER, Alarm::Accept),
            }
        }
    }

    fn place(&mut self, stream: TcpStream) {
        match self.accepting {
            Accepting::Own => self.take(stream),
            Accepting::RoundRobin(next) => {
                self.accepting = Accepting::RoundRobin((next + 1) % self.core.links.shards());
                if next == self.core.shard {
                    self.take(stream);
                } else {
                    self.core.links.tell(next, Note::Accepted(stream));
                }
            }
        }
    }

    fn take(&mut self, mut stream: TcpStream) {
        // Without it a reply may wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let core = &mut self.core;
        core.serials = core.serials.wrapping_add(1);
        let (serial, deadline) = (core.serials, core.now + HEAD_TIMEOUT);
        let entry = core.peers.vacant_entry();
        let Ok(peer) = u32::try_from(entry.key()) else {
            return;
        };
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self
            .poll
            .registry()
            .register(&mut stream, Token(entry.key() + PEERS), interest)
            .is_ok()
        {
            entry.insert(Peer::new(stream, serial, deadline));
            core.timers.set(deadline, Alarm::Silence { peer, serial });
        }
    }

    /// Does what was due at `now`.
    fn alarms(&mut self, now: Time) {
        while let Some((at, alarm)) = self.core.timers.due(now) {
            let core = &mut self.core;
            match alarm {
                Alarm::Silence { peer, serial } => core.silence(peer, serial, at),
                Alarm::Wake(address) => core.woken(address),
                Alarm::Join(address, join) => core.join_woken(address, *join),
                Alarm::Info(address, info) => core.post(address, Letter::Info(info)),
                Alarm::Every(address, interval, info) => {
                    if core.process(address).is_some() {
                        match core.chance.late_timer(interval) {
                            None => core.post(address, Letter::Info(info.clone())),
                            Some(late) => core.timers.set(at + late, Alarm::Info(address, info.clone())),
                        }
                        // From the moment it was due, so that lateness does not add up.
                        core.timers
                            .set(at + interval, Alarm::Every(address, interval, info));
                    }
                }
                Alarm::Accept => self.accept(),
                Alarm::Drain => self.go_on_draining(),
                Alarm::Release(number) => core.release(number),
                Alarm::Forget(number) => core.forget(number),
                Alarm::Mail(peer, mail) => core.mail(peer, mail),
                Alarm::Diff => core.tell_late_diffs(at),
            }
            self.core.settle_channels();
        }
    }
}

impl Core {
    /// Lets channels handle what they were sent, until none has mail.
    pub(crate) fn run_channels(&mut self) {
        while let Some(address) = self.ready.pop_front() {
            self.run(address);
        }
    }

    /// The same, and closes what is to be closed.
    fn settle_channels(&mut self) {
        self.run_channels();
        while let Some(peer) = self.doomed.pop() {
            self.drop_peer(peer);
        }
    }

    /// The same, and delivers the mail of connections, until there is none.
    fn settle(&mut self) {
        loop {
            self.settle_channels();
            if self.mailed.is_empty() {
                return;
            }
            for peer in std::mem::take(&mut self.mailed) {
                self.end_turn(peer);
            }
        }
    }
}
