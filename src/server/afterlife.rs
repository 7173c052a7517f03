//! What is left of a channel that has ended: a subscription that PubSub has not forgotten yet. Its client still hears the
//! topic's broadcasts, over a channel that is not there any more.

use std::collections::HashMap;
use std::sync::Arc;

use super::chance::Freedom;
use super::conduct::DeadSubscription;
use super::core::{Alarm, Core};
use super::peer::Peer;
use super::pubsub::Address;
use super::tracker::Tells;

/// The subscriptions of a shard whose channels have ended.
#[derive(Debug, Default)]
pub(crate) struct Afterlife {
    count: u64,
    seats: HashMap<u64, DeadSeat>,
}

#[derive(Debug)]
struct DeadSeat {
    of: Address,
    topic: Arc<str>,
    place: u32,
}

impl Afterlife {
    /// Whether the subscription of this conversation lives on.
    pub(crate) fn holds(&self, of: Address) -> bool {
        self.seats.values().any(|seat| seat.of == of)
    }
}

impl Core {
    /// Ends the subscription of a channel that has ended: at once, or a little later. Says how its presence ends.
    pub(crate) fn let_go(&mut self, address: Address) -> Tells {
        let Some((topic, place)) = self.take_seat(address) else {
            return Tells::Hangup;
        };
        let later = self.chance.delay(Freedom::DeadSubscription);
        let never = self.shared.conduct.socket.dead_subscription == DeadSubscription::LivesOn;
        if later.is_none() && !never {
            self.pubsub.unsubscribe(&topic, place);
            return Tells::Leave;
        }
        self.afterlife.count += 1;
        let number = self.afterlife.count;
        let seat = DeadSeat {
            of: address,
            topic,
            place,
        };
        self.afterlife.seats.insert(number, seat);
        if let Some(later) = later.filter(|_| !never) {
            self.timers.set(self.now + later, Alarm::Forget(number));
        }
        Tells::Leave
    }

    /// Ends the subscription of a channel whose connection ends with it.
    pub(crate) fn unsubscribe(&mut self, address: Address) {
        if let Some((topic, place)) = self.take_seat(address) {
            self.pubsub.unsubscribe(&topic, place);
        }
    }

    fn take_seat(&mut self, address: Address) -> Option<(Arc<str>, u32)> {
        let socket = self.peers.get_mut(address.peer as usize).and_then(Peer::socket)?;
        let entry = socket.entry(address.conversation)?;
        Some((Arc::clone(&entry.topic), entry.seat.take()?))
    }

    /// PubSub forgets a channel that has ended.
    pub(crate) fn forget(&mut self, number: u64) {
        if let Some(seat) = self.afterlife.seats.remove(&number) {
            self.pubsub.unsubscribe(&seat.topic, seat.place);
        }
    }

    /// The same for all of a connection that ends: its place may be another's next.
    pub(crate) fn forget_all(&mut self, peer: u32) {
        let numbers: Vec<u64> = self
            .afterlife
            .seats
            .iter()
            .filter_map(|(number, seat)| (seat.of.peer == peer).then_some(*number))
            .collect();
        for number in numbers {
            self.forget(number);
        }
    }
}
