//! The core of a shard: connects connections with the sessions that they carry or ask for messages. What a client sends goes from its
//! connection to its session; what the session says and finds in its mailbox goes back.

use std::sync::Arc;
use std::time::Duration;

use super::channels::Channels;
use super::conduct::{AfterStall, Contagion};
use super::connection::Connection;
use super::connections::{Connections, Deadline, Expired};
use super::ids::{Address, ConnectionId, SessionId};
use super::longpolls::LongPolls;
use super::queues::Inbox;
use super::session::Carrier;
use super::shared::Shared;
use super::store::Answer;
use super::websocket::CloseFrame;
use crate::clock::Time;

/// Connections, and what is behind them.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connections: Connections,
    pub(crate) channels: Channels,
    pub(crate) longpolls: LongPolls,
    pub(crate) inbox: Inbox,
}

/// Whether requests were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    None,
    Some,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    GoesOn,
    IsOver,
}

impl Core {
    pub(crate) fn new(shared: Arc<Shared>, channels: Channels, longpolls: LongPolls, inbox: Inbox) -> Self {
        Self {
            connections: Connections::new(shared.clock.now(), &shared.conduct.wire, shared.tls.clone()),
            channels,
            longpolls,
            inbox,
            shared,
        }
    }

    /// A new turn of the shard begins.
    pub(crate) fn begin_turn(&mut self, now: Time) {
        self.connections.deadlines.begin_turn(now);
        self.channels.timers.begin_turn(now);
        self.longpolls.begin_turn(now);
    }

    /// The shard was to wake at `due`, and wakes now.
    pub(crate) fn woke(&mut self, due: Time, now: Time) {
        const STALL: Duration = Duration::from_millis(500);
        if self.shared.conduct.wire.after_stall == AfterStall::DropsConnections && now.since(due) > STALL {
            for id in self.connections.ids() {
                self.drop_connection(id);
            }
        }
    }

    /// The shard wakes at least so often.
    pub(crate) fn longest_sleep(&self) -> Option<Duration> {
        const TICK: Duration = Duration::from_millis(100);
        match self.shared.conduct.wire.after_stall {
            AfterStall::GoesOn => None,
            AfterStall::DropsConnections => Some(TICK),
        }
    }

    /// When the next alarm is due.
    pub(crate) fn next_alarm(&self) -> Option<Time> {
        let deadline = self.connections.deadlines.next();
        let others = [self.channels.timers.next(), self.longpolls.next_due()];
        deadline.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Does what is due until then. After a stall all alarms of channels go off before all deadlines of connections, also
    /// before earlier ones. That is intended: in Phoenix other processes wait for them, so no order is promised.
    pub(crate) fn alarms(&mut self, until: Time) {
        while let Some((at, alarm)) = self.channels.timers.due(until) {
            let session = self.channels.alarm(at, alarm);
            self.resume_session(session);
            self.settle_channels();
        }
        self.longpolls.alarms(until, &mut self.channels);
        self.settle_channels();
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

    /// A session whose join has ended goes on, and its connection with it, if it has one.
    fn resume_session(&mut self, session: Option<SessionId>) {
        let Some(session) = session else { return };
        match self.channels.sessions.carrier(session) {
            Some(Carrier::WebSocket(id)) => self.resume(id),
            Some(Carrier::LongPoll) => self.longpolls.resume(session, &mut self.channels),
            None => {}
        }
    }

    /// Whether the process behind a connection is stuck: in `send`, in a join or in a request.
    pub(crate) fn is_blocked(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(id);
        connection.is_some_and(|connection| connection.is_blocked(&self.channels.sessions))
    }

    /// Lets channels handle their messages, and drops the connections that are to be dropped, until neither is left. A
    /// channel that ends with its connection may send messages to other channels.
    pub(crate) fn settle_channels(&mut self) {
        loop {
            self.channels.run_ready();
            match self.channels.sessions.next_to_close() {
                Some((_, Carrier::WebSocket(id))) => self.drop_connection(id),
                Some((session, Carrier::LongPoll)) => self.longpolls.end(session, &mut self.channels),
                None => match self.connections.to_drop.pop() {
                    Some(id) => self.drop_connection(id),
                    None => return,
                },
            }
        }
    }

    /// The same, empties the mailboxes of sessions and answers requests, until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        loop {
            self.settle_channels();
            for session in std::mem::take(&mut self.channels.sessions.mailboxes.waiting) {
                match self.channels.sessions.carrier(session) {
                    Some(Carrier::WebSocket(id)) => self.end_turn(id),
                    Some(Carrier::LongPoll) => self.longpolls.turn(session, &mut self.channels),
                    None => {}
                }
            }
            let answered = self.answer_requests();
            if answered == Answered::None && self.channels.sessions.mailboxes.waiting.is_empty() {
                return;
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
        if self.shared.conduct.channels.contagion == Contagion::OfCuts
            && let Some(session) = self.connections.session(id)
        {
            self.channels.spread(session);
        }
        self.close_session(id);
        if let Some(waiting) = self.connections.get(id).and_then(Connection::waiting) {
            self.longpolls.cancel(waiting.request);
        }
        self.connections.remove(id);
    }

    /// Drops all connections at once, and their sessions.
    pub(crate) fn drop_all(&mut self) {
        self.connections.clear();
        self.channels.sessions.clear();
        self.longpolls.clear();
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
            return self.drain_request(id);
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
