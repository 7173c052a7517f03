//! The timer wheel of a shard. It stores hints rather than deadlines: the deadline is part of the client's state, and
//! a hint that goes off early is set again. Therefore timers are never cancelled, and a timer costs four bytes.

use std::time::Duration;

use crate::clock::Time;

/// Length of a tick in microseconds, as a power of two: 8.2 ms.
const TICK_SHIFT: u32 = 13;
const SLOTS: u32 = 4096;
const WORDS: u32 = SLOTS / 64;
/// Waits of at least this many grid lengths are rounded to the grid; relative to the wait, the error is small.
const FAR: u32 = 64;

/// A tick of the wheel. Each client keeps the tick of its hint, so it does not set a second hint for a later time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(u32);

impl Tick {
    /// No hint is set.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// The first tick that is not before `at`.
    pub(super) fn of(at: Time) -> Self {
        let ticks = (at.as_micros().saturating_add((1 << TICK_SHIFT) - 1)) >> TICK_SHIFT;
        Self(u32::try_from(ticks).unwrap_or(u32::MAX - 1).min(u32::MAX - 1))
    }

    fn time(self) -> Time {
        Time::from_micros(u64::from(self.0) << TICK_SHIFT)
    }
}

/// Timer hints: which socket to look at, and when.
pub(super) struct Wheel {
    slots: Box<[Vec<u32>]>,
    /// A bit for each slot that is not empty.
    filled: [u64; WORDS as usize],
    /// All ticks before this one have been handled.
    next: Tick,
    /// Hints in the far future go off at multiples of this many ticks.
    grid: u32,
    due: Vec<u32>,
}

impl Wheel {
    /// An empty wheel that starts now. Hints that are far in the future, compared with `grid`, go off together at
    /// multiples of it.
    pub(super) fn new(now: Time, grid: Duration) -> Self {
        let grid = u32::try_from(grid.as_micros() >> TICK_SHIFT).unwrap_or(u32::MAX);
        Self {
            grid: grid.clamp(1, SLOTS / FAR),
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            filled: [0; WORDS as usize],
            next: Tick::of(now),
            due: Vec::new(),
        }
    }

    /// Sets a hint to look at `who` at `at`. Returns the tick at which it goes off, which is earlier if the wheel is
    /// too small for the wait.
    pub(super) fn set(&mut self, at: Time, who: u32) -> Tick {
        let furthest = self.next.0.saturating_add(SLOTS - 1);
        let exact = Tick::of(at).0.clamp(self.next.0, furthest);
        let is_far = exact - self.next.0 >= FAR * self.grid;
        let tick = if is_far {
            Tick(exact.next_multiple_of(self.grid).min(furthest))
        } else {
            Tick(exact)
        };
        let slot = (tick.0 % SLOTS) as usize;
        self.slots[slot].push(who);
        self.filled[slot / 64] |= 1 << (slot % 64);
        tick
    }

    /// When the next hint goes off.
    pub(super) fn next(&self) -> Option<Time> {
        let start = self.next.0 % SLOTS;
        let ahead = (0..=WORDS).find_map(|step| {
            let word = (start / 64 + step) % WORDS;
            let filled = self.filled[word as usize];
            let bits = match step {
                0 => filled & (u64::MAX << (start % 64)),
                WORDS => filled & !(u64::MAX << (start % 64)),
                _ => filled,
            };
            (bits != 0).then(|| (word * 64 + bits.trailing_zeros() + SLOTS - start) % SLOTS)
        });
        ahead.map(|ahead| Tick(self.next.0.saturating_add(ahead)).time())
    }

    /// Takes all hints that are due by `now`. Return the list with [`Wheel::done`] to reuse its memory.
    pub(super) fn due(&mut self, now: Time) -> Vec<u32> {
        let mut due = std::mem::take(&mut self.due);
        let until = u32::try_from(now.as_micros() >> TICK_SHIFT)
            .unwrap_or(u32::MAX - 1)
            .min(u32::MAX - 1);
        let behind = until.saturating_add(1).saturating_sub(self.next.0);
        for _ in 0..behind.min(SLOTS) {
            let slot = (self.next.0 % SLOTS) as usize;
            due.append(&mut self.slots[slot]);
            self.filled[slot / 64] &= !(1 << (slot % 64));
            self.next.0 += 1;
        }
        self.next.0 = self.next.0.max(until.saturating_add(1));
        due
    }

    /// Returns the list of [`Wheel::due`] for reuse.
    pub(super) fn done(&mut self, mut due: Vec<u32>) {
        due.clear();
        self.due = due;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most that a hint may be late.
    const PRECISION: Duration = Duration::from_micros(1 << TICK_SHIFT);

    fn millis(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    #[test]
    fn a_hint_goes_off_not_before_its_time_and_at_most_a_tick_later() {
        let mut wheel = Wheel::new(Time::ZERO, Duration::ZERO);
        wheel.set(millis(100), 7);
        let at = wheel.next().unwrap();
        assert!(at >= millis(100) && at <= millis(100) + PRECISION);
        assert!(wheel.due(millis(99)).is_empty());
        assert_eq!(wheel.due(at), [7]);
        assert_eq!(wheel.next(), None);
    }

    #[test]
    fn a_wait_longer_than_the_wheel_goes_off_early() {
        let mut wheel = Wheel::new(Time::ZERO, Duration::ZERO);
        wheel.set(millis(3_600_000), 1);
        let at = wheel.next().unwrap();
        assert!(at < millis(40_000) && at > millis(30_000));
        assert_eq!(wheel.due(at), [1]);
    }

    #[test]
    fn what_is_far_off_goes_off_together_and_what_is_near_on_its_own() {
        let grid = Duration::from_micros(4 << TICK_SHIFT);
        let mut wheel = Wheel::new(Time::ZERO, grid);
        let far = Time::ZERO + grid * (FAR + 1);
        let ticks: Vec<Tick> = (0..4).map(|n| wheel.set(far + PRECISION * n, n)).collect();
        assert!(ticks[1..].iter().all(|tick| *tick == ticks[1]), "{ticks:?}");
        assert!(ticks[1].time() >= far + PRECISION * 3 && ticks[1].time() <= far + grid);
        assert_ne!(wheel.set(millis(40), 8), wheel.set(millis(60), 9));
    }

    #[test]
    fn a_long_sleep_loses_nothing() {
        let mut wheel = Wheel::new(Time::ZERO, Duration::ZERO);
        wheel.set(millis(50), 1);
        wheel.set(millis(20_000), 2);
        assert_eq!(wheel.due(millis(10_000_000)), [1, 2]);
        wheel.set(millis(1), 3);
        assert_eq!(wheel.due(millis(10_000_020)), [3]);
    }

    proptest! {
        #[test]
        fn every_hint_goes_off_once_in_time(
            waits in prop::collection::vec(0_u64..30_000, 1..40),
            steps in prop::collection::vec(1_u64..5_000, 1..40),
        ) {
            let mut wheel = Wheel::new(Time::ZERO, Duration::ZERO);
            for (who, wait) in (0..).zip(&waits) {
                wheel.set(millis(*wait), who);
            }
            let mut now = 0;
            let mut seen = vec![0; waits.len()];
            for step in steps {
                now += step;
                let due = wheel.due(millis(now));
                for &who in &due {
                    seen[who as usize] += 1;
                    prop_assert!(waits[who as usize] <= now);
                }
                wheel.done(due);
                for (who, wait) in waits.iter().enumerate() {
                    let late = millis(*wait) + PRECISION <= millis(now);
                    prop_assert!(seen[who] == 1 || !late, "{} of {}", wait, now);
                }
            }
            prop_assert!(seen.iter().all(|times| *times <= 1));
        }
    }
}
