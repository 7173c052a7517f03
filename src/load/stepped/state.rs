//! State that the instances of a thread share: settings, counts, rounds and the phase of the run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::turns::Turns;
use super::{InstanceId, SteppedScenarios};
use crate::clock::{Clock, Time};
use crate::driver::{ConnectionSettings, until};
use crate::load::control::Phase;
use crate::load::lane::Turn;
use crate::load::settings::LoadSettings;
use crate::load::tally::Tally;
use crate::transport::Transport;

/// An instance, and its number in its thread.
#[derive(Clone, Copy)]
pub(super) struct Seat {
    pub(super) id: InstanceId,
    /// The number of the instance in the thread.
    pub(super) local: u32,
}

/// State that all instances of a thread share.
pub(super) struct ThreadState {
    pub(super) settings: LoadSettings,
    pub(super) scenarios: Arc<SteppedScenarios>,
    pub(super) connections: Rc<ConnectionSettings>,
    pub(super) clock: Clock,
    pub(super) tally: RefCell<Tally>,
    /// The number of open connections.
    pub(super) open: Cell<usize>,
    /// The number of rounds under way.
    pub(super) busy: Cell<usize>,
    /// The number of joined sockets.
    pub(super) joined: Cell<u64>,
    /// The instances that have tried to join at least once.
    pub(super) tried: RefCell<Box<[bool]>>,
    pub(super) on_their_way: Cell<usize>,
    pub(super) turns: RefCell<Turns>,
    pub(super) phase: watch::Sender<Phase>,
}

impl ThreadState {
    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// When an instance that sends a heartbeat now, or begins, sends its next one. A long poll client sends none, as its
    /// polls keep the session.
    pub(super) fn next_beat(&self) -> Time {
        match self.settings.target.transport() {
            Transport::WebSocket => self.clock.now() + self.settings.heartbeat,
            Transport::LongPoll => Time::MAX,
        }
    }

    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// An instance has joined for the first time.
    pub(super) fn came(&self, seat: Seat) {
        let size = self.size(seat);
        let counts = &mut self.tally.borrow_mut().counts;
        counts.first_joined += size;
        counts.first_opened += size;
    }

    /// The sockets of an instance are joined from now on.
    pub(super) fn join(&self, seat: Seat) {
        self.joined.set(self.joined.get() + self.size(seat));
    }

    /// The sockets of an instance are not joined any more.
    pub(super) fn leave(&self, seat: Seat) {
        self.joined.set(self.joined.get() - self.size(seat));
    }

    fn size(&self, seat: Seat) -> u64 {
        self.scenarios.plays[seat.id.play].size().into()
    }

    /// An instance has tried to join.
    pub(super) fn settled(&self, seat: Seat) {
        let tried = &mut self.tried.borrow_mut()[seat.local as usize];
        if !std::mem::replace(tried, true) {
            self.on_their_way.set(self.on_their_way.get() - 1);
        }
    }

    pub(super) fn ask_for_turn(&self, seat: Seat) -> Result<Turn, oneshot::Receiver<Turn>> {
        self.turns
            .borrow_mut()
            .ask(seat.id.play, seat.local, self.clock.now())
    }

    pub(super) fn take_held_up(&self, seat: Seat) -> Duration {
        self.turns.borrow_mut().take_held_up(seat.id.play, seat.local)
    }

    pub(super) fn round_over(&self, seat: Seat) {
        let now = self.clock.now();
        if let Some(length) = self.turns.borrow_mut().over(seat.id.play, seat.local, now) {
            self.tally.borrow_mut().round(seat.id.play, length);
        }
    }

    /// Waits, but at most until the end of the load.
    pub(super) async fn rest(&self, wait: Duration) {
        let end = Some(self.clock.now() + wait);
        let mut phases = self.phases();
        let over = phases.wait_for(|phase| *phase > Phase::Running);
        tokio::select! {
            _ = over => {}
            () = until(self.clock, end) => {}
        }
    }
}
