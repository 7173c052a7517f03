//! Plays a scenario as an instance of a swarm: the connects and joins are done once, then the other steps are
//! repeated, one round each time the driver asks for it. It keeps only messages that a step may look at, and
//! reports what was sent and how long the replies took.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::command::{Command, LinkId};
use super::elsewhere::draw;
use super::link::{Link, State};
use super::wait::{Wait, WaitKind};
use super::{Play, PlayStage};
use crate::clock::Time;
use crate::scenario::program::{ExpectedReply, Opening, Program, SendKind, What};
use crate::transport::{Ending, Outgoing};

/// What a swarm counts and measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// A request and its answer, behind all redirects.
    Http,
    /// From the connection attempt to the open WebSocket.
    Connect,
    /// A join and its reply.
    Join,
    /// A push and its reply.
    Push,
    /// A leave and its reply.
    Leave,
    /// A heartbeat and its reply.
    Heartbeat,
}

/// Whether a step waits for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replied {
    Awaited,
    Never,
}

/// An event that a swarm counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlayEvent {
    /// The exchange started.
    Sent(Exchange, Replied),
    /// The exchange was answered after this long.
    Answered(Exchange, Duration),
    /// A heartbeat had no reply when the next one was due, and the connection was closed.
    HeartbeatTimedOut,
    /// This many bytes of the play arrived over a connection.
    Arrived(usize),
}

/// The additional state of a play in a swarm.
#[derive(Debug, Default)]
pub(super) struct SwarmState {
    /// The first group of a round; the groups before it are played once.
    first: usize,
    /// How many rounds began.
    rounds: u64,
    /// The events that each actor waits for, or nothing if the actor must keep all messages.
    awaited: Vec<Option<Arc<[String]>>>,
    /// The connections that were open before the first round, with the topics that were joined on them.
    before: Vec<(LinkId, Vec<Arc<str>>)>,
    pub(super) told: VecDeque<PlayEvent>,
}

impl SwarmState {
    pub(super) fn of(program: &Program) -> Self {
        let actors = 0..program.actors.len();
        Self {
            first: program.opening_groups(),
            rounds: 0,
            awaited: actors.map(|actor| awaited_events(program, actor)).collect(),
            before: Vec::new(),
            told: VecDeque::new(),
        }
    }

    pub(super) fn awaited(&self, actor: usize) -> Option<Arc<[String]>> {
        self.awaited.get(actor).cloned().flatten()
    }

    /// Reports a wait that has ended.
    pub(super) fn over(&mut self, what: &What, wait: &Wait, now: Time) {
        let exchange = match (&wait.kind, what) {
            (WaitKind::Opening, What::Connect(_, connect)) if connect.answer == Opening::Open => {
                Exchange::Connect
            }
            (WaitKind::Http(_), What::Http(_)) => Exchange::Http,
            (WaitKind::Reply { .. }, What::Send(_, send)) => Exchange::of(&send.kind),
            _ => return,
        };
        let took = now.since(wait.sent);
        self.told.push_back(PlayEvent::Answered(exchange, took));
    }

    /// Reports a step that sends something.
    pub(super) fn sent(&mut self, what: &What) {
        let sent = match what {
            What::Send(_, send) => {
                let replied = match send.reply {
                    ExpectedReply::None => Replied::Never,
                    ExpectedReply::Any | ExpectedReply::Status(..) => Replied::Awaited,
                };
                PlayEvent::Sent(Exchange::of(&send.kind), replied)
            }
            _ => return,
        };
        self.told.push_back(sent);
    }
}

impl Exchange {
    fn of(kind: &SendKind) -> Self {
        match kind {
            SendKind::Join => Self::Join,
            SendKind::Leave => Self::Leave,
            SendKind::Heartbeat => Self::Heartbeat,
            SendKind::Push(_) => Self::Push,
        }
    }
}

/// The events that an actor waits for, if it can ignore all others.
fn awaited_events(program: &Program, actor: usize) -> Option<Arc<[String]>> {
    let mut events = Vec::new();
    for act in program.acts() {
        match &act.what {
            What::Receive(whose, receive) if whose.0 == actor => {
                events.push(receive.event.as_fixed()?.to_owned());
            }
            What::ReceiveNothing(whose, _) if whose.0 == actor => return None,
            _ => {}
        }
    }
    events.sort_unstable();
    events.dedup();
    Some(events.into())
}

impl Play {
    /// The next event for the swarm to count, if any.
    pub(crate) fn next_event(&mut self) -> Option<PlayEvent> {
        self.rounds.as_mut()?.told.pop_front()
    }

    /// Whether the next group is the first of a round, so that the play has to pause.
    pub(super) fn waits_for_its_turn(&self) -> bool {
        let first = self.rounds.as_ref().map(|rounds| rounds.first);
        self.stage == PlayStage::Playing && first == Some(self.group) && self.group > 0
    }

    /// Stores which connections are open and which topics are joined before the first round.
    pub(super) fn remember(&mut self) {
        let open = self.links.iter().flatten().filter(|link| link.is_open());
        let before = open.map(|link| (link.id, link.joined())).collect();
        if let Some(rounds) = &mut self.rounds {
            rounds.before = before;
        }
    }

    /// Plays the steps after the joins once.
    pub(crate) fn begin_round(&mut self, now: Time) {
        let Some(rounds) = &mut self.rounds else { return };
        rounds.rounds += 1;
        let (first, round) = (rounds.first, rounds.rounds);
        draw(&self.program, &self.setting, round, &mut self.values);
        self.waits.clear();
        self.group = first;
        self.stage = PlayStage::Playing;
        self.enter_group(now);
        self.advance(now);
    }

    /// Whether the connections are as they were before the first round, so that another round can begin.
    pub(crate) fn can_go_on(&self) -> bool {
        let Some(rounds) = &self.rounds else {
            return false;
        };
        let stands = |(id, topics): &(LinkId, Vec<Arc<str>>)| {
            let link = self.links.get(id.actor).and_then(Option::as_ref);
            link.is_some_and(|link| link.id == *id && link.is_open() && link.joined() == *topics)
        };
        rounds.first > 0 && rounds.before.iter().all(stands)
    }

    /// The number of open connections.
    pub(crate) fn open_links(&self) -> usize {
        self.links.iter().flatten().filter(|link| link.is_open()).count()
    }

    /// Sends a heartbeat over each open connection, and closes those whose last heartbeat has no reply.
    pub(crate) fn beat(&mut self, now: Time) {
        for link in self.links.iter_mut().flatten().filter(|link| link.is_open()) {
            let outgoing = match link.beat(now) {
                Some(Ok(outgoing)) => outgoing,
                Some(Err(_)) => continue,
                None => {
                    link.state = State::Ended(Ending::Cut);
                    if let Some(rounds) = &mut self.rounds {
                        rounds.told.push_back(PlayEvent::HeartbeatTimedOut);
                    }
                    Outgoing::Cut
                }
            };
            self.commands.push_back(Command::Send(link.id, outgoing));
        }
        self.advance(now);
    }

    /// Closes all open connections, as a client does when it goes away.
    pub(crate) fn close_all(&mut self) {
        for link in self.links.iter().flatten().filter(|link| link.is_open()) {
            let close = Outgoing::Close {
                code: Some(1000),
                reason: String::new(),
            };
            self.commands.push_back(Command::Send(link.id, close));
        }
    }

    /// Drops messages that steps have taken, and replies that no step waits for any more.
    pub(super) fn forget_what_is_over(&mut self) {
        if self.rounds.is_some() {
            self.links
                .iter_mut()
                .flatten()
                .for_each(Link::forget_what_is_over);
        }
    }
}
