//! The sessions of a shard, apart from the connections that carry them, and which of their channels have messages to
//! handle.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use slab::Slab;

use super::conduct::{Isolation, Names};
use super::connections::ConnectionId;
use super::context::ChannelId;
use super::process::{ChannelMessage, Process};
use super::session::{Address, Entry, Identity, Session, SessionId};

/// A channel with more waiting messages than this costs the client its session.
const MAX_MESSAGES: usize = 100_000;

/// All sessions of a shard.
pub(crate) struct Sessions {
    slab: Slab<Session>,
    /// The sessions of each user that connected with a token.
    users: HashMap<Arc<str>, HashSet<SessionId>>,
    /// Channels that have messages to handle.
    ready: VecDeque<Address>,
    /// Sessions that are to be closed as soon as nothing works on them.
    to_close: Vec<SessionId>,
    /// Makes the ids of this shard's channels differ from those of other shards.
    shard: usize,
    /// How many channels there have been.
    channels: u64,
}

impl Sessions {
    pub(crate) fn new(shard: usize) -> Self {
        Self {
            slab: Slab::new(),
            users: HashMap::new(),
            ready: VecDeque::new(),
            to_close: Vec::new(),
            shard,
            channels: 0,
        }
    }

    /// Adds a session.
    pub(crate) fn open(&mut self, session: Session) -> SessionId {
        let signed = (session.identity == Identity::Signed).then(|| Arc::clone(&session.user));
        let id = u32::try_from(self.slab.insert(session)).expect("a shard has fewer than 2^32 sessions");
        if let Some(user) = signed {
            self.users.entry(user).or_default().insert(SessionId(id));
        }
        SessionId(id)
    }

    /// Removes a session.
    pub(crate) fn remove(&mut self, id: SessionId) {
        let Some(session) = self.slab.try_remove(id.0 as usize) else {
            return;
        };
        if session.identity == Identity::Signed
            && let Some(sessions) = self.users.get_mut(&session.user)
        {
            sessions.remove(&id);
            if sessions.is_empty() {
                self.users.remove(&session.user);
            }
        }
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.slab.get(id.0 as usize)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.slab.get_mut(id.0 as usize)
    }

    /// The connection that carries a session.
    pub(crate) fn connection(&self, id: SessionId) -> Option<ConnectionId> {
        self.get(id).map(|session| session.connection)
    }

    /// A user's name, which all of the user's sessions share.
    pub(crate) fn shared_name(&self, user: String) -> Arc<str> {
        self.users
            .get_key_value(&*user)
            .map_or_else(|| user.into(), |(name, _)| Arc::clone(name))
    }

    /// The sessions of a user.
    pub(crate) fn of_user(&self, name: &str, names: Names) -> Vec<SessionId> {
        match names {
            Names::Exact => self.users.get(name).into_iter().flatten().copied().collect(),
            Names::AnyCase => {
                let meant = self.users.iter().filter(|(user, _)| names.same(user, name));
                meant.flat_map(|(_, sessions)| sessions).copied().collect()
            }
        }
    }

    /// Whether a channel of any session sleeps, waits for the store or is in its join.
    pub(crate) fn is_any_busy(&self) -> bool {
        self.slab.iter().any(|(_, session)| session.is_busy())
    }

    /// Closes a session once nothing works on it.
    pub(crate) fn close_later(&mut self, id: SessionId) {
        self.to_close.push(id);
    }

    /// A session that is to be closed.
    pub(crate) fn next_to_close(&mut self) -> Option<SessionId> {
        self.to_close.pop()
    }

    /// A channel id that no shard gives twice.
    pub(crate) fn next_channel_id(&mut self) -> ChannelId {
        self.channels += 1;
        ChannelId((self.shard as u64) << 48 | self.channels)
    }

    /// A channel, also one that has ended and whose session has not been told yet.
    pub(crate) fn entry(&self, address: Address) -> Option<&Entry> {
        self.get(address.session)?.entry(address.channel)
    }

    /// The same, to change it.
    pub(crate) fn entry_mut(&mut self, address: Address) -> Option<&mut Entry> {
        self.get_mut(address.session)?.entry_mut(address.channel)
    }

    /// The process of a channel that has not ended.
    pub(crate) fn process(&mut self, address: Address) -> Option<&mut Process> {
        self.entry_mut(address)?.process.as_deref_mut()
    }

    /// Takes a channel out of its session's map.
    pub(crate) fn remove_channel(&mut self, address: Address) -> Option<Entry> {
        self.get_mut(address.session)?.remove(address.channel)
    }

    /// The topic of a channel that has joined.
    pub(crate) fn joined_topic(&self, address: Address) -> Option<Arc<str>> {
        let entry = self.entry(address)?;
        entry.subscription.is_some().then(|| Arc::clone(&entry.topic))
    }

    /// Puts a message into a channel's mailbox; it is handled soon. A channel that has ended gets nothing.
    pub(crate) fn post(&mut self, address: Address, message: ChannelMessage) {
        let Some(process) = self.process(address) else {
            return;
        };
        if process.mailbox.len() >= MAX_MESSAGES {
            return self.close_later(address.session);
        }
        process.mailbox.push_back(message);
        self.ready.push_back(address);
    }

    /// Whether a channel handles a message of its client at once, or after those that wait.
    pub(crate) fn is_free(&self, address: Address, isolation: Isolation) -> bool {
        let Some(session) = self.get(address.session) else {
            return false;
        };
        let mut processes = session.processes();
        match isolation {
            Isolation::Channel => processes
                .find(|&(id, _)| id == address.channel)
                .is_some_and(|(_, process)| !process.is_busy() && process.mailbox.is_empty()),
            Isolation::Connection => processes.all(|(id, process)| {
                !process.is_busy() && (id != address.channel || process.mailbox.is_empty())
            }),
        }
    }

    /// The next message of a channel that is free to handle it.
    pub(crate) fn next_message(&mut self, address: Address, isolation: Isolation) -> Option<ChannelMessage> {
        let held_up = isolation == Isolation::Connection && self.get(address.session)?.is_busy();
        let process = self.process(address)?;
        if held_up || process.is_busy() {
            return None;
        }
        process.mailbox.pop_front()
    }

    /// The next channel that has messages to handle.
    pub(crate) fn next_ready(&mut self) -> Option<Address> {
        self.ready.pop_front()
    }

    /// Lets a channel handle what came while it could not.
    pub(crate) fn make_ready(&mut self, address: Address) {
        self.ready.push_back(address);
    }

    /// Lets all channels of a session that have messages handle them, as one of them is not busy any more.
    pub(crate) fn wake(&mut self, id: SessionId) {
        let Self { slab, ready, .. } = self;
        let Some(session) = slab.get(id.0 as usize) else {
            return;
        };
        let waiting = session
            .processes()
            .filter(|(_, process)| !process.mailbox.is_empty());
        ready.extend(waiting.map(|(channel, _)| Address { session: id, channel }));
    }
}
