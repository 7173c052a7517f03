//! The timers of the sockets: sets hints in the wheel, and handles the sockets whose hints go off.

use std::time::Duration;

use super::super::actor::ConnectionStage;
use super::super::control::Phase;
use super::super::wheel::Tick;
use super::Shard;
use crate::clock::Time;

impl Shard<'_> {
    /// Handles all sockets whose timer hints went off.
    pub(super) fn alarms(&mut self) {
        let now = self.state.now;
        if !self.arrivals.is_over() {
            let late = self.wheel.next().map_or(Duration::ZERO, |at| now.since(at));
            self.arrivals.adapt(now, late);
        }
        let due = self.wheel.due(now);
        for &id in &due {
            let index = id as usize;
            self.actors[index].life.hint = Tick::NONE;
            self.attend(id);
            self.arm(id);
        }
        self.wheel.done(due);
    }

    /// Sets a timer hint for the next deadline of a socket.
    pub(super) fn arm(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        // A socket that is closing does not wait for replies.
        if actor.life.stage == ConnectionStage::Over || self.phase >= Phase::Closing {
            return;
        }
        let own = actor.deadline();
        let client = actor.socket.next_deadline(&self.blue.config).unwrap_or(Time::MAX);
        let at = own.min(client);
        if at != Time::MAX && Tick::of(at) < actor.life.hint {
            actor.life.hint = self.wheel.set(at, id);
        }
    }
}
