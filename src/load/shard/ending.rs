//! How a run ends: what is under way may still come, what did not come is counted, and everybody says goodbye.

use std::time::Duration;

use super::super::actor::{Flags, Stage, Wait};
use super::super::control::Phase;
use super::super::ledger::Topic;
use super::super::role::{Standing, Step};
use super::Shard;
use crate::clock::Time;
use crate::protocol::websocket::Opcode;

/// After so long without a message it is looked at whether all has come.
const QUIET: Duration = Duration::from_millis(100);
/// After so long without one, nothing more is waited for.
const LONG_QUIET: Duration = Duration::from_secs(2);
/// How long servers may take to answer the close frame.
const GOODBYE: Duration = Duration::from_secs(2);

impl Shard<'_> {
    /// Tells the conductor when nothing more is to be waited for in this phase.
    pub(super) fn see_whether_done(&mut self) {
        let done = match self.phase {
            Phase::Draining => {
                let answered = self.desk.unanswered == 0 && !self.desk.answers_may_come();
                answered && self.is_quiet(QUIET) && self.nothing_more_comes()
            }
            Phase::Closing => self.open == 0 || self.desk.now >= self.closing_at,
            Phase::Stopped | Phase::Over => true,
            Phase::Opening => self.arrivals.is_over() && self.arrivals.under_way == 0,
            Phase::Running => false,
        };
        if done {
            self.blue.control.cell(self.stream.number).done(self.phase);
        }
    }

    fn is_quiet(&self, wait: Duration) -> bool {
        self.desk.heard_at + wait <= self.desk.now
    }

    /// Whether nobody lacks a broadcast, or none has come for long. Looks at everybody, so only once in a while.
    fn nothing_more_comes(&mut self) -> bool {
        if self.looked_at + QUIET > self.desk.now {
            return false;
        }
        self.looked_at = self.desk.now;
        let come = self.is_quiet(LONG_QUIET) || self.all_has_come();
        come && !(0..self.len()).any(|id| self.is_owed(id))
    }

    /// Whether a socket waits for what its own push must bring, whatever the others do.
    pub(super) fn is_owed(&self, id: u32) -> bool {
        let life = &self.actors[id as usize].life;
        let role = &self.blue.cast.roles[usize::from(life.role)];
        let Wait::Message(awaited) = life.wait else {
            return false;
        };
        let before = role.steps.get(..usize::from(life.step)).unwrap_or_default();
        let counts = |step: &&Step| match step {
            Step::Push(_) => true,
            Step::Receive { awaited: it, .. } => *it == awaited,
            _ => false,
        };
        let last = before.iter().rev().find(counts);
        matches!(last, Some(Step::Push(_))) && self.blue.cast.sends_alone(role) && life.stage == Stage::Open
    }

    fn all_has_come(&self) -> bool {
        (0..self.len()).all(|id| {
            let life = &self.actors[id as usize].life;
            let joins = &self.blue.cast.roles[usize::from(life.role)].joins;
            joins.iter().zip(life.slots.all()).all(|(join, slot)| {
                let (_, topic) = self.desk.topic(self.place(id), join.place);
                !join.hears
                    || slot.standing != Standing::Joined
                    || slot.reception.is_complete(self.desk.topics.sent(topic))
            })
        })
    }

    /// Counts who had joined, and whose attempts to come back fail.
    pub(super) fn look_for_the_lost(&mut self) {
        let lives = self.actors.iter().map(|actor| &actor.life);
        let lost = lives.filter(|life| life.flags.has(Flags::TURNED_AWAY)).count();
        self.desk.tally.counts.not_back += lost as u64;
    }

    /// What is not answered by now is in doubt.
    pub(super) fn stop(&mut self) {
        let counts = &mut self.desk.tally.counts;
        counts.replies_in_doubt += std::mem::take(&mut self.desk.unanswered);
        self.desk.doubt_awaited();
        self.desk.topics.tell();
    }

    /// Counts what did not come to those who are still joined.
    pub(super) fn settle_ledger(&mut self) {
        let doubts = self.blue.common.doubts();
        self.desk.topics.learn();
        for id in 0..self.len() {
            let place = self.place(id);
            let life = &self.actors[id as usize].life;
            let joins = &self.desk.cast.roles[usize::from(life.role)].joins;
            for (join, slot) in joins.iter().zip(life.slots.all()) {
                if !join.hears || slot.standing != Standing::Joined {
                    continue;
                }
                let (number, topic): (u64, Topic) = self.desk.topic(place, join.place);
                let doubts = doubts.get(&number).map_or(&[][..], Vec::as_slice);
                let gone = slot.reception.settle(self.desk.topics.sent(topic), doubts);
                self.desk.gone(place, join, &gone);
            }
        }
    }

    /// Everybody closes. The server ends each connection then, so that its ports are the ones that rest.
    pub(super) fn close_all(&mut self) {
        self.closing_at = self.desk.now + GOODBYE;
        for id in 0..self.len() {
            let life = &mut self.actors[id as usize].life;
            // What is lost from here on concerns no ledger: it is settled.
            life.slots
                .all_mut()
                .iter_mut()
                .for_each(|slot| slot.standing = Standing::Lost);
            life.flags.set(Flags::ON_PURPOSE);
            life.uncount(&mut self.desk.joined);
            match life.stage {
                Stage::Open => {
                    self.desk.frame(Opcode::Close, &1000_u16.to_be_bytes());
                    self.flush(id);
                }
                Stage::Expected
                | Stage::Away
                | Stage::Connecting
                | Stage::Asking
                | Stage::Upgrading
                | Stage::Over => {
                    self.leave_for_good(id);
                }
            }
        }
    }

    /// Lets go of a socket that will not come back.
    pub(super) fn leave_for_good(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        actor.stream = None;
        actor.life.forget(&mut self.kept);
        actor.life.stage = Stage::Over;
        actor.life.lost_at = Time::MAX;
    }
}
