//! Plays the steps of a socket, round after round: what each step waits for, and for how long.

use std::time::Duration;

use super::super::actor::{ConnectionStage, Flags, Wait};
use super::super::control::Phase;
use super::super::error_kind::ErrorKind;
use super::super::lane::Turn;
use super::super::latency::Timing;
use super::super::role::{ChannelStatus, Push, SendMode, Step};
use super::super::settings::Schedule;
use super::Shard;
use crate::client::Ref;
use crate::clock::Time;

/// A step index beyond all steps: the rest of the round is skipped.
const ABANDONED: u16 = u16::MAX;
/// A socket whose channel the server ended starts a new round after this time.
const BACKOFF: Duration = Duration::from_secs(1);

impl<'r> Shard<'r> {
    /// Begins a round, or the load.
    pub(super) fn take_turn(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        if self.phase != Phase::Running
            || !actor.life.slots.at_rest()
            || actor.life.stage != ConnectionStage::Open
        {
            return;
        }
        let role = &self.blue.cast.roles[usize::from(actor.life.role)];
        actor.life.flags.set(Flags::STARTED);
        let by_itself =
            role.send_mode == SendMode::Listens || self.blue.settings.schedule == Schedule::Closed;
        if by_itself {
            actor.life.wait = Wait::Nothing;
            self.advance(id);
        } else if role.send_mode == SendMode::Rounds {
            let (play, now) = (role.play, self.state.now);
            if let Some(length) = self.lanes[play].times.end(id, now) {
                self.state.tally.round(play, length);
            }
            if let Some(turn) = self.lanes[play].round_for(id, now) {
                self.begin_round(id, turn);
            }
        }
    }

    /// Begins a round of several steps. Its first push counts from its intended time, without the time during which
    /// there were too few sockets.
    pub(super) fn begin_round(&mut self, id: u32, turn: Turn) {
        let (play, now) = (self.play(id), self.state.now);
        self.state.tally.late(turn.late);
        self.state
            .tally
            .record(play, Timing::Waited, now - turn.waited, now);
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Nothing;
        life.step = 0;
        self.advance(id);
    }

    /// Executes steps until one has to wait.
    pub(super) fn advance(&mut self, id: u32) {
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
                    self.state.tally.counts.rounds += 1;
                }
                life.step = 0;
                let open =
                    role.send_mode == SendMode::Rounds && self.blue.settings.schedule != Schedule::Closed;
                if open {
                    life.wait = Wait::Turn;
                    // It begins its round when all topics are joined, if they are not joined now.
                    life.flags.clear(Flags::STARTED);
                    self.take_turn(id);
                    break;
                }
                // A round without a wait would never end.
                if begun {
                    (life.wait, life.wake) = (Wait::Sleep, self.state.now);
                }
                begun = true;
                continue;
            };
            self.step(id, step);
        }
        // The frames in the shared output buffer belong to this socket, so they are sent now.
        self.deliver(id);
        self.arm(id);
    }

    fn step(&mut self, id: u32, step: &'r Step) {
        let now = self.state.now;
        let life = &mut self.actors[id as usize].life;
        match step {
            // The server ended the channel, so the rest of the round is skipped.
            Step::Push(Push { channel, .. }) | Step::Leave(channel)
                if life.slots.status(*channel) == ChannelStatus::Over =>
            {
                life.step = ABANDONED;
            }
            Step::Push(Push { channel, .. }) | Step::Leave(channel)
                if life.slots.status(*channel) == ChannelStatus::Lost
                    || life.stage != ConnectionStage::Open =>
            {
                life.wait = Wait::Joined;
            }
            Step::Push(push) => self.push_step(id, push),
            Step::Gather => {
                life.wait = Wait::Answers;
                self.gather(id);
            }
            Step::Receive { awaited, .. } if life.early[usize::from(*awaited)] > 0 => {
                life.early[usize::from(*awaited)] -= 1;
                life.step += 1;
            }
            Step::Receive { awaited, within } => {
                life.wait = Wait::Message(*awaited);
                let within = within.or_else(|| self.patience(id));
                let life = &mut self.actors[id as usize].life;
                life.wake = within.map_or(Time::MAX, |wait| now + wait);
            }
            Step::Sleep(wait) => {
                life.wait = Wait::Sleep;
                life.wake = now + *wait;
                life.step += 1;
                self.lane(id).times.sleep(id, now);
            }
            Step::Leave(channel) => self.leave(id, usize::from(*channel)),
            Step::Join { channel, entry } => {
                life.step += 1;
                self.join_again(id, usize::from(*channel), *entry);
            }
            Step::Cut | Step::Close(_) => self.cut(id, step),
        }
    }

    fn push_step(&mut self, id: u32, push: &Push) {
        let held_up = self.lane(id).times.take_held_up(id);
        let intended = self.state.now - held_up;
        self.actors[id as usize].life.wake = Time::MAX;
        let is_answered = self.awaits_answer(push);
        let reference = self.push(id, push, intended);
        let life = &mut self.actors[id as usize].life;
        match (reference, push.together) {
            (Some(_), _) if !is_answered => life.step += 1,
            (Some(reference), None) => life.wait = Wait::Answer(reference),
            (Some(reference), Some(_)) => {
                self.state.together.insert((id, reference), life.step);
                life.step += 1;
            }
            (None, _) => life.wait = Wait::Joined,
        }
    }

    /// The time limit for a message if the step does not set one. A socket that only listens while others send at
    /// scheduled times has no limit: the ledger finds out what is missing.
    fn patience(&self, id: u32) -> Option<Duration> {
        let settings = self.blue.settings;
        let listens = self.send_mode(&self.actors[id as usize]) == SendMode::Listens;
        let others_send = self.blue.cast.first_sender(self.play(id)).is_some();
        let at_their_times = settings.schedule != Schedule::Closed;
        (!(listens && others_send && at_their_times)).then_some(settings.timeout)
    }

    pub(super) fn answered(&mut self, id: u32, push: Ref) {
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Answer(push) {
            life.wait = Wait::Nothing;
            life.step += 1;
            self.advance(id);
        } else if life.wait == Wait::Answers && self.gather(id) {
            self.advance(id);
        }
    }

    /// Continues when all pushes of a group have their replies; returns whether they have.
    fn gather(&mut self, id: u32) -> bool {
        let lacks = self.state.oldest_together(id).is_some();
        if !lacks {
            let life = &mut self.actors[id as usize].life;
            life.wait = Wait::Nothing;
            life.step += 1;
        }
        !lacks
    }

    pub(super) fn heard(&mut self, id: u32, awaited: u8) {
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Message(awaited) {
            life.wait = Wait::Nothing;
            life.wake = Time::MAX;
            life.step += 1;
            return self.advance(id);
        }
        let early = &mut life.early[usize::from(awaited)];
        *early = early.saturating_add(1);
    }

    /// The server ended a channel, and the awaited message cannot arrive any more. The socket begins a new round,
    /// with a delay, because the server may end the channel again.
    pub(super) fn ended(&mut self, id: u32) {
        self.settled(id);
        let life = &mut self.actors[id as usize].life;
        life.early = [0; 4];
        life.step = ABANDONED;
        life.wait = Wait::Sleep;
        life.wake = self.state.now + BACKOFF;
        self.arm(id);
    }

    /// A sleep is over, or a message did not arrive in time.
    pub(super) fn wake(&mut self, id: u32) {
        let life = &mut self.actors[id as usize].life;
        if life.wake > self.state.now {
            return;
        }
        match life.wait {
            Wait::Sleep => {}
            Wait::Message(_) => {
                self.waited_in_vain(id);
                self.actors[id as usize].life.step += 1;
            }
            Wait::Nothing | Wait::Turn | Wait::Joined | Wait::Left | Wait::Answer(_) | Wait::Answers => {
                return;
            }
        }
        let now = self.state.now;
        self.lane(id).times.wake(id, now);
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Nothing;
        life.wake = Time::MAX;
        self.advance(id);
    }

    /// Counts a message that did not arrive. It is missing only if the socket was connected all the time and the
    /// senders were there.
    fn waited_in_vain(&mut self, id: u32) {
        let counts = self.phase == Phase::Running || self.phase == Phase::Draining && self.is_owed(id);
        if !counts {
            return;
        }
        let life = &self.actors[id as usize].life;
        let role = &self.blue.cast.roles[usize::from(life.role)];
        let Some(Step::Receive {
            within: said,
            awaited,
        }) = role.steps.get(usize::from(life.step))
        else {
            return;
        };
        let within = said.or(self.patience(id)).unwrap_or_default();
        let event = &role.awaited[usize::from(*awaited)].event;
        let told = || format!("`{event}` did not come within {within:?}");
        self.state.tally.trouble_told(ErrorKind::ReceiveTimeout, told);
        let stayed = life.stage == ConnectionStage::Open && life.since + within <= life.wake;
        // In an open model, the turn of other sockets may come much later.
        let is_certain = said.is_some()
            || self.blue.settings.schedule == Schedule::Closed
            || self.blue.cast.sends_alone(role);
        if stayed && is_certain && self.is_whole(id) {
            self.state.tally.counts.awaited_missing += 1;
        }
    }
}
