//! Makes the steps of a scenario of what was heard, in an order that a replay keeps: a step waits for the reply to its message, and
//! what the server sent before a client went on is received before the client goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use super::heard::{Heard, HeardWhat, Pauses};
use super::messages::{Heeded, WireMessage, heed};
use super::racing::Racing;
use crate::clock::Time;
use crate::protocol::REPLY;

/// A reply that took this long, while its client sent something else, may depend on that: it is not awaited before that.
const SLOW_REPLY: Duration = Duration::from_millis(500);
/// A step waits five seconds unless it says how long; longer than this is said.
const PATIENT: Duration = Duration::from_secs(2);

/// A recording as steps.
#[derive(Debug)]
pub(super) struct Plan {
    /// Each event as a message.
    pub(super) heeded: Vec<Heeded>,
    pub(super) steps: Vec<PlannedStep>,
    /// The messages that a replay may receive or not.
    pub(super) racing: Racing,
}

/// A step; the numbers are those of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlannedStep {
    Connect(usize),
    /// Messages of one client that followed each other at once.
    Send(Vec<PlannedSend>),
    Raw(usize),
    Receive(usize, Option<Duration>),
    Close(usize),
    Closed(usize),
    Cut(usize),
    Http(usize),
    Pause(Duration),
}

/// A message, and the reply that its step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlannedSend {
    pub(super) event: usize,
    pub(super) reply: Option<usize>,
}

impl Plan {
    /// Orders what was heard. `needed` finds the events whose values are used later.
    pub(super) fn of(heard: &Heard, pauses: Pauses, needed: &dyn Fn(&[Heeded]) -> BTreeSet<usize>) -> Self {
        let heeded = heed(heard);
        let needed = needed(&heeded);
        let racing = Racing::of(heard, &heeded, &needed);
        let mut planner = Planner {
            heard,
            heeded: &heeded,
            racing: &racing.came,
            pauses,
            taken: BTreeSet::new(),
            steps: Vec::new(),
            last: Time::ZERO,
        };
        planner.plan(&needed);
        let steps = planner.steps;
        Self {
            heeded,
            steps,
            racing,
        }
    }

    /// Whether the client ended the connection with this event without the answer to its close frame.
    pub(super) fn cuts(&self, event: usize) -> bool {
        self.steps.contains(&PlannedStep::Cut(event))
    }

    /// The requests beside the socket that are steps.
    pub(super) fn events_of_requests(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().filter_map(|step| match step {
            PlannedStep::Http(event) => Some(*event),
            _ => None,
        })
    }

    /// The message of an event, in either direction.
    pub(super) fn message(&self, event: usize) -> Option<&WireMessage> {
        message(&self.heeded, event)
    }
}

fn message(heeded: &[Heeded], event: usize) -> Option<&WireMessage> {
    match heeded.get(event)? {
        Heeded::Sent(message) | Heeded::Came(message) => Some(message),
        _ => None,
    }
}

struct Planner<'h> {
    heard: &'h Heard,
    heeded: &'h [Heeded],
    /// The messages that nothing waits for.
    racing: &'h BTreeSet<usize>,
    pauses: Pauses,
    /// Replies that a step waits for already.
    taken: BTreeSet<usize>,
    steps: Vec<PlannedStep>,
    /// When the last event that became a step happened.
    last: Time,
}

impl Planner<'_> {
    fn plan(&mut self, needed: &BTreeSet<usize>) {
        let mut next = 0;
        while next < self.heeded.len() {
            let event = next;
            next += 1;
            let what = &self.heard.events[event].what;
            let step = match (what, &self.heeded[event]) {
                (_, Heeded::Sent(_)) => {
                    self.pause(event);
                    let burst = self.burst(event);
                    next = event + burst.len();
                    PlannedStep::Send(burst.into_iter().map(|event| self.send(event)).collect())
                }
                (_, Heeded::Odd) => PlannedStep::Raw(event),
                (_, Heeded::Came(_)) if self.taken.contains(&event) || self.racing.contains(&event) => {
                    continue;
                }
                (_, Heeded::Came(_)) => PlannedStep::Receive(event, self.within(event)),
                (_, Heeded::Unreadable | Heeded::Heartbeat) => continue,
                (HeardWhat::Opened(_) | HeardWhat::Refused(..), _) => {
                    self.pause(event);
                    PlannedStep::Connect(event)
                }
                (HeardWhat::ClientClosed(link, _), _) if !self.closes_in_turn(event, *link) => {
                    PlannedStep::Cut(event)
                }
                (HeardWhat::ClientClosed(..), _) => PlannedStep::Close(event),
                (HeardWhat::ServerClosed(link, _), _) if self.was_closed_by_client(event, *link) => continue,
                (HeardWhat::ServerClosed(..) | HeardWhat::Dropped(_) | HeardWhat::SessionOver(..), _) => {
                    PlannedStep::Closed(event)
                }
                (HeardWhat::Cut(_), _) => {
                    self.pause(event);
                    PlannedStep::Cut(event)
                }
                (HeardWhat::Fetched(_), _) if needed.contains(&event) => PlannedStep::Http(event),
                (HeardWhat::Fetched(_) | HeardWhat::Sent(..) | HeardWhat::Came(..), _) => continue,
            };
            let replies = match &step {
                PlannedStep::Send(sends) => sends.iter().filter_map(|send| send.reply).max(),
                _ => None,
            };
            self.last = self.heard.events[replies.unwrap_or(next - 1)].at;
            self.steps.push(step);
        }
    }

    /// This message and those that its client sent right behind it, before anything else happened.
    fn burst(&self, first: usize) -> Vec<usize> {
        let link = self.heard.events[first].what.link();
        let more = (first..self.heeded.len()).take_while(|event| {
            matches!(self.heeded[*event], Heeded::Sent(_)) && self.heard.events[*event].what.link() == link
        });
        more.collect()
    }

    fn send(&mut self, event: usize) -> PlannedSend {
        let reply = self.reply_to(event).filter(|reply| !self.is_late(event, *reply));
        self.taken.extend(reply);
        PlannedSend { event, reply }
    }

    fn reply_to(&self, event: usize) -> Option<usize> {
        let asked = message(self.heeded, event)?;
        let answers = |index: &usize| {
            let Heeded::Came(it) = &self.heeded[*index] else {
                return false;
            };
            it.link == asked.link
                && it.event == REPLY
                && it.topic == asked.topic
                && it.reference == asked.reference
                && it.reply().is_some()
                && !self.taken.contains(index)
                && !self.racing.contains(index)
        };
        (event + 1..self.heeded.len()).find(answers)
    }

    /// Whether a client went on for a while without this reply.
    fn is_late(&self, event: usize, reply: usize) -> bool {
        let took = self.heard.events[reply].at.since(self.heard.events[event].at);
        let went_on = (event + 1..reply).any(|index| matches!(self.heeded[index], Heeded::Sent(_)));
        (went_on && took >= SLOW_REPLY) || took >= PATIENT
    }

    fn within(&self, event: usize) -> Option<Duration> {
        let waited = self.heard.events[event].at.since(self.last);
        (waited >= PATIENT).then(|| Duration::from_secs(waited.as_secs() * 2 + 5))
    }

    /// A pause of the client, if it is to be kept.
    fn pause(&mut self, event: usize) {
        let waited = self.heard.events[event].at.since(self.last);
        if let Pauses::From(shortest) = self.pauses
            && waited >= shortest
            && !self.steps.is_empty()
        {
            let millis = u64::try_from(waited.as_millis())
                .unwrap_or(u64::MAX)
                .min(3_600_000);
            self.steps.push(PlannedStep::Pause(Duration::from_millis(millis)));
        }
    }

    /// Whether the server answers the close frame of this client.
    fn closes_in_turn(&self, event: usize, link: usize) -> bool {
        let later = self.heard.events[event..].iter();
        later
            .clone()
            .any(|it| matches!(it.what, HeardWhat::ServerClosed(of, _) if of == link))
    }

    fn was_closed_by_client(&self, event: usize, link: usize) -> bool {
        let before = self.heard.events[..event].iter();
        before
            .clone()
            .any(|it| matches!(it.what, HeardWhat::ClientClosed(of, _) if of == link))
    }
}
