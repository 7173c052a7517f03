//! The state machine of one client: it hears what the client does, answers as Phoenix does, and leads it through the situations.

mod answer;
mod script;

use std::collections::BTreeSet;

use super::connection::ClientConnection;
use super::expectations::ClientPace;
use super::history::{Fact, History};
use super::invariants::Invariants;
use super::limits::JudgeLimits;
use super::provoke::ServerFrame;
use super::situations::{ConnectionEnd, HeldBack};
use super::verdict::ClientVerdict;
use crate::clock::Time;
use crate::protocol::{EncodeError, Frame, Vsn};

/// A connection of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct JudgedLink(pub(super) u64);

/// An order or a verdict of the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WalkOutput {
    /// Send this.
    Send(JudgedLink, ServerFrame),
    /// End this connection.
    End(JudgedLink, ConnectionEnd),
    /// A verdict.
    Verdict(ClientVerdict),
    /// The client uses a connection although it has opened a newer one.
    Beside,
    /// The walk is over. The client is still answered.
    Over,
}

/// Whether a client gets the connection that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WalkAdmission {
    /// It does.
    Granted,
    /// It is refused.
    Refused,
}

/// The place that the walk has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WalkPhase {
    /// The client is to be connected and to have joined its topics before this situation begins.
    Ready { situation: usize, since: Time },
    /// A step of a situation; it looks at what the client did from a place of the history on.
    Step {
        situation: usize,
        step: usize,
        since: Time,
        place: usize,
    },
    /// All is said; perhaps the client was lost in this situation.
    Over { lost_in: Option<usize> },
}

/// Whether it was tried to get a lost client back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revival {
    /// Nothing was tried.
    None,
    /// The connection was cut, so that the client joins its topics anew.
    Tried,
}

/// Whether the client was seen to open a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Returns {
    /// Not yet.
    Unseen,
    /// It was.
    Yes,
}

/// The walk of one client.
#[derive(Debug)]
pub(super) struct Walk {
    limits: JudgeLimits,
    /// The newest connection.
    current: Option<(JudgedLink, ClientConnection)>,
    /// Older ones that the client has not closed.
    superseded: BTreeSet<JudgedLink>,
    /// The topics that the client has joined and not left, in their order.
    wanted: Vec<String>,
    /// When the client last connected, joined or left.
    changed_at: Time,
    history: History,
    pace: ClientPace,
    invariants: Invariants,
    phase: WalkPhase,
    revival: Revival,
    returns: Returns,
    /// The situations that were held.
    held: BTreeSet<&'static str>,
    /// The rules that were kept in the present situation, with the action that was seen.
    kept: Vec<(&'static str, String)>,
    /// The topic under trial.
    topic: String,
    hold: HeldBack,
    /// How many of the next connections are cut as soon as they open.
    cut_next: u32,
    refuses: bool,
    /// When the present step wants to be woken.
    wake: Option<Time>,
    out: Vec<WalkOutput>,
}

impl Walk {
    pub(super) fn new(limits: JudgeLimits) -> Self {
        Self {
            limits,
            current: None,
            superseded: BTreeSet::new(),
            wanted: Vec::new(),
            changed_at: Time::ZERO,
            history: History::default(),
            pace: ClientPace::default(),
            invariants: Invariants::default(),
            phase: WalkPhase::Ready {
                situation: 0,
                since: Time::MAX,
            },
            revival: Revival::None,
            returns: Returns::Unseen,
            held: BTreeSet::new(),
            kept: Vec::new(),
            topic: String::new(),
            hold: HeldBack::Nothing,
            cut_next: 0,
            refuses: false,
            wake: None,
            out: Vec::new(),
        }
    }

    /// The client asks for a connection.
    pub(super) fn asks(&mut self, now: Time) -> WalkAdmission {
        self.history.note(Fact::Asked, now);
        self.advance(now);
        if self.refuses {
            WalkAdmission::Refused
        } else {
            WalkAdmission::Granted
        }
    }

    /// A connection opened.
    pub(super) fn opened(&mut self, link: JudgedLink, vsn: Vsn, now: Time) {
        self.history.note(Fact::Opened, now);
        self.changed_at = now;
        if let WalkPhase::Ready { since, .. } = &mut self.phase
            && *since == Time::MAX
        {
            *since = now;
        }
        if self.cut_next > 0 {
            self.cut_next -= 1;
            self.out.push(WalkOutput::End(link, ConnectionEnd::Cut));
            return self.advance(now);
        }
        if let Some((old, _)) = self.current.replace((link, ClientConnection::new(vsn, now))) {
            self.superseded.insert(old);
        }
        self.invariants.opened();
        self.advance(now);
    }

    /// A whole frame came.
    pub(super) fn received(&mut self, link: JudgedLink, frame: Frame<'_>, now: Time) {
        let Some((_, connection)) = self.current.as_ref().filter(|(id, _)| *id == link) else {
            if self.superseded.contains(&link) {
                self.out.push(WalkOutput::Beside);
            }
            return;
        };
        let vsn = connection.vsn;
        match vsn.decode_from_client(frame) {
            Ok(message) => {
                // After the end each promise has its verdict.
                if !self.is_over() {
                    self.invariants.message(connection, &message, now);
                }
                let answered = self.answer(&message, now);
                self.unless_too_long(answered);
            }
            Err(why) => {
                if !self.is_over() {
                    self.invariants.garbled(vsn, why);
                }
                // As Phoenix does, whose socket crashes.
                self.end(ConnectionEnd::Code(1011));
                self.skip("the client sent a frame that is not a message", now);
            }
        }
        self.advance(now);
    }

    /// The client closed or cut a connection, or what the server closed is closed.
    pub(super) fn closed(&mut self, link: JudgedLink, code: Option<u16>, now: Time) {
        if self.current.as_ref().is_some_and(|(id, _)| *id == link) {
            self.current = None;
            self.history.note(Fact::Closed { code }, now);
        } else if self.superseded.remove(&link) {
            self.history.note(Fact::Closed { code }, now);
        }
        self.advance(now);
    }

    /// The time has come that was asked for.
    pub(super) fn woken(&mut self, now: Time) {
        if let (Some((_, connection)), false) = (&self.current, self.is_over()) {
            self.invariants.woken(connection, now);
        }
        self.advance(now);
    }

    /// When the walk wants to be woken.
    pub(super) fn deadline(&self) -> Option<Time> {
        let connection = self.current.as_ref().map(|(_, connection)| connection);
        let heartbeat = connection
            .filter(|_| !self.is_over())
            .and_then(|connection| self.invariants.deadline(connection));
        self.wake.into_iter().chain(heartbeat).min()
    }

    /// The orders and verdicts since the last call.
    pub(super) fn take(&mut self) -> Vec<WalkOutput> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, WalkPhase::Over { .. })
    }

    /// Ends the present connection. What comes of it later is not heard.
    fn end(&mut self, how: ConnectionEnd) {
        if let Some((link, _)) = self.current.take() {
            self.out.push(WalkOutput::End(link, how));
        }
    }

    fn send(&mut self, frames: impl IntoIterator<Item = ServerFrame>) {
        if let Some((link, _)) = self.current {
            let sends = frames.into_iter().map(|frame| WalkOutput::Send(link, frame));
            self.out.extend(sends);
        }
    }

    /// Phoenix crashes and closes the connection if an answer has no frame, because a name in it is too long.
    fn unless_too_long(&mut self, answered: Result<(), EncodeError>) {
        if answered.is_err() {
            self.end(ConnectionEnd::Code(1011));
        }
    }
}
