//! Schedules the sends of one scenario in one shard for an open model: when each is due, and which socket makes it.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use super::pace::{Dues, Pacing, RateStage, Stream};
use super::role::SenderSelection;
use super::round_times::RoundTimes;
use super::settings::{LoadSettings, Schedule};
use super::steering::NewRate;
use crate::clock::Time;

/// The most rounds that may wait for a free socket. Further rounds are dropped and make the run invalid.
const MOST_WAITING: usize = 1 << 20;
/// How many sockets are tried before a send is dropped.
const ASKED: usize = 64;

/// The send schedule of a scenario.
pub(super) struct Lane {
    dues: Option<Dues>,
    /// Sockets that can send.
    pushers: Vec<u32>,
    /// How many of them there are at the moment.
    present: usize,
    sender_selection: SenderSelection,
    next_pusher: usize,
    /// Due rounds that wait for a free socket.
    waiting: VecDeque<Time>,
    /// Sockets that are free to begin a round.
    idle: VecDeque<u32>,
    /// How long rounds take; empty where a send never waits for a free socket.
    pub(super) times: RoundTimes,
}

/// A round that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// How long after its intended time it begins.
    pub(super) late: Duration,
    /// The part of that delay that is caused by too few sockets.
    pub(super) waited: Duration,
}

/// The sends that still waited for a free socket when the load ended. They are never sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NeverSent {
    /// The time at which each was due.
    pub(super) due: Vec<Time>,
    /// Whether the server kept the sockets busy, rather than the scenario.
    pub(super) held_up: bool,
}

impl Lane {
    pub(super) fn new(pushers: Vec<u32>, sender_selection: SenderSelection) -> Self {
        Self {
            dues: None,
            present: pushers.len(),
            pushers,
            sender_selection,
            next_pusher: 0,
            waiting: VecDeque::new(),
            idle: VecDeque::new(),
            times: RoundTimes::default(),
        }
    }

    /// Measures the rounds of these sockets.
    pub(super) fn time_rounds(&mut self, ids: Range<u32>) {
        self.times = RoundTimes::new(ids);
    }

    /// Starts an open model. This lane makes `part` of all sends, and `stream` says which of those are this shard's.
    pub(super) fn begin(&mut self, settings: &LoadSettings, start: Time, part: f64, stream: Option<Stream>) {
        let follows_sockets = matches!(settings.schedule, Schedule::PerSocket(_));
        let stream = match self.sender_selection {
            _ if follows_sockets => stream,
            SenderSelection::All => stream,
            SenderSelection::One => stream
                .filter(|it| it.number == 0)
                .map(|_| Stream { number: 0, of: 1 }),
        };
        let seed = settings.seed ^ 0x5eed;
        if let (Schedule::PerSocket(_), Some(stream)) = (&settings.schedule, stream) {
            self.dues = Some(Dues::new(start, Vec::new(), Pacing::Even, stream, seed));
        }
        if let (Schedule::Open(stages, pacing), Some(stream)) = (&settings.schedule, stream) {
            let stages = stages.iter().map(|stage| RateStage {
                rate: stage.rate * part,
                ..*stage
            });
            self.dues = Some(Dues::new(start, stages.collect(), *pacing, stream, seed));
        }
    }

    /// From now on only the sockets below this number can send.
    pub(super) fn limit(&mut self, end: u32) {
        self.present = self.pushers.partition_point(|id| *id < end);
    }

    /// These sockets are gone.
    pub(super) fn forget(&mut self, ids: &Range<u32>) {
        self.idle.retain(|id| !ids.contains(id));
        self.times.forget(ids);
    }

    /// From now on this lane makes so many sends a second.
    pub(super) fn retune(&mut self, now: Time, sends_per_s: f64) {
        if let Some(dues) = &mut self.dues {
            dues.retune(now, sends_per_s);
        }
    }

    /// From `at` on, all lanes together make so many sends a second, and this one its part.
    pub(super) fn change(&mut self, new: NewRate, part: f64) {
        if let Some(dues) = &mut self.dues {
            dues.change(new.at, new.sends_per_s * part);
        }
    }

    /// Ends the open model; returns the sends that never found a free socket.
    pub(super) fn end(&mut self, now: Time) -> NeverSent {
        self.dues = None;
        let due: Vec<Time> = self.waiting.drain(..).collect();
        NeverSent {
            held_up: !due.is_empty() && self.times.are_held_up(now),
            due,
        }
    }

    /// When the next send is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.dues.as_ref().and_then(Dues::next)
    }

    /// Takes a due send.
    pub(super) fn take(&mut self, now: Time) -> Option<Time> {
        self.dues.as_mut()?.take(now)
    }

    /// The next socket, in turn, that can send.
    pub(super) fn next_pusher(&mut self, can: impl Fn(u32) -> bool) -> Option<u32> {
        let pushers = &self.pushers[..self.present];
        for _ in 0..pushers.len().min(ASKED) {
            let id = pushers[self.next_pusher % pushers.len()];
            let can = can(id);
            if !can || self.sender_selection == SenderSelection::All {
                self.next_pusher = (self.next_pusher + 1) % pushers.len();
            }
            if can {
                return Some(id);
            }
        }
        None
    }

    /// Begins the round that has waited longest for a free socket. If none waits, the socket becomes free.
    pub(super) fn round_for(&mut self, id: u32, now: Time) -> Option<Turn> {
        let Some(intended) = self.waiting.pop_front() else {
            self.idle.push_back(id);
            return None;
        };
        let late = now.since(intended);
        let waited = self.times.begin_waiting(id, now, late);
        Some(Turn { late, waited })
    }

    /// Begins a due round on a free socket, if there is one.
    pub(super) fn begin_with_free(&mut self, intended: Time, now: Time) -> Option<(u32, Turn)> {
        let id = self.idle.pop_front()?;
        let late = now.since(intended);
        self.times.begin(id, now, late);
        let waited = Duration::ZERO;
        Some((id, Turn { late, waited }))
    }

    /// Queues a round until a socket is free; returns whether there was room.
    pub(super) fn keep(&mut self, intended: Time) -> bool {
        let has_room = self.waiting.len() < MOST_WAITING;
        if has_room {
            self.waiting.push_back(intended);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    fn lane() -> Lane {
        let mut lane = Lane::new(vec![3], SenderSelection::All);
        lane.time_rounds(3..4);
        lane
    }

    #[test]
    fn a_send_waits_for_the_sleep_of_the_only_socket_and_no_other_is_lost() {
        let mut lane = lane();
        assert_eq!(lane.round_for(3, at(0)), None);
        let at_once = Turn {
            late: Duration::ZERO,
            waited: Duration::ZERO,
        };
        assert_eq!(lane.begin_with_free(at(0), at(0)), Some((3, at_once)));
        lane.times.sleep(3, at(1));
        assert_eq!(lane.begin_with_free(at(400), at(400)), None);
        assert!(lane.keep(at(400)) && lane.keep(at(800)));
        lane.times.wake(3, at(1001));
        assert_eq!(lane.times.end(3, at(1001)), Some(Duration::from_millis(1001)));
        let late = Duration::from_millis(601);
        assert_eq!(lane.round_for(3, at(1001)), Some(Turn { late, waited: late }));
        lane.times.sleep(3, at(1002));
        let never = NeverSent {
            due: vec![at(800)],
            held_up: false,
        };
        assert_eq!(lane.end(at(1900)), never);
    }

    #[test]
    fn what_a_silent_server_kept_from_being_sent_is_the_servers() {
        let mut lane = lane();
        lane.round_for(3, at(0));
        lane.begin_with_free(at(0), at(0));
        assert!(lane.keep(at(400)));
        assert!(lane.end(at(1000)).held_up);
    }
}
