//! One socket of a load test: the client, its connections, and how far it is in its role. An idle socket owns no
//! buffer.

use super::ledger::ReceiveWindow;
use super::poll_session::PollSession;
use super::role::ChannelStatus;
use super::tcp_link::{LinkUse, TcpLink};
use super::traffic::Traffic;
use super::wheel::Tick;
use crate::client::{ChannelId, Ref, Socket};
use crate::clock::Time;
use crate::session::WebSocket;

/// A socket. A shard allocates all of its sockets when the run starts and keeps them until the run ends.
pub(super) struct Actor {
    pub(super) socket: Socket,
    /// The connection of the WebSocket, or of the polls.
    pub(super) link: TcpLink,
    pub(super) life: Life,
}

/// The session that carries the messages of a socket.
pub(super) enum SocketSession {
    WebSocket(WebSocket),
    LongPoll(Box<PollSession>),
}

/// How far a socket is in connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionStage {
    /// The socket has not arrived yet.
    Expected,
    /// There is no connection; the client decides when it connects again.
    Away,
    /// A connection to the server's HTTP is being made.
    Connecting,
    /// The socket has requested a token.
    Asking,
    /// The socket has requested the WebSocket upgrade, or a long poll session.
    Upgrading,
    /// The WebSocket or the long poll session is open.
    Open,
    /// The socket leaves while the run goes on, and waits until the server ends the connection.
    Leaving,
    /// The socket will not connect again.
    Over,
}

/// What the role is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: the next step can run.
    Nothing,
    /// The start of the load, or the next round of an open model.
    Turn,
    /// The joins of all topics that the role has not left.
    Joined,
    /// The reply to a leave.
    Left,
    /// The replies to all pushes of a group.
    Answers,
    /// The reply to a push.
    Answer(Ref),
    /// An awaited message (its place in [`super::role::Role::awaited`]), until [`Life::wake`].
    Message(u8),
    /// [`Life::wake`].
    Sleep,
}

/// The state of a socket, without its client and its connection.
pub(super) struct Life {
    /// Start of the connect latency: the intended time of the first attempt, or the start of a reconnect. Once the
    /// connection is open: the time at which it opened.
    pub(super) since: Time,
    /// When the last connection was lost; cleared when all topics are joined again.
    pub(super) lost_at: Time,
    /// When a sleep or the wait for a message ends.
    pub(super) wake: Time,
    /// When a connect attempt times out. For an open connection: when its first heartbeat is due, at a random offset,
    /// so that the heartbeats of the swarm are spread out.
    pub(super) due_at: Time,
    pub(super) slots: Slots,
    pub(super) session: SocketSession,
    /// The earliest timer hint that is set in the wheel.
    pub(super) hint: Tick,
    pub(super) wait: Wait,
    pub(super) stage: ConnectionStage,
    /// Boolean state, one bit each.
    pub(super) flags: Flags,
    pub(super) role: u8,
    pub(super) step: u16,
    /// Counts awaited messages that arrived before their step, by their place in the role's list.
    pub(super) early: [u8; 4],
    /// How many pushes the socket has sent.
    pub(super) seq: u32,
    pub(super) traffic: Traffic,
}

/// Boolean state of a socket. It is packed into bits because there may be a million sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    /// The connection has been open at least once.
    pub(super) const OPENED: Self = Self(1);
    /// The socket has joined all its topics at least once.
    pub(super) const JOINED: Self = Self(2);
    /// A push timed out, so its reply may still arrive late.
    pub(super) const GAVE_UP: Self = Self(4);
    /// The socket counts as joined at the moment.
    pub(super) const COUNTED: Self = Self(8);
    /// The socket closes its connection on purpose.
    pub(super) const ON_PURPOSE: Self = Self(16);
    /// The first attempt to join succeeded or failed, so the next socket may arrive.
    pub(super) const SETTLED: Self = Self(32);
    /// The socket has started its steps.
    pub(super) const STARTED: Self = Self(64);

    /// The socket had joined, and its last attempt to reconnect failed.
    pub(super) const TURNED_AWAY: Self = Self(128);

    pub(super) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// Sets a flag; returns whether it was clear before.
    pub(super) fn set(&mut self, flag: Self) -> bool {
        let before = self.has(flag);
        self.0 |= flag.0;
        !before
    }

    /// Clears a flag; returns whether it was set before.
    pub(super) fn clear(&mut self, flag: Self) -> bool {
        let before = self.has(flag);
        self.0 &= !flag.0;
        before
    }
}

/// The topics of a socket. Most sockets have one.
pub(super) enum Slots {
    None,
    One(Slot),
    Many(Box<[Slot]>),
}

/// One topic of a socket.
#[derive(Clone, Default)]
pub(super) struct Slot {
    pub(super) channel: Option<ChannelId>,
    pub(super) status: ChannelStatus,
    /// How the topic was joined last: an index into the role's entries.
    pub(super) entry: u8,
    /// Whether the response to that join was checked. When the client rejoins by itself, the response is not checked.
    pub(super) judged: bool,
    pub(super) received: ReceiveWindow,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        let mut slots = match count {
            0 => Self::None,
            1 => Self::One(Slot::default()),
            _ => Self::Many(vec![Slot::default(); count].into()),
        };
        for (index, slot) in (0..).zip(slots.all_mut()) {
            slot.entry = index;
        }
        slots
    }

    pub(super) fn all(&self) -> &[Slot] {
        match self {
            Self::None => &[],
            Self::One(slot) => std::slice::from_ref(slot),
            Self::Many(slots) => slots,
        }
    }

    pub(super) fn all_mut(&mut self) -> &mut [Slot] {
        match self {
            Self::None => &mut [],
            Self::One(slot) => std::slice::from_mut(slot),
            Self::Many(slots) => slots,
        }
    }

    /// The index of a channel.
    pub(super) fn position(&self, channel: ChannelId) -> Option<usize> {
        self.all().iter().position(|slot| slot.channel == Some(channel))
    }

    pub(super) fn all_joined(&self) -> bool {
        self.all().iter().all(|slot| slot.status == ChannelStatus::Joined)
    }

    /// Whether the client has no channel left to join or rejoin by itself.
    pub(super) fn at_rest(&self) -> bool {
        self.all().iter().all(|slot| slot.status != ChannelStatus::Lost)
    }

    /// The status of a channel.
    pub(super) fn status(&self, channel: u8) -> ChannelStatus {
        self.all()[usize::from(channel)].status
    }
}

impl Actor {
    /// A socket that has not arrived yet.
    pub(super) fn expected(role: u8, topics: usize) -> Self {
        Self {
            socket: Socket::new(),
            link: TcpLink::CLOSED,
            life: Life {
                since: Time::ZERO,
                lost_at: Time::MAX,
                wake: Time::MAX,
                due_at: Time::MAX,
                slots: Slots::new(topics),
                session: SocketSession::default(),
                hint: Tick::NONE,
                wait: Wait::Turn,
                stage: ConnectionStage::Expected,
                flags: Flags::default(),
                role,
                step: 0,
                early: [0; 4],
                seq: 0,
                traffic: Traffic::default(),
            },
        }
    }
}

impl Actor {
    /// A connection of the socket. Without a long poll session there is no connection for batches.
    pub(super) fn link(&mut self, of: LinkUse) -> Option<&mut TcpLink> {
        match (of, &mut self.life.session) {
            (LinkUse::Main, _) => Some(&mut self.link),
            (LinkUse::Batches, SocketSession::LongPoll(session)) => Some(&mut session.batches),
            (LinkUse::Batches, SocketSession::WebSocket(_)) => None,
        }
    }

    /// Frees the buffers of the connection if they are empty; `kept` is the number of bytes that all sockets of the shard
    /// keep.
    pub(super) fn tidy(&mut self, of: LinkUse, kept: &mut usize) {
        let fragments = self.life.session.fragments(of);
        if let Some(link) = self.link(of) {
            link.tidy(fragments, kept);
        }
    }

    /// Counts the bytes that the connection keeps.
    pub(super) fn count(&mut self, of: LinkUse, kept: &mut usize) {
        let fragments = self.life.session.fragments(of);
        if let Some(link) = self.link(of) {
            link.count(fragments, kept);
        }
    }

    /// Cuts all connections, and resets the session for the next one.
    pub(super) fn disconnect(&mut self, kept: &mut usize) {
        self.link.close(kept);
        if let SocketSession::LongPoll(session) = &mut self.life.session {
            session.batches.close(kept);
        }
        self.life.session = SocketSession::default();
    }

    /// When the socket must be looked at next, apart from the deadline of its client.
    pub(super) fn deadline(&self) -> Time {
        let read = self.link.read_at().unwrap_or(Time::MAX);
        let life = &self.life;
        life.connection_deadline().min(read).min(life.wakes_at())
    }
}

impl Default for SocketSession {
    fn default() -> Self {
        Self::WebSocket(WebSocket::default())
    }
}

impl SocketSession {
    /// The long poll session, if it is one.
    pub(super) fn long_poll(&mut self) -> Option<&mut PollSession> {
        match self {
            Self::WebSocket(_) => None,
            Self::LongPoll(session) => Some(session),
        }
    }

    /// How many bytes of messages that are not whole it keeps beside those of the connection.
    fn fragments(&self, of: LinkUse) -> usize {
        match (self, of) {
            (Self::WebSocket(session), LinkUse::Main) => session.kept(),
            (Self::WebSocket(_), LinkUse::Batches) | (Self::LongPoll(_), _) => 0,
        }
    }

    /// When the next request of a long poll session times out.
    fn deadline(&self) -> Time {
        match self {
            Self::WebSocket(_) => Time::MAX,
            Self::LongPoll(session) => session.deadline(),
        }
    }
}

impl Life {
    /// Marks that an attempt to reconnect failed.
    pub(super) fn turn_away(&mut self) {
        if self.flags.has(Flags::JOINED) {
            self.flags.set(Flags::TURNED_AWAY);
        }
    }

    /// Stops counting the socket as joined.
    pub(super) fn uncount(&mut self, joined: &mut u64) {
        if self.flags.clear(Flags::COUNTED) {
            *joined -= 1;
        }
    }

    /// When the connect attempt times out, the first heartbeat is due, or a request of a long poll session is not answered in
    /// time.
    pub(super) fn connection_deadline(&self) -> Time {
        match self.stage {
            ConnectionStage::Connecting
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
            | ConnectionStage::Leaving => self.due_at,
            ConnectionStage::Open => self.due_at.min(self.session.deadline()),
            ConnectionStage::Expected | ConnectionStage::Away | ConnectionStage::Over => Time::MAX,
        }
    }

    /// When a sleep or the wait for a message ends.
    fn wakes_at(&self) -> Time {
        match self.wait {
            Wait::Sleep | Wait::Message(_) => self.wake,
            Wait::Nothing | Wait::Turn | Wait::Joined | Wait::Left | Wait::Answer(_) | Wait::Answers => {
                Time::MAX
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_at_rest_takes_less_than_400_bytes_and_owns_no_heap() {
        let actor = Actor::expected(0, 1);
        println!(
            "{} bytes, {} of them the client",
            size_of::<Actor>(),
            size_of::<Socket>()
        );
        assert!(size_of::<Actor>() <= 400, "{} bytes", size_of::<Actor>());
        assert_eq!(actor.socket.heap_bytes(), 0);
        assert!(!matches!(actor.life.slots, Slots::Many(_)));
    }

    #[test]
    fn flags_tell_whether_they_changed() {
        let mut flags = Flags::default();
        assert!(flags.set(Flags::JOINED) && !flags.set(Flags::JOINED));
        assert!(!flags.has(Flags::OPENED) && flags.clear(Flags::JOINED) && !flags.has(Flags::JOINED));
    }
}
