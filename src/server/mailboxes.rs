//! The mailboxes of a shard's sessions, which sessions wait for their turn to empty them, and the planted faults that
//! lose, double or swap messages on their way into a mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::alarm::Alarm;
use super::conduct::{Delivery, Mishap};
use super::ids::{Address, SessionId};
use super::mailbox::{Mailbox, SessionMessage};
use super::message::Encoded;
use super::timers::Timers;

/// A session with more waiting bytes than this is closed: its client reads too slowly.
pub(crate) const MAX_WAITING: usize = 16 << 20;

/// A reply that is to come after the next waits no longer than this for it. It is longer than what a loaded machine
/// puts between two pushes that were sent one behind the other, and shorter than what a client waits for a reply.
const REPLY_PATIENCE: Duration = Duration::from_millis(200);

/// A delivery that is to come after the next waits no longer than this for it.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(1);

/// After so many deliveries another session becomes the bystander.
const BYSTANDER_EVERY: u64 = 997;

/// All mailboxes of a shard.
pub(crate) struct Mailboxes {
    /// By session; none: there is no such session.
    slots: Vec<Option<Mailbox>>,
    /// Sessions that were sent a message while their mailbox was empty. Their turn ends when it is empty again, or when
    /// the connection is blocked: then `Core::resume` gives them another turn as soon as the connection can go on.
    pub(crate) waiting: Vec<SessionId>,
    /// Sessions that are to be closed as soon as nothing works on them.
    pub(crate) to_close: Vec<SessionId>,
    /// How surely a broadcast reaches a mailbox.
    delivery: Delivery,
    /// How many deliveries of broadcasts there were.
    deliveries: u64,
    /// A session that got a delivery some time ago, probably on another topic.
    bystander: Option<SessionId>,
    planted: Arc<Planted>,
    pub(crate) swap: Swap,
}

impl Mailboxes {
    pub(crate) fn new(delivery: Delivery, planted: Arc<Planted>) -> Self {
        Self {
            slots: Vec::new(),
            waiting: Vec::new(),
            to_close: Vec::new(),
            delivery,
            deliveries: 0,
            bystander: None,
            planted,
            swap: Swap::default(),
        }
    }

    /// Gives a new session a mailbox.
    pub(crate) fn open(&mut self, session: SessionId) {
        let place = session.0 as usize;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || None);
        }
        self.slots[place] = Some(Mailbox::Empty);
    }

    /// A session has ended: what waits for it is lost.
    pub(crate) fn close(&mut self, session: SessionId) {
        if let Some(slot) = self.slots.get_mut(session.0 as usize) {
            *slot = None;
        }
    }

    /// All sessions have ended.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.waiting.clear();
        self.to_close.clear();
    }

    fn mailbox(&mut self, session: SessionId) -> Option<&mut Mailbox> {
        self.slots.get_mut(session.0 as usize)?.as_mut()
    }

    /// Sends a message to a session's process.
    pub(crate) fn send(&mut self, to: SessionId, message: SessionMessage) {
        let Some(mailbox) = self.slots.get_mut(to.0 as usize).and_then(Option::as_mut) else {
            return;
        };
        if matches!(mailbox, Mailbox::Empty) {
            self.waiting.push(to);
        }
        mailbox.push(message);
        if mailbox.bytes() > MAX_WAITING {
            self.to_close.push(to);
        }
    }

    /// The next message in a session's mailbox.
    pub(crate) fn next(&mut self, session: SessionId) -> Option<SessionMessage> {
        self.mailbox(session)?.pop()
    }

    /// Delivers a broadcast to one subscriber, unless a fault strikes.
    pub(crate) fn deliver(&mut self, to: Address, message: &Encoded, timers: &mut Timers<Alarm>) {
        let mishap = match self.delivery {
            Delivery::Once => None,
            Delivery::OneIn(often, mishap) => {
                self.deliveries += 1;
                self.deliveries
                    .is_multiple_of(often.get().into())
                    .then_some(mishap)
            }
        };
        match mishap {
            Some(Mishap::Lost) => return self.planted.add_one(),
            Some(Mishap::Doubled) => {
                self.planted.add_one();
                self.send(to.session, SessionMessage::Client(message.clone()));
            }
            Some(Mishap::Swapped) if !self.swap.is_taken() => {
                let number = self.swap.hold(to, Kind::Delivery, message.clone());
                return timers.after(DELIVERY_PATIENCE, Alarm::Release(number));
            }
            Some(Mishap::Misdelivered) if self.bystander.is_some_and(|it| it != to.session) => {
                self.planted.add_one();
                let bystander = self.bystander.unwrap_or(to.session);
                return self.send(bystander, SessionMessage::Client(message.clone()));
            }
            Some(Mishap::Swapped | Mishap::Misdelivered) | None => {}
        }
        if self.deliveries.is_multiple_of(BYSTANDER_EVERY) {
            self.bystander = Some(to.session);
        }
        self.send(to.session, SessionMessage::Client(message.clone()));
        if let Some(held) = self.swap.take(to, Kind::Delivery) {
            self.planted.add_one();
            self.send(to.session, SessionMessage::Client(held));
        }
    }

    /// A channel has answered a push, and the last message in its session's mailbox is the reply: it comes after the
    /// next one.
    pub(crate) fn swap_reply(&mut self, from: Address, timers: &mut Timers<Alarm>) {
        if let Some(held) = self.swap.take(from, Kind::Reply) {
            return self.send(from.session, SessionMessage::Client(held));
        }
        if self.swap.is_taken() {
            return;
        }
        let last = self.mailbox(from.session).and_then(Mailbox::take_back);
        if let Some(SessionMessage::Client(reply)) = last {
            let number = self.swap.hold(from, Kind::Reply, reply);
            timers.after(REPLY_PATIENCE, Alarm::Release(number));
        }
    }
}

/// Holds one message back until the next one of its kind to the same channel's client was sent, so that the two change
/// places: the faults that swap replies and deliveries.
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
enum Kind {
    /// A channel's answer to a push.
    Reply,
    /// A broadcast.
    Delivery,
}

impl Swap {
    /// Whether a message is held back.
    const fn is_taken(&self) -> bool {
        self.held.is_some()
    }

    /// Holds a message back, and gives it a number.
    fn hold(&mut self, to: Address, kind: Kind, message: Encoded) -> u64 {
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
    fn take(&mut self, to: Address, kind: Kind) -> Option<Encoded> {
        let held = self.held.take_if(|held| held.to == to && held.kind == kind);
        held.map(|held| held.message)
    }

    /// The message with this number, if it is still held back: no other followed it in time.
    pub(crate) fn release(&mut self, number: u64) -> Option<(Address, Encoded)> {
        let held = self.held.take_if(|held| held.number == number);
        held.map(|held| (held.to, held.message))
    }
}

/// How many deliveries of broadcasts went wrong so far, on request, over all shards. A ledger of what arrived can be
/// compared with it.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mailboxes() -> Mailboxes {
        Mailboxes::new(Delivery::Once, Arc::default())
    }

    #[test]
    fn a_session_waits_once_for_its_turn() {
        let mut mailboxes = mailboxes();
        let session = SessionId(3);
        mailboxes.open(session);
        mailboxes.send(session, SessionMessage::Disconnect);
        mailboxes.send(session, SessionMessage::Drain);
        assert_eq!(std::mem::take(&mut mailboxes.waiting), [session]);
        assert!(matches!(
            mailboxes.next(session),
            Some(SessionMessage::Disconnect)
        ));
        assert!(matches!(mailboxes.next(session), Some(SessionMessage::Drain)));
        assert!(mailboxes.next(session).is_none());
        mailboxes.send(session, SessionMessage::Drain);
        assert_eq!(std::mem::take(&mut mailboxes.waiting), [session]);
    }

    #[test]
    fn a_session_that_has_ended_gets_nothing() {
        let mut mailboxes = mailboxes();
        let session = SessionId(0);
        mailboxes.send(session, SessionMessage::Drain);
        mailboxes.open(session);
        mailboxes.send(session, SessionMessage::Drain);
        mailboxes.close(session);
        mailboxes.open(session);
        assert!(mailboxes.next(session).is_none());
    }

    #[test]
    fn a_mailbox_at_rest_is_small() {
        assert_eq!(size_of::<Option<Mailbox>>(), 24);
    }
}
