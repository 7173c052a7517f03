//! The results of cases and runs, and the events that a run tells.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::rules;
use crate::profile::Profile;
use crate::scenario::{FailureKind, Level, Recording};

/// What a case says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It did as promised.
    Pass,
    /// It did something else that a client survives.
    NonStrict,
    /// It fell short.
    Fail,
    /// It does not offer what the case needs.
    Skipped,
    /// The case never reached what it judges.
    Undecided,
    /// The run ended before the case began.
    NotRun,
}

impl Verdict {
    /// All of them, best first.
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
    /// The Phoenix version that somebody named, to the letter.
    Profile(Profile),
    /// The Phoenix version that it behaves like most, to the letter; but it must not lose pushes, even where that
    /// version does.
    Likeness(Profile),
    /// What a client survives.
    TheLine,
}

impl HeldTo {
    /// The Phoenix version, if it is one.
    pub const fn profile(self) -> Option<Profile> {
        match self {
            Self::Profile(profile) | Self::Likeness(profile) => Some(profile),
            Self::TheLine => None,
        }
    }

    /// In words, for a person.
    pub fn describe(self) -> String {
        match self {
            Self::Profile(profile) | Self::Likeness(profile) => format!("held to {profile}"),
            Self::TheLine => "held to what a client survives".to_owned(),
        }
    }
}

/// A trap that a server shares with the Phoenix version that it behaves like: no failure, but worth an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The id of the rule that the version does not keep.
    pub id: &'static str,
    /// What happens, and what comes of it.
    pub about: &'static str,
    /// The first version that keeps the rule.
    pub mended_in: &'static str,
}

/// Why a verdict is not `pass`: the four things that a person needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What happened, in one line, lower case, no full stop.
    pub what: String,
    /// What was awaited; several lines if need be.
    pub expected: String,
    /// What came instead; several lines if need be.
    pub actual: String,
    /// `path:line:column` and the actor, if a step failed; else the fixture that was compared with.
    pub place: String,
    /// The first line of the step that failed.
    pub step: Option<String>,
    /// What kind of expectation did not hold.
    pub(crate) kind: FailureKind,
    /// The rule that is broken; nothing where the scenario cites none, or nothing was judged.
    pub broken: Option<String>,
    /// The actor whose conversation it was; with the number of its connection if that is known and not the first.
    pub actor: Option<String>,
    /// The steps before the one that failed, as they stand in the file.
    pub before: Vec<String>,
    /// The last of what was said, in both directions.
    pub said: Vec<Said>,
    /// How many steps the scenario has.
    pub steps: usize,
}

/// Something that an actor sent or received, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whose connection it was.
    pub actor: String,
    /// Since the case began.
    pub at: Duration,
    /// Which way it went.
    pub way: Way,
    /// The message, with the names of the scenario in place of this run's numbers.
    pub text: String,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Sent,
    /// From the server to the client.
    Received,
}

/// What one case came to.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The id, `family/case`, or the path of a user's own scenario.
    pub id: Arc<str>,
    /// What it shows, in one sentence.
    pub about: Arc<str>,
    /// The rules that it checks.
    pub rules: Arc<[String]>,
    /// What it needs.
    pub level: Option<Level>,
    /// The verdict on what was said.
    pub verdict: Verdict,
    /// The verdict on how connections were closed.
    pub close_verdict: Verdict,
    /// Why the verdict is what it is: nothing for a pass.
    pub finding: Option<Finding>,
    /// Why the close verdict is what it is.
    pub close_finding: Option<Finding>,
    /// For `skipped`, `undecided` and own scenarios that pass without a fixture: a sentence.
    pub note: Option<String>,
    /// The pending fixture that was written, to be looked at.
    pub pending: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// It passed, but not at once.
    pub flaky: bool,
    /// How many times it ran, its retries not counted: as often as was asked for, or until it was no pass.
    pub runs: u32,
    /// Whether this process kept up with it.
    pub(crate) pace: Pace,
    /// What happened, frame by frame.
    pub(crate) recording: CaseRecording,
}

/// Whether this process got the processor when it wanted it. What is no pass when it did not is tried again, alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It did.
    #[default]
    OnTime,
    /// It did not, for a while.
    Late,
}

/// The recording of a case.
#[derive(Clone, Debug)]
pub enum CaseRecording {
    /// The case was not played.
    None,
    /// All that happened. Only [`CheckEvent::CaseFinished`] has it: a hundred recordings of a server that floods would
    /// fill the memory.
    Whole(Arc<Recorded>),
    /// It was told, and is not kept.
    Told,
}

/// What happened in a case, with the names that its entries need.
#[derive(Debug)]
pub struct Recorded {
    /// The entries.
    pub recording: Recording,
    /// The names of the actors.
    pub actors: Vec<String>,
    /// The serializer of its connections.
    pub vsn: crate::protocol::Vsn,
}

impl CaseResult {
    /// Whether this makes the run fail: the close verdict counts only where the server is held to a version.
    pub fn failed(&self, held_to: HeldTo, strict: Strictness) -> bool {
        let bad = |verdict| match verdict {
            Verdict::Fail => true,
            Verdict::NonStrict => strict == Strictness::Strict,
            Verdict::Pass | Verdict::Skipped | Verdict::Undecided | Verdict::NotRun => false,
        };
        bad(self.verdict) || (held_to != HeldTo::TheLine && bad(self.close_verdict))
    }

    /// The rules that it found broken.
    pub fn broken(&self) -> Vec<&str> {
        let findings = [&self.finding, &self.close_finding].into_iter().flatten();
        let mut rules: Vec<&str> = findings.filter_map(|finding| finding.broken.as_deref()).collect();
        rules.dedup();
        rules
    }

    /// One line that says why it is no pass.
    pub fn message(&self) -> Option<String> {
        let found = self
            .finding
            .as_ref()
            .or(self.close_finding.as_ref())
            .map(|finding| finding.what.clone());
        found.or_else(|| self.note.clone())
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

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
pub enum CheckEvent<'a> {
    /// The target was looked at, and the cases are chosen.
    Started {
        /// Its URL.
        target: &'a str,
        /// What it is held to.
        held_to: HeldTo,
        /// What it offers and what it lacks, a sentence each.
        offers: &'a [String],
        /// How many cases there are, skipped ones among them.
        cases: usize,
    },
    /// A case has begun.
    CaseStarted(&'a str),
    /// A case is over.
    CaseFinished(&'a CaseResult),
}

/// A whole run.
#[derive(Debug)]
pub struct RunResult {
    /// The target's URL.
    pub target: String,
    /// What it was held to.
    pub held_to: HeldTo,
    /// In the order of their ids.
    pub cases: Vec<CaseResult>,
    /// Traps of the version that it behaves like.
    pub warnings: Vec<Warning>,
    /// It was ended before all cases were done.
    pub cut_short: bool,
    /// Whether `non-strict` counted as `fail`.
    pub strict: Strictness,
}

/// How a run ends, by the exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckConclusion {
    /// All held: 0.
    Held,
    /// The server fell short: 1.
    FellShort,
    /// Nothing failed, but something is undecided, or nothing was judged at all: 2.
    Undecided,
}

impl RunResult {
    /// How many cases have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// The cases that make it fail.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases
            .iter()
            .filter(|case| case.failed(self.held_to, self.strict))
    }

    /// The rules that are broken, each with how many cases found it so: the probable first cause first. Rules that
    /// others rest on come before those, and among equals the one that most cases found broken.
    pub fn broken(&self) -> Vec<(&str, usize)> {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for rule in self.failed().flat_map(CaseResult::broken) {
            *found.entry(rule).or_default() += 1;
        }
        let mut rules: Vec<(&str, usize)> = found.into_iter().collect();
        rules.sort_by_key(|(rule, cases)| {
            let (layer, place) = rules::rank(rule);
            (layer, Reverse(*cases), place)
        });
        rules
    }

    /// What it comes to.
    pub fn conclusion(&self) -> CheckConclusion {
        let judged = self.count(Verdict::Pass) + self.count(Verdict::NonStrict);
        let open = self.count(Verdict::Undecided) + self.count(Verdict::NotRun);
        if self
            .cases
            .iter()
            .any(|case| case.failed(self.held_to, self.strict))
        {
            CheckConclusion::FellShort
        } else if self.cut_short || judged == 0 || open > 0 {
            CheckConclusion::Undecided
        } else {
            CheckConclusion::Held
        }
    }
}
