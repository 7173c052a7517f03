//! Time as a plain number, and the one place that reads the clock.
//! Everything below `transport/` gets a [`Time`] as an argument, so that tests decide what time it is.

use std::ops::{Add, Sub};
use std::time::{Duration, Instant, SystemTime};

/// A moment: microseconds since the [`Clock`] was started. Eight bytes, as a million sockets keep several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The moment at which the clock started.
    pub const ZERO: Self = Self(0);

    /// Later than anything that will happen.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The whole second that this is in, or at the begin of.
    pub const fn whole_second(self) -> Self {
        Self(self.0 - self.0 % 1_000_000)
    }

    /// The begin of the next second.
    pub const fn next_second(self) -> Self {
        Self(self.whole_second().0 + 1_000_000)
    }

    /// How long ago `earlier` was; nothing if it is still to come.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

/// Reads the time. Whoever does I/O owns one (or a copy: all copies agree).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts at [`Time::ZERO`] now.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn now(&self) -> Time {
        Time::ZERO + Instant::now().duration_since(self.start)
    }

    /// The [`Instant`] of a [`Time`], for timers of an async runtime.
    pub fn instant(&self, at: Time) -> Instant {
        self.start + Duration::from_micros(at.as_micros())
    }
}

/// The calendar time now, for reports and tokens.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn wall_clock() -> SystemTime {
    SystemTime::now()
}
