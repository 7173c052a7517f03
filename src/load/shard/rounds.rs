//! What a socket does: joins first, then the steps of its role, round by round, by itself or at intended times.

use std::time::Duration;

use rand_xoshiro::rand_core::Rng as _;

use super::super::actor::{Flags, Stage, Wait};
use super::super::control::Phase;
use super::super::ledger::Mark;
use super::super::role::{Answer, Step, Tempo};
use super::super::settings::Schedule;
use super::super::tally::Trouble;
use super::Shard;
use crate::client::{ChannelState, Ref};
use crate::clock::Time;

impl<'r> Shard<'r> {
    /// The connection is open: joins what it has not joined yet; the client rejoins what it had by itself.
    pub(super) fn opened(&mut self, id: u32) {
        self.spread_heartbeat(id);
        let role = self.actors[id as usize].life.role;
        let cast = self.blue.cast;
        let joins = &cast.roles[usize::from(role)].joins;
        for index in 0..joins.len() {
            let is_new = self.actors[id as usize].life.slots.all()[index].channel.is_none();
            if is_new {
                self.join(id, index);
            }
        }
        if joins.is_empty() {
            let life = &mut self.actors[id as usize].life;
            if life.flags.set(Flags::JOINED) {
                self.desk.tally.counts.first_joined += 1;
            }
            self.all_joined(id);
        }
    }

    /// People don't all come at once; a swarm may, and its heartbeats would beat together for ever.
    fn spread_heartbeat(&mut self, id: u32) {
        let interval = self.blue.settings.heartbeat;
        let part = (self.random.next_u32() >> 8) as f64 / f64::from(1 << 24);
        self.actors[id as usize].life.due_at = self.desk.now + interval.mul_f64(part);
    }

    fn join(&mut self, id: u32, index: usize) {
        let cast = self.blue.cast;
        let join = &cast.roles[usize::from(self.actors[id as usize].life.role)].joins[index];
        let filling = self.filling(id, Mark::default());
        let text = |line: &super::super::text::Line| {
            let mut text = String::new();
            line.fill(&filling, &mut text);
            text.into()
        };
        // What is the same for all is kept once.
        let topic = match join.place {
            super::super::role::TopicPlace::Shared(shared) => cast.shared_topics[shared as usize].clone(),
            super::super::role::TopicPlace::Own(_) => text(&join.topic),
        };
        let params = join.common_params.clone().unwrap_or_else(|| text(&join.params));
        let now = self.desk.now;
        let channel = self.call_as_of(id, now, |socket, context| socket.join(context, topic, params));
        self.actors[id as usize].life.slots.all_mut()[index].channel = Some(channel);
    }

    /// The socket joined, or failed, for the first time.
    pub(super) fn settled(&mut self, id: u32) {
        if self.actors[id as usize].life.flags.set(Flags::SETTLED) {
            self.arrivals.under_way = self.arrivals.under_way.saturating_sub(1);
        }
    }

    pub(super) fn all_joined(&mut self, id: u32) {
        self.settled(id);
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Joined {
            life.wait = Wait::Nothing;
            self.advance(id);
        } else if !life.flags.has(Flags::STARTED) {
            self.take_turn(id);
        }
    }

    /// A round begins, or the load does.
    pub(super) fn take_turn(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        if self.phase != Phase::Running || !actor.life.slots.all_joined() || actor.life.stage != Stage::Open {
            return;
        }
        let role = &self.blue.cast.roles[usize::from(actor.life.role)];
        actor.life.flags.set(Flags::STARTED);
        let by_itself = role.tempo == Tempo::Listens || self.blue.settings.schedule == Schedule::Closed;
        if by_itself {
            actor.life.wait = Wait::Nothing;
            self.advance(id);
        } else if role.tempo == Tempo::Rounds {
            let play = role.play;
            if let Some(intended) = self.lanes[play].round_for(id) {
                self.begin_round(id, intended);
            }
        }
    }

    /// A round of several steps. Its first push counts from the intended time.
    pub(super) fn begin_round(&mut self, id: u32, intended: Time) {
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Nothing;
        life.wake = intended;
        life.step = 0;
        self.advance(id);
    }

    /// Does steps until one has to wait.
    fn advance(&mut self, id: u32) {
        let cast = self.blue.cast;
        let role = &cast.roles[usize::from(self.actors[id as usize].life.role)];
        let mut begun = false;
        while self.phase == Phase::Running && self.actors[id as usize].life.wait == Wait::Nothing {
            let life = &mut self.actors[id as usize].life;
            let Some(step) = role.steps.get(usize::from(life.step)) else {
                if role.steps.is_empty() {
                    life.wait = Wait::Turn;
                    break;
                }
                life.step = 0;
                self.desk.tally.counts.rounds += 1;
                let open = role.tempo == Tempo::Rounds && self.blue.settings.schedule != Schedule::Closed;
                if open {
                    life.wait = Wait::Turn;
                    self.take_turn(id);
                    break;
                }
                // A round without a wait would never end.
                if begun {
                    (life.wait, life.wake) = (Wait::Sleep, self.desk.now);
                }
                begun = true;
                continue;
            };
            self.step(id, step);
        }
        // What was written is this socket's, and the buffer is everybody's.
        if !self.desk.out.is_empty() {
            self.flush(id);
        }
        self.arm(id);
    }

    fn step(&mut self, id: u32, step: &'r Step) {
        let now = self.desk.now;
        let patience = self.patience(id);
        let life = &mut self.actors[id as usize].life;
        match step {
            Step::Push(_) | Step::Leave(_) if !life.slots.all_joined() || life.stage != Stage::Open => {
                life.wait = Wait::Joined;
            }
            Step::Push(push) => {
                // The first push of a round that was due counts from then.
                let intended = if life.step == 0 && life.wake < now {
                    life.wake
                } else {
                    now
                };
                life.wake = Time::MAX;
                let reference = self.push(id, push, intended);
                let life = &mut self.actors[id as usize].life;
                match (reference, &push.answer) {
                    (Some(reference), Answer::Any | Answer::Status(..)) => {
                        life.wait = Wait::Answer(reference)
                    }
                    (Some(_), Answer::None) => life.step += 1,
                    (None, _) => life.wait = Wait::Joined,
                }
            }
            Step::Receive { awaited, within } => {
                let early = &mut life.early[usize::from(*awaited)];
                if *early > 0 {
                    *early -= 1;
                    life.step += 1;
                } else {
                    life.wait = Wait::Message(*awaited);
                    life.wake = within.or(patience).map_or(Time::MAX, |wait| now + wait);
                }
            }
            Step::Sleep(wait) => {
                life.wait = Wait::Sleep;
                life.wake = now + *wait;
                life.step += 1;
            }
            Step::Leave(channel) => self.leave(id, usize::from(*channel)),
            Step::Join(channel) => self.join_again(id, usize::from(*channel)),
            Step::Cut | Step::Close(_) => self.cut(id, step),
        }
    }

    /// How long the wait for a message may be where the step does not say. Who only listens while others send at their
    /// times waits as long as it takes: what does not come is the ledger's to tell.
    fn patience(&self, id: u32) -> Option<Duration> {
        let settings = self.blue.settings;
        let listens = self.tempo(&self.actors[id as usize]) == Tempo::Listens;
        (settings.schedule == Schedule::Closed || !listens).then_some(settings.timeout)
    }

    pub(super) fn answered(&mut self, id: u32, push: Ref) {
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Answer(push) {
            life.wait = Wait::Nothing;
            life.step += 1;
            self.advance(id);
        }
    }

    pub(super) fn heard(&mut self, id: u32, awaited: u8) {
        let actor = &mut self.actors[id as usize];
        if actor.life.wait == Wait::Message(awaited) {
            actor.life.wait = Wait::Nothing;
            actor.life.wake = Time::MAX;
            actor.life.step += 1;
            return self.advance(id);
        }
        // Where the steps are not gone through, what comes is only counted.
        if self.blue.cast.roles[usize::from(actor.life.role)].tempo != Tempo::Pushes
            || self.blue.settings.schedule == Schedule::Closed
        {
            let early = &mut actor.life.early[usize::from(awaited)];
            *early = early.saturating_add(1);
        }
    }

    /// A sleep is over, or a message did not come in time.
    pub(super) fn wake(&mut self, id: u32) {
        let life = &mut self.actors[id as usize].life;
        if life.wake > self.desk.now {
            return;
        }
        match life.wait {
            Wait::Sleep => {}
            Wait::Message(_) => {
                if self.phase == Phase::Running {
                    self.desk.tally.trouble(Trouble::ReceiveTimeout);
                }
                life.step += 1;
            }
            Wait::Nothing | Wait::Turn | Wait::Joined | Wait::Answer(_) => return,
        }
        life.wait = Wait::Nothing;
        life.wake = Time::MAX;
        self.advance(id);
    }

    fn leave(&mut self, id: u32, index: usize) {
        let place = self.place(id);
        let life = &mut self.actors[id as usize].life;
        life.step += 1;
        let join = &self.blue.cast.roles[usize::from(life.role)].joins[index];
        let slot = &mut life.slots.all_mut()[index];
        let Some(channel) = slot.channel.take() else {
            return;
        };
        slot.joined = false;
        let reception = std::mem::take(&mut slot.reception);
        if life.flags.clear(Flags::COUNTED) {
            self.desk.joined -= 1;
        }
        if join.hears {
            self.desk.cut(place, join.place, &reception);
        }
        let now = self.desk.now;
        self.call_as_of(id, now, |socket, context| socket.leave(context, channel));
        self.flush(id);
    }

    /// Joins what was left; after a cut the client rejoins by itself, and this only waits for it.
    fn join_again(&mut self, id: u32, index: usize) {
        let actor = &mut self.actors[id as usize];
        actor.life.step += 1;
        let channel = actor.life.slots.all()[index].channel;
        let state = channel.and_then(|channel| actor.socket.state(channel));
        let is_open = |state: ChannelState| state.is_open() || matches!(state, ChannelState::Errored { .. });
        if !state.is_some_and(is_open) && actor.life.stage == Stage::Open {
            self.join(id, index);
            self.flush(id);
        }
        let life = &mut self.actors[id as usize].life;
        if !life.slots.all_joined() {
            life.wait = Wait::Joined;
        }
    }

    fn cut(&mut self, id: u32, step: &Step) {
        let life = &mut self.actors[id as usize].life;
        life.step += 1;
        life.wait = Wait::Joined;
        if life.stage != Stage::Open {
            return;
        }
        life.flags.set(Flags::ON_PURPOSE);
        if let Step::Close(code) = step {
            self.desk
                .frame(crate::protocol::websocket::Opcode::Close, &code.to_be_bytes());
            self.flush(id);
        }
        self.fail(id, Trouble::Closed);
    }
}
