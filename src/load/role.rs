//! Compiled scenarios: each actor becomes a role, and each socket plays one role. A socket connects, makes the joins
//! that come before all other steps, and then repeats the remaining steps.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::ledger::Mark;
use super::share::Share;
use super::text::{Line, Meaning};
use crate::protocol::Vsn;
use crate::scenario::{Answers, Offer, Pattern, ReplySaid, ScenarioError};
use crate::transport::ConnectRequest;
pub(super) use follow::{BroadcastFound, PushFound, Question, Receivers, take_marks_out};
pub use follow::{Deliveries, Marks};
pub(super) use send_mode::SendMode;

mod compile;
mod follow;
mod send_mode;
#[cfg(test)]
mod tests;
mod typed;

/// Command-line options that replace parts of a scenario, for servers without the scenario's channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    /// The topic of all joins.
    pub topic: Option<String>,
    /// The params of all joins.
    pub join_params: Option<Value>,
    /// The event and payload of all pushes; `{{sender}}`, `{{seq}}` and `{{mark}}` are filled in.
    pub push: Option<(String, Value)>,
    /// The expected reply to that push; if absent, it is detected before the run.
    pub push_reply: Option<PushReply>,
    /// The values for the names that a target offers.
    pub offers: Vec<(Offer, Value)>,
}

/// The expected reply to a push from the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReply {
    /// A reply with status ok.
    Ok,
    /// A reply with status error.
    Error,
    /// A reply with any status.
    Any,
    /// No reply.
    None,
}

/// Whether a scenario sends anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sends {
    /// It only joins and listens.
    #[default]
    Nothing,
    /// It pushes, so a run in which nothing was sent proves nothing.
    Something,
}

/// The compiled scenarios of a run, and what they share.
#[derive(Debug)]
pub(super) struct CompiledScenarios {
    pub(super) roles: Box<[Role]>,
    /// The scenarios.
    pub(super) plays: Box<[Play]>,
    /// Topics that all instances share.
    pub(super) shared_topics: Box<[Arc<str>]>,
    /// The number of topics that each instance may have of its own.
    pub(super) own_topics: u32,
    /// The number of names that each instance may have of its own.
    pub(super) own_names: u64,
    /// Whether marks are added that no scenario contains.
    pub(super) adds_marks: bool,
    pub(super) deliveries: Deliveries,
    /// Events without a declared reply; [`Push::left_out`] is an index into these.
    pub(super) left_out: Box<[Box<str>]>,
    /// For each of these events, whether it got no reply before the run.
    pub(super) silent: Box<[bool]>,
}

/// One compiled scenario.
#[derive(Debug)]
pub(super) struct Play {
    /// The role of each socket of an instance.
    pub(super) places: Box<[u8]>,
    /// The meanings of the names of the scenario.
    pub(super) meanings: Box<[Meaning]>,
    pub(super) weight: u32,
}

/// What a socket does: a compiled actor.
#[derive(Debug)]
pub(super) struct Role {
    /// The scenario; an index into [`CompiledScenarios::plays`].
    pub(super) play: usize,
    pub(super) name: Box<str>,
    pub(super) connect: ConnectRequest<Line>,
    pub(super) joins: Box<[Join]>,
    /// The joins: first the one for each of [`Role::joins`], in the same order, then those of later steps.
    pub(super) entries: Box<[Entry]>,
    /// The steps that are repeated until the end of the load.
    pub(super) steps: Box<[Step]>,
    /// The messages that the steps wait for, without duplicates.
    pub(super) awaited: Box<[Awaited]>,
    pub(super) reads_every: Option<Duration>,
    pub(super) send_mode: SendMode,
}

/// A topic that the role joins before its first step.
#[derive(Debug, PartialEq)]
pub(super) struct Join {
    pub(super) topic: Line,
    pub(super) place: TopicPlace,
    /// Whether broadcasts on the topic are expected to arrive.
    pub(super) hears: bool,
    /// The event whose broadcasts are counted, if the server does not pass marks on.
    pub(super) numbered: Option<Box<str>>,
}

/// How a topic is joined, and the expected response.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) params: Line,
    /// The params, if they are the same for all sockets.
    pub(super) common_params: Option<Arc<str>>,
    /// The expected response, if it is checked.
    pub(super) response: Option<Pattern>,
}

/// Where the number and the broadcast count of a topic belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TopicPlace {
    /// Shared by all instances; an index into [`CompiledScenarios::shared_topics`].
    Shared(u32),
    /// One of the instance's own topics.
    Own(u32),
}

/// The status of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ChannelStatus {
    /// The channel is not joined yet, or no longer; the client joins it by itself.
    #[default]
    Lost,
    Joined,
    /// The channel was left, or the server closed it. It stays over until a step or the next round joins it.
    Over,
}

/// A step of a round. Channels are indices into [`Role::joins`].
#[derive(Debug)]
pub(super) enum Step {
    Push(Push),
    /// Waits for the replies to the pushes of the group before it.
    Gather,
    /// Waits for a message of [`Role::awaited`].
    Receive {
        awaited: u8,
        within: Option<Duration>,
    },
    Sleep(Duration),
    Leave(u8),
    /// Joins a channel with one of [`Role::entries`], if the channel is not joined.
    Join {
        channel: u8,
        entry: u8,
    },
    /// Ends the connection without a close frame; the client reconnects by itself.
    Cut,
    /// Ends the connection with a close frame.
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
    /// The index of its event in [`CompiledScenarios::left_out`], if it is one of them.
    pub(super) left_out: Option<u16>,
    pub(super) follow: Follow,
    /// If the push is part of a group: the order in which the replies must arrive.
    pub(super) together: Option<Answers>,
}

/// How the broadcasts that a push causes are tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// It causes none, or none that can be tracked.
    No,
    /// By a mark that the scenario contains.
    ByMark,
    /// By a mark that was added.
    ByAddedMark(Receivers),
    /// By their number.
    ByNumber(Receivers),
}

/// The payload of a push.
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

/// The expected reply to a push.
#[derive(Debug)]
pub(super) enum Answer {
    /// No reply is awaited.
    None,
    Any,
    Status(Box<str>, Option<Pattern>),
}

impl Answer {
    /// Whether a reply with this status is as expected.
    pub(super) fn takes(&self, status: &str) -> bool {
        match self {
            Self::None | Self::Any => true,
            Self::Status(wanted, _) => **wanted == *status,
        }
    }
}

/// How an awaited message is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    ByEvent,
    /// By event or mark. With `--push`, it is unknown which event the server sends.
    ByEventOrMark,
}

/// A message that a role waits for.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) event: Box<str>,
    pub(super) known: Known,
    /// The channel, if only one channel counts.
    pub(super) channel: Option<u8>,
    /// The payload patterns of all steps that wait for the message; one of them must match. If several sockets send,
    /// or a message was missed, it is not certain which step will take the message.
    pub(super) contents: Vec<Pattern>,
    /// Whether one of the steps accepts any payload.
    pub(super) takes_all: bool,
}

impl Awaited {
    /// Whether a message with this event and mark on this channel is the awaited one.
    pub(super) fn is(&self, event: &str, mark: Option<&Mark>, channel: usize) -> bool {
        let is_marked = self.known == Known::ByEventOrMark && mark.is_some();
        (*self.event == *event || is_marked) && self.may_come_on(channel)
    }

    /// Whether the message may arrive on this channel.
    pub(super) fn may_come_on(&self, channel: usize) -> bool {
        self.channel.is_none_or(|it| usize::from(it) == channel)
    }
}

impl Role {
    /// The push at a step, if the step is a push.
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

/// How the scenarios of a run are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayedBy {
    /// By compiled roles, one for each socket.
    Roles,
    /// By the interpreter, one instance at a time, step by step.
    Interpreter,
}

/// Which sockets send in an open model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SenderSelection {
    /// All sockets in turn.
    All,
    /// One socket sends for all, as long as it can. Only messages of the same sender have an order, so every receiver
    /// can detect a reordering.
    One,
}

impl CompiledScenarios {
    /// Whether the scenarios send anything.
    pub(super) fn sends(&self) -> Sends {
        match self.roles.iter().all(|role| role.send_mode == SendMode::Listens) {
            true => Sends::Nothing,
            false => Sends::Something,
        }
    }

    /// The index, within an instance, of the first socket that sends.
    pub(super) fn first_sender(&self, play: usize) -> Option<usize> {
        self.roles_of(play)
            .position(|role| role.send_mode != SendMode::Listens)
    }

    /// Whether no other role of its scenario sends.
    pub(super) fn sends_alone(&self, role: &Role) -> bool {
        self.roles_of(role.play)
            .all(|it| it.send_mode == SendMode::Listens || it.name == role.name)
    }

    /// The fraction of all sends of an open model that this scenario makes, among the scenarios that send.
    pub(super) fn part_of_sends(&self, play: usize) -> f64 {
        let all = (0..self.plays.len()).filter(|play| self.first_sender(*play).is_some());
        let sum: f64 = all.map(|it| f64::from(self.plays[it].weight)).sum();
        f64::from(self.plays[play].weight) / sum.max(1.0)
    }

    /// The roles of a scenario, one for each socket of an instance.
    pub(super) fn roles_of(&self, play: usize) -> impl Iterator<Item = &Role> {
        let places = self.plays[play].places.iter();
        places.map(|role| &self.roles[usize::from(*role)])
    }

    /// Which sockets of a scenario send in an open model. If all sockets hear every broadcast, one sender is enough.
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

    /// Compiles scenarios. Shared names are numbered from `first` on; each instance has
    /// [`CompiledScenarios::own_names`] numbers of its own.
    ///
    /// Returns nothing if only the interpreter can play the scenarios; see [`super::stepped`].
    ///
    /// # Errors
    /// The parts that cannot be used for load at all, each with its place.
    pub(super) fn compile(
        shares: &[Share],
        instead: &Override,
        vsn: Vsn,
        first: u64,
    ) -> Result<Option<Self>, ScenarioError> {
        compile::compile(shares, instead, vsn, first)
    }
}
