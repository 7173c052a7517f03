//! The last step of a broadcast, into the mailbox of a listener, and what goes wrong there on request: counted, so that
//! a ledger of what arrived can be held against it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::conduct::{Delivery, Mishap};
use super::core::Core;
use super::held::Kind;
use super::message::Encoded;
use super::peer::Mail;
use super::pubsub::Address;

/// A delivery that is to come after the next waits no longer than this for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many deliveries went wrong so far, on request, over all shards.
#[derive(Debug, Default)]
pub struct Planted(AtomicU64);

impl Planted {
    /// How many.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Core {
    /// Delivers a broadcast to one listener.
    pub(crate) fn deliver(&mut self, to: Address, message: &Encoded) {
        match self.shared.conduct.socket.delivery {
            Delivery::Once => self.mail_message(to, message),
            Delivery::OneIn(often, mishap) => {
                self.deliveries += 1;
                let is_next = self.deliveries.is_multiple_of(often.get().into());
                self.deliver_or_not(to, message, is_next.then_some(mishap));
            }
        }
    }

    fn deliver_or_not(&mut self, to: Address, message: &Encoded, mishap: Option<Mishap>) {
        match mishap {
            Some(Mishap::Lost) => return self.shared.planted.add_one(),
            Some(Mishap::Doubled) => {
                self.shared.planted.add_one();
                self.mail_message(to, message);
            }
            Some(Mishap::Swapped) if !self.holds_any() => {
                return self.hold(to, Kind::Delivery, message.clone(), PATIENCE);
            }
            Some(Mishap::Swapped) | None => {}
        }
        self.mail_message(to, message);
        if let Some(held) = self.take_held(to, Kind::Delivery) {
            self.shared.planted.add_one();
            self.mail(to.peer, Mail::Message(held));
        }
    }

    fn mail_message(&mut self, to: Address, message: &Encoded) {
        self.mail(to.peer, Mail::Message(message.clone()));
    }
}
