//! The socket of one actor, as phoenix.js tells of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::node::Handed;
use crate::scenario::Given;

/// The socket of one actor.
#[derive(Debug, Default)]
pub(super) struct PlayedSocket {
    pub(super) presence: SocketState,
    /// The events that no step has taken yet, oldest first.
    pub(super) events: Vec<PlayedEvent>,
    /// Topic and event of the messages that no channel took.
    pub(super) dropped: Vec<(String, String)>,
}

/// Whether the socket is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SocketState {
    #[default]
    Opening,
    Open,
    Closed {
        code: Option<u16>,
        again: Comeback,
    },
}

/// Whether phoenix.js connects again after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comeback {
    Again,
    Never,
}

impl Comeback {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Again => "it connects again",
            Self::Never => "it does not connect again",
        }
    }
}

/// An event of a channel.
#[derive(Debug)]
pub(super) struct PlayedEvent {
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) payload: Given,
}

impl PlayedSocket {
    /// Notes an event of a channel.
    pub(super) fn take_in(&mut self, topic: String, event: String, payload: &Handed) {
        self.events.push(PlayedEvent {
            topic,
            event,
            payload: payload.given(),
        });
    }
}

impl Handed {
    /// The payload as a step compares it.
    pub(super) fn given(&self) -> Given {
        match &self.bytes {
            Some(bytes) => Given::Binary(STANDARD.decode(bytes).unwrap_or_default()),
            None => Given::Json(self.json.clone()),
        }
    }
}
