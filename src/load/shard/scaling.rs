//! Opens and closes sockets while the run goes on, if its number of sockets is changed from outside.

use std::ops::Range;
use std::time::Duration;

use super::super::actor::{Actor, ConnectionStage, Flags, SocketSession, Wait};
use super::super::control::Phase;
use super::super::pace::Stream;
use super::super::role::{ChannelStatus, SendMode, SenderSelection};
use super::super::settings::Schedule;
use super::super::tcp_link::LinkUse;
use super::Shard;
use crate::clock::Time;

/// How long the server may take to answer the close frame of a socket that leaves.
const GOODBYE: Duration = Duration::from_secs(2);

impl Shard<'_> {
    /// Follows changes of the number of sockets, and publishes how far they are.
    pub(super) fn look_at_scale(&mut self) {
        if self.blue.settings.scaling.is_none() {
            return;
        }
        if let Some((changes, wanted)) = self.blue.control.scale_after(self.scales_seen) {
            self.scales_seen = changes;
            for (play, sockets) in wanted.iter().enumerate() {
                self.scale(play, *sockets as usize);
            }
        }
        let cell = self.blue.control.cell(self.stream.number);
        for play in 0..self.blocks.len() {
            cell.say_of(play, self.arrivals.came(play), self.senders[play]);
        }
        if self.arrivals.is_over() && self.arrivals.under_way == 0 {
            cell.is_scaled(self.scales_seen);
        }
    }

    /// From now on the scenario has so many sockets over all shards.
    fn scale(&mut self, play: usize, sockets: usize) {
        let block = &mut self.blocks[play];
        let came = block.start + self.arrivals.came(play);
        let wanted = block.want(sockets);
        self.lanes[play].limit(wanted);
        if wanted < came {
            self.arrivals.leave(play, came - wanted);
            self.send_away(play, wanted..came);
        } else if wanted > came {
            self.arrivals.more();
        }
    }

    fn send_away(&mut self, play: usize, ids: Range<u32>) {
        ids.clone().rev().for_each(|id| self.send_one_away(id));
        self.lanes[play].forget(&ids);
    }

    /// A socket leaves. The messages under way to it are in doubt.
    fn send_one_away(&mut self, id: u32) {
        self.call_off(id);
        self.settled(id);
        let place = self.place(id);
        let life = &mut self.actors[id as usize].life;
        life.flags.set(Flags::ON_PURPOSE);
        (life.wait, life.wake) = (Wait::Turn, Time::MAX);
        for index in 0..life.slots.all().len() {
            self.state.part(place, life, index, ChannelStatus::Over);
        }
        life.uncount(&mut self.state.joined);
        let is_open_socket =
            life.stage == ConnectionStage::Open && matches!(life.session, SocketSession::WebSocket(_));
        if is_open_socket {
            self.state.close(life, Some(1000), "");
            self.flush(id, LinkUse::Main);
        }
        let life = &mut self.actors[id as usize].life;
        if !is_open_socket || life.stage != ConnectionStage::Open {
            return self.vanish(id);
        }
        self.open -= 1;
        life.stage = ConnectionStage::Leaving;
        life.due_at = self.state.now + GOODBYE;
        self.give_up_pushes(id);
        self.arm(id);
    }

    /// Counts a socket that leaves before its first attempt to join is over.
    fn call_off(&mut self, id: u32) {
        let is_settled = self.actors[id as usize].life.flags.has(Flags::SETTLED);
        self.state.tally.counts.called_off += u64::from(!is_settled);
    }

    /// Counts the sockets whose first attempt to join is not over when the load ends, and those that have not arrived.
    pub(super) fn call_off_the_rest(&mut self) {
        if self.blue.settings.scaling.is_none() {
            return;
        }
        for play in 0..self.blocks.len() {
            let block = &self.blocks[play];
            let (start, came, wanted) = (block.start, self.arrivals.came(play), block.wanted);
            (start..start + came).for_each(|id| self.call_off(id));
            self.state.tally.counts.called_off += u64::from(wanted - start - came);
        }
    }

    /// The pushes without a reply are in doubt, and the client is a new one.
    fn give_up_pushes(&mut self, id: u32) {
        let now = self.state.now;
        self.state.doubt_all(id);
        self.call_as_of(id, now, |socket, context| socket.give_up_pushes(context));
        self.state.news.clear();
        self.actors[id as usize].socket = crate::client::Socket::new();
    }

    /// The connection of a socket that leaves is over. Its place is free for one that comes later.
    pub(super) fn vanish(&mut self, id: u32) {
        self.drop_connection(id);
        self.give_up_pushes(id);
        let life = &self.actors[id as usize].life;
        let (role, seq) = (life.role, life.seq);
        let topics = life.slots.all().len();
        let actor = &mut self.actors[id as usize];
        *actor = Actor::expected(role, topics);
        // The broadcasts of a sender go on where they ended.
        actor.life.seq = seq;
    }

    /// Sets the rate of each scenario by the number of joined sockets.
    pub(super) fn follow_sockets(&mut self) {
        let Schedule::PerSocket(rates) = &self.blue.settings.schedule else {
            return;
        };
        if self.phase != Phase::Running || self.blue.control.start() > self.state.now {
            return;
        }
        let mut all = 0.0;
        for (play, of_socket) in rates.iter().enumerate() {
            let senders = self.joined_senders(play);
            self.senders[play] = senders;
            let sending = match self.blue.cast.sender_selection(play) {
                SenderSelection::All => senders,
                SenderSelection::One if senders > 0 && self.blocks[play].stream().number == 0 => {
                    self.blue.control.senders(play).max(senders)
                }
                SenderSelection::One => 0,
            };
            let rate = f64::from(sending) * of_socket * self.sockets_of_a_sender(play);
            self.lanes[play].retune(self.state.now, rate);
            all += rate;
        }
        self.blue.control.cell(self.stream.number).say_rate(all);
    }

    fn joined_senders(&self, play: usize) -> u32 {
        let block = &self.blocks[play];
        let sends = |id: &u32| {
            let actor = &self.actors[*id as usize];
            actor.life.flags.has(Flags::COUNTED) && self.send_mode(actor) != SendMode::Listens
        };
        let came = block.start..block.start + self.arrivals.came(play);
        u32::try_from(came.filter(sends).count()).unwrap_or(u32::MAX)
    }

    /// The sockets of an instance, divided by those of them that send.
    fn sockets_of_a_sender(&self, play: usize) -> f64 {
        let senders = self.blue.cast.roles_of(play);
        let senders = senders.filter(|role| role.send_mode != SendMode::Listens).count();
        self.blue.cast.plays[play].places.len() as f64 / senders.max(1) as f64
    }

    /// The stream of this shard for a rate that is its own.
    pub(super) fn own_stream(&self) -> Stream {
        Stream {
            number: self.stream.number,
            of: 1,
        }
    }
}
