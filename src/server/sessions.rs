//! The sessions of a shard, apart from the connections that carry them: what each is to be sent, and which of their
//! channels have messages to handle.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use slab::Slab;

use super::channel::Next;
use super::conduct::{Isolation, Names};
use super::ids::{Address, ChannelId, SessionId};
use super::mailbox::SessionMessage;
use super::mailboxes::Mailboxes;
use super::message::{self, Encoded, End, Raised, ReplyTo};
use super::payload::{Body, Status};
use super::session::{Carrier, ChannelMessage, Entry, Identity, Process, Session, Unfinished, Work};
use crate::protocol::Field;

/// A channel with more waiting messages than this costs the client its session.
const MAX_MESSAGES: usize = 100_000;

/// All sessions of a shard.
pub(crate) struct Sessions {
    slab: Slab<Session>,
    pub(crate) mailboxes: Mailboxes,
    /// What the process of one session says itself, until `Core::take_said` puts it into frames: after each message
    /// that the process has handled.
    pub(crate) said: Vec<Encoded>,
    /// The sessions of each user that connected with a token.
    users: HashMap<Arc<str>, HashSet<SessionId>>,
    /// Channels that have messages to handle.
    pub(crate) ready: VecDeque<Address>,
    /// Makes the ids of this shard's channels differ from those of other shards.
    shard: usize,
    /// How many channels there have been.
    channels: u64,
}

impl Sessions {
    pub(crate) fn new(shard: usize, mailboxes: Mailboxes) -> Self {
        Self {
            slab: Slab::new(),
            mailboxes,
            said: Vec::new(),
            users: HashMap::new(),
            ready: VecDeque::new(),
            shard,
            channels: 0,
        }
    }

    /// Adds a session.
    pub(crate) fn open(&mut self, session: Session) -> SessionId {
        let signed = (session.identity == Identity::Signed).then(|| Arc::clone(&session.user));
        let id = u32::try_from(self.slab.insert(session)).expect("a shard has fewer than 2^32 sessions");
        let id = SessionId(id);
        if let Some(user) = signed {
            self.users.entry(user).or_default().insert(id);
        }
        self.mailboxes.open(id);
        id
    }

    /// Removes a session.
    pub(crate) fn remove(&mut self, id: SessionId) {
        self.mailboxes.close(id);
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

    /// Removes all sessions: their channels handle nothing more.
    pub(crate) fn clear(&mut self) {
        self.slab.clear();
        self.users.clear();
        self.ready.clear();
        self.mailboxes.clear();
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.slab.get(id.0 as usize)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.slab.get_mut(id.0 as usize)
    }

    /// What carries a session.
    pub(crate) fn carrier(&self, id: SessionId) -> Option<Carrier> {
        self.get(id).map(|session| session.carrier)
    }

    /// A user's name, which all of the user's sessions share.
    pub(crate) fn shared_name(&self, user: String) -> Arc<str> {
        self.users
            .get_key_value(&*user)
            .map_or_else(|| user.into(), |(name, _)| Arc::clone(name))
    }

    /// Tells the sessions of a user to disconnect.
    pub(crate) fn disconnect(&mut self, name: &str, names: Names) {
        let sessions: Vec<SessionId> = match names {
            Names::Exact => self.users.get(name).into_iter().flatten().copied().collect(),
            Names::AnyCase => {
                let users = self.users.iter().filter(|(user, _)| names.same(user, name));
                users.flat_map(|(_, sessions)| sessions).copied().collect()
            }
        };
        for session in sessions {
            self.mailboxes.send(session, SessionMessage::Disconnect);
        }
    }

    /// Tells the sessions of all users whose names begin so to disconnect.
    pub(crate) fn disconnect_all_that_begin(&mut self, name: &str) {
        let users = self.users.iter().filter(|(user, _)| user.starts_with(name));
        for session in users.flat_map(|(_, sessions)| sessions) {
            self.mailboxes.send(*session, SessionMessage::Disconnect);
        }
    }

    /// Whether a session waits for a join.
    pub(crate) fn is_joining(&self, id: SessionId) -> bool {
        self.get(id).is_some_and(|session| session.joining.is_some())
    }

    /// Whether a session waits for the join of this channel.
    pub(crate) fn waits_for(&self, address: Address) -> bool {
        let session = self.get(address.session);
        let joining = session.and_then(|session| session.joining.as_ref());
        joining.is_some_and(|joining| joining.channel == address.channel)
    }

    /// Whether a channel of any session sleeps, waits for the store or is in its join.
    pub(crate) fn is_any_busy(&self) -> bool {
        self.slab.iter().any(|(_, session)| session.is_busy())
    }

    /// A session that is to be closed, and what carries it.
    pub(crate) fn next_to_close(&mut self) -> Option<(SessionId, Carrier)> {
        while let Some(session) = self.mailboxes.to_close.pop() {
            if let Some(carrier) = self.carrier(session) {
                return Some((session, carrier));
            }
        }
        None
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

    /// Encodes in a channel's process, and sends the message to the session's.
    pub(crate) fn send_to_client(
        &mut self,
        from: Address,
        encode: impl FnOnce(&Session, &Entry, &Process) -> Result<Encoded, Raised>,
    ) -> Result<(), Raised> {
        if let Some(message) = self.encode(from, encode)? {
            self.mailboxes.send(from.session, SessionMessage::Client(message));
        }
        Ok(())
    }

    /// Encodes in a channel's process; nothing if that has ended.
    pub(crate) fn encode(
        &self,
        from: Address,
        encode: impl FnOnce(&Session, &Entry, &Process) -> Result<Encoded, Raised>,
    ) -> Result<Option<Encoded>, Raised> {
        if let Some(session) = self.get(from.session)
            && let Some(entry) = session.entry(from.channel)
            && let Some(process) = &entry.process
        {
            return encode(session, entry, process).map(Some);
        }
        Ok(None)
    }

    /// `send(self(), {:socket_push, …})` of the end of a channel: it comes after what is in the mailbox already.
    pub(crate) fn send_end(&mut self, of: Address, end: End) {
        if let Some(session) = self.get(of.session)
            && let Some(entry) = session.entry(of.channel)
        {
            let message = entry.end(session.dialect, end);
            self.mailboxes.send(of.session, SessionMessage::Client(message));
        }
    }

    /// No other message followed the one that was held back under this number: it is sent now, unless its channel has
    /// ended.
    pub(crate) fn release(&mut self, number: u64) {
        if let Some((to, message)) = self.mailboxes.swap.release(number)
            && self.process(to).is_some()
        {
            self.mailboxes.send(to.session, SessionMessage::Client(message));
        }
    }

    /// A reply of the session's process itself.
    pub(crate) fn answer(&mut self, id: SessionId, to: ReplyTo<'_>, status: Status, body: &Body) {
        let Some(dialect) = self.get(id).map(|session| session.dialect) else {
            return;
        };
        match message::reply(dialect, to, status, body) {
            Ok(reply) => self.said.push(reply),
            // Only a join's reply can be binary, and only from an application that wants its client cut.
            Err(_) => self.mailboxes.to_close.push(id),
        }
    }

    /// Puts a message into a channel's mailbox; it is handled soon. A channel that has ended gets nothing.
    pub(crate) fn post(&mut self, address: Address, message: ChannelMessage) {
        let Some(process) = self.process(address) else {
            return;
        };
        if process.mailbox.len() >= MAX_MESSAGES {
            return self.mailboxes.to_close.push(address.session);
        }
        process.mailbox.push_back(message);
        self.ready.push_back(address);
    }

    /// A channel handles a push, and goes on with it later.
    pub(crate) fn suspend(&mut self, address: Address, reference: &Field<'_>, next: Option<Next>) {
        if let Some(process) = self.process(address) {
            process.work = Work::Busy(Box::new(Unfinished {
                reference: reference.into(),
                next,
            }));
        }
    }

    /// Tells all channels of a session that the server ends.
    pub(crate) fn drain(&mut self, session: SessionId) {
        let channels = self
            .get(session)
            .into_iter()
            .flat_map(|session| &session.channels);
        let channels: Vec<_> = channels.map(|entry| entry.id).collect();
        for channel in channels {
            self.post(Address { session, channel }, ChannelMessage::Drain);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Vsn;
    use crate::server::conduct::Delivery;
    use crate::server::ids::ConnectionId;
    use crate::server::message::Dialect;

    fn sessions() -> Sessions {
        Sessions::new(0, Mailboxes::new(Delivery::Once, Arc::default()))
    }

    fn session_on(connection: u32) -> Session {
        Session {
            carrier: Carrier::WebSocket(ConnectionId(connection)),
            dialect: Dialect::phoenix(Vsn::V2),
            user: "alice".into(),
            identity: Identity::Signed,
            channels: Vec::new(),
            joining: None,
            heartbeats: 0,
        }
    }

    #[test]
    fn after_clear_no_session_and_no_message_is_left() {
        let mut sessions = sessions();
        let session = sessions.open(session_on(7));
        let channel = sessions.next_channel_id();
        sessions.ready.push_back(Address { session, channel });
        sessions.mailboxes.send(session, SessionMessage::Drain);
        sessions.mailboxes.to_close.push(session);
        sessions.clear();
        assert!(sessions.get(session).is_none());
        assert!(sessions.ready.is_empty());
        assert!(sessions.mailboxes.waiting.is_empty());
        assert!(sessions.mailboxes.to_close.is_empty());
        sessions.disconnect("alice", Names::Exact);
        assert!(sessions.mailboxes.waiting.is_empty());
    }

    #[test]
    fn a_session_that_has_ended_is_not_closed_again() {
        let mut sessions = sessions();
        let open = sessions.open(session_on(7));
        let ended = sessions.open(session_on(8));
        sessions.remove(ended);
        sessions.mailboxes.to_close.extend([open, ended]);
        assert_eq!(
            sessions.next_to_close(),
            Some((open, Carrier::WebSocket(ConnectionId(7))))
        );
        assert_eq!(sessions.next_to_close(), None);
    }
}
