//! Computes how long each wait may take: its timeout, plus the time that the scenario asked the server to
//! wait, plus the time for messages that are still in transfer.

use std::time::Duration;

use serde_json::Value;

use super::Play;
use super::wait::{Wait, WaitKind};
use crate::clock::Time;

/// The members of a payload that ask the server to wait once, in milliseconds.
const ONCE: [&str; 2] = ["ms", "delay_ms"];

/// The member of a payload that asks the server to push repeatedly, with an interval in milliseconds.
const AGAIN: &str = "ping_ms";

/// A larger number is not taken as a time.
const LONGEST_ASKED: u64 = 60_000;

/// The bytes that a connection carries at least in one round trip: the largest TCP window without options.
const WINDOW: usize = 64 << 10;

/// How long a server on a busy machine may take to handle that many bytes.
const LEAST_FOR_WINDOW: Duration = Duration::from_millis(100);

/// The limit for a message that arrives slowly: this time or this many timeouts, whichever is longer.
const LONGEST_TRICKLE: Duration = Duration::from_secs(60);
const LONGEST_TRICKLE_TIMEOUTS: u32 = 12;

/// What the play has asked the server to do that takes time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// When the server has finished what it was asked for, if it does one thing after another.
    until: Time,
    /// The longest interval of a timer that pushes.
    every: Duration,
    /// When the play sent something last.
    sent: Time,
}

impl Asked {
    /// Takes note of a payload that is sent.
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

    /// Takes note of this many bytes that are sent, because the server may send them back.
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

    /// When everything that was sent has reached the server, and its immediate replies have reached the
    /// client.
    pub(super) fn settled(&self, round_trip: Duration) -> Time {
        self.sent + round_trip
    }

    pub(super) const fn until(&self) -> Time {
        self.until
    }
}

impl Play {
    /// When a wait times out: the timeout plus what the scenario asked the server for. While the bytes of a
    /// message keep arriving, the wait goes on, up to a limit.
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

    /// How long a wait took, in words.
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
