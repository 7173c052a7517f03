//! A shard of the load generator: a thread with an epoll loop over its own sockets. Handling a message takes no lock
//! that is shared with other shards.

use std::io;
use std::sync::mpsc::Sender;
use std::time::Duration;

use mio::{Events, Poll, Registry};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use super::actor::Actor;
use super::control::{Control, Phase};
use super::dial::{Dialer, Route};
use super::lane::Lane;
use super::ledger::Common;
use super::pace::Stream;
use super::role::{CompiledScenarios, SendMode};
use super::role_requests::RoleRequests;
use super::settings::{LoadSettings, Schedule};
use super::shard_state::{ClientOutbox, ShardState};
use super::tally::Tally;
use super::tcp_link::LinkUse;
use super::way::Way;
use super::wheel::Wheel;
use crate::client::{ClientContext, Config, Socket};
use crate::clock::{Clock, Time};
use crate::process::thread_cpu;
use places::Block;

mod alarms;
mod arrive;
mod broken;
mod connection;
mod ending;
mod frames;
mod places;
mod polls;
mod rounds;
mod scaling;
mod send;
mod sleep;
mod topics;
mod way;
mod write;

/// The size of the read buffer that all sockets of a shard share.
const READ_BUFFER: usize = 64 << 10;
const EVENTS: usize = 1024;
/// The longest sleep. A shard cannot be woken, so it checks the phase at this interval.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// How many heartbeats are sent together; waking the thread for each of them would cost most of its time.
const HEARTBEATS: u32 = 32;

/// What all shards are built from.
pub(super) struct Blueprint<'r> {
    pub(super) settings: &'r LoadSettings,
    pub(super) cast: &'r CompiledScenarios,
    pub(super) common: &'r Common,
    pub(super) control: &'r Control,
    pub(super) clock: Clock,
    /// The requests, by role.
    pub(super) requests: Vec<RoleRequests>,
    pub(super) config: Config,
    pub(super) run: u64,
    pub(super) first_name: u64,
    pub(super) way: Way,
}

/// What a shard has counted since its last reading.
pub(super) struct Reading {
    /// The number of the shard.
    pub(super) shard: usize,
    pub(super) tally: Tally,
    /// The CPU time of the thread so far.
    pub(super) cpu: Duration,
    /// The phase in which it was counted.
    pub(super) phase: Phase,
    /// The end of the period.
    pub(super) at: Time,
}

/// A shard.
pub(super) struct Shard<'r> {
    blue: &'r Blueprint<'r>,
    stream: Stream,
    routes: &'r [Route],
    readings: Sender<Reading>,
    phase: Phase,
    actors: Vec<Actor>,
    state: ShardState<'r>,
    poll: Poll,
    wheel: Wheel,
    dialer: Dialer,
    random: Xoshiro256PlusPlus,
    buffer: Box<[u8]>,
    /// Connections that had more to read than a few buffers.
    greedy: Vec<(u32, LinkUse)>,
    arrivals: arrive::Arrivals,
    /// The sockets of each scenario.
    blocks: Box<[Block]>,
    /// The send schedule of each scenario.
    lanes: Box<[Lane]>,
    /// How many changes of the rate they follow.
    changes_seen: usize,
    /// How many changes of the number of sockets they follow.
    scales_seen: usize,
    /// The joined sockets of each scenario that send, where the rate follows them.
    senders: Box<[u32]>,
    /// The payload that is being sent.
    text: String,
    /// Bytes that all sockets keep in buffers: incomplete input and unsent output.
    kept: usize,
    open: u64,
    /// When the next reading is sent; all shards send theirs at whole seconds of the run.
    read_at: Time,
    /// When all sockets were last checked for missing broadcasts.
    looked_at: Time,
    closing_at: Time,
}

/// The time in which `sockets` sockets send [`HEARTBEATS`] heartbeats.
fn grid(sockets: usize, heartbeat: Duration) -> Duration {
    heartbeat.mul_f64(f64::from(HEARTBEATS) / sockets.max(1) as f64)
}

impl<'r> Shard<'r> {
    /// A shard whose sockets have not arrived yet. Call it in its own thread, once that has its descriptor table.
    pub(super) fn new(
        blue: &'r Blueprint<'r>,
        stream: Stream,
        routes: &'r [Route],
        readings: Sender<Reading>,
    ) -> io::Result<Self> {
        let seed = blue.settings.seed.wrapping_add(stream.number as u64);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let masks = Xoshiro256PlusPlus::seed_from_u64(random.next_u64());
        let now = blue.clock.now();
        let mut blocks = places::blocks(blue.cast, &blue.settings.divided(), stream);
        if blue.settings.scaling.is_some() {
            for block in &mut blocks {
                block.want(0);
            }
        }
        let count = blocks.last().map_or(0, |block| block.end as usize);
        let instances: usize = blocks.iter().map(Block::instances).sum();
        let mut state = ShardState::new(
            blue.cast,
            blue.common,
            instances * blue.cast.own_topics as usize,
            masks,
        );
        state.vsn = blue.settings.vsn;
        state.model = blue.settings.schedule.model();
        state.run = blue.run;
        state.first_name = blue.first_name;
        state.now = now;
        let mut shard = Self {
            blue,
            stream,
            routes,
            readings,
            phase: Phase::Opening,
            actors: Vec::with_capacity(count),
            state,
            poll: Poll::new()?,
            wheel: Wheel::new(now, grid(count, blue.settings.heartbeat)),
            dialer: Dialer::new(random.next_u64()),
            random,
            buffer: vec![0; READ_BUFFER].into(),
            greedy: Vec::new(),
            arrivals: arrive::Arrivals::new(blue.settings, now, stream),
            blocks,
            lanes: Box::default(),
            changes_seen: 0,
            scales_seen: 0,
            senders: vec![0; blue.cast.plays.len()].into(),
            text: String::new(),
            kept: 0,
            open: 0,
            read_at: now.next_second(),
            looked_at: Time::ZERO,
            closing_at: Time::MAX,
        };
        shard.cast_actors();
        let plays = 0..blue.cast.plays.len();
        shard.lanes = plays.map(|play| shard.new_lane(play)).collect();
        Ok(shard)
    }

    pub(super) fn send_mode(&self, actor: &Actor) -> SendMode {
        self.blue.cast.roles[usize::from(actor.life.role)].send_mode
    }

    /// Runs until the run is over. The last reading is sent at the end.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while self.phase != Phase::Over {
            let timeout = self.timeout();
            match sleep::wait(&mut self.poll, &mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.state.now = self.blue.clock.now();
            self.look_at_phase();
            for event in &events {
                self.state.now = self.blue.clock.now();
                self.ready(event);
                self.send_due();
            }
            for (id, of) in std::mem::take(&mut self.greedy) {
                self.readable(id, of);
                self.arm(id);
            }
            self.state.now = self.blue.clock.now();
            self.alarms();
            self.arrive();
            self.send_due();
            self.tell();
        }
        self.tell_now();
        Ok(())
    }

    fn timeout(&self) -> Duration {
        if !self.greedy.is_empty() || self.arrivals.is_hungry() {
            return Duration::ZERO;
        }
        let now = self.blue.clock.now();
        let sends = self.lanes.iter().filter_map(Lane::next);
        let exact = sends
            .chain(self.arrivals.next())
            .min()
            .map_or(LONGEST_SLEEP, |at| at.since(now));
        // Deadlines that are not measured may be up to a millisecond late, because epoll counts in milliseconds.
        let hint = self.wheel.next().map_or(LONGEST_SLEEP, |at| at.since(now));
        let hint = Duration::from_millis(u64::try_from(hint.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
        exact.min(hint).min(LONGEST_SLEEP)
    }

    /// Enters the phase that the conductor asks for.
    fn look_at_phase(&mut self) {
        let wanted = self.blue.control.phase();
        self.blue
            .control
            .cell(self.stream.number)
            .say(self.open, self.state.joined);
        while self.phase < wanted {
            match self.phase {
                Phase::Opening => {
                    if self.state.now < self.blue.control.start() && wanted == Phase::Running {
                        return;
                    }
                    self.enter(Phase::Running);
                    // A run that is stopped while its sockets arrive sends nothing.
                    if self.blue.control.start() < Time::MAX {
                        self.begin_load();
                    }
                }
                Phase::Running => {
                    // A shard that notices the end of the load late still sends what was due before.
                    self.send_due();
                    self.count_held_back();
                    self.call_off_the_rest();
                    self.look_for_the_lost();
                    self.enter(Phase::Draining);
                }
                Phase::Draining => {
                    self.enter(Phase::Stopped);
                    self.stop();
                }
                Phase::Stopped => {
                    self.enter(Phase::Closing);
                    self.settle_ledger();
                    self.close_all();
                }
                Phase::Closing | Phase::Over => self.enter(Phase::Over),
            }
        }
        if self.phase == Phase::Running {
            self.look_at_rate();
            self.look_at_scale();
        }
        self.see_whether_done();
    }

    /// Follows the changes of the rate.
    fn look_at_rate(&mut self) {
        for new in self.blue.control.changes_after(self.changes_seen) {
            self.changes_seen += 1;
            for (play, lane) in self.lanes.iter_mut().enumerate() {
                lane.change(new, self.blue.cast.part_of_sends(play));
            }
        }
    }

    fn enter(&mut self, phase: Phase) {
        if phase != Phase::Running {
            self.end_lanes();
        }
        self.tell_now();
        self.phase = phase;
    }

    fn begin_load(&mut self) {
        let (start, own) = (self.blue.control.start(), self.own_stream());
        for (play, lane) in self.lanes.iter_mut().enumerate() {
            let part = self.blue.cast.part_of_sends(play);
            let sends = match self.blue.settings.schedule {
                Schedule::PerSocket(_) => Some(own),
                Schedule::Open(..) | Schedule::Closed => self.blocks[play].sends,
            };
            lane.begin(self.blue.settings, start, part, sends);
        }
        for id in 0..self.len() {
            self.take_turn(id);
        }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.actors.len()).unwrap_or(u32::MAX)
    }

    /// Calls a client and handles the effects.
    fn call<R>(&mut self, id: u32, verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R) -> R {
        let now = self.state.now;
        let result = self.call_as_of(id, now, verb);
        self.after(id);
        result
    }

    /// Calls a client as if at another time; the caller handles the effects.
    fn call_as_of<R>(
        &mut self,
        id: u32,
        now: Time,
        verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R,
    ) -> R {
        let place = self.place(id);
        let actor = &mut self.actors[id as usize];
        let mut out = ClientOutbox {
            state: &mut self.state,
            life: &mut actor.life,
            place,
        };
        let mut context = ClientContext {
            config: &self.blue.config,
            now,
            out: &mut out,
        };
        verb(&mut actor.socket, &mut context)
    }

    fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    fn tell(&mut self) {
        if self.state.now >= self.read_at {
            self.follow_sockets();
            self.tell_now();
        }
    }

    fn tell_now(&mut self) {
        self.read_at = self.state.now.next_second();
        let in_flight_us = self.state.unanswered.take_micros(self.state.now);
        self.state.tally.counts.in_flight_us += in_flight_us;
        let tally = std::mem::replace(
            &mut self.state.tally,
            Tally::of_several(self.blue.cast.plays.len()),
        );
        // The conductor receives until the last shard has ended, so sending cannot fail.
        let _ = self.readings.send(Reading {
            shard: self.stream.number,
            tally,
            cpu: thread_cpu(),
            phase: self.phase,
            at: self.state.now,
        });
    }
}
