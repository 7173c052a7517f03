//! The sends of one scenario in a shard, in an open model: when they are due, and who makes them.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::pace::{Dues, Stage, Stream};
use super::super::role::Voices;
use super::super::settings::{Schedule, Settings};
use crate::clock::Time;

/// Rounds that wait for somebody who is free; more are dropped, and make the run invalid.
const MOST_WAITING: usize = 1 << 20;
/// A round whose time came so shortly before the end may still wait then.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// So many sockets are asked whether they can send before a send is dropped.
const ASKED: usize = 64;

/// A scenario's sends.
pub(super) struct Lane {
    dues: Option<Dues>,
    /// Sockets that can be asked to send.
    pushers: Vec<u32>,
    voices: Voices,
    next_pusher: usize,
    /// Rounds whose time has come and that nobody is free for.
    waiting: VecDeque<Time>,
    /// Who is free for a round.
    idle: VecDeque<u32>,
}

impl Lane {
    pub(super) fn new(pushers: Vec<u32>, voices: Voices) -> Self {
        Self {
            dues: None,
            pushers,
            voices,
            next_pusher: 0,
            waiting: VecDeque::new(),
            idle: VecDeque::new(),
        }
    }

    /// Begins an open model; this lane has a part of all sends, and of those this stream.
    pub(super) fn begin(&mut self, settings: &Settings, start: Time, part: f64, stream: Option<Stream>) {
        let stream = match self.voices {
            Voices::All => stream,
            Voices::One => stream
                .filter(|it| it.number == 0)
                .map(|_| Stream { number: 0, of: 1 }),
        };
        if let (Schedule::Open(stages, pacing), Some(stream)) = (&settings.schedule, stream) {
            let stages = stages.iter().map(|stage| Stage {
                rate: stage.rate * part,
                ..*stage
            });
            let seed = settings.seed ^ 0x5eed;
            self.dues = Some(Dues::new(start, stages.collect(), *pacing, stream, seed));
        }
    }

    /// Ends it; returns how many rounds never began, though their time had long come. Those of the last moment may well
    /// find everybody busy.
    pub(super) fn end(&mut self, now: Time) -> u64 {
        self.dues = None;
        let waiting = self.waiting.drain(..);
        waiting.filter(|intended| *intended + LAST_MOMENT < now).count() as u64
    }

    /// When the next send is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.dues.as_ref().and_then(Dues::next)
    }

    /// Takes a send that is due.
    pub(super) fn take(&mut self, now: Time) -> Option<Time> {
        self.dues.as_mut()?.take(now)
    }

    /// The next socket in turn that can send.
    pub(super) fn next_pusher(&mut self, can: impl Fn(u32) -> bool) -> Option<u32> {
        for _ in 0..self.pushers.len().min(ASKED) {
            let id = self.pushers[self.next_pusher % self.pushers.len()];
            let can = can(id);
            if !can || self.voices == Voices::All {
                self.next_pusher = (self.next_pusher + 1) % self.pushers.len();
            }
            if can {
                return Some(id);
            }
        }
        None
    }

    /// The round that has waited longest for somebody who is free; without one, who is free waits.
    pub(super) fn round_for(&mut self, id: u32) -> Option<Time> {
        let intended = self.waiting.pop_front();
        if intended.is_none() {
            self.idle.push_back(id);
        }
        intended
    }

    /// Who is free for a round that is due.
    pub(super) fn free(&mut self) -> Option<u32> {
        self.idle.pop_front()
    }

    /// Keeps a round until somebody is free; tells whether there was room.
    pub(super) fn keep(&mut self, intended: Time) -> bool {
        let has_room = self.waiting.len() < MOST_WAITING;
        if has_room {
            self.waiting.push_back(intended);
        }
        has_room
    }
}
