//! The pushes of one socket that have no reply yet: those that were sent, and those that wait for the join.
//! All have the same timeout, so the queue is ordered by deadline.

use std::time::Duration;

use super::config::end_of_wait;
use super::few::Few;
use super::{ChannelId, Ref};
use crate::clock::Time;
use crate::protocol::Payload;

/// A push without a reply.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) channel: ChannelId,
    /// The ref that the caller got for it.
    pub(super) handle: Ref,
    /// When it was sent, or requested while it is held back.
    pub(super) since: Time,
    pub(super) stage: PushStage,
}

/// The progress of a push.
#[derive(Clone, Debug)]
pub(super) enum PushStage {
    /// It was sent with this ref.
    Sent(Ref),
    /// It waits for the join.
    HeldBack(Box<Body>),
}

/// The event and payload of a push that is held back.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) event: Box<str>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Json(Box<str>),
    Binary(Box<[u8]>),
}

impl Body {
    pub(super) fn new(event: &str, payload: Payload<'_>) -> Self {
        let content = match payload {
            Payload::Json(json) => Content::Json(json.into()),
            Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => {
                Content::Binary(bytes.into())
            }
        };
        Self {
            event: event.into(),
            content,
        }
    }

    pub(super) fn payload(&self) -> Payload<'_> {
        match &self.content {
            Content::Json(json) => Payload::Json(json),
            Content::Binary(bytes) => Payload::Binary(bytes),
        }
    }

    #[cfg(test)]
    fn heap_bytes(&self) -> usize {
        let content = match &self.content {
            Content::Json(json) => json.len(),
            Content::Binary(bytes) => bytes.len(),
        };
        size_of::<Self>() + self.event.len() + content
    }
}

/// The queue of a socket.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pushes: Few<Push>,
}

impl Pending {
    /// Adds a new push.
    pub(super) fn add(&mut self, push: Push) {
        self.pushes.push_back(push);
    }

    /// Takes the push that this ref answers.
    pub(super) fn answer(&mut self, channel: ChannelId, reference: Ref) -> Option<Push> {
        let asked = |push: &Push| {
            push.channel == channel && matches!(push.stage, PushStage::Sent(sent) if sent == reference)
        };
        let index = self.pushes.iter().position(asked)?;
        self.pushes.remove(index)
    }

    /// When the oldest push times out.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Time> {
        self.pushes.get(0).map(|push| end_of_wait(push.since, timeout))
    }

    /// Takes the oldest push.
    pub(super) fn pop_oldest(&mut self) -> Option<Push> {
        self.pushes.remove(0)
    }

    /// Takes the pushes that are held back for this channel, oldest first: the caller's ref and the body.
    pub(super) fn take_held_back(&mut self, channel: ChannelId) -> Vec<(Ref, Box<Body>)> {
        let mut held_back = Vec::new();
        for _ in 0..self.pushes.len() {
            match self.pushes.remove(0) {
                Some(Push {
                    channel: of,
                    handle,
                    stage: PushStage::HeldBack(body),
                    ..
                }) if of == channel => held_back.push((handle, body)),
                Some(other) => self.pushes.push_back(other),
                None => break,
            }
        }
        held_back
    }

    /// Bytes of heap that the queue owns.
    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let bodies = self.pushes.iter().map(|push| match &push.stage {
            PushStage::Sent(_) => 0,
            PushStage::HeldBack(body) => body.heap_bytes(),
        });
        self.pushes.heap_bytes() + bodies.sum::<usize>()
    }
}
