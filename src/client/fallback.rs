//! The choice of a client that falls back from WebSocket to long poll, as phoenix.js does with `longPollFallbackMs`.

use std::time::Duration;

use crate::clock::Time;

/// A client that has not chosen yet: its WebSocket is being opened, or is open and has not answered the health ping.
///
/// The client stays on the WebSocket once the ping is answered. It falls back when a deadline has passed, and when the WebSocket
/// fails. There it differs from phoenix.js up to 1.8.16: after a WebSocket that opened and failed at once, phoenix.js opens the
/// next one for ever.
#[derive(Clone, Copy, Debug)]
pub struct Fallback {
    after: Duration,
    stage: HealthCheck,
}

/// How far the WebSocket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthCheck {
    /// The client began to open the WebSocket at this time.
    Opening(Time),
    /// The client sent the health ping at this time.
    Pinged(Time),
}

impl Fallback {
    /// The WebSocket is being opened. It has `after` to open, and then as long again to answer the ping.
    pub fn begin(after: Duration, now: Time) -> Self {
        Self {
            after,
            stage: HealthCheck::Opening(now),
        }
    }

    /// The WebSocket is open, and the ping is being sent.
    pub fn opened(&mut self, now: Time) {
        self.stage = HealthCheck::Pinged(now);
    }

    /// The ping was answered. Returns how long that took; nothing if no ping was sent.
    pub fn answered(&self, now: Time) -> Option<Duration> {
        match self.stage {
            HealthCheck::Opening(_) => None,
            HealthCheck::Pinged(at) => Some(now.since(at)),
        }
    }

    /// How far the WebSocket has come.
    pub fn stage(&self) -> HealthCheck {
        self.stage
    }

    /// How long each stage may take.
    pub fn after(&self) -> Duration {
        self.after
    }

    /// When the client falls back unless something happens before.
    pub fn deadline(&self) -> Time {
        match self.stage {
            HealthCheck::Opening(since) | HealthCheck::Pinged(since) => since + self.after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_millis(500);

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn opening_and_the_ping_have_as_long_each() {
        let mut fallback = Fallback::begin(AFTER, at(10));
        assert_eq!(fallback.deadline(), at(510));
        fallback.opened(at(400));
        assert_eq!(fallback.deadline(), at(900));
        assert_eq!(fallback.stage(), HealthCheck::Pinged(at(400)));
    }

    #[test]
    fn the_delay_of_the_ping_is_measured_from_when_it_was_sent() {
        let mut fallback = Fallback::begin(AFTER, at(0));
        assert_eq!(fallback.answered(at(100)), None);
        fallback.opened(at(100));
        assert_eq!(fallback.answered(at(250)), Some(Duration::from_millis(150)));
    }
}
