//! One socket of a swarm: a client, its connection, and where it is in its role. At rest it owns no buffer.

use mio::net::TcpStream;

use super::ledger::ReceiveWindow;
use super::role::ChannelStatus;
use super::traffic::Traffic;
use super::wheel::Tick;
use crate::client::{ChannelId, Ref, Socket};
use crate::clock::Time;
use crate::session::WebSocket;

/// A socket. A shard has one for each place, from the begin to the end.
pub(super) struct Actor {
    pub(super) socket: Socket,
    pub(super) stream: Option<TcpStream>,
    pub(super) life: Life,
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionStage {
    /// It has not come yet.
    Expected,
    /// There is none; the client decides when the next is made.
    Away,
    /// The kernel connects.
    Connecting,
    /// A token was asked for.
    Asking,
    /// The upgrade was asked for.
    Upgrading,
    /// It is open.
    Open,
    /// It is over for good.
    Over,
}

/// What the role waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: the next step can be done.
    Nothing,
    /// The begin of the load, or the next round of an open model.
    Turn,
    /// All topics to be joined that are not left.
    Joined,
    /// The answer to a leave.
    Left,
    /// The answers to all pushes that were sent together.
    Answers,
    /// The answer to a push.
    Answer(Ref),
    /// A message of the role's list, until [`Life::wake`].
    Message(u8),
    /// [`Life::wake`].
    Sleep,
}

/// Everything about a socket but the client and the connection.
pub(super) struct Life {
    /// From when the opening counts: the first attempt's intended time, a later connection's begin; once it is open, when
    /// it opened.
    pub(super) since: Time,
    /// When the last connection was lost, until all is joined again.
    pub(super) lost_at: Time,
    /// When a sleep or the wait for a message ends.
    pub(super) wake: Time,
    /// When an attempt to connect is given up; of an open connection, when its first heartbeat is sent: spread, as people
    /// don't all come at once.
    pub(super) due_at: Time,
    pub(super) slots: Slots,
    pub(super) session: WebSocket,
    pub(super) buffers: Option<Box<Buffers>>,
    /// The hint in the wheel that goes off first.
    pub(super) hint: Tick,
    pub(super) wait: Wait,
    pub(super) stage: ConnectionStage,
    /// What many have is said in bits.
    pub(super) flags: Flags,
    pub(super) role: u8,
    pub(super) step: u16,
    /// Awaited messages that came before their step, by their place in the role's list.
    pub(super) early: [u8; 4],
    /// How many pushes went out.
    pub(super) seq: u32,
    pub(super) traffic: Traffic,
}

/// Facts about a socket, one bit each: a million of them have these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    /// It has been open.
    pub(super) const OPENED: Self = Self(1);
    /// It has joined everything.
    pub(super) const JOINED: Self = Self(2);
    /// An answer was given up, so one may come late.
    pub(super) const GAVE_UP: Self = Self(4);
    /// It counts as joined now.
    pub(super) const COUNTED: Self = Self(8);
    /// It ends its connection on purpose.
    pub(super) const ON_PURPOSE: Self = Self(16);
    /// It joined, or failed, for the first time: the next may come.
    pub(super) const SETTLED: Self = Self(32);
    /// It began to go through its steps.
    pub(super) const STARTED: Self = Self(64);

    /// It had joined, and its last attempt to come back failed.
    pub(super) const TURNED_AWAY: Self = Self(128);

    pub(super) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// Sets a flag; tells whether it was not set before.
    pub(super) fn set(&mut self, flag: Self) -> bool {
        let before = self.has(flag);
        self.0 |= flag.0;
        !before
    }

    /// Clears a flag; tells whether it was set before.
    pub(super) fn clear(&mut self, flag: Self) -> bool {
        let before = self.has(flag);
        self.0 &= !flag.0;
        before
    }
}

/// What few sockets have at any time.
#[derive(Default)]
pub(super) struct Buffers {
    /// The begin of a frame or a head that is not whole yet.
    pub(super) input: Vec<u8>,
    /// What the kernel did not take.
    pub(super) output: Vec<u8>,
    /// A slow reader reads again then.
    pub(super) read_at: Option<Time>,
    /// How much of this stands in the sum of the shard.
    pub(super) counted: usize,
}

impl Buffers {
    /// Whether nothing is left to keep.
    pub(super) fn is_empty(&self) -> bool {
        self.input.is_empty() && self.output.is_empty() && self.read_at.is_none()
    }
}

/// The topics of a socket; mostly it has one.
pub(super) enum Slots {
    None,
    One(Slot),
    Many(Box<[Slot]>),
}

/// A topic of a socket.
#[derive(Clone, Default)]
pub(super) struct Slot {
    pub(super) channel: Option<ChannelId>,
    pub(super) status: ChannelStatus,
    /// How it is joined, or was; a place in the role's list.
    pub(super) entry: u8,
    /// Whether the answer to that was judged. When the client rejoins by itself, the answer is whatever it is.
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

    /// The place of a channel.
    pub(super) fn position(&self, channel: ChannelId) -> Option<usize> {
        self.all().iter().position(|slot| slot.channel == Some(channel))
    }

    pub(super) fn all_joined(&self) -> bool {
        self.all().iter().all(|slot| slot.status == ChannelStatus::Joined)
    }

    /// Whether nothing more is joined by itself.
    pub(super) fn at_rest(&self) -> bool {
        self.all().iter().all(|slot| slot.status != ChannelStatus::Lost)
    }

    /// How a channel stands.
    pub(super) fn status(&self, channel: u8) -> ChannelStatus {
        self.all()[usize::from(channel)].status
    }
}

impl Actor {
    /// Somebody who has not come yet.
    pub(super) fn expected(role: u8, topics: usize) -> Self {
        Self {
            socket: Socket::new(),
            stream: None,
            life: Life {
                since: Time::ZERO,
                lost_at: Time::MAX,
                wake: Time::MAX,
                due_at: Time::MAX,
                slots: Slots::new(topics),
                session: WebSocket::default(),
                buffers: None,
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

impl Life {
    /// An attempt to come back failed.
    pub(super) fn turn_away(&mut self) {
        if self.flags.has(Flags::JOINED) {
            self.flags.set(Flags::TURNED_AWAY);
        }
    }

    /// It counts as joined no more.
    pub(super) fn uncount(&mut self, joined: &mut u64) {
        if self.flags.clear(Flags::COUNTED) {
            *joined -= 1;
        }
    }

    /// Its buffers, made if it has none.
    pub(super) fn buffers(&mut self) -> &mut Buffers {
        self.buffers.get_or_insert_default()
    }

    /// Gives memory back that nothing needs any more; `kept` is the sum of what all sockets keep.
    pub(super) fn tidy(&mut self, kept: &mut usize) {
        if self.session.kept() == 0 && self.buffers.as_ref().is_some_and(|buffers| buffers.is_empty()) {
            *kept -= self.buffers.take().map_or(0, |buffers| buffers.counted);
        }
    }

    /// Gives all of it back; the next connection begins with a new session.
    pub(super) fn forget(&mut self, kept: &mut usize) {
        self.session = WebSocket::default();
        *kept -= self.buffers.take().map_or(0, |buffers| buffers.counted);
    }

    /// When the attempt to connect is given up, or the first heartbeat is due.
    pub(super) const fn connection_deadline(&self) -> Time {
        match self.stage {
            ConnectionStage::Connecting
            | ConnectionStage::Asking
            | ConnectionStage::Upgrading
            | ConnectionStage::Open => self.due_at,
            ConnectionStage::Expected | ConnectionStage::Away | ConnectionStage::Over => Time::MAX,
        }
    }

    /// When this socket wants to be looked at, beside its client's own deadline.
    pub(super) fn deadline(&self) -> Time {
        let read = self
            .buffers
            .as_ref()
            .and_then(|buffers| buffers.read_at)
            .unwrap_or(Time::MAX);
        let wake = match self.wait {
            Wait::Sleep | Wait::Message(_) => self.wake,
            Wait::Nothing | Wait::Turn | Wait::Joined | Wait::Left | Wait::Answer(_) | Wait::Answers => {
                Time::MAX
            }
        };
        self.connection_deadline().min(read).min(wake)
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
        assert!(actor.life.buffers.is_none() && !matches!(actor.life.slots, Slots::Many(_)));
    }

    #[test]
    fn flags_tell_whether_they_changed() {
        let mut flags = Flags::default();
        assert!(flags.set(Flags::JOINED) && !flags.set(Flags::JOINED));
        assert!(!flags.has(Flags::OPENED) && flags.clear(Flags::JOINED) && !flags.has(Flags::JOINED));
    }
}
