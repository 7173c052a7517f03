//! A frame that waits for the next one of its kind to the same client, so that the two change places: how replies and
//! deliveries are swapped on request.

use std::time::Duration;

use super::core::{Alarm, Core};
use super::message::Encoded;
use super::peer::Mail;
use super::pubsub::Address;

/// A reply that is to come after the next waits no longer than this for it. It is longer than what a loaded machine
/// puts between two pushes that were sent one behind the other, and shorter than what a client waits for a reply.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a shard holds back: one frame at a time.
#[derive(Debug, Default)]
pub(crate) struct Held {
    count: u64,
    frame: Option<HeldFrame>,
}

#[derive(Debug)]
struct HeldFrame {
    number: u64,
    to: Address,
    kind: Kind,
    message: Encoded,
}

/// What the frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A channel's answer to a push.
    Reply,
    /// A broadcast.
    Delivery,
}

impl Core {
    pub(crate) fn holds_any(&self) -> bool {
        self.held.frame.is_some()
    }

    /// Holds a frame back until [`Self::take_held`], or for so long.
    pub(crate) fn hold(&mut self, to: Address, kind: Kind, message: Encoded, patience: Duration) {
        self.held.count += 1;
        let number = self.held.count;
        self.held.frame = Some(HeldFrame {
            number,
            to,
            kind,
            message,
        });
        self.timers.set(self.now + patience, Alarm::Release(number));
    }

    /// What is held back of this kind for this channel, now that the next one has been said.
    pub(crate) fn take_held(&mut self, to: Address, kind: Kind) -> Option<Encoded> {
        let held = self.held.frame.take_if(|held| held.to == to && held.kind == kind);
        held.map(|held| held.message)
    }

    /// Nothing came after a frame that waits for the next: it comes now, unless its channel has ended.
    pub(crate) fn release(&mut self, number: u64) {
        if let Some(held) = self.held.frame.take_if(|held| held.number == number)
            && self.process(held.to).is_some()
        {
            self.mail(held.to.peer, Mail::Message(held.message));
        }
    }

    /// A channel has answered a push, and its last mail is the reply: it comes after the next one.
    pub(crate) fn swap_reply(&mut self, from: Address) {
        if let Some(held) = self.take_held(from, Kind::Reply) {
            return self.mail(from.peer, Mail::Message(held));
        }
        if self.holds_any() {
            return;
        }
        let last = self.peers.get_mut(from.peer as usize);
        if let Some(Mail::Message(message)) = last.and_then(|peer| peer.mailbox.take_back()) {
            self.hold(from, Kind::Reply, message, PATIENCE);
        }
    }
}
