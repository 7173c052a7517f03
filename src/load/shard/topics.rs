//! Joins, leaves and rejoins topics, and cuts connections on purpose.

use rand_xoshiro::rand_core::Rng as _;

use super::super::actor::{ConnectionStage, Flags, Wait};
use super::super::error_kind::ErrorKind;
use super::super::ledger::Mark;
use super::super::role::{ChannelStatus, Step, TopicPlace};
use super::super::text::Line;
use super::Shard;

impl Shard<'_> {
    /// Joins the topics that the socket has not joined yet; the client rejoins the others by itself.
    pub(super) fn opened(&mut self, id: u32) {
        self.spread_heartbeat(id);
        let role = self.actors[id as usize].life.role;
        let cast = self.blue.cast;
        let joins = &cast.roles[usize::from(role)].joins;
        for index in 0..joins.len() {
            let slot = &self.actors[id as usize].life.slots.all()[index];
            if slot.channel.is_none() && slot.status != ChannelStatus::Over {
                self.join(id, index);
            }
        }
        let life = &mut self.actors[id as usize].life;
        if life.slots.at_rest() {
            if joins.is_empty() {
                self.state.joined += u64::from(life.flags.set(Flags::COUNTED));
                self.state.tally.counts.first_joined += u64::from(life.flags.set(Flags::JOINED));
            }
            self.all_joined(id);
        }
    }

    /// Spreads the first heartbeats. Without this, sockets that connect at once would send all their heartbeats at
    /// the same time.
    fn spread_heartbeat(&mut self, id: u32) {
        let interval = self.blue.settings.heartbeat;
        let part = (self.random.next_u32() >> 8) as f64 / f64::from(1 << 24);
        self.actors[id as usize].life.due_at = self.state.now + interval.mul_f64(part);
    }

    fn join(&mut self, id: u32, index: usize) {
        let cast = self.blue.cast;
        let life = &self.actors[id as usize].life;
        let role = &cast.roles[usize::from(life.role)];
        let join = &role.joins[index];
        let entry = &role.entries[usize::from(life.slots.all()[index].entry)];
        let filling = self.filling(id, Mark::default());
        let text = |line: &Line| {
            let mut text = String::new();
            line.fill(&filling, &mut text);
            text.into()
        };
        // Text that is the same for all sockets is stored once.
        let topic = match join.place {
            TopicPlace::Shared(shared) => cast.shared_topics[shared as usize].clone(),
            TopicPlace::Own(_) => text(&join.topic),
        };
        let params = entry.common_params.clone().unwrap_or_else(|| text(&entry.params));
        let now = self.state.now;
        let channel = self.call_as_of(id, now, |socket, context| socket.join(context, topic, params));
        let slot = &mut self.actors[id as usize].life.slots.all_mut()[index];
        (slot.channel, slot.status, slot.judged) = (Some(channel), ChannelStatus::Lost, false);
    }

    /// The first attempt to join has succeeded or failed.
    pub(super) fn settled(&mut self, id: u32) {
        if self.actors[id as usize].life.flags.set(Flags::SETTLED) {
            self.arrivals.under_way = self.arrivals.under_way.saturating_sub(1);
        }
    }

    pub(super) fn all_joined(&mut self, id: u32) {
        self.settled(id);
        let life = &mut self.actors[id as usize].life;
        // An earlier event may have caused another join.
        if !life.slots.at_rest() {
            return;
        }
        life.flags.clear(Flags::TURNED_AWAY);
        if life.wait == Wait::Joined {
            life.wait = Wait::Nothing;
            self.advance(id);
        } else if !life.flags.has(Flags::STARTED) {
            self.take_turn(id);
        }
    }

    pub(super) fn leave(&mut self, id: u32, index: usize) {
        let place = self.place(id);
        let life = &mut self.actors[id as usize].life;
        life.wait = Wait::Left;
        let Some(channel) = life.slots.all()[index].channel else {
            return;
        };
        self.state.part(place, life, index, ChannelStatus::Over);
        let now = self.state.now;
        self.call_as_of(id, now, |socket, context| socket.leave(context, channel));
        self.deliver(id);
    }

    /// A leave got its reply, or timed out.
    pub(super) fn left(&mut self, id: u32) {
        let life = &mut self.actors[id as usize].life;
        if life.wait == Wait::Left {
            life.wait = Wait::Nothing;
            life.step += 1;
            self.advance(id);
        }
    }

    /// Joins a channel that is over. After a cut the client rejoins by itself, so this only waits.
    pub(super) fn join_again(&mut self, id: u32, index: usize, entry: u8) {
        let life = &mut self.actors[id as usize].life;
        let slot = &mut life.slots.all_mut()[index];
        if slot.status == ChannelStatus::Over {
            (slot.status, slot.entry) = (ChannelStatus::Lost, entry);
            if life.stage == ConnectionStage::Open {
                self.join(id, index);
                self.deliver(id);
            }
        }
        let life = &mut self.actors[id as usize].life;
        if !life.slots.at_rest() {
            life.wait = Wait::Joined;
        }
    }

    /// Joins all channels that are over; returns whether the socket now waits for a join.
    pub(super) fn join_what_is_over(&mut self, id: u32) -> bool {
        let count = self.actors[id as usize].life.slots.all().len();
        for (index, entry) in (0..count).zip(0..) {
            if self.actors[id as usize].life.slots.all()[index].status == ChannelStatus::Over {
                self.join_again(id, index, entry);
            }
        }
        self.actors[id as usize].life.wait == Wait::Joined
    }

    pub(super) fn cut(&mut self, id: u32, step: &Step) {
        let life = &mut self.actors[id as usize].life;
        life.step += 1;
        life.wait = Wait::Joined;
        if life.stage != ConnectionStage::Open {
            return;
        }
        life.flags.set(Flags::ON_PURPOSE);
        if let Step::Close(code) = step {
            self.state.close(life, Some(*code), "");
            self.deliver(id);
        }
        // The kernel may have reported already that the connection has ended.
        if self.actors[id as usize].life.stage == ConnectionStage::Open {
            self.fail(id, ErrorKind::Closed);
        }
    }
}
