//! The results of cases and runs, and the events that a run tells.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::silence::{IdleFinding, IdleProgress};
use super::testimony::Testimony;
use crate::profile::Profile;
use crate::scenario::{FailureKind, Level, Recording};
use crate::transport::Transport;

/// The verdict of a case about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The server behaved as promised.
    Pass,
    /// The server behaved differently, in a way that clients survive.
    NonStrict,
    /// The server failed.
    Fail,
    /// The server does not offer what the case needs.
    Skipped,
    /// The case did not reach what it judges.
    Undecided,
    /// The run ended before the case started.
    NotRun,
}

impl Verdict {
    /// All verdicts, best first.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::NonStrict,
        Self::Fail,
        Self::Skipped,
        Self::Undecided,
        Self::NotRun,
    ];

    /// The word on the command line and in `result.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NonStrict => "non-strict",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::Undecided => "undecided",
            Self::NotRun => "not-run",
        }
    }
}

/// What the server under test is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldTo {
    /// Exactly the Phoenix version that the user named.
    Profile(Profile),
    /// Exactly the Phoenix version that it resembles most, except that it must not lose pushes, even if that
    /// version does.
    Likeness(Profile),
    /// Only to what clients cannot survive.
    TheLine,
}

impl HeldTo {
    /// The Phoenix version, if the server is held to one.
    pub const fn profile(self) -> Option<Profile> {
        match self {
            Self::Profile(profile) | Self::Likeness(profile) => Some(profile),
            Self::TheLine => None,
        }
    }

    /// A description for the user.
    pub fn describe(self) -> String {
        match self {
            Self::Profile(profile) | Self::Likeness(profile) => format!("held to {profile}"),
            Self::TheLine => "held to what a client survives".to_owned(),
        }
    }
}

/// A problem of the Phoenix version that a server behaves like: it is not a failure, but a reason to update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The id of the rule that the version breaks.
    pub id: Cow<'static, str>,
    /// What happens, and the consequences.
    pub about: Cow<'static, str>,
    /// The first version that keeps the rule.
    pub mended_in: Cow<'static, str>,
}

/// The explanation of a verdict other than `pass`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What happened, in one line, lower case, no full stop.
    pub what: String,
    /// The expected behaviour; may have several lines.
    pub expected: String,
    /// The actual behaviour; may have several lines.
    pub actual: String,
    /// `path:line:column` and the actor if a step failed, otherwise the fixture.
    pub place: String,
    /// The first line of the step that failed.
    pub step: Option<String>,
    /// The kind of expectation that failed.
    pub(crate) kind: FailureKind,
    /// The rule that is broken; nothing if the scenario cites none, or if nothing was judged.
    pub broken: Option<String>,
    /// The evidence for that rule.
    pub(crate) named_by: NamedBy,
    /// The size of the largest message of the play, in bytes.
    pub(crate) largest: usize,
    /// The actor of the conversation, with the number of its connection if that is known and not the first.
    pub actor: Option<String>,
    /// The steps before the failed one, as written in the file.
    pub before: Vec<String>,
    /// The last messages in both directions.
    pub said: Vec<Said>,
    /// How many steps the scenario has.
    pub steps: usize,
}

/// The evidence for the rule that a failure breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The expectation that failed: the rule is the most probable of those that the case cites.
    #[default]
    Expectation,
    /// The recording, which shows beyond doubt that the rule is broken.
    Recording,
}

/// A message that an actor sent or received, formatted for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The actor of the connection.
    pub actor: String,
    /// The time since the start of the case.
    pub at: Duration,
    /// The direction.
    pub way: Way,
    /// The message, with names of the scenario instead of the numbers of this run.
    pub text: String,
}

/// The direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Sent,
    /// From the server to the client.
    Received,
}

/// The result of one case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The id, `family/case`, or the path of a user's own scenario.
    pub id: Arc<str>,
    /// The transport over which it was played.
    pub transport: Transport,
    /// What it shows, in one sentence.
    pub about: Arc<str>,
    /// The rules that it checks.
    pub rules: Arc<[String]>,
    /// The level that it needs.
    pub level: Option<Level>,
    /// The verdict on the answers.
    pub verdict: Verdict,
    /// The verdict on how connections were closed.
    pub close_verdict: Verdict,
    /// The explanation of the verdict; nothing for a pass.
    pub finding: Option<Finding>,
    /// The explanation of the close verdict.
    pub close_finding: Option<Finding>,
    /// A sentence for `skipped`, `undecided`, and own scenarios that pass without a fixture.
    pub note: Option<String>,
    /// The pending fixture that was written for review.
    pub pending: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// The user's reason, if the user expects this deviation.
    pub known: Option<Arc<str>>,
    /// Whether it passed only in a retry.
    pub flaky: bool,
    /// How many times it ran, without retries: as often as requested, or until it did not pass.
    pub runs: u32,
    /// What the official client makes of it, if it was asked.
    pub testimony: Option<Testimony>,
    /// Whether this process got enough processor time.
    pub(crate) pace: Pace,
    /// The recording, frame by frame.
    pub(crate) recording: CaseRecording,
}

/// Whether this process got the processor when it needed it. If not, a case that did not pass is tried again
/// alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It did.
    #[default]
    OnTime,
    /// It was late for a while.
    Late,
}

/// The recording of a case.
#[derive(Clone, Debug)]
pub enum CaseRecording {
    /// The case was not played.
    None,
    /// The whole recording. Only [`CheckEvent::CaseFinished`] contains it, because the recordings of a server
    /// that floods would fill the memory.
    Whole(Arc<Recorded>),
    /// The recording was reported and dropped.
    Told,
}

/// The recording of a case, with the names that its entries need.
#[derive(Debug)]
pub struct Recorded {
    /// The entries.
    pub recording: Recording,
    /// The names of the actors.
    pub actors: Vec<String>,
    /// The default serializer of its connections.
    pub vsn: crate::protocol::Vsn,
}

impl CaseResult {
    /// The name of this play of the case: the id, and the transport unless it is WebSocket: `join/ok@longpoll`.
    pub fn name(&self) -> Arc<str> {
        play_name(&self.id, self.transport)
    }

    /// Whether this makes the run fail. A deviation that the user expects does not; the close verdict counts only if the
    /// server is held to a version.
    pub fn failed(&self, held_to: HeldTo, strict: Strictness) -> bool {
        if self.known.is_some() {
            return false;
        }
        let bad = |verdict| match verdict {
            Verdict::Fail => true,
            Verdict::NonStrict => strict == Strictness::Strict,
            Verdict::Pass | Verdict::Skipped | Verdict::Undecided | Verdict::NotRun => false,
        };
        bad(self.verdict) || (held_to != HeldTo::TheLine && bad(self.close_verdict))
    }

    /// The explanations of both verdicts, as far as there are any.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        [&self.finding, &self.close_finding].into_iter().flatten()
    }

    /// The rules that this case found broken.
    pub fn broken(&self) -> Vec<&str> {
        let rules = self.findings().filter_map(|finding| finding.broken.as_deref());
        let mut rules: Vec<&str> = rules.collect();
        rules.dedup();
        rules
    }

    /// Why it is not a pass, in one line.
    pub fn message(&self) -> Option<String> {
        let found = self.findings().next().map(|finding| finding.what.clone());
        found.or_else(|| self.note.clone())
    }
}

/// The name of a play of a case over a transport.
pub(super) fn play_name(id: &Arc<str>, transport: Transport) -> Arc<str> {
    match transport {
        Transport::WebSocket => Arc::clone(id),
        Transport::LongPoll => format!("{id}@{transport}").into(),
    }
}

/// Whether `non-strict` counts as `fail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// It does not.
    #[default]
    Lenient,
    /// It does (`--strict`).
    Strict,
}

/// An event of a run.
#[derive(Clone, Copy, Debug)]
pub enum CheckEvent<'a> {
    /// The target was examined, and the cases were chosen.
    Started {
        /// Its URL.
        target: &'a str,
        /// What the server is held to.
        held_to: HeldTo,
        /// What the server offers and lacks, one sentence each.
        offers: &'a [String],
        /// The number of cases, including skipped ones.
        cases: usize,
    },
    /// A case started.
    CaseStarted(&'a str),
    /// A case ended.
    CaseFinished(&'a CaseResult),
    /// Idle time-outs are being measured.
    Idle(IdleProgress),
    /// The official client replays the cases that failed.
    Witness {
        /// How many it has played.
        played: usize,
        /// How many there are.
        of: usize,
    },
}

/// The result of a whole run.
#[derive(Debug)]
pub struct RunResult {
    /// The target's URL.
    pub target: String,
    /// What the server was held to.
    pub held_to: HeldTo,
    /// The cases, ordered by id.
    pub cases: Vec<CaseResult>,
    /// Warnings about the version that the server behaves like.
    pub warnings: Vec<Warning>,
    /// The expectations of the user that no case met, one sentence each.
    pub unmet: Vec<String>,
    /// The idle time-outs, if they were measured.
    pub idle: Vec<IdleFinding>,
    /// Whether the run ended before all cases were done.
    pub cut_short: bool,
    /// Whether `non-strict` counted as `fail`.
    pub strict: Strictness,
}

/// The conclusion of a run, as in the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckConclusion {
    /// 0: everything held.
    Held,
    /// 1: the server failed.
    FellShort,
    /// 2: nothing failed, but something is undecided, or nothing was judged.
    Undecided,
}

impl RunResult {
    /// The number of cases with this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// The cases that make the run fail.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases
            .iter()
            .filter(|case| case.failed(self.held_to, self.strict))
    }

    /// The conclusion of the run.
    pub fn conclusion(&self) -> CheckConclusion {
        let known = self.cases.iter().filter(|case| case.known.is_some()).count();
        let judged = self.count(Verdict::Pass) + self.count(Verdict::NonStrict) + known;
        let open = self
            .cases
            .iter()
            .any(|case| matches!(case.verdict, Verdict::Undecided | Verdict::NotRun) && case.known.is_none());
        if self
            .cases
            .iter()
            .any(|case| case.failed(self.held_to, self.strict))
        {
            CheckConclusion::FellShort
        } else if self.cut_short || judged == 0 || open {
            CheckConclusion::Undecided
        } else {
            CheckConclusion::Held
        }
    }
}
