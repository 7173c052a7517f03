//! What a socket does: joins first, then the steps of its role, round by round, by itself or at intended times.

use std::time::Duration;

use rand_xoshiro::rand_core::Rng as _;

use super::super::actor::{Flags, Stage, Wait};
use super::super::control::Phase;
use super::super::ledger::Mark;
use super::super::role::{Answer, Push, Standing, Step, Tempo};
use super::super::settings::Schedule;
use super::super::trouble::Trouble;
use super::Shard;
use crate::client::Ref;
use crate::clock::Time;

impl<'r> Shard<'r> {
    /// The connection is open: joins what it has not joined yet; the client rejoins what it had by itself.
    pub(super) fn opened(&mut self, id: u32) {
        self.spread_heartbeat(id);
        let role = self.actors[id as usize].life.role;
        let cast = self.blue.cast;
        let joins = &cast.roles[usize::from(role)].joins;
        for index in 0..joins.len() {
            let slot = &self.actors[id as usize].life.slots.all()[index];
            if slot.channel.is_none() && slot.standing != Standing::Over {
                self.join(id, index);
            }
        }
        let life = &mut self.actors[id as usize].life;
        if life.slots.at_rest() {
            if joins.is_empty() && life.flags.set(Flags::JOINED) {
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
        let life = &self.actors[id as usize].life;
        let role = &cast.roles[usize::from(life.role)];
        let join = &role.joins[index];
        let entry = &role.entries[usize::from(life.slots.all()[index].entry)];
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
        let params = entry.common_params.clone().unwrap_or_else(|| text(&entry.params));
        let now = self.desk.now;
        let channel = self.call_as_of(id, now, |socket, context| socket.join(context, topic, params));
        let slot = &mut self.actors[id as usize].life.slots.all_mut()[index];
        (slot.channel, slot.standing, slot.judged) = (Some(channel), Standing::Lost, false);
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
        if self.phase != Phase::Running || !actor.life.slots.at_rest() || actor.life.stage != Stage::Open {
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
                // A round begins with all topics joined, as the first one did.
                if self.join_what_is_over(id) {
                    break;
                }
                let life = &mut self.actors[id as usize].life;
                if usize::from(life.step) == role.steps.len() {
                    self.desk.tally.counts.rounds += 1;
                }
                life.step = 0;
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
            // The server ended it: there is nobody to talk to in the rest of the round.
            Step::Push(Push { channel, .. }) | Step::Leave(channel)
                if life.slots.standing(*channel) == Standing::Over =>
            {
                life.step = u16::MAX;
            }
            Step::Push(Push { channel, .. }) | Step::Leave(channel)
                if life.slots.standing(*channel) == Standing::Lost || life.stage != Stage::Open =>
            {
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
            Step::Receive { awaited, within, .. } => {
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
            Step::Join { channel, entry } => {
                life.step += 1;
                self.join_again(id, usize::from(*channel), *entry);
            }
            Step::Cut | Step::Close(_) => self.cut(id, step),
        }
    }

    /// How long the wait for a message may be where the step does not say. Who only listens to others waits as long as
    /// they take: what does not come is the ledger's to tell.
    fn patience(&self, id: u32) -> Option<Duration> {
        let listens = self.tempo(&self.actors[id as usize]) == Tempo::Listens;
        let others_send = self.blue.cast.first_sender(self.play(id)).is_some();
        (!(listens && others_send)).then_some(self.blue.settings.timeout)
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
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Message(awaited) {
            life.wait = Wait::Nothing;
            life.wake = Time::MAX;
            life.step += 1;
            return self.advance(id);
        }
        let role = &self.blue.cast.roles[usize::from(life.role)];
        let early = &mut life.early[usize::from(awaited)];
        *early = if role.tempo == Tempo::Pushes && self.blue.settings.schedule != Schedule::Closed {
            // The steps are not gone through: they take what comes in turn.
            let turns = role.awaited[usize::from(awaited)].contents.len();
            u8::try_from((usize::from(*early) + 1) % turns).unwrap_or(0)
        } else {
            early.saturating_add(1)
        };
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
                self.waited_in_vain(id);
                self.actors[id as usize].life.step += 1;
            }
            Wait::Nothing | Wait::Turn | Wait::Joined | Wait::Left | Wait::Answer(_) => return,
        }
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Nothing;
        life.wake = Time::MAX;
        self.advance(id);
    }

    /// A message did not come. It was owed to who was connected all the time, if those who send are there.
    fn waited_in_vain(&mut self, id: u32) {
        if self.phase != Phase::Running {
            return;
        }
        self.desk.tally.trouble(Trouble::ReceiveTimeout);
        let life = &self.actors[id as usize].life;
        let role = &self.blue.cast.roles[usize::from(life.role)];
        let within = match role.steps.get(usize::from(life.step)) {
            Some(Step::Receive { within, .. }) => within.or(self.patience(id)).unwrap_or_default(),
            _ => return,
        };
        if life.stage == Stage::Open && life.since + within <= life.wake && self.is_whole(id) {
            self.desk.tally.counts.awaited_missing += 1;
        }
    }

    fn leave(&mut self, id: u32, index: usize) {
        let place = self.place(id);
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Left;
        let join = &self.blue.cast.roles[usize::from(life.role)].joins[index];
        let slot = &mut life.slots.all_mut()[index];
        let Some(channel) = slot.channel else { return };
        slot.standing = Standing::Over;
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

    /// The leave is answered, or will not be.
    pub(super) fn left(&mut self, id: u32) {
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Left {
            life.wait = Wait::Nothing;
            life.step += 1;
            self.advance(id);
        }
    }

    /// Joins what is over; after a cut the client rejoins by itself, and this only waits for it.
    fn join_again(&mut self, id: u32, index: usize, entry: u8) {
        let life = &mut self.actors[id as usize].life;
        let slot = &mut life.slots.all_mut()[index];
        if slot.standing == Standing::Over {
            (slot.standing, slot.entry) = (Standing::Lost, entry);
            if life.stage == Stage::Open {
                self.join(id, index);
                self.flush(id);
            }
        }
        let life = &mut self.actors[id as usize].life;
        if !life.slots.at_rest() {
            life.wait = Wait::Joined;
        }
    }

    /// Tells whether something was, so that there is something to wait for.
    fn join_what_is_over(&mut self, id: u32) -> bool {
        let count = self.actors[id as usize].life.slots.all().len();
        for (index, entry) in (0..count).zip(0..) {
            if self.actors[id as usize].life.slots.all()[index].standing == Standing::Over {
                self.join_again(id, index, entry);
            }
        }
        self.actors[id as usize].life.wait == Wait::Joined
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
