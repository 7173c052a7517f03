//! The core of a shard: connects connections with the sessions that they carry. What a client sends goes from its
//! connection to its session; what the session says and finds in its mailbox goes back.

use std::sync::Arc;

use super::channels::Channels;
use super::connections::{Connections, Deadline, Expired};
use super::ids::{Address, ConnectionId, SessionId};
use super::shared::Shared;
use super::store::Answer;
use super::websocket::CloseFrame;
use crate::clock::Time;

/// Connections, and what is behind them.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connections: Connections,
    pub(crate) channels: Channels,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    GoesOn,
    IsOver,
}

impl Core {
    pub(crate) fn new(shared: Arc<Shared>, channels: Channels) -> Self {
        let grace = shared.conduct.wire.idle_grace_percent;
        Self {
            connections: Connections::new(shared.clock.now(), grace),
            channels,
            shared,
        }
    }

    /// A new turn of the shard begins.
    pub(crate) fn begin_turn(&mut self, now: Time) {
        self.connections.deadlines.begin_turn(now);
        self.channels.timers.begin_turn(now);
    }

    /// When the next alarm is due.
    pub(crate) fn next_alarm(&self) -> Option<Time> {
        let (deadline, alarm) = (self.connections.deadlines.next(), self.channels.timers.next());
        deadline.into_iter().chain(alarm).min()
    }

    /// Does what is due until then. After a stall all alarms of channels go off before all deadlines of connections, also
    /// before earlier ones. That is intended: in Phoenix other processes wait for them, so no order is promised.
    pub(crate) fn alarms(&mut self, until: Time) {
        while let Some((at, alarm)) = self.channels.timers.due(until) {
            let session = self.channels.alarm(at, alarm);
            self.resume_session(session);
            self.settle_channels();
        }
        while let Some((at, deadline)) = self.connections.deadlines.due(until) {
            self.deadline(at, deadline);
            self.settle_channels();
        }
    }

    fn deadline(&mut self, at: Time, deadline: Deadline) {
        let id = deadline.of;
        match self.connections.expired(deadline, at, &self.channels.sessions) {
            Expired::No => {}
            Expired::Dropped => self.drop_connection(id),
            Expired::LateHead => self.head_is_late(id),
            Expired::Silent => self.silent(id),
        }
    }

    /// The client of a WebSocket was silent for too long.
    fn silent(&mut self, id: ConnectionId) {
        match (self.shared.conduct.wire.idle, self.connections.websocket(id)) {
            (Some(_), Some(websocket)) if websocket.close == CloseFrame::Sent => self.drop_connection(id),
            (Some(ending), _) => {
                self.hang_up(id, ending);
            }
            (None, _) => {
                self.connections.refresh(id);
                self.connections.watch(id);
            }
        }
    }

    /// The store has answered a channel.
    pub(crate) fn store_answered(&mut self, address: Address, answer: Answer) {
        let session = self.channels.store_answered(address, answer);
        self.resume_session(session);
    }

    /// A session whose join has ended goes on, and its connection with it.
    fn resume_session(&mut self, session: Option<SessionId>) {
        if let Some(id) = session.and_then(|session| self.channels.sessions.connection(session)) {
            self.resume(id);
        }
    }

    /// Whether the process behind a connection is stuck: in `send` or in a join.
    pub(crate) fn is_blocked(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(id);
        connection.is_some_and(|connection| connection.is_blocked(&self.channels.sessions))
    }

    /// Lets channels handle their messages, and drops the connections that are to be dropped, until neither is left. A
    /// channel that ends with its connection may send messages to other channels.
    pub(crate) fn settle_channels(&mut self) {
        loop {
            self.channels.run_ready();
            let Some(id) = self.next_to_drop() else {
                return;
            };
            self.drop_connection(id);
        }
    }

    fn next_to_drop(&mut self) -> Option<ConnectionId> {
        let of_session = self.channels.sessions.next_to_close();
        of_session.or_else(|| self.connections.to_drop.pop())
    }

    /// The same, and empties the mailboxes of sessions, until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        loop {
            self.settle_channels();
            if self.channels.sessions.mailboxes.waiting.is_empty() {
                return;
            }
            for session in std::mem::take(&mut self.channels.sessions.mailboxes.waiting) {
                if let Some(id) = self.channels.sessions.connection(session) {
                    self.end_turn(id);
                }
            }
        }
    }

    /// Ends the session that a connection carries, if any.
    fn close_session(&mut self, id: ConnectionId) {
        if let Some(session) = self.connections.session(id) {
            self.channels.close_session(session);
        }
    }

    /// A connection has gone, or is to go at once.
    pub(crate) fn drop_connection(&mut self, id: ConnectionId) {
        self.close_session(id);
        self.connections.remove(id);
    }

    /// Drops all connections at once, and their sessions.
    pub(crate) fn drop_all(&mut self) {
        self.connections.clear();
        self.channels.sessions.clear();
    }

    /// Nothing that the client sends is received any more; what was said to it is still written.
    pub(crate) fn leave(&mut self, id: ConnectionId) {
        self.connections.write(id);
        self.close_session(id);
        self.connections.stop_reading(id);
        self.connections.shut_when_written(id);
    }

    /// The server ends. A connection with channels is told by them, any other by the web server.
    pub(crate) fn drain(&mut self, id: ConnectionId) {
        let Some(session) = self.connections.session(id) else {
            return self.drop_connection(id);
        };
        let sessions = &self.channels.sessions;
        let has_channels = sessions
            .get(session)
            .is_some_and(|session| !session.channels.is_empty());
        match self.shared.conduct.wire.shutdown {
            _ if has_channels => self.channels.sessions.drain(session),
            Some(ending) => {
                self.hang_up(id, ending);
            }
            None => self.drop_connection(id),
        }
    }
}
