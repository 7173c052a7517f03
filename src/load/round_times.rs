//! Measures how long rounds take, and decides whether the server or the number of sockets delays a send.
//!
//! In an open model, a send waits while all sockets are busy. If the sockets are busy because the scenario sleeps or
//! because they wait for the server as long as usual, the run has too few sockets, and the wait is recorded as
//! `waited`. If the server has kept a socket longer than usual, the socket is behind by that time. Delays of later
//! sends that this causes stay in their latency, so a stall remains visible (no coordinated omission).

use std::ops::Range;
use std::time::Duration;

use crate::clock::Time;

/// The server keeps a socket unusually long only if a round takes this much longer than usual.
const MARGIN: Duration = Duration::from_millis(5);
/// It must also take this many times as long.
const TIMES: u32 = 4;

/// The rounds of the sockets of a lane. Without sockets, it measures nothing.
#[derive(Debug, Default)]
pub(super) struct RoundTimes {
    first: u32,
    rounds: Box<[Round]>,
    /// The usual time that the server takes in a round: about the median.
    usual: Option<Duration>,
}

/// The current round of a socket; lengths are in microseconds.
#[derive(Clone, Copy, Debug)]
struct Round {
    begun: Time,
    asleep: Time,
    slept: u32,
    /// How far the socket is behind because of the server, since it was last free.
    behind: u32,
    /// How much earlier than its start the round counts from; its first push takes the value.
    held_up: u32,
}

impl Round {
    const NONE: Self = Self {
        begun: Time::MAX,
        asleep: Time::MAX,
        slept: 0,
        behind: 0,
        held_up: 0,
    };

    /// How much of the round so far was spent waiting for the server.
    fn of_server(&self, now: Time) -> Duration {
        let asleep = match self.asleep {
            Time::MAX => Duration::ZERO,
            since => now.since(since),
        };
        now.since(self.begun).saturating_sub(micros(self.slept) + asleep)
    }
}

fn micros(number: u32) -> Duration {
    Duration::from_micros(number.into())
}

fn small(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

impl RoundTimes {
    /// Rounds of sockets that have not begun one.
    pub(super) fn new(ids: Range<u32>) -> Self {
        Self {
            first: ids.start,
            rounds: vec![Round::NONE; ids.len()].into(),
            usual: None,
        }
    }

    /// These sockets are in no round any more.
    pub(super) fn forget(&mut self, ids: &Range<u32>) {
        for id in ids.clone() {
            if let Some(round) = self.round(id) {
                *round = Round::NONE;
            }
        }
    }

    fn round(&mut self, id: u32) -> Option<&mut Round> {
        self.rounds.get_mut(id.checked_sub(self.first)? as usize)
    }

    /// A free socket begins a round that was due `late` ago.
    pub(super) fn begin(&mut self, id: u32, now: Time, late: Duration) {
        if let Some(round) = self.round(id) {
            *round = Round {
                begun: now,
                held_up: small(late),
                ..Round::NONE
            };
        }
    }

    /// A socket begins a round that has waited for a free socket. Returns how much of the wait was caused by too few
    /// sockets; the rest stays in the latency.
    pub(super) fn begin_waiting(&mut self, id: u32, now: Time, wait: Duration) -> Duration {
        let Some(round) = self.round(id) else {
            return Duration::ZERO;
        };
        let held_up = micros(round.behind).min(wait);
        let waited = wait - held_up;
        *round = Round {
            begun: now,
            held_up: small(held_up),
            // With too few sockets, a socket never catches up. The delay of a stall must not be attributed again in
            // every round.
            behind: if waited.is_zero() { round.behind } else { 0 },
            ..Round::NONE
        };
        waited
    }

    /// How much earlier than its start the first push of a round counts from.
    pub(super) fn take_held_up(&mut self, id: u32) -> Duration {
        let held_up = self.round(id).map(|round| std::mem::take(&mut round.held_up));
        micros(held_up.unwrap_or_default())
    }

    /// The scenario starts a sleep.
    pub(super) fn sleep(&mut self, id: u32, now: Time) {
        if let Some(round) = self.round(id) {
            round.asleep = now;
        }
    }

    /// The socket continues, if it slept.
    pub(super) fn wake(&mut self, id: u32, now: Time) {
        if let Some(round) = self.round(id)
            && round.asleep != Time::MAX
        {
            round.slept = round.slept.saturating_add(small(now.since(round.asleep)));
            round.asleep = Time::MAX;
        }
    }

    /// Ends the round of a socket, if it was in one. Returns its length without unusual delays.
    pub(super) fn end(&mut self, id: u32, now: Time) -> Option<Duration> {
        let round = self.round(id)?;
        if round.begun == Time::MAX {
            return None;
        }
        let (server, slept) = (round.of_server(now), micros(round.slept));
        round.begun = Time::MAX;
        let unusual = self.unusual(server);
        self.learn(server);
        if let Some(round) = self.round(id) {
            round.behind = round.behind.saturating_add(small(unusual));
        }
        Some(slept + (server - unusual))
    }

    /// How much longer than usual this is, if it is unusual.
    fn unusual(&self, server: Duration) -> Duration {
        let usual = self.usual.unwrap_or(server);
        if server > (usual * TIMES).max(usual + MARGIN) {
            server - usual
        } else {
            Duration::ZERO
        }
    }

    /// Moves the usual time by a small step towards the measurement, so that it converges to the median.
    fn learn(&mut self, server: Duration) {
        let usual = *self.usual.get_or_insert(server);
        let step = (usual / 16).max(Duration::from_micros(1));
        self.usual = Some(if server > usual {
            (usual + step).min(server)
        } else {
            usual.saturating_sub(step).max(server)
        });
    }

    /// Whether the server currently keeps most of the busy sockets unusually long.
    pub(super) fn are_held_up(&self, now: Time) -> bool {
        let busy = self.rounds.iter().filter(|round| round.begun != Time::MAX);
        let (mut all, mut held_up) = (0_usize, 0_usize);
        for round in busy {
            all += 1;
            let unusual = match self.usual {
                Some(_) => self.unusual(round.of_server(now)),
                // No round has ended yet: only the length of the current round is known.
                None => round.of_server(now).saturating_sub(MARGIN),
            };
            held_up += usize::from(!unusual.is_zero());
        }
        held_up * 2 > all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Plays a round of one reply and one sleep; returns when it ended.
    fn round(times: &mut RoundTimes, id: u32, begin: u64, answer: u64, sleep: u64) -> u64 {
        times.sleep(id, at(begin + answer));
        let end = begin + answer + sleep;
        times.wake(id, at(end));
        assert!(times.end(id, at(end)).is_some());
        end
    }

    /// A socket whose server usually takes 2 ms, at the end of its last round.
    fn used_to_2_ms() -> (RoundTimes, u64) {
        let mut times = RoundTimes::new(7..9);
        let mut now = 0;
        for _ in 0..20 {
            times.begin(7, at(now), Duration::ZERO);
            now = round(&mut times, 7, now, 2, 100);
        }
        (times, now)
    }

    #[test]
    fn a_wait_for_somebody_who_sleeps_is_the_swarms() {
        let (mut times, now) = used_to_2_ms();
        assert_eq!(times.begin_waiting(7, at(now), ms(80)), ms(80));
        assert_eq!(times.take_held_up(7), Duration::ZERO);
    }

    #[test]
    fn a_wait_for_a_server_that_stalls_is_the_servers_also_after_the_sleep() {
        let (mut times, now) = used_to_2_ms();
        times.begin(7, at(now), Duration::ZERO);
        let now = round(&mut times, 7, now, 2002, 100);
        // It became due while the server stalled.
        assert_eq!(times.begin_waiting(7, at(now), ms(1700)), Duration::ZERO);
        assert_eq!(times.take_held_up(7), ms(1700));
        assert_eq!(times.take_held_up(7), Duration::ZERO);
        // The next round is still late because of the stall.
        let now = round(&mut times, 7, now, 2, 100);
        assert_eq!(times.begin_waiting(7, at(now), ms(1650)), Duration::ZERO);
        // A wait beyond the stall is not.
        let now = round(&mut times, 7, now, 2, 100);
        assert_eq!(times.begin_waiting(7, at(now), ms(2500)), ms(500));
        assert_eq!(times.take_held_up(7), ms(2000));
    }

    #[test]
    fn who_was_free_has_caught_up() {
        let (mut times, now) = used_to_2_ms();
        times.begin(7, at(now), Duration::ZERO);
        let now = round(&mut times, 7, now, 2002, 100);
        times.begin(7, at(now), ms(1));
        assert_eq!(times.take_held_up(7), ms(1));
        let now = round(&mut times, 7, now, 2, 100);
        assert_eq!(times.begin_waiting(7, at(now), ms(10)), ms(10));
    }

    #[test]
    fn a_server_that_is_always_slow_is_as_usual_and_its_rounds_have_their_length() {
        let mut times = RoundTimes::new(0..1);
        times.begin(0, at(0), Duration::ZERO);
        times.sleep(0, at(300));
        times.wake(0, at(1300));
        assert_eq!(times.end(0, at(1300)), Some(ms(1300)));
        assert_eq!(times.end(0, at(1400)), None, "it is in no round");
        assert_eq!(times.begin_waiting(0, at(1300), ms(500)), ms(500));
    }

    #[test]
    fn a_stall_does_not_make_rounds_longer() {
        let (mut times, now) = used_to_2_ms();
        times.begin(7, at(now), Duration::ZERO);
        times.sleep(7, at(now + 3000));
        times.wake(7, at(now + 3100));
        assert_eq!(times.end(7, at(now + 3100)), Some(ms(102)));
    }

    #[test]
    fn a_server_that_stalls_is_seen_before_any_round_ends() {
        let (mut times, now) = used_to_2_ms();
        times.begin(7, at(now), Duration::ZERO);
        assert!(!times.are_held_up(at(now + 3)) && times.are_held_up(at(now + 500)));
        times.sleep(7, at(now + 2));
        assert!(!times.are_held_up(at(now + 90)));
    }
}
