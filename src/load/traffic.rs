//! When a connection last sent and received a frame: it tells how long a connection had been silent when it was lost.

use std::time::Duration;

use crate::clock::Time;

/// When the last bytes of a connection came and went, in milliseconds: four bytes each, as a million sockets have these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    heard: u32,
    spoke: u32,
    spoke_before: u32,
}

impl Traffic {
    /// What goes out so shortly before a connection is lost may have met a connection that was cut already.
    const CROSSED: u32 = 300;

    #[expect(clippy::cast_possible_truncation, reason = "it goes round after 49 days")]
    const fn millis(at: Time) -> u32 {
        (at.as_micros() / 1000) as u32
    }

    /// The connection is open since now.
    pub(super) const fn since(now: Time) -> Self {
        let now = Self::millis(now);
        Self {
            heard: now,
            spoke: now,
            spoke_before: now,
        }
    }

    pub(super) const fn hear(&mut self, now: Time) {
        self.heard = Self::millis(now);
    }

    pub(super) const fn speak(&mut self, now: Time) {
        self.spoke_before = self.spoke;
        self.spoke = Self::millis(now);
    }

    /// How long nothing went to and fro when the connection was lost now.
    pub(super) fn quiet(self, now: Time) -> Duration {
        let heard = Self::millis(now).wrapping_sub(self.heard);
        self.unspoken(now).min(Duration::from_millis(heard.into()))
    }

    /// How long the client had sent nothing when the connection was lost now.
    pub(super) fn unspoken(self, now: Time) -> Duration {
        let now = Self::millis(now);
        let since = |then: u32| now.wrapping_sub(then);
        let spoke = match since(self.spoke) {
            crossed if crossed < Self::CROSSED => since(self.spoke_before),
            earlier => earlier,
        };
        Duration::from_millis(spoke.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_that_met_the_cut_does_not_hide_how_long_it_was_quiet() {
        let at = |millis: u64| Time::from_micros(millis * 1000);
        let mut traffic = Traffic::since(at(1000));
        traffic.speak(at(2000));
        traffic.hear(at(2001));
        traffic.speak(at(32_000));
        assert_eq!(traffic.quiet(at(32_040)), Duration::from_millis(30_039));
        assert_eq!(traffic.unspoken(at(32_040)), Duration::from_millis(30_040));
        // A connection that speaks all the time is not quiet.
        (0..100).for_each(|number| traffic.speak(at(40_000 + number * 100)));
        assert!(traffic.quiet(at(50_000)) < Duration::from_millis(300));
    }
}
