//! A thread that plays scenarios step by step: one task for each instance, and one task that leads them through the
//! phases of the run.

use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use super::instance;
use super::state::{Seat, ThreadState};
use super::turns::{Kept, Turns};
use super::{InstanceId, SteppedScenarios};
use crate::clock::{Clock, Time};
use crate::driver::{ConnectionSettings, until};
use crate::load::control::{Control, Phase};
use crate::load::latency::Timing;
use crate::load::pace::{Dues, Stream};
use crate::load::settings::LoadSettings;
use crate::load::shard::Reading;
use crate::load::tally::Tally;
use crate::process::thread_cpu;

/// The longest wait before the phase is checked again.
const LOOK: Duration = Duration::from_millis(20);
/// The most instances of a thread that may be joining at the same time.
const AT_A_TIME: usize = 256;
/// How long connections may take to close at the end.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a thread is built from.
pub(in crate::load) struct ThreadPlan<'r> {
    pub(in crate::load) settings: &'r LoadSettings,
    pub(in crate::load) scenarios: &'r Arc<SteppedScenarios>,
    pub(in crate::load) control: &'r Control,
    pub(in crate::load) clock: Clock,
    pub(in crate::load) stream: Stream,
}

/// Runs a thread until the run is over. The last reading is sent at the end.
pub(in crate::load) fn run(plan: &ThreadPlan<'_>, readings: &Sender<Reading>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let settings = plan.settings.clone();
    let connections = ConnectionSettings {
        endpoint: settings.endpoint(),
        timeout: settings.timeout,
        clock: plan.clock,
    };
    let seats = seats(plan.scenarios, plan.stream);
    let state = Rc::new(ThreadState {
        tally: RefCell::new(Tally::of_several(plan.scenarios.plays.len())),
        open: Cell::new(0),
        busy: Cell::new(0),
        joined: Cell::new(0),
        tried: RefCell::new(vec![false; seats.len()].into()),
        on_their_way: Cell::new(0),
        turns: RefCell::new(Turns::new(&blocks(&seats, plan.scenarios.plays.len()))),
        phase: watch::Sender::new(Phase::Opening),
        settings,
        scenarios: Arc::clone(plan.scenarios),
        connections: Rc::new(connections),
        clock: plan.clock,
    });
    let leader = Leader {
        control: plan.control,
        stream: plan.stream,
        readings,
        arrivals: arrivals(plan),
        read_at: plan.clock.now().next_second(),
        closing_at: Time::MAX,
        changes_seen: 0,
        tasks: JoinSet::new(),
        coming: seats.into_iter(),
        state,
    };
    LocalSet::new().block_on(&runtime, leader.lead());
    Ok(())
}

/// The instances of a thread; the instances of each scenario are dealt out among the threads.
fn seats(scenarios: &SteppedScenarios, stream: Stream) -> Vec<Seat> {
    let ids = scenarios.plays.iter().enumerate().flat_map(|(play, scenario)| {
        let numbers = (0..scenario.instances).skip((stream.number + play) % stream.of);
        numbers
            .step_by(stream.of)
            .map(move |number| InstanceId { play, number })
    });
    (0..).zip(ids).map(|(local, id)| Seat { id, local }).collect()
}

fn blocks(seats: &[Seat], plays: usize) -> Vec<Range<u32>> {
    let count = |play| seats.iter().filter(|seat| seat.id.play == play).count();
    let mut start = 0;
    (0..plays)
        .map(|play| {
            let end = start + u32::try_from(count(play)).unwrap_or(u32::MAX);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}

/// The schedule of arrivals; `None` if instances arrive as fast as possible.
fn arrivals(plan: &ThreadPlan<'_>) -> Option<Dues> {
    let (mut stage, pacing) = plan.settings.arrival_stage()?;
    let sockets: u32 = plan.scenarios.divided().iter().sum();
    let instances: u32 = plan.scenarios.plays.iter().map(|play| play.instances).sum();
    stage.rate *= f64::from(instances) / f64::from(sockets.max(1));
    let seed = plan.settings.seed ^ 0xa55;
    Some(Dues::new(
        plan.clock.now(),
        vec![stage],
        pacing,
        plan.stream,
        seed,
    ))
}

/// Leads the instances of a thread through the phases of a run.
struct Leader<'r> {
    state: Rc<ThreadState>,
    control: &'r Control,
    stream: Stream,
    readings: &'r Sender<Reading>,
    arrivals: Option<Dues>,
    /// The instances that have not arrived yet.
    coming: std::vec::IntoIter<Seat>,
    tasks: JoinSet<()>,
    /// How many changes of the rate are followed.
    changes_seen: usize,
    read_at: Time,
    closing_at: Time,
}

impl Leader<'_> {
    async fn lead(mut self) {
        while self.state.phase() != Phase::Over {
            let now = self.state.clock.now();
            self.look_at_phase(now);
            self.let_come(now);
            self.hand_out(now);
            while self.tasks.try_join_next().is_some() {}
            self.see_whether_done(now);
            if now >= self.read_at {
                self.tell(now);
            }
            let due = self.state.turns.borrow().next();
            let arrival = self.arrivals.as_ref().and_then(Dues::next);
            let wake = [due, arrival].into_iter().flatten().fold(now + LOOK, Time::min);
            until(self.state.clock, Some(wake.max(now + Duration::from_micros(50)))).await;
        }
        self.tell(self.state.clock.now());
    }

    fn look_at_phase(&mut self, now: Time) {
        let cell = self.control.cell(self.stream.number);
        cell.say(self.state.open.get() as u64, self.state.joined.get());
        let wanted = self.control.phase();
        while self.state.phase() < wanted {
            let next = match self.state.phase() {
                Phase::Opening if now < self.control.start() && wanted == Phase::Running => return,
                Phase::Opening => {
                    self.begin_load();
                    Phase::Running
                }
                Phase::Running => {
                    self.hand_out(now);
                    self.end_load(now);
                    Phase::Draining
                }
                Phase::Draining => Phase::Stopped,
                Phase::Stopped => {
                    self.closing_at = now + GOODBYE;
                    Phase::Closing
                }
                Phase::Closing | Phase::Over => Phase::Over,
            };
            self.tell(now);
            self.state.phase.send_replace(next);
        }
        if self.state.phase() == Phase::Running {
            for new in self.control.changes_after(self.changes_seen) {
                self.changes_seen += 1;
                let state = &self.state;
                state.turns.borrow_mut().change(new, &state.scenarios);
            }
        }
    }

    fn begin_load(&self) {
        let start = self.control.start();
        // A run that is stopped while its sockets arrive sends nothing.
        if start < Time::MAX {
            let state = &self.state;
            let mut turns = state.turns.borrow_mut();
            turns.begin(&state.settings, &state.scenarios, start, self.stream);
        }
    }

    fn end_load(&mut self, now: Time) {
        let never = self.state.turns.borrow_mut().end(now);
        let mut tally = self.state.tally.borrow_mut();
        for (play, never) in never.into_iter().enumerate() {
            tally.never_sent(play, &never, now);
        }
    }

    /// Lets instances arrive: as fast as possible, or at scheduled times.
    fn let_come(&mut self, now: Time) {
        if self.state.phase() > Phase::Running {
            return;
        }
        while self.state.on_their_way.get() < AT_A_TIME {
            if let Some(dues) = &mut self.arrivals
                && dues.take(now).is_none()
            {
                return;
            }
            let Some(seat) = self.coming.next() else {
                self.arrivals = None;
                return;
            };
            self.state.on_their_way.set(self.state.on_their_way.get() + 1);
            let state = Rc::clone(&self.state);
            self.tasks.spawn_local(instance::run(state, seat));
        }
    }

    /// Gives due rounds to free instances.
    fn hand_out(&mut self, now: Time) {
        loop {
            let Some(due) = self.state.turns.borrow_mut().take(now) else {
                return;
            };
            let mut tally = self.state.tally.borrow_mut();
            tally.record(due.play, Timing::Lateness, due.intended, now);
            tally.counts.due += 1;
            tally.counts.dropped += u64::from(due.kept == Kept::Dropped);
        }
    }

    fn see_whether_done(&self, now: Time) {
        let phase = self.state.phase();
        let done = match phase {
            Phase::Opening => self.coming.len() == 0 && self.state.on_their_way.get() == 0,
            Phase::Running => false,
            Phase::Draining => self.state.busy.get() == 0,
            Phase::Stopped | Phase::Over => true,
            Phase::Closing => self.tasks.is_empty() || now >= self.closing_at,
        };
        if done {
            self.control.cell(self.stream.number).done(phase);
        }
    }

    fn tell(&mut self, now: Time) {
        self.read_at = now.next_second();
        let plays = self.state.scenarios.plays.len();
        let tally = self.state.tally.replace(Tally::of_several(plays));
        // The conductor receives until the last thread has ended, so sending cannot fail.
        let _ = self.readings.send(Reading {
            shard: self.stream.number,
            tally,
            cpu: thread_cpu(),
            phase: self.state.phase(),
            at: now,
        });
    }
}
