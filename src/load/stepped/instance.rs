//! Plays one instance of a scenario: the connections of its actors, and its rounds until the load is over.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::Rounds;
use super::counting::{Broken, answered};
use super::state::{Seat, ThreadState};
use super::turns::is_open;
use crate::clock::Time;
use crate::driver::{Links, until};
use crate::load::control::Phase;
use crate::load::error_kind::ErrorKind;
use crate::load::lane::Turn;
use crate::load::latency::Timing;
use crate::scenario::{Exchange, Failure, Happening, Play, PlayEvent, PlayStatus, Replied};

/// An instance that failed starts again after this time.
const BACKOFF: Duration = Duration::from_secs(1);
/// How long a server may take to answer the close frames at the end of a play.
const GOODBYE: Duration = Duration::from_secs(1);

/// How a part of a play ended.
enum Ended {
    /// All of its steps held.
    Held,
    Failed(Box<Failure>),
    /// A connection ended between two rounds.
    Lost,
    /// The run is over.
    Stopped,
}

/// Waits for the next round of an open model; waits for ever in a closed one.
async fn given(told: &mut Option<oneshot::Receiver<Turn>>) -> Result<Turn, Ended> {
    match told {
        // The sender is gone, so the load is over.
        Some(told) => told.await.map_err(|_| Ended::Stopped),
        None => std::future::pending().await,
    }
}

/// Plays an instance until the load is over.
pub(super) async fn run(state: Rc<ThreadState>, seat: Seat) {
    let program = &state.scenarios.plays[seat.id.play].program;
    let (opening, groups) = (program.opening_groups(), program.groups());
    let mut plays = 0;
    let mut has_come = false;
    while state.phase() <= Phase::Running {
        let mut instance = Instance::new(&state, seat, plays);
        plays += 1;
        let ended = match opening {
            // If the scenario has no joins to keep, a play is a whole conversation. The first one runs during the
            // opening phase.
            0 if has_come => instance.conversation().await,
            _ => instance.begin().await,
        };
        if let Ended::Held = ended
            && !has_come
        {
            has_come = true;
            state.came(seat);
            // Whole conversations have no joined state in between, so they count from the first one on.
            if opening == 0 {
                state.join(seat);
            }
        }
        state.settled(seat);
        let ended = match ended {
            Ended::Held if opening > 0 => {
                state.join(seat);
                let ended = match opening < groups {
                    true => instance.rounds().await,
                    false => instance.stay().await,
                };
                state.leave(seat);
                ended
            }
            ended => ended,
        };
        instance.finish(ended).await;
    }
}

struct Instance<'s> {
    state: &'s Rc<ThreadState>,
    seat: Seat,
    play: Play,
    links: Links,
    news: Receiver<Happening>,
    beats_at: Time,
    /// Its open connections, as included in the thread's count.
    open: usize,
    /// The number of pushes without a reply.
    unanswered: u64,
    /// How much earlier than its start the first push of the round counts from.
    held_up: Duration,
}

impl<'s> Instance<'s> {
    fn new(state: &'s Rc<ThreadState>, seat: Seat, plays: u64) -> Self {
        let scenario = &state.scenarios.plays[seat.id.play];
        let setting = state.scenarios.setting(&state.settings, seat.id, plays);
        let (links, news) = Links::new(Rc::clone(&state.connections));
        Self {
            play: Play::new(scenario.program.clone(), setting),
            state,
            seat,
            links,
            news,
            beats_at: state.next_beat(),
            open: 0,
            unanswered: 0,
            held_up: Duration::ZERO,
        }
    }

    fn now(&self) -> Time {
        self.state.clock.now()
    }

    /// Plays from the first step up to the first round, or to the end.
    async fn begin(&mut self) -> Ended {
        self.play.begin(self.now());
        self.go_on().await
    }

    /// Repeats the steps after the joins until the load is over or a connection ends.
    async fn rounds(&mut self) -> Ended {
        loop {
            let turn = match self.turn().await {
                Ok(turn) => turn,
                Err(ended) => return ended,
            };
            self.begin_counting(turn);
            self.play.begin_round(self.now());
            let ended = self.go_on().await;
            self.end_counting(&ended);
            match ended {
                Ended::Held if self.keeps_connections() && self.play.can_go_on() => {}
                ended => return ended,
            }
        }
    }

    fn keeps_connections(&self) -> bool {
        self.state.scenarios.plays[self.seat.id.play].rounds() == Rounds::OnTheSameConnections
    }

    /// Waits for a round, then plays the whole scenario.
    async fn conversation(&mut self) -> Ended {
        let turn = match self.turn().await {
            Ok(turn) => turn,
            Err(ended) => return ended,
        };
        self.begin_counting(turn);
        let ended = self.begin().await;
        self.end_counting(&ended);
        ended
    }

    /// Stays joined and does nothing else.
    async fn stay(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.step().await {
                return ended;
            }
            if !self.play.can_go_on() {
                return Ended::Lost;
            }
        }
    }

    /// Waits for the next round; the error says how the play ended before it.
    async fn turn(&mut self) -> Result<Turn, Ended> {
        const AT_ONCE: Turn = Turn {
            late: Duration::ZERO,
            waited: Duration::ZERO,
        };
        let mut told = match is_open(&self.state.settings) {
            true => match self.state.ask_for_turn(self.seat) {
                Ok(turn) => return Ok(turn),
                Err(told) => Some(told),
            },
            false => None,
        };
        let mut phases = self.state.phases();
        loop {
            let phase = *phases.borrow_and_update();
            if phase > Phase::Running {
                return Err(Ended::Stopped);
            }
            if told.is_none() && phase == Phase::Running {
                // Other instances run first, so that a round without a wait does not block the thread.
                tokio::task::yield_now().await;
                return Ok(AT_ONCE);
            }
            tokio::select! {
                biased;
                turn = given(&mut told) => return turn,
                _ = phases.changed() => {}
                ended = self.step() => match ended {
                    Some(ended) => return Err(ended),
                    None if self.is_idle_and_whole() => {}
                    None => return Err(Ended::Lost),
                },
            }
        }
    }

    /// Whether the paused play can continue: nothing has failed meanwhile.
    fn is_idle_and_whole(&self) -> bool {
        self.play.progress() == PlayStatus::Playing || self.play.can_go_on()
    }

    fn begin_counting(&mut self, turn: Turn) {
        let mut tally = self.state.tally.borrow_mut();
        let (play, now) = (self.seat.id.play, self.state.clock.now());
        if is_open(&self.state.settings) {
            tally.late(turn.late);
            tally.record(play, Timing::Waited, now - turn.waited, now);
        }
        self.held_up = self.state.take_held_up(self.seat);
        self.state.busy.set(self.state.busy.get() + 1);
    }

    fn end_counting(&mut self, ended: &Ended) {
        self.state.busy.set(self.state.busy.get() - 1);
        self.state.round_over(self.seat);
        if let Ended::Held = ended {
            self.state.tally.borrow_mut().counts.rounds += 1;
        }
    }

    /// Continues until the steps so far have succeeded or failed.
    async fn go_on(&mut self) -> Ended {
        let mut phases = self.state.phases();
        loop {
            self.carry_out();
            match self.play.progress() {
                PlayStatus::Paused | PlayStatus::Over => return Ended::Held,
                PlayStatus::Failed(failure) => return Ended::Failed(Box::new(failure.clone())),
                PlayStatus::Playing | PlayStatus::Settling => {}
            }
            if *phases.borrow_and_update() >= Phase::Stopped {
                return Ended::Stopped;
            }
            tokio::select! {
                biased;
                _ = phases.changed() => {}
                ended = self.step() => if let Some(ended) = ended { return ended },
            }
        }
    }

    /// Executes what the play asks for, and waits until something happens.
    async fn step(&mut self) -> Option<Ended> {
        self.carry_out();
        let wake = self
            .play
            .deadline()
            .map_or(self.beats_at, |at| at.min(self.beats_at));
        tokio::select! {
            biased;
            Some(happening) = self.news.recv() => self.play.handle(happening, self.state.clock.now()),
            () = until(self.state.clock, Some(wake)) => self.wake(wake),
        }
        self.carry_out();
        match self.play.progress() {
            PlayStatus::Failed(failure) => Some(Ended::Failed(Box::new(failure.clone()))),
            _ => None,
        }
    }

    fn wake(&mut self, due: Time) {
        let now = self.now();
        self.state.tally.borrow_mut().timers.count(now.since(due));
        if now >= self.beats_at {
            self.beats_at = self.state.next_beat();
            self.play.beat(now);
        } else {
            self.play.handle_timeout(now);
        }
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.play.next_command() {
            self.links.carry_out(command);
        }
        while let Some(event) = self.play.next_event() {
            self.count(event);
        }
        let open = self.play.open_links();
        self.state.open.set(self.state.open.get() + open - self.open);
        self.open = open;
    }

    fn count(&mut self, event: PlayEvent) {
        let mut tally = self.state.tally.borrow_mut();
        let now = self.state.clock.now();
        match event {
            PlayEvent::Sent(Exchange::Push, replied) => {
                tally.counts.sent += 1;
                if replied == Replied::Awaited {
                    tally.counts.replies_expected += 1;
                    self.unanswered += 1;
                }
            }
            PlayEvent::Sent(..) => {}
            PlayEvent::Answered(exchange, took) => {
                let held_up = match exchange {
                    Exchange::Push => {
                        self.unanswered = self.unanswered.saturating_sub(1);
                        std::mem::take(&mut self.held_up)
                    }
                    _ => Duration::ZERO,
                };
                answered(&mut tally, self.seat.id.play, exchange, took + held_up, now);
            }
            PlayEvent::HeartbeatTimedOut => tally.trouble(ErrorKind::HeartbeatTimeout),
            PlayEvent::Arrived(bytes) => {
                tally.counts.messages_in += 1;
                tally.counts.bytes_in += bytes as u64;
                tally.counts.message_bytes_in += bytes as u64;
            }
        }
    }

    /// Counts how the play ended, and drops its connections.
    async fn finish(mut self, ended: Ended) {
        let now = self.now();
        match &ended {
            Ended::Held => {}
            Ended::Failed(failure) => {
                let broken = Broken::of(failure);
                let mut tally = self.state.tally.borrow_mut();
                if broken == Broken::Reply {
                    self.unanswered = self.unanswered.saturating_sub(1);
                }
                broken.count(&mut tally, failure, now);
            }
            Ended::Lost => {
                let mut tally = self.state.tally.borrow_mut();
                tally.lose(now);
                tally.trouble(ErrorKind::Closed);
            }
            Ended::Stopped => {}
        }
        self.state.tally.borrow_mut().counts.replies_in_doubt += std::mem::take(&mut self.unanswered);
        self.close().await;
        if let Ended::Failed(_) | Ended::Lost = ended {
            self.state.rest(BACKOFF).await;
        }
    }

    async fn close(&mut self) {
        self.play.close_all();
        self.carry_out();
        let end = Some(self.now() + GOODBYE);
        while self.open > 0 {
            tokio::select! {
                biased;
                Some(happening) = self.news.recv() => self.play.handle(happening, self.state.clock.now()),
                () = until(self.state.clock, end) => break,
            }
            self.carry_out();
        }
        self.state.open.set(self.state.open.get() - self.open);
        self.open = 0;
    }
}
