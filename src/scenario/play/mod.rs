//! The interpreter: plays a scenario group by group. Its driver reports what happened, and the play says what
//! to do next. It opens no socket and reads no clock, so a test can drive it as a conformance case does.

mod act;
mod answer;
mod asked;
mod choice;
mod closing;
mod command;
mod elsewhere;
mod ending;
mod failure;
mod fallback;
mod http;
mod inbox;
mod jar;
mod link;
mod opening;
mod outside;
mod recording;
mod refs;
mod request;
mod rounds;
mod segment;
mod step;
mod taken;
mod wait;

use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) use closing::{code_in_words, describe_ending};
pub use command::{
    Command, ConnectOptions, Happening, HttpRequest, LinkId, Purpose, Reached, RequestSender, Setting,
};
pub(crate) use elsewhere::{Given, connect_request, first_values, take_content, take_http_answer};
pub use failure::{Blame, Failure, FailureKind, Subject};
pub(crate) use inbox::show_bytes;
pub(crate) use link::SETTLE_REF;
pub use recording::{Noted, RecordedEntry, Recording, Who};
pub(crate) use refs::json_of;
pub(crate) use request::http_request;
pub(crate) use rounds::{Exchange, PlayEvent, Replied};

use super::program::Program;
use super::template::Values;
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::transport::{Ending, Incoming};
use crate::wire::websocket::Coding;
use asked::Asked;
use failure::Wrong;
use fallback::Settles;
use http::Requests;
use inbox::{Arrived, HeldFrame};
use link::{Link, State};
use recording::{Flooded, recording_of};
use rounds::SwarmState;
use wait::Wait;

/// One run of a scenario.
pub struct Play {
    program: Arc<Program>,
    setting: Setting,
    vsn: Vsn,
    values: Values,
    links: Vec<Option<Link>>,
    connections: Vec<u32>,
    requests: Requests,
    group: usize,
    waits: Vec<Wait>,
    commands: VecDeque<Command>,
    recording: Recording,
    serial: u64,
    asked: Asked,
    stage: PlayStage,
    /// The note about the application of an `http` step that passed.
    note: Option<Box<str>>,
    /// Only in a play of a swarm.
    rounds: Option<SwarmState>,
    /// The actors whose clients remember that they fell back to long poll.
    fell_back: Vec<usize>,
}

/// The stage of a play.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PlayStage {
    Playing,
    /// In a swarm: the steps after the joins wait until the driver starts a round.
    Paused,
    /// All steps held. A last heartbeat over each open connection makes sure that no message under way is
    /// missed.
    Settling,
    Over,
    Failed(Box<Failure>),
}

/// The progress of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayStatus<'a> {
    /// Steps are running.
    Playing,
    /// In a swarm: all joins are done, and the next round can begin.
    Paused,
    /// All steps held, and the play waits for what is still under way.
    Settling,
    /// All steps held.
    Over,
    /// A step failed.
    Failed(&'a Failure),
}

impl Play {
    /// A play of `program` that has not started; [`Play::begin`] starts it.
    pub fn new(program: Arc<Program>, setting: Setting) -> Self {
        let values = first_values(&program, &setting);
        Self {
            vsn: program.vsn.unwrap_or(setting.vsn),
            links: program.actors.iter().map(|_| None).collect(),
            connections: vec![0; program.actors.len()],
            requests: Requests::of(program.actors.len()),
            group: 0,
            waits: Vec::new(),
            commands: VecDeque::new(),
            recording: recording_of(&program, setting.purpose),
            rounds: matches!(setting.purpose, Purpose::Swarm { .. }).then(|| SwarmState::of(&program)),
            serial: 0,
            fell_back: Vec::new(),
            asked: Asked::default(),
            stage: PlayStage::Playing,
            note: None,
            program,
            setting,
            values,
        }
    }

    /// Starts the first step.
    pub fn begin(&mut self, now: Time) {
        self.enter_group(now);
        self.advance(now);
    }

    /// What to do next, if anything.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Play::handle_timeout`], if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        self.waits
            .iter()
            .filter(|wait| wait.over.is_none())
            .map(|wait| self.deadline_of(wait))
            .chain(self.fallback_deadlines())
            .min()
    }

    /// Until when the server is busy with what the scenario asked of it: to wait, to push by a timer, and to
    /// receive and send large messages.
    pub fn busy_until(&self) -> Time {
        self.asked.until()
    }

    /// The progress of the play.
    pub fn progress(&self) -> PlayStatus<'_> {
        match &self.stage {
            PlayStage::Playing => PlayStatus::Playing,
            PlayStage::Paused => PlayStatus::Paused,
            PlayStage::Settling => PlayStatus::Settling,
            PlayStage::Over => PlayStatus::Over,
            PlayStage::Failed(failure) => PlayStatus::Failed(failure),
        }
    }

    /// The program that is played.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What happened so far.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The note about the application, if an `http` step made one.
    pub fn told_note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The serializer of connections whose params name none.
    pub fn vsn(&self) -> Vsn {
        self.vsn
    }

    /// The variables, the fresh names and the texts that were made up, with their values in this play.
    pub fn named_values(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.program.variables.iter();
        let variables = variables.map(|(name, value)| (name.as_str(), value.as_str()));
        let telling = self.program.generated.iter().filter(|it| it.kind.is_telling());
        let own = self
            .program
            .fresh
            .iter()
            .copied()
            .chain(telling.map(|it| it.name));
        let own = own.map(|name| {
            let value = self.values.get(name).as_str().unwrap_or_default();
            (self.program.names[name.0].as_str(), value)
        });
        variables.filter(|(_, value)| !value.is_empty()).chain(own)
    }

    /// Handles a report of the driver.
    pub fn handle(&mut self, happening: Happening, now: Time) {
        let Some(happening) = self.choose_transport(happening, now) else {
            self.advance(now);
            return;
        };
        let noted = match happening {
            Happening::Dialled(id, path) => self.note(now, id, Noted::Connecting(path)),
            Happening::Opened(id, coding) => self.handle_opened(id, coding, now),
            Happening::Refused(id, response) => {
                self.end_link(id, State::Refused(response.status));
                self.note(now, id, Noted::Refused(response))
            }
            Happening::Unanswered(id, why, reach) => {
                self.end_link(id, State::Unanswered(why.clone(), reach));
                self.note(now, id, Noted::Failed(why))
            }
            Happening::Incoming(id, incoming) => self.handle_incoming(id, incoming, now),
            Happening::Moving(id) => {
                if let Some(link) = self.link(id) {
                    link.moved = now;
                }
                return;
            }
            Happening::Http(id, answer) => self.handle_http(id, answer, now),
            Happening::Restarted(result) => self.handle_restarted(result, now),
        };
        if noted.is_err() {
            let what = "the server said more than any case asks for, so it was left";
            let wrong = Wrong::server(what, self.recording.limit(), "more than that");
            self.fail(0, wrong);
        }
        self.advance(now);
    }

    /// Handles a deadline.
    pub fn handle_timeout(&mut self, now: Time) {
        self.fall_back_if_late(now);
        self.advance(now);
    }

    fn handle_opened(&mut self, id: LinkId, coding: Coding, now: Time) -> Result<(), Flooded> {
        if let Some(link) = self.link(id) {
            link.coding = coding;
            link.opened(now);
        }
        self.note(now, id, Noted::Opened)?;
        self.ping(id, now);
        Ok(())
    }

    fn handle_incoming(&mut self, id: LinkId, incoming: Incoming, now: Time) -> Result<(), Flooded> {
        let noted = match incoming {
            Incoming::Text(text) => {
                let text: Arc<str> = text.into();
                self.arrive(id, HeldFrame::Text(Arc::clone(&text)), now);
                Noted::Text(text)
            }
            Incoming::Binary(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.arrive(id, HeldFrame::Binary(Arc::clone(&bytes)), now);
                Noted::Binary(bytes)
            }
            Incoming::Ping(_) => return Ok(()),
            Incoming::Pong(payload) => {
                if let Some(link) = self.link(id) {
                    link.pongs.push(String::from_utf8_lossy(&payload).into_owned());
                }
                Noted::Pong(payload)
            }
            // A cut by the play itself is recorded when it is made.
            Incoming::Closed(Ending::Cut) => return Ok(()),
            Incoming::Closed(ending) => {
                self.end_link(id, State::Ended(ending.clone()));
                Noted::Ended(ending)
            }
        };
        self.note(now, id, noted)
    }

    fn arrive(&mut self, id: LinkId, frame: HeldFrame, now: Time) {
        self.serial += 1;
        let serial = self.serial;
        let length = frame.len();
        let Some(link) = self.link(id) else { return };
        let arrived = Arrived::new(serial, frame, link.vsn);
        if self.settles(id, &arrived, now) == Settles::Yes {
            return;
        }
        let beat = self.link(id).and_then(|link| link.arrive(arrived, now));
        if let Some(rounds) = &mut self.rounds {
            rounds.told.push_back(PlayEvent::Arrived(length));
            let beat = beat.map(|took| PlayEvent::Answered(Exchange::Heartbeat, took));
            rounds.told.extend(beat);
        }
    }

    /// Records how a connection ended. Only the first ending counts, because what follows a close frame only
    /// says how TCP ended.
    fn end_link(&mut self, id: LinkId, state: State) {
        if let Some(link) = self.link(id)
            && matches!(link.state, State::Opening | State::Open)
        {
            link.state = state;
        }
    }

    /// The link of this id, unless its actor has a newer one.
    fn link(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links
            .get_mut(id.actor)?
            .as_mut()
            .filter(|link| link.id == id)
    }

    fn note(&mut self, now: Time, id: LinkId, what: Noted) -> Result<(), Flooded> {
        self.recording.push(now, Who::Actor(id.actor, id.number), what)
    }
}

#[cfg(test)]
mod tests;
