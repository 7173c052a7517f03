//! The last step of a broadcast, into the mailbox of a listener, and what goes wrong there on request: counted, so that
//! a ledger of what arrived can be held against it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::conduct::{Delivery, Mishap};
use super::core::{Alarm, Core};
use super::peer::{Bytes, Mail};
use super::pubsub::Address;

/// A delivery that is to come after the next waits no longer than this for it, and then comes in its turn.
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

/// The deliveries of a shard.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    count: u64,
    held: Option<Held>,
}

/// A delivery that waits for the next one to the same listener.
#[derive(Debug)]
struct Held {
    number: u64,
    to: Address,
    frame: Arc<[u8]>,
}

impl Core {
    /// Delivers a broadcast to one listener.
    pub(crate) fn deliver(&mut self, to: Address, frame: &Arc<[u8]>) {
        match self.shared.conduct.socket.delivery {
            Delivery::Once => self.mail_frame(to, frame),
            Delivery::OneIn(often, mishap) => {
                self.deliveries.count += 1;
                let is_next = self.deliveries.count.is_multiple_of(often.get().into());
                self.deliver_or_not(to, frame, is_next.then_some(mishap));
            }
        }
    }

    fn deliver_or_not(&mut self, to: Address, frame: &Arc<[u8]>, mishap: Option<Mishap>) {
        match mishap {
            Some(Mishap::Lost) => return self.shared.planted.add_one(),
            Some(Mishap::Doubled) => {
                self.shared.planted.add_one();
                self.mail_frame(to, frame);
            }
            Some(Mishap::Swapped) if self.deliveries.held.is_none() => return self.hold(to, frame),
            Some(Mishap::Swapped) | None => {}
        }
        self.mail_frame(to, frame);
        if let Some(held) = self.deliveries.held.take_if(|held| held.to == to) {
            self.shared.planted.add_one();
            self.mail_frame(to, &held.frame);
        }
    }

    fn hold(&mut self, to: Address, frame: &Arc<[u8]>) {
        let number = self.deliveries.count;
        self.deliveries.held = Some(Held {
            number,
            to,
            frame: Arc::clone(frame),
        });
        self.timers.set(self.now + PATIENCE, Alarm::Release(number));
    }

    /// Nothing came after a delivery that waits for the next: it comes now, and nothing was swapped.
    pub(crate) fn release(&mut self, number: u64) {
        if let Some(held) = self.deliveries.held.take_if(|held| held.number == number) {
            self.mail_frame(held.to, &held.frame);
        }
    }

    fn mail_frame(&mut self, to: Address, frame: &Arc<[u8]>) {
        self.mail(to.peer, Mail::Frame(Bytes::Shared(Arc::clone(frame))));
    }
}
