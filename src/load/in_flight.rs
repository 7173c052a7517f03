//! Counts the pushes that wait for their replies, and how long they have waited in all: by Little's law, that time must
//! be the number of replies times their mean latency.

use crate::clock::Time;

/// The pushes of a shard that wait for a reply.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InFlight {
    count: u64,
    since: Time,
    micros: u64,
}

impl InFlight {
    /// How many wait.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// A push was sent.
    pub(super) fn add(&mut self, now: Time) {
        self.pass(now);
        self.count += 1;
    }

    /// A push waits no longer.
    pub(super) fn remove(&mut self, now: Time) {
        self.pass(now);
        self.count = self.count.saturating_sub(1);
    }

    /// No push waits any longer. Returns how many did.
    pub(super) fn clear(&mut self, now: Time) -> u64 {
        self.pass(now);
        std::mem::take(&mut self.count)
    }

    /// Takes the microseconds that all of them have waited together since the last call.
    pub(super) fn take_micros(&mut self, now: Time) -> u64 {
        self.pass(now);
        std::mem::take(&mut self.micros)
    }

    fn pass(&mut self, now: Time) {
        self.micros += self.count * now.as_micros().saturating_sub(self.since.as_micros());
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_flight_is_that_of_all_pushes_together() {
        let at = Time::from_micros;
        let mut pushes = InFlight::default();
        pushes.add(at(10));
        pushes.add(at(20));
        pushes.remove(at(50));
        assert_eq!(pushes.take_micros(at(60)), 10 + 2 * 30 + 10);
        assert_eq!((pushes.clear(at(70)), pushes.count()), (1, 0));
        assert_eq!(pushes.take_micros(at(99)), 10);
    }
}
