//! Why a step did not hold: what was awaited, what came instead, and where the step stands.

use crate::scenario::problem::Span;
use crate::scenario::program::{SendKind, What};
use crate::scenario::template::Values;

/// A step that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// What was awaited.
    pub expected: String,
    /// What came instead.
    pub actual: String,
    /// The actor whose step it was.
    pub actor: Option<String>,
    /// The file, line and column of the step.
    pub at: String,
    /// The text of that line.
    pub line: String,
    /// The steps before it that lead there, as they stand in the file.
    pub before: Vec<String>,
    /// Whether this says something about the server.
    pub blame: Blame,
    /// What kind of expectation it was.
    pub kind: FailureKind,
    /// What the expectation was about.
    pub subject: Subject,
    /// The rule that is broken, where the step names one.
    pub rule: Option<String>,
}

/// What kind of expectation did not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// A client was let in that should be refused.
    LetIn,
    /// A client was refused that should be let in, or refused in another way.
    Refused,
    /// There was no connection.
    NoConnection,
    /// A message did not come.
    Missing,
    /// The answer carries the join_ref of another join.
    ForeignJoinRef,
    /// The answer carries a null ref.
    NullRef,
    /// The object of a message has other keys than those of its version.
    ForeignKeys,
    /// A message came with another content.
    WrongContent,
    /// A message came where none should.
    Unwanted,
    /// A message came twice.
    Doubled,
    /// Messages of one conversation came in another order.
    Order,
    /// A reply came before the broadcast that it should follow.
    ReplyFirst,
    /// A message of one conversation came before one of another that should not wait for it.
    Overtaken,
    /// The connection ended, or was closed in another way.
    Ended,
    /// A channel ended, and its client was not told.
    GoneUntold,
    /// A channel went on after its end.
    AfterEnd,
    /// A channel ended that nobody had asked to end.
    EndedUnasked,
    /// Anything else.
    #[default]
    Other,
}

/// What an expectation was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The answer to the upgrade.
    Connect,
    /// The answer to a join.
    Join,
    /// The answer to a leave.
    Leave,
    /// The answer to a heartbeat.
    Heartbeat,
    /// The answer to a push of this event.
    Push(String),
    /// A message of this event.
    Event(String),
    /// The end of a connection.
    Close,
    /// Something else.
    Other,
}

impl Subject {
    /// What a step is about.
    pub(super) fn of(what: &What, values: &Values) -> Self {
        match what {
            What::Connect(..) => Self::Connect,
            What::Send(_, send) => match &send.kind {
                SendKind::Join => Self::Join,
                SendKind::Leave => Self::Leave,
                SendKind::Heartbeat => Self::Heartbeat,
                SendKind::Push(event) => Self::Push(event.fill(values)),
            },
            What::Receive(_, receive) => Self::Event(receive.event.fill(values)),
            What::Close(..) | What::Closed(..) | What::ClosedOrAlive(_) => Self::Close,
            What::ReceiveNothing(..)
            | What::Pong(..)
            | What::Cut(_)
            | What::Raw(..)
            | What::Sleep(_)
            | What::Http(_)
            | What::Restart(_) => Self::Other,
        }
    }
}

/// What a failure says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// It answered wrongly, or not at all.
    Server,
    /// It could not be reached, or what must work first did not: nothing was judged.
    Nobody,
}

/// A failure before its place is known.
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) actual: String,
    pub(super) blame: Blame,
    pub(super) kind: FailureKind,
    /// The event of a message that came and should not.
    pub(super) event: Option<String>,
}

impl Wrong {
    pub(super) fn server(
        what: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            actual: actual.into(),
            blame: Blame::Server,
            kind: FailureKind::Other,
            event: None,
        }
    }

    pub(super) fn kind(self, kind: FailureKind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn event(self, event: Option<String>) -> Self {
        Self { event, ..self }
    }

    pub(super) fn nobody(self) -> Self {
        Self {
            blame: Blame::Nobody,
            ..self
        }
    }
}

/// `path:line:column` of a place, and the text of the line.
pub(super) fn locate(path: &str, source: &str, place: &Span) -> (String, String) {
    let at = place.start.min(source.len());
    let before = &source[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    let text = source[line_start..]
        .lines()
        .next()
        .unwrap_or("")
        .trim()
        .to_owned();
    (format!("{path}:{line}:{column}"), text)
}
