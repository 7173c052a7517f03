//! A session: what `Phoenix.Socket` holds of one client, and the processes of its channels (`lib/phoenix/socket.ex`,
//! `lib/phoenix/channel/server.ex`). It knows its connection only by its
//! id, if it has one.

use std::collections::VecDeque;
use std::sync::Arc;

use super::channel::{Channel, Next};
use super::conduct::Names;
use super::context::Info;
use super::ids::{ChannelId, ConnectionId};
use super::message::{self, Dialect, Encoded, End};
use super::payload::Body;
use super::refs::Ref;
use crate::protocol::{LEAVE, Message};

/// Whether more input follows a message. A session's process handles all that came together before any channel gets to
/// run: a leave that is followed by a join at once is never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pipelined {
    No,
    Yes,
}

/// One client's session.
pub(crate) struct Session {
    pub(crate) carrier: Carrier,
    pub(crate) dialect: Dialect,
    pub(crate) user: Arc<str>,
    pub(crate) identity: Identity,
    pub(crate) channels: Vec<Entry>,
    /// The join that the session's process waits for. It receives nothing else meanwhile.
    pub(crate) joining: Option<Box<Joining>>,
    /// How many heartbeats came.
    pub(crate) heartbeats: u32,
}

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A WebSocket connection, with which it ends.
    WebSocket(ConnectionId),
    /// Long poll: one request after the other.
    LongPoll,
}

/// The socket's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// nil
    Anonymous,
    /// `users_socket:<user>`
    Signed,
}

/// A join that has no answer yet.
pub(crate) struct Joining {
    pub(crate) channel: ChannelId,
    pub(crate) reference: Ref,
}

/// A channel in the session's map.
pub(crate) struct Entry {
    pub(crate) id: ChannelId,
    pub(crate) topic: Arc<str>,
    /// The join_ref as the join had it, null included.
    pub(crate) join_ref: Ref,
    /// The slot of its subscription in PubSub, once joined.
    pub(crate) subscription: Option<u32>,
    /// None: it has ended, and the session has not been told yet.
    pub(crate) process: Option<Box<Process>>,
}

impl Session {
    /// A channel in the session's map.
    pub(crate) fn entry(&self, id: ChannelId) -> Option<&Entry> {
        self.channels.iter().find(|entry| entry.id == id)
    }

    /// The same, to change it.
    pub(crate) fn entry_mut(&mut self, id: ChannelId) -> Option<&mut Entry> {
        self.channels.iter_mut().find(|entry| entry.id == id)
    }

    /// Its channel on a topic.
    pub(crate) fn joined(&self, topic: &str, names: Names) -> Option<&Entry> {
        self.channels
            .iter()
            .rfind(|entry| names.same(&entry.topic, topic))
    }

    /// Takes a channel out of the session's map.
    pub(crate) fn remove(&mut self, id: ChannelId) -> Option<Entry> {
        let place = self.channels.iter().position(|entry| entry.id == id)?;
        Some(self.channels.swap_remove(place))
    }

    /// The processes of its channels that have not ended.
    pub(crate) fn processes(&self) -> impl Iterator<Item = (ChannelId, &Process)> {
        self.channels
            .iter()
            .filter_map(|entry| Some((entry.id, entry.process.as_deref()?)))
    }

    /// Whether it has joined a topic.
    pub(crate) fn is_joined(&self) -> bool {
        self.channels.iter().any(|entry| entry.subscription.is_some())
    }

    /// Whether one of its channels sleeps, waits for the store or is in its join.
    pub(crate) fn is_busy(&self) -> bool {
        self.processes().any(|(_, process)| process.is_busy())
    }
}

impl Entry {
    /// Its topic, and the slot of the subscription that it no longer has then.
    pub(crate) fn take_subscription(&mut self) -> Option<(Arc<str>, u32)> {
        Some((Arc::clone(&self.topic), self.subscription.take()?))
    }

    /// What tells the client that the channel has ended.
    pub(crate) fn end(&self, dialect: Dialect, end: End) -> Encoded {
        message::end(dialect, &self.join_ref, &self.topic, end)
    }
}

/// The process behind a channel.
pub(crate) struct Process {
    /// The join_ref of what it says: the join's, or the join's ref.
    pub(crate) join_ref: Ref,
    pub(crate) channel: Box<dyn Channel>,
    pub(crate) mailbox: VecDeque<ChannelMessage>,
    pub(crate) work: Work,
}

/// What a process is doing.
pub(crate) enum Work {
    /// Waits for its next message.
    Idle,
    /// Is in `join`.
    Joining,
    /// Sleeps, or waits for the store. The ref is that of the push which it handles.
    Busy(Box<Unfinished>),
}

/// What a busy process goes on with.
pub(crate) struct Unfinished {
    pub(crate) reference: Ref,
    /// None: the store's answer decides.
    pub(crate) next: Option<Next>,
}

/// A message to a channel's process.
pub(crate) enum ChannelMessage {
    Push {
        event: Ref,
        payload: Body,
        reference: Ref,
    },
    Leave {
        reference: Ref,
    },
    /// A broadcast that the channel intercepts.
    Out {
        event: Arc<str>,
        body: Body,
    },
    Info(Info),
    /// `phx_drain`
    Drain,
}

impl Process {
    /// Whether it sleeps, waits for the store or is in its join.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.work, Work::Idle)
    }

    /// Takes what a busy process goes on with; it is idle then.
    pub(crate) fn take_unfinished(&mut self) -> Option<Box<Unfinished>> {
        match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Busy(unfinished) => Some(unfinished),
            other => {
                self.work = other;
                None
            }
        }
    }
}

impl ChannelMessage {
    /// A push or a leave that has to wait.
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let reference = (&message.reference).into();
        if message.event.as_str() == Some(LEAVE) {
            return Self::Leave { reference };
        }
        Self::Push {
            event: (&message.event).into(),
            payload: message.payload.into(),
            reference,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_small() {
        assert!(
            size_of::<Session>() <= 64,
            "a session takes {} bytes",
            size_of::<Session>()
        );
    }
}
