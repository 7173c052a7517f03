//! Records when a connection last sent and received a frame, to know how long it was idle when it was lost.

use std::time::Duration;

use crate::clock::Time;

/// When a connection last sent and received bytes, in milliseconds. Each time takes four bytes, because there may be
/// a million sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    heard: u32,
    spoke: u32,
    spoke_before: u32,
}

impl Traffic {
    /// A frame that is sent this shortly before the loss of a connection may have crossed with the cut.
    const CROSSED: u32 = 300;

    #[expect(clippy::cast_possible_truncation, reason = "it goes round after 49 days")]
    const fn millis(at: Time) -> u32 {
        (at.as_micros() / 1000) as u32
    }

    /// The connection opened now.
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

    /// How long the connection was idle in both directions if it is lost now.
    pub(super) fn quiet(self, now: Time) -> Duration {
        let heard = Self::millis(now).wrapping_sub(self.heard);
        self.unspoken(now).min(Duration::from_millis(heard.into()))
    }

    /// How long the client has sent nothing if the connection is lost now.
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
        // A connection that sends all the time is not idle.
        (0..100).for_each(|number| traffic.speak(at(40_000 + number * 100)));
        assert!(traffic.quiet(at(50_000)) < Duration::from_millis(300));
    }
}
