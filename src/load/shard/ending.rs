//! Ends a run: waits for messages under way, counts what is missing, and closes all connections.

use std::time::Duration;

use super::super::actor::{ConnectionStage, Flags, SocketSession, Wait};
use super::super::control::Phase;
use super::super::ledger::Topic;
use super::super::role::{ChannelStatus, Step};
use super::super::tcp_link::LinkUse;
use super::Shard;
use crate::clock::Time;

/// After this time without a message, the shard checks whether everything has arrived.
const QUIET: Duration = Duration::from_millis(100);
/// After this time without a message, the shard stops waiting.
const LONG_QUIET: Duration = Duration::from_secs(2);
/// How long servers may take to answer the close frame.
const GOODBYE: Duration = Duration::from_secs(2);

impl Shard<'_> {
    /// Tells the conductor when this phase has nothing left to wait for.
    pub(super) fn see_whether_done(&mut self) {
        let done = match self.phase {
            Phase::Draining => {
                let answered = self.state.unanswered.count() == 0 && !self.state.answers_may_come();
                answered && self.is_quiet(QUIET) && self.nothing_more_comes()
            }
            Phase::Closing => self.open == 0 || self.state.now >= self.closing_at,
            Phase::Stopped | Phase::Over => true,
            Phase::Opening => self.arrivals.is_over() && self.arrivals.under_way == 0,
            Phase::Running => false,
        };
        if done {
            self.blue.control.cell(self.stream.number).done(self.phase);
        }
    }

    fn is_quiet(&self, wait: Duration) -> bool {
        self.state.heard_at + wait <= self.state.now
    }

    /// Whether no socket misses a broadcast, or none has arrived for a long time. It visits all sockets, so it runs
    /// only from time to time.
    fn nothing_more_comes(&mut self) -> bool {
        if self.looked_at + QUIET > self.state.now {
            return false;
        }
        self.looked_at = self.state.now;
        let come = self.is_quiet(LONG_QUIET) || self.all_has_come();
        come && !(0..self.len()).any(|id| self.is_owed(id))
    }

    /// Whether a socket waits for a message that its own push causes, independently of other sockets.
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
        matches!(last, Some(Step::Push(_)))
            && self.blue.cast.sends_alone(role)
            && life.stage == ConnectionStage::Open
    }

    fn all_has_come(&self) -> bool {
        (0..self.len()).all(|id| {
            let life = &self.actors[id as usize].life;
            let joins = &self.blue.cast.roles[usize::from(life.role)].joins;
            joins.iter().zip(life.slots.all()).all(|(join, slot)| {
                let (_, topic) = self.state.topic(self.place(id), join.place);
                !join.hears
                    || slot.status != ChannelStatus::Joined
                    || slot.received.is_complete(self.state.topics.sent(topic))
            })
        })
    }

    /// Counts the sockets that had joined and whose attempts to reconnect fail.
    pub(super) fn look_for_the_lost(&mut self) {
        let lives = self.actors.iter().map(|actor| &actor.life);
        let lost = lives.filter(|life| life.flags.has(Flags::TURNED_AWAY)).count();
        self.state.tally.counts.not_back += lost as u64;
    }

    /// Puts all pushes in doubt that are unanswered now.
    pub(super) fn stop(&mut self) {
        let unanswered = self.state.unanswered.clear(self.state.now);
        self.state.tally.counts.replies_in_doubt += unanswered;
        self.state.doubt_awaited();
        self.state.topics.tell();
    }

    /// Counts what did not arrive at the sockets that are still joined.
    pub(super) fn settle_ledger(&mut self) {
        let doubts = self.blue.common.doubts();
        self.state.topics.learn();
        for id in 0..self.len() {
            let place = self.place(id);
            let life = &self.actors[id as usize].life;
            let joins = &self.state.cast.roles[usize::from(life.role)].joins;
            for (join, slot) in joins.iter().zip(life.slots.all()) {
                if !join.hears || slot.status != ChannelStatus::Joined {
                    continue;
                }
                let (number, topic): (u64, Topic) = self.state.topic(place, join.place);
                let doubts = doubts.get(&number).map_or(&[][..], Vec::as_slice);
                let gone = slot.received.settle(self.state.topics.sent(topic), doubts);
                self.state.gone(place, join, &gone);
            }
        }
    }

    /// Closes all sockets. The server ends the connection of each WebSocket, so the TIME_WAIT state is on its side.
    pub(super) fn close_all(&mut self) {
        self.closing_at = self.state.now + GOODBYE;
        for id in 0..self.len() {
            let life = &mut self.actors[id as usize].life;
            // The ledger is settled, so later losses do not concern it.
            life.slots
                .all_mut()
                .iter_mut()
                .for_each(|slot| slot.status = ChannelStatus::Lost);
            life.flags.set(Flags::ON_PURPOSE);
            life.uncount(&mut self.state.joined);
            let is_open = life.stage == ConnectionStage::Open;
            match &life.session {
                SocketSession::WebSocket(_) if is_open => {
                    self.state.close(life, Some(1000), "");
                    self.flush(id, LinkUse::Main);
                }
                // A client ends a long poll session by asking for nothing more.
                SocketSession::LongPoll(_) => {
                    self.drop_connection(id);
                    self.leave_for_good(id);
                }
                SocketSession::WebSocket(_) => self.leave_for_good(id),
            }
        }
    }

    /// Drops a socket that will not reconnect.
    pub(super) fn leave_for_good(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        actor.disconnect(&mut self.kept);
        actor.life.stage = ConnectionStage::Over;
        actor.life.lost_at = Time::MAX;
    }
}
