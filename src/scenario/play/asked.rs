//! How long each wait of a play goes on: its timeout, and on top what the scenario itself asked the server for, and what
//! is still on its way.

use std::time::Duration;

use serde_json::Value;

use super::Play;
use super::wait::{Wait, WaitKind};
use crate::clock::Time;

/// The members of a payload by which a scenario asks the server to wait once, in milliseconds.
const ONCE: [&str; 2] = ["ms", "delay_ms"];

/// The member by which it asks for a push again and again.
const AGAIN: &str = "ping_ms";

/// A larger number is not meant as a time to wait.
const LONGEST_ASKED: u64 = 60_000;

/// A line carries at least so much in a round trip: the largest window of TCP without its options.
const WINDOW: usize = 64 << 10;

/// What a server on a busy machine may take to handle so much.
const LEAST_FOR_WINDOW: Duration = Duration::from_millis(100);

/// A message that comes byte by byte is waited for no longer than this, or so many timeouts, whichever is longer.
const LONGEST_TRICKLE: Duration = Duration::from_secs(60);
const LONGEST_TRICKLE_TIMEOUTS: u32 = 12;

/// What a play has asked the server to do that takes time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// When the server is done with it, if it does one thing after another.
    until: Time,
    /// The longest interval of a timer that pushes.
    every: Duration,
    /// When something was sent last.
    sent: Time,
}

impl Asked {
    /// A payload is sent.
    pub(super) fn send(&mut self, payload: &Value, now: Time) {
        let asked = |name| {
            let number = payload.get(name).and_then(Value::as_u64);
            Duration::from_millis(
                number
                    .filter(|number| *number <= LONGEST_ASKED)
                    .unwrap_or_default(),
            )
        };
        let once = ONCE.into_iter().map(asked).sum();
        self.add(once, now);
        self.every = self.every.max(asked(AGAIN));
    }

    /// So many bytes are sent, which may come back.
    pub(super) fn transfer(&mut self, bytes: usize, round_trip: Duration, now: Time) {
        self.sent = now;
        let windows = u32::try_from(bytes / WINDOW).unwrap_or(u32::MAX);
        self.add(round_trip.max(LEAST_FOR_WINDOW).saturating_mul(windows), now);
    }

    fn add(&mut self, time: Duration, now: Time) {
        if !time.is_zero() {
            self.until = self.until.max(now) + time;
        }
    }

    /// When all that was sent has reached the server, and what it said at once the client.
    pub(super) fn settled(&self, round_trip: Duration) -> Time {
        self.sent + round_trip
    }

    pub(super) const fn until(&self) -> Time {
        self.until
    }
}

impl Play {
    /// When a wait is over. What the scenario asked the server for comes on top of the timeout; and a message that is
    /// still coming is waited for as long as its bytes come, within bounds.
    pub(super) fn deadline_of(&self, wait: &Wait) -> Time {
        let within = match wait.kind {
            WaitKind::Pause | WaitKind::Silence => return wait.begun + wait.within,
            WaitKind::Message => wait.within + self.asked.every,
            _ => wait.within,
        };
        let from = wait.begun.max(self.asked.until);
        let longest = LONGEST_TRICKLE.max(within * LONGEST_TRICKLE_TIMEOUTS);
        let link = wait.actor.and_then(|actor| self.links[actor].as_ref());
        let moved = link.map_or(Time::ZERO, |link| link.moved);
        (from.max(moved) + within).min(from + longest)
    }

    /// How long a wait went on, in words.
    pub(super) fn waited(&self, wait: &Wait) -> String {
        let timeout = humantime::format_duration(wait.within);
        let beyond = self.asked.until.since(wait.begun) + self.asked.every;
        if beyond.is_zero() {
            return timeout.to_string();
        }
        let beyond = Duration::from_millis(u64::try_from(beyond.as_millis()).unwrap_or(u64::MAX));
        format!(
            "{timeout} beyond the {} that the scenario itself takes",
            humantime::format_duration(beyond)
        )
    }
}
