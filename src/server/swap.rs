//! Holds one message back until the next one of its kind to the same channel's client was sent, so that the two change
//! places: the faults that swap replies and deliveries.

use super::message::Encoded;
use super::session::Address;

/// What a shard holds back: one message at a time.
#[derive(Debug, Default)]
pub(crate) struct Swap {
    count: u64,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    number: u64,
    to: Address,
    kind: Kind,
    message: Encoded,
}

/// What the message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A channel's answer to a push.
    Reply,
    /// A broadcast.
    Delivery,
}

impl Swap {
    /// Whether a message is held back.
    pub(crate) const fn is_taken(&self) -> bool {
        self.held.is_some()
    }

    /// Holds a message back, and gives it a number.
    pub(crate) fn hold(&mut self, to: Address, kind: Kind, message: Encoded) -> u64 {
        self.count += 1;
        let number = self.count;
        self.held = Some(Held {
            number,
            to,
            kind,
            message,
        });
        number
    }

    /// The message of this kind that is held back for this channel, as the next one was sent.
    pub(crate) fn take(&mut self, to: Address, kind: Kind) -> Option<Encoded> {
        let held = self.held.take_if(|held| held.to == to && held.kind == kind);
        held.map(|held| held.message)
    }

    /// The message with this number, if it is still held back: no other followed it in time.
    pub(crate) fn release(&mut self, number: u64) -> Option<(Address, Encoded)> {
        let held = self.held.take_if(|held| held.number == number);
        held.map(|held| (held.to, held.message))
    }
}
