//! A scenario as a swarm plays it: each actor becomes a role of its own, and each socket plays one. It connects, joins
//! what stands before the first other step, and then goes through the rest of its steps again and again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::ledger::Mark;
use super::share::Share;
use super::text::{Line, Meaning};
use crate::protocol::Vsn;
use crate::scenario::{Answers, Offer, Pattern, ReplySaid, ScenarioError};
use crate::transport::ConnectRequest;
pub(super) use follow::{Audience, Broadcast, Finding, Question, take_marks_out};
pub use follow::{Deliveries, Marks};
pub(super) use send_mode::SendMode;

mod compile;
mod follow;
mod send_mode;
#[cfg(test)]
mod tests;
mod typed;

/// What the command line puts in the place of what the scenario says, for servers without its channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    /// The topic of every join.
    pub topic: Option<String>,
    /// The params of every join.
    pub join_params: Option<Value>,
    /// Event and payload of every push; `{{sender}}`, `{{seq}}` and `{{mark}}` are filled in.
    pub push: Option<(String, Value)>,
    /// How that push is answered; if left out, that is found out.
    pub push_reply: Option<PushReply>,
    /// What stands for the names that a target offers.
    pub offers: Vec<(Offer, Value)>,
}

/// How a push from the command line is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReply {
    /// With ok.
    Ok,
    /// With error.
    Error,
    /// Somehow.
    Any,
    /// Not at all.
    None,
}

/// Whether a scenario sends anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sends {
    /// It joins and listens only.
    #[default]
    Nothing,
    /// It pushes, so a run in which nothing was sent proves nothing.
    Something,
}

/// All roles of all scenarios, and what they have in common.
#[derive(Debug)]
pub(super) struct CompiledScenarios {
    pub(super) roles: Box<[Role]>,
    /// The scenarios.
    pub(super) plays: Box<[Play]>,
    /// Topics that all instances have in common.
    pub(super) shared_topics: Box<[Arc<str>]>,
    /// How many topics each instance may have of its own.
    pub(super) own_topics: u32,
    /// How many names each instance may have of its own.
    pub(super) own_names: u64,
    /// Whether there are marks that no scenario wrote.
    pub(super) adds_marks: bool,
    pub(super) deliveries: Deliveries,
    /// Events of which no scenario says whether they are answered; an index is [`Push::left_out`].
    pub(super) left_out: Box<[Box<str>]>,
    /// Whether they had no answer before the run.
    pub(super) silent: Box<[bool]>,
}

/// One scenario of a swarm.
#[derive(Debug)]
pub(super) struct Play {
    /// For each socket of an instance, which role it plays.
    pub(super) places: Box<[u8]>,
    /// What the names of the scenario stand for.
    pub(super) meanings: Box<[Meaning]>,
    pub(super) weight: u32,
}

/// What a socket does.
#[derive(Debug)]
pub(super) struct Role {
    /// Its scenario; an index into [`CompiledScenarios::plays`].
    pub(super) play: usize,
    pub(super) name: Box<str>,
    pub(super) connect: ConnectRequest<Line>,
    pub(super) joins: Box<[Join]>,
    /// The ways in which they are joined: that of each of [`Role::joins`] first, in their order, then those of later
    /// steps.
    pub(super) entries: Box<[Entry]>,
    /// What is repeated until the end.
    pub(super) steps: Box<[Step]>,
    /// The messages that the steps wait for, each once.
    pub(super) awaited: Box<[Awaited]>,
    pub(super) reads_every: Option<Duration>,
    pub(super) send_mode: SendMode,
}

/// A topic that is joined before all else.
#[derive(Debug, PartialEq)]
pub(super) struct Join {
    pub(super) topic: Line,
    pub(super) place: TopicPlace,
    /// Whether what is broadcast there is expected to arrive.
    pub(super) hears: bool,
    /// The event that is counted there, where no mark comes through.
    pub(super) numbered: Option<Box<str>>,
}

/// How a topic is joined, and what must be answered.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) params: Line,
    /// The params, if they are the same for all.
    pub(super) common_params: Option<Arc<str>>,
    /// What the response must look like, if that is judged.
    pub(super) response: Option<Pattern>,
}

/// Which topic it is, beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TopicPlace {
    /// Common to all; an index into [`CompiledScenarios::shared_topics`].
    Shared(u32),
    /// One of the instance's own.
    Own(u32),
}

/// How a channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ChannelStatus {
    /// It is not joined yet, or no more: the client sees to it by itself.
    #[default]
    Lost,
    Joined,
    /// It was left, or the server ended it: it is over until a step joins it, or the next round.
    Over,
}

/// A step of the loop. Channels are indices into [`Role::joins`].
#[derive(Debug)]
pub(super) enum Step {
    Push(Push),
    /// Waits for the answers to the pushes before it that were sent together.
    Gather,
    /// Waits for a message of [`Role::awaited`].
    Receive {
        awaited: u8,
        within: Option<Duration>,
    },
    Sleep(Duration),
    Leave(u8),
    /// Joins a channel in the way of one of [`Role::entries`], if it is not joined.
    Join {
        channel: u8,
        entry: u8,
    },
    /// Ends the connection without a close frame; the client comes back by itself.
    Cut,
    /// Ends it with a close frame.
    Close(u16),
}

/// A push.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) channel: u8,
    pub(super) event: Box<str>,
    pub(super) payload: Content,
    pub(super) answer: Answer,
    pub(super) reply_said: ReplySaid,
    /// Which of [`CompiledScenarios::left_out`] it is.
    pub(super) left_out: Option<u16>,
    pub(super) follow: Follow,
    /// Whether it goes out together with others, and in which order their answers must come.
    pub(super) together: Option<Answers>,
}

/// How the broadcasts that a push leads to are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// It leads to none, or to none that can be followed.
    No,
    /// By a mark that the scenario writes.
    ByMark,
    /// By a mark that was added.
    ByAddedMark(Audience),
    /// By their number.
    ByNumber(Audience),
}

/// What a push carries.
#[derive(Debug)]
pub(super) enum Content {
    Json(Line),
    Binary(Box<[u8]>),
}

impl Push {
    pub(super) fn is_marked(&self) -> bool {
        matches!(&self.payload, Content::Json(line) if line.is_marked())
    }
}

/// The answer that a push must get.
#[derive(Debug)]
pub(super) enum Answer {
    /// None is waited for.
    None,
    Any,
    Status(Box<str>, Option<Pattern>),
}

impl Answer {
    /// Whether this status is the one that is wanted.
    pub(super) fn takes(&self, status: &str) -> bool {
        match self {
            Self::None | Self::Any => true,
            Self::Status(wanted, _) => **wanted == *status,
        }
    }
}

/// By what a message is known that a role waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    ByEvent,
    /// Where the command line says what is pushed, nobody knows what the server makes of it.
    ByEventOrMark,
}

/// A message that a role waits for.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) event: Box<str>,
    pub(super) known: Known,
    /// The channel, if only one counts.
    pub(super) channel: Option<u8>,
    /// What the steps that wait for it say of its payload: one of these must hold. Which step will take it is not
    /// certain where several send, or some of it was missed.
    pub(super) contents: Vec<Pattern>,
    /// Whether one of them takes anything.
    pub(super) takes_all: bool,
}

impl Awaited {
    /// Whether it is a message of this event, with this mark, that came on this channel.
    pub(super) fn is(&self, event: &str, mark: Option<&Mark>, channel: usize) -> bool {
        let is_marked = self.known == Known::ByEventOrMark && mark.is_some();
        (*self.event == *event || is_marked) && self.may_come_on(channel)
    }

    /// Whether it is waited for on this channel.
    pub(super) fn may_come_on(&self, channel: usize) -> bool {
        self.channel.is_none_or(|it| usize::from(it) == channel)
    }
}

impl Role {
    /// The push that is this step.
    pub(super) fn push(&self, step: u16) -> Option<&Push> {
        match self.steps.get(usize::from(step)) {
            Some(Step::Push(push)) => Some(push),
            _ => None,
        }
    }

    /// The push of a role that does nothing else.
    pub(super) fn only_push(&self) -> Option<&Push> {
        self.steps.iter().find_map(|step| match step {
            Step::Push(push) => Some(push),
            _ => None,
        })
    }
}

/// Who sends in an open model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SenderSelection {
    /// All in turn.
    All,
    /// One for all, as long as it can: only what one sender sent has an order, so that a swap is seen by everybody.
    One,
}

impl CompiledScenarios {
    /// Whether anything is sent at all.
    pub(super) fn sends(&self) -> Sends {
        match self.roles.iter().all(|role| role.send_mode == SendMode::Listens) {
            true => Sends::Nothing,
            false => Sends::Something,
        }
    }

    /// The place of the first socket of an instance that sends.
    pub(super) fn first_sender(&self, play: usize) -> Option<usize> {
        self.roles_of(play)
            .position(|role| role.send_mode != SendMode::Listens)
    }

    /// Whether no other role of its scenario sends.
    pub(super) fn sends_alone(&self, role: &Role) -> bool {
        self.roles_of(role.play)
            .all(|it| it.send_mode == SendMode::Listens || it.name == role.name)
    }

    /// Which part of all sends of an open model is a scenario's, among those that send.
    pub(super) fn part_of_sends(&self, play: usize) -> f64 {
        let all = (0..self.plays.len()).filter(|play| self.first_sender(*play).is_some());
        let sum: f64 = all.map(|it| f64::from(self.plays[it].weight)).sum();
        f64::from(self.plays[play].weight) / sum.max(1.0)
    }

    /// The roles of a scenario, by its places.
    pub(super) fn roles_of(&self, play: usize) -> impl Iterator<Item = &Role> {
        let places = self.plays[play].places.iter();
        places.map(|role| &self.roles[usize::from(*role)])
    }

    /// Who sends in an open model of a scenario: where all hear what is sent, one voice is enough.
    pub(super) fn sender_selection(&self, play: usize) -> SenderSelection {
        let speaks_to_all = |role: &Role| {
            role.send_mode == SendMode::Pushes
                && role.steps.iter().any(|step| match step {
                    Step::Push(push) => {
                        let place = role.joins[usize::from(push.channel)].place;
                        push.follow == Follow::ByMark && matches!(place, TopicPlace::Shared(_))
                    }
                    _ => false,
                })
        };
        if self.roles_of(play).any(speaks_to_all) {
            SenderSelection::One
        } else {
            SenderSelection::All
        }
    }

    /// Compiles scenarios. Shared names stand for numbers from `first` on; each instance has [`CompiledScenarios::own_names`]
    /// numbers of its own.
    ///
    /// Nothing comes of scenarios that only the interpreter can play; see [`super::stepped`].
    ///
    /// # Errors
    /// What a swarm cannot play at all, each with its place.
    pub(super) fn compile(
        shares: &[Share],
        instead: &Override,
        vsn: Vsn,
        first: u64,
    ) -> Result<Option<Self>, ScenarioError> {
        compile::compile(shares, instead, vsn, first)
    }
}
