//! The connections of a shard: what is written to them, and the deadlines of silent clients, late heads and readers that
//! do not read.

use std::io::{self, ErrorKind};
use std::time::Duration;

use mio::net::TcpStream;
use slab::Slab;

use super::conduct::{OverTls, SpentDescriptors, WireConduct};
use super::connection::{Backlog, Before, Connection, Posting, Stage, Waiting};
use super::http::{Body, HEAD_TIMEOUT};
use super::ids::{ConnectionId, SessionId};
use super::longpoll::Requester;
use super::message::Encoded;
use super::sessions::Sessions;
use super::timers::Timers;
use super::websocket::{CloseFrame, WebSocket, frames};
use crate::clock::Time;
use crate::stream::{RECORD, ServerTls, SocketStream};

/// Output is gathered up to about this many bytes before it is written.
pub(crate) const CHUNK: usize = 64 << 10;
/// How long a client may take to notice that it was hung up on.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the kernel may take nothing of what waits, as ThousandIsland and Ranch have it.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// After this a blocked connection is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// An alarm for a connection, whose deadline may have moved since the alarm was set.
pub(crate) struct Deadline {
    pub(crate) of: ConnectionId,
    serial: u32,
}

/// What follows from a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// Nothing: it has moved, or the connection has gone.
    No,
    /// The connection is dropped.
    Dropped,
    /// A request's head did not come in time.
    LateHead,
    /// The client of a WebSocket was silent for too long.
    Silent,
}

/// All connections of a shard.
pub(crate) struct Connections {
    slab: Slab<Connection>,
    pub(crate) deadlines: Timers<Deadline>,
    /// What the connection whose turn it is writes. It is empty between two turns.
    pub(crate) out: Vec<u8>,
    /// Connections that may have more input than was read in their turn.
    pub(crate) unread: Vec<ConnectionId>,
    /// Connections that are to be dropped as soon as nothing works on them.
    pub(crate) to_drop: Vec<ConnectionId>,
    serials: u32,
    /// How much longer than the timeout the server waits for a silent client, in percent.
    grace: u32,
    tls: Option<ServerTls>,
    over_tls: OverTls,
    spent: SpentDescriptors,
}

impl Connections {
    pub(crate) fn new(now: Time, wire: &WireConduct, tls: Option<ServerTls>) -> Self {
        Self {
            tls,
            over_tls: wire.over_tls,
            spent: wire.spent_descriptors,
            slab: Slab::new(),
            deadlines: Timers::new(now),
            out: Vec::new(),
            unread: Vec::new(),
            to_drop: Vec::new(),
            serials: 0,
            grace: wire.idle_grace_percent,
        }
    }

    /// Adds a connection that was just accepted, if it can be registered under its number.
    pub(crate) fn add(
        &mut self,
        mut stream: TcpStream,
        register: impl FnOnce(&mut TcpStream, usize) -> io::Result<()>,
    ) {
        let entry = self.slab.vacant_entry();
        let Some(id) = ConnectionId::of_number(entry.key()) else {
            return;
        };
        if register(&mut stream, entry.key()).is_ok()
            && let Ok(stream) = SocketStream::accepted(stream, self.tls.as_ref())
        {
            self.serials = self.serials.wrapping_add(1);
            let (serial, deadline) = (self.serials, self.deadlines.now() + HEAD_TIMEOUT);
            entry.insert(Connection::new(stream, serial, deadline));
            self.deadlines.at(deadline, Deadline { of: id, serial });
        }
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.slab.get(id.0 as usize)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.slab.get_mut(id.0 as usize)
    }

    /// The WebSocket of a connection that was upgraded.
    pub(crate) fn websocket(&mut self, id: ConnectionId) -> Option<&mut WebSocket> {
        self.get_mut(id)?.websocket_mut()
    }

    /// The session that a connection carries.
    pub(crate) fn session(&self, id: ConnectionId) -> Option<SessionId> {
        self.get(id)?.websocket().map(|websocket| websocket.session)
    }

    /// Drops a connection at once.
    pub(crate) fn remove(&mut self, id: ConnectionId) {
        let removed = self.slab.try_remove(id.0 as usize);
        if self.spent == SpentDescriptors::Leak
            && let Some(connection) = removed
            && matches!(connection.stage, Stage::WebSocket(_) | Stage::Closing)
        {
            std::mem::forget(connection);
        }
    }

    /// All connections there are.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        let numbers = self.slab.iter().map(|(number, _)| number);
        numbers.filter_map(ConnectionId::of_number).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }

    /// Drops all connections.
    pub(crate) fn clear(&mut self) {
        self.slab.clear();
    }

    /// A connection gets to this stage.
    pub(crate) fn set_stage(&mut self, id: ConnectionId, stage: Stage) {
        if let Some(connection) = self.get_mut(id) {
            connection.stage = stage;
        }
    }

    /// The connection, as its session names it when it answers.
    pub(crate) fn requester(&self, id: ConnectionId, shard: u32) -> Option<Requester> {
        self.get(id).map(|connection| Requester {
            shard,
            connection: id,
            serial: connection.serial,
        })
    }

    /// Takes the request that a connection waits for the answer to.
    pub(crate) fn take_waiting(&mut self, requester: Requester) -> Option<Box<Waiting>> {
        let connection = self.get_mut(requester.connection)?;
        if connection.serial != requester.serial {
            return None;
        }
        match std::mem::replace(&mut connection.stage, Stage::Http(Before::Answered, Body::NONE)) {
            Stage::Waiting(waiting) => Some(waiting),
            other => {
                connection.stage = other;
                None
            }
        }
    }

    /// Takes the POST whose body is read.
    pub(crate) fn take_posting(&mut self, id: ConnectionId) -> Option<Box<Posting>> {
        let connection = self.get_mut(id)?;
        match std::mem::replace(&mut connection.stage, Stage::Http(Before::Answered, Body::NONE)) {
            Stage::Body(posting) => Some(posting),
            other => {
                connection.stage = other;
                None
            }
        }
    }

    /// Nothing more is read from a connection; what was said is still written.
    pub(crate) fn stop_reading(&mut self, id: ConnectionId) {
        if let Some(connection) = self.get_mut(id) {
            connection.stage = Stage::Closing;
            connection.input = Vec::new();
        }
    }

    /// Puts a message into frames, behind what is to be written to a connection already.
    pub(crate) fn put(&mut self, id: ConnectionId, message: &Encoded) {
        let Self { slab, out, .. } = self;
        let websocket = slab.get_mut(id.0 as usize).and_then(Connection::websocket_mut);
        let compression = websocket.and_then(|websocket| websocket.compression.as_deref_mut());
        frames::message(message, compression, out);
    }

    /// Writes `out` to a connection. What the kernel does not take waits, and `out` is empty then.
    pub(crate) fn write(&mut self, id: ConnectionId) {
        let Self {
            slab, out, to_drop, ..
        } = self;
        let Some(connection) = slab.get_mut(id.0 as usize) else {
            return out.clear();
        };
        if connection
            .websocket()
            .is_some_and(|websocket| websocket.close == CloseFrame::Sent)
        {
            return out.clear();
        }
        if self.over_tls == OverTls::FirstRecordOnly {
            out.truncate(RECORD);
        }
        if let Some(backlog) = &mut connection.backlog {
            return backlog.bytes.append(out);
        }
        let mut written = 0;
        while written < out.len() {
            match connection.stream.write(&out[written..]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    to_drop.push(id);
                    out.clear();
                    break;
                }
            }
        }
        // What TLS has taken and the kernel has not waits as well.
        if written < out.len() || connection.stream.flush().is_err() {
            let now = self.deadlines.now();
            connection.backlog = Some(Box::new(Backlog {
                bytes: out.split_off(written.min(out.len())),
                written: 0,
                since: now,
            }));
            // Another deadline may be far away, or there may be none.
            let at = now + SEND_TIMEOUT;
            if at < connection.alarm {
                connection.alarm = at;
                let serial = connection.serial;
                self.deadlines.at(at, Deadline { of: id, serial });
            }
        }
        out.clear();
        out.shrink_to(4 * CHUNK);
    }

    /// The kernel takes more: writes what waits. Whether the connection waited for that, and can go on.
    pub(crate) fn writes_backlog(&mut self, id: ConnectionId) -> bool {
        let now = self.deadlines.now();
        let Some(connection) = self.slab.get_mut(id.0 as usize) else {
            return false;
        };
        let Some(backlog) = &mut connection.backlog else {
            // Sends the rest of a TLS handshake. If the kernel does not take it, the next event tries again.
            let _ = connection.stream.flush();
            return false;
        };
        while backlog.written < backlog.bytes.len() {
            match connection.stream.write(&backlog.bytes[backlog.written..]) {
                Ok(n) => {
                    backlog.written += n;
                    backlog.since = now;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => {
                    self.to_drop.push(id);
                    return false;
                }
            }
        }
        if connection.stream.flush().is_err() {
            return false;
        }
        connection.backlog = None;
        self.shut_when_written(id);
        true
    }

    /// After the last byte of a connection that ends, the end of writing. It stays open for reading until the client
    /// has gone, as closing it before would let the kernel throw away what the client has not read yet.
    pub(crate) fn shut_when_written(&mut self, id: ConnectionId) {
        let deadline = self.deadlines.now() + LAST_WORDS;
        let Some(connection) = self.get_mut(id) else {
            return;
        };
        if connection.backlog.is_some() {
            return;
        }
        match &connection.stage {
            Stage::Closing => connection.deadline = deadline,
            Stage::WebSocket(websocket) if websocket.close == CloseFrame::Sent => {}
            Stage::WebSocket(_) | Stage::Http(..) | Stage::Body(_) | Stage::Waiting(_) => return,
        }
        if connection.stream.shutdown().is_err() {
            self.to_drop.push(id);
        }
        self.watch(id);
    }

    /// The client is there: its deadline moves.
    pub(crate) fn refresh(&mut self, id: ConnectionId) {
        let (now, grace) = (self.deadlines.now(), self.grace);
        if let Some(connection) = self.get_mut(id)
            && let Some(websocket) = connection.websocket()
        {
            let idle = websocket.mount.idle();
            connection.deadline = now + idle + idle * grace / 100;
        }
    }

    /// Sees to it that the connection's deadline is looked at when it comes.
    pub(crate) fn watch(&mut self, id: ConnectionId) {
        let Some(connection) = self.slab.get_mut(id.0 as usize) else {
            return;
        };
        if connection.deadline < connection.alarm {
            connection.alarm = connection.deadline;
            let serial = connection.serial;
            self.deadlines
                .at(connection.deadline, Deadline { of: id, serial });
        }
    }

    /// An alarm that was set for a connection: its deadline may have moved meanwhile.
    pub(crate) fn expired(&mut self, deadline: Deadline, set_for: Time, sessions: &Sessions) -> Expired {
        let now = self.deadlines.now();
        let connection = self.slab.get_mut(deadline.of.0 as usize);
        let Some(connection) = connection
            .filter(|connection| connection.serial == deadline.serial && connection.alarm == set_for)
        else {
            return Expired::No;
        };
        let stuck_at = connection
            .backlog
            .as_ref()
            .map_or(Time::MAX, |it| it.since + SEND_TIMEOUT);
        if stuck_at <= now {
            return Expired::Dropped;
        }
        if connection.waiting().is_some() && stuck_at == Time::MAX {
            // The session answers in time; no deadline is needed here.
            connection.alarm = Time::MAX;
            return Expired::No;
        }
        let is_early = now < connection.deadline || connection.waiting().is_some();
        if is_early || connection.is_blocked(sessions) {
            // A blocked process handles no timer message, so the connection is looked at again soon.
            let next = if is_early {
                connection.deadline
            } else {
                now + LOOK_AGAIN
            };
            connection.alarm = next.min(stuck_at);
            self.deadlines.at(connection.alarm, deadline);
            return Expired::No;
        }
        connection.alarm = Time::MAX;
        match &connection.stage {
            Stage::WebSocket(_) => Expired::Silent,
            Stage::Body(_) => Expired::LateHead,
            Stage::Http(..) if !connection.input.is_empty() => Expired::LateHead,
            // A connection that rests between two requests just ends.
            Stage::Http(..) | Stage::Waiting(_) | Stage::Closing => Expired::Dropped,
        }
    }
}
