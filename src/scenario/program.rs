//! A scenario that was read and checked: all names resolved, all repetitions written out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::generated::Generated;
use super::load::LoadSection;
use super::needs::{Level, Offer};
use super::pattern::Pattern;
use super::problem::Span;
use super::template::{Data, Name, Template, Values};
use super::users::Users;
use crate::profile::Difference;
use crate::protocol::Vsn;
use crate::transport::Transport;

mod carried;
mod connect;
mod duration;
mod http;
mod swarm;
mod versions;

pub(crate) use connect::{Connect, ConnectFallback, MountPath, Opening};
pub(crate) use http::{Http, HttpBody, HttpPart, HttpSave};

/// A whole scenario.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) path: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) about: String,
    pub(crate) rules: Vec<String>,
    pub(crate) level: Option<Level>,
    pub(crate) vsn: Option<Vsn>,
    pub(crate) risky: Option<String>,
    pub(crate) phoenix_only: Option<String>,
    /// The one transport that it is about, with the reason.
    pub(crate) only_over: Option<(Transport, String)>,
    /// How the replies of different Phoenix versions may differ.
    pub(crate) differs_by: Vec<Difference>,
    /// Names that get a new number in each run.
    pub(crate) fresh: Vec<Name>,
    /// Those of them that all instances of a swarm share.
    pub(crate) shared: Vec<Name>,
    /// Names whose values come from the command line or the target.
    pub(crate) offered: Vec<(Offer, Name)>,
    /// The variables from the command line, with their values, which stand in the steps already.
    pub(crate) variables: Vec<(String, String)>,
    /// The values from the environment, by `env.NAME`, which stand in the steps already.
    pub(crate) secrets: Vec<(String, String)>,
    /// The users from a file.
    pub(crate) users: Option<Users>,
    /// Names whose values are made up.
    pub(crate) generated: Vec<Generated>,
    pub(crate) names: Vec<String>,
    pub(crate) actors: Vec<String>,
    /// The groups of steps: the preconditions first, then what is judged.
    pub(crate) groups: Vec<Group>,
    /// The number of groups that are preconditions.
    pub(crate) given: usize,
    pub(crate) chance: Vec<ChanceRule>,
    /// What is left out of fixtures.
    pub(crate) hide: Vec<Pointer>,
    /// The settings for a swarm.
    pub(crate) load: LoadSection,
}

/// An actor: an index into [`Program::actors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Actor(pub(crate) usize);

/// Steps that start together. The next group starts when all of them have ended.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) acts: Vec<Act>,
    pub(crate) answers: Answers,
    pub(crate) sent: Sent,
    /// The rule that is broken if the answers arrive in another order.
    pub(crate) rule: Option<String>,
}

/// The order in which the answers to the steps of a group may arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Any order.
    InAnyOrder,
    /// The order of the steps in the file.
    InOrder,
}

/// How the messages of a group are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Each by itself.
    OneByOne,
    /// Those of an actor by one write, or with its request to upgrade.
    InOneSegment,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) place: Span,
    pub(crate) what: What,
    /// The rule that is broken if this step fails, if the file names one.
    pub(crate) rule: Option<String>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Connect(Actor, Connect),
    Send(Actor, Send),
    Receive(Actor, Receive),
    ReceiveNothing(Actor, Duration),
    Pong(Actor, Template),
    Close(Actor, u16),
    Cut(Actor),
    Closed(Actor, Option<u16>),
    ClosedOrAlive(Actor),
    Raw(Actor, Raw),
    Sleep(Duration),
    Http(Http),
    Restart(Restart),
}

impl What {
    /// The actor of the step.
    pub(crate) fn actor(&self) -> Option<Actor> {
        match self {
            Self::Connect(actor, _)
            | Self::Send(actor, _)
            | Self::Receive(actor, _)
            | Self::ReceiveNothing(actor, _)
            | Self::Pong(actor, _)
            | Self::Close(actor, _)
            | Self::Cut(actor)
            | Self::Closed(actor, _)
            | Self::ClosedOrAlive(actor)
            | Self::Raw(actor, _) => Some(*actor),
            Self::Http(http) => http.by,
            Self::Sleep(_) | Self::Restart(_) => None,
        }
    }
}

/// A message to a channel, and the reply to wait for.
#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) kind: SendKind,
    pub(crate) topic: Template,
    pub(crate) payload: OutgoingPayload,
    pub(crate) reference: Option<Template>,
    pub(crate) join_ref: JoinRef,
    pub(crate) reply: ExpectedReply,
    pub(crate) reply_said: ReplySaid,
    pub(crate) save: Vec<Save>,
}

/// Whether the scenario says which reply it expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplySaid {
    Written,
    /// The scenario does not say, so ok is expected.
    LeftOut,
}

/// The kind of a message.
#[derive(Clone, Debug)]
pub(crate) enum SendKind {
    Join,
    Leave,
    Heartbeat,
    Push(Template),
}

/// The join_ref of a message.
#[derive(Clone, Debug)]
pub(crate) enum JoinRef {
    /// The current join_ref of the client.
    Current,
    Null,
    This(Template),
}

/// A payload to send.
#[derive(Clone, Debug)]
pub(crate) enum OutgoingPayload {
    Json(Data),
    Binary(Vec<u8>),
}

/// The reply to wait for.
#[derive(Clone, Debug)]
pub(crate) enum ExpectedReply {
    /// Do not wait.
    None,
    /// Any reply.
    Any,
    /// A reply with this status and a matching response.
    Status(Template, Content),
}

/// The expected payload.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The scenario does not check it; the fixture does.
    Unjudged,
    Json(Pattern),
    Binary(Vec<u8>),
}

/// `receive`
#[derive(Clone, Debug)]
pub(crate) struct Receive {
    pub(crate) event: Template,
    pub(crate) topic: Option<Template>,
    pub(crate) reference: Option<Data>,
    pub(crate) join_ref: Option<Data>,
    pub(crate) content: Content,
    pub(crate) within: Option<Duration>,
    pub(crate) save: Vec<Save>,
}

/// `save`: saves a part of a payload under a name.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) name: Name,
    pub(crate) pointer: Template,
}

/// A hand-made frame.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) content: RawContent,
    pub(crate) frame: Option<FrameShape>,
}

/// The content of a hand-made frame.
#[derive(Clone, Debug)]
pub(crate) enum RawContent {
    /// A JSON value, written compactly.
    Message(Data),
    Text(Template),
    Binary(Vec<u8>),
}

/// The form of a hand-made frame on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameShape {
    pub(crate) opcode: u8,
    pub(crate) reserved: u8,
    pub(crate) last: Last,
    pub(crate) mask: Mask,
}

/// The FIN bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Yes,
    MoreFollows,
}

/// Whether the frame is masked, as frames of a client must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    Masked,
    Bare,
}

/// How the server is stopped before it is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// SIGTERM: the server drains.
    Term,
    /// SIGKILL.
    Kill,
}

/// A variation that a correct server may show; see `chance:` in docs/scenarios.md.
#[derive(Clone, Debug)]
pub(crate) enum ChanceRule {
    /// These events may arrive in any order among themselves.
    AnyOrder(Vec<String>),
    /// The items of these lists in payloads may be in any order.
    AnyOrderIn(Vec<Pointer>),
    /// There may be more of this event at the end than in the fixture.
    More(String),
    /// A message that may be missing; it has the fields of [`Receive`].
    Maybe(Receive),
    /// The server may end the connection of this actor earlier than in the fixture, and in another way.
    CutOff(Actor),
}

/// A JSON pointer into payloads. A segment may be `*`, which matches every member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(pub(crate) Vec<String>);

impl Pointer {
    /// The segments, from the outermost on.
    pub fn segments(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0.join("/"))
    }
}

impl Program {
    /// The settings for a swarm.
    pub fn load(&self) -> &LoadSection {
        &self.load
    }

    /// The mounts that it connects to or asks by HTTP, other than the target's own.
    pub fn mounts(&self) -> impl Iterator<Item = &str> {
        self.acts().filter_map(|act| match &act.what {
            What::Http(http) if http.path.has("/fast_socket/") => Some("fast_socket"),
            What::Connect(
                _,
                Connect {
                    mount: MountPath::Instead(name),
                    ..
                },
            ) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it restarts the server.
    pub fn restarts(&self) -> bool {
        self.acts().any(|act| matches!(act.what, What::Restart(_)))
    }

    /// The values that it needs from the command line or the target.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        self.offered.iter().map(|(offer, _)| *offer)
    }

    pub(crate) fn acts(&self) -> impl Iterator<Item = &Act> {
        self.groups.iter().flat_map(|group| &group.acts)
    }

    /// Values that fill each placeholder with its own name, as in fixtures.
    pub(crate) fn names_as_values(&self) -> Values {
        let mut values = Values::new(self.names.len());
        for (index, name) in self.names.iter().enumerate() {
            values.set(Name(index), format!("{{{{{name}}}}}").into());
        }
        values
    }

    /// The largest message that a server may send, in bytes, because it may send back whatever it gets.
    pub(crate) fn largest_message(&self) -> usize {
        const LEAST: usize = 256 << 10;
        let sent = self.acts().map(|act| match &act.what {
            What::Send(_, send) => send.payload.length(),
            What::Raw(_, raw) => raw.content.length(),
            _ => 0,
        });
        sent.max().unwrap_or(0) + LEAST
    }
}

impl OutgoingPayload {
    fn length(&self) -> usize {
        match self {
            Self::Json(data) => data.length(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl RawContent {
    fn length(&self) -> usize {
        match self {
            Self::Message(data) => data.length(),
            Self::Text(text) => text.length(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}
