//! The process behind a channel: a state, a mailbox, and what it is doing (`lib/phoenix/channel/server.ex`).

use std::collections::VecDeque;
use std::sync::Arc;

use super::channel::{Body, Channel, Info, Next};
use super::refs::Ref;
use crate::protocol::{Field, Message, Payload};

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
        payload: OwnedPayload,
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

/// The payload of a push that has to wait.
pub(crate) enum OwnedPayload {
    Json(Box<str>),
    Binary(Box<[u8]>),
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

    /// It handles a push, and goes on with it later.
    pub(crate) fn suspend(&mut self, reference: &Field<'_>, next: Option<Next>) {
        self.work = Work::Busy(Box::new(Unfinished {
            reference: reference.into(),
            next,
        }));
    }
}

impl ChannelMessage {
    /// A push that has to wait.
    pub(crate) fn push(message: &Message<'_>) -> Self {
        Self::Push {
            event: (&message.event).into(),
            payload: match message.payload {
                Payload::Json(text) => OwnedPayload::Json(text.into()),
                Payload::Binary(data) | Payload::BinaryReply { data, .. } => {
                    OwnedPayload::Binary(data.into())
                }
            },
            reference: (&message.reference).into(),
        }
    }
}

impl OwnedPayload {
    /// The payload as messages have it.
    pub(crate) const fn payload(&self) -> Payload<'_> {
        match self {
            Self::Json(text) => Payload::Json(text),
            Self::Binary(data) => Payload::Binary(data),
        }
    }
}
