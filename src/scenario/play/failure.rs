//! The failure of a step: what was expected, what happened instead, and where the step is.

use super::{Play, PlayStage};
use crate::scenario::problem::Span;
use crate::scenario::program::{Act, SendKind, What};
use crate::scenario::template::Values;

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What happened instead.
    pub actual: String,
    /// The actor of the step.
    pub actor: Option<String>,
    /// The file, line and column of the step.
    pub at: String,
    /// The text of that line.
    pub line: String,
    /// The steps before it that led there, as written in the file.
    pub before: Vec<String>,
    /// Whether the failure says something about the server.
    pub blame: Blame,
    /// The kind of expectation that failed.
    pub kind: FailureKind,
    /// What the expectation was about.
    pub subject: Subject,
    /// The rule that is broken, if the step names one.
    pub rule: Option<String>,
}

impl Failure {
    /// The place of the step, its actor, what was expected, and what came instead, in one line.
    pub fn in_one_line(&self) -> String {
        let actor = self.actor.as_ref();
        let actor = actor.map_or_else(String::new, |actor| format!("{actor}: "));
        let actual = match self.actual.as_str() {
            "" => String::new(),
            actual => format!("; actual: {actual}"),
        };
        let Self {
            at, what, expected, ..
        } = self;
        format!("{at}: {actor}{what} (expected: {expected}{actual})")
    }
}

/// The kind of expectation that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// A client was accepted that should be refused.
    LetIn,
    /// A client was refused that should be accepted, or it was refused in another way.
    Refused,
    /// There was no connection.
    NoConnection,
    /// A message did not arrive.
    Missing,
    /// The reply carries the join_ref of another join.
    ForeignJoinRef,
    /// The reply has a null ref.
    NullRef,
    /// The object of a message has other keys than its version has.
    ForeignKeys,
    /// A message had another content.
    WrongContent,
    /// A message arrived where none should.
    Unwanted,
    /// A message arrived twice.
    Doubled,
    /// Messages of one conversation arrived in another order.
    Order,
    /// A reply arrived before the broadcast that should precede it.
    ReplyFirst,
    /// A message of one conversation was held up by one of another.
    Overtaken,
    /// The connection ended, or was closed in another way.
    Ended,
    /// The connection ended before what a step waits for came.
    EndedEarly,
    /// A channel ended, and its client was not informed.
    GoneUntold,
    /// A channel continued after its end.
    AfterEnd,
    /// A channel ended without a request to end it.
    EndedUnasked,
    /// Anything else.
    #[default]
    Other,
}

/// What an expectation was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The answer to a request: its method and the begin of its path.
    Http(String),
    /// The response to the upgrade.
    Connect,
    /// The reply to a join.
    Join,
    /// The reply to a leave.
    Leave,
    /// The reply to a heartbeat.
    Heartbeat,
    /// The reply to a push of this event.
    Push(String),
    /// A message of this event.
    Event(String),
    /// The end of a connection.
    Close,
    /// Something else.
    Other,
}

impl Subject {
    /// The same with this done to its text.
    fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Http(title) => Self::Http(change(&title)),
            Self::Push(event) => Self::Push(change(&event)),
            Self::Event(event) => Self::Event(change(&event)),
            Self::Connect | Self::Join | Self::Leave | Self::Heartbeat | Self::Close | Self::Other => self,
        }
    }

    /// The subject of a step.
    pub(super) fn of(what: &What, values: &Values) -> Self {
        match what {
            What::Http(http) => Self::Http(http.title()),
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
            | What::Restart(_) => Self::Other,
        }
    }
}

/// What a failure says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The server replied wrongly, or not at all.
    Server,
    /// The server could not be reached, or a precondition failed, so nothing was judged.
    Nobody,
}

/// A failure whose place in the file is not known yet.
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) actual: String,
    pub(super) blame: Blame,
    pub(super) kind: FailureKind,
    /// The event of a message that should not have arrived.
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

impl Play {
    pub(super) fn fail(&mut self, act: usize, wrong: Wrong) {
        if matches!(self.stage, PlayStage::Failed(_)) {
            return;
        }
        let blame = if self.group < self.program.given {
            Blame::Nobody
        } else {
            wrong.blame
        };
        let group = self.program.groups.get(self.group);
        let act = group.and_then(|group| group.acts.get(act));
        let (at, line) = match act {
            Some(act) => locate(&self.program.path, &self.program.source, &act.place),
            None => (self.program.path.to_string(), String::new()),
        };
        let rule = match wrong.kind {
            FailureKind::Order | FailureKind::Overtaken | FailureKind::ReplyFirst => {
                group.and_then(|group| group.rule.clone())
            }
            _ => None,
        };
        let rule = rule.or_else(|| act.and_then(|act| act.rule.clone()));
        let before = act.map_or_else(Vec::new, |act| self.steps_before(act));
        let actor = act
            .and_then(|act| act.what.actor())
            .map(|actor| self.program.actors[actor.0].clone());
        let subject = match (wrong.event, act) {
            (Some(event), _) => Subject::Event(event),
            (None, Some(act)) => Subject::of(&act.what, &self.values),
            (None, None) => Subject::Other,
        };
        let secrets = &self.recording.secrets;
        let hidden = |text: &str| secrets.hidden(text).into_owned();
        let what = match self.user_of(act) {
            Some(user) => format!("{} ({user})", wrong.what),
            None => wrong.what,
        };
        let (what, expected, actual) = (hidden(&what), hidden(&wrong.expected), hidden(&wrong.actual));
        let subject = subject.map(hidden);
        self.waits.clear();
        self.stage = PlayStage::Failed(Box::new(Failure {
            what,
            expected,
            actual,
            actor,
            at,
            line,
            before,
            blame,
            kind: wrong.kind,
            subject,
            rule,
        }));
    }

    /// The row of the file of users that the actor of a step has, in words.
    fn user_of(&self, act: Option<&Act>) -> Option<String> {
        let (users, actor) = (self.program.users.as_ref()?, act?.what.actor()?);
        let row = users.row(actor.0, self.setting.first_user, self.setting.first_fresh);
        let name = &self.program.actors[actor.0];
        Some(format!("{name} is user {} of {}", row + 1, users.file.name))
    }

    /// The last steps before this one that have the same actor or no actor, with each line of the file once.
    pub(super) fn steps_before(&self, failed: &Act) -> Vec<String> {
        const SHOWN: usize = 3;
        let actor = failed.what.actor();
        let own = |act: &&Act| act.what.actor().is_none() || actor.is_none() || act.what.actor() == actor;
        let mut lines: Vec<String> = Vec::new();
        let groups = self.program.groups.iter().take(self.group + 1).rev();
        let acts = groups.flat_map(|group| group.acts.iter().rev());
        for act in acts.skip_while(|act| act.place != failed.place).filter(own) {
            let (_, line) = locate(&self.program.path, &self.program.source, &act.place);
            if act.place.start < failed.place.start && lines.last() != Some(&line) {
                lines.push(line);
            }
            if lines.len() == SHOWN {
                break;
            }
        }
        lines.reverse();
        lines
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
