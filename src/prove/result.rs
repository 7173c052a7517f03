//! The results of experiments: a verdict for each claim, with the figures that carry it.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::beam::BeamUse;
use crate::load::{Figures, Generator, Latencies, Messages, ServerUse, Sockets};

/// The experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExperimentName {
    /// One crashing conversation touches nobody else.
    Isolation,
    /// A slow conversation delays nobody else.
    Concurrency,
    /// Each message reaches those whom it is for, once, in order.
    Delivery,
    /// Acknowledged annotations are there after a failure.
    Recovery,
    /// Each list shows who is there.
    Presence,
}

impl ExperimentName {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 5] = [
        Self::Isolation,
        Self::Concurrency,
        Self::Delivery,
        Self::Presence,
        Self::Recovery,
    ];

    /// The name on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Isolation => "isolation",
            Self::Concurrency => "concurrency",
            Self::Delivery => "delivery",
            Self::Recovery => "recovery",
            Self::Presence => "presence",
        }
    }

    /// Its claim, as a sentence about a server.
    pub const fn claim(self) -> &'static str {
        match self {
            Self::Isolation => {
                "A conversation that crashes, floods, breaks off or stops reading touches no other one."
            }
            Self::Concurrency => "Conversations run at the same time: a slow one delays nobody else.",
            Self::Delivery => {
                "Each reply, broadcast and end reaches those whom it is for, once and in order."
            }
            Self::Recovery => {
                "After a cut, a restart or a kill, all clients come back and have all that was acknowledged, once and in order."
            }
            Self::Presence => "Each list of a room shows who is there, and nobody else, within 2 s of rest.",
        }
    }
}

/// The verdict of an experiment or a claim on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofVerdict {
    /// It holds.
    Pass,
    /// Nothing was tried, because the server does not offer what it takes.
    Skipped,
    /// The data cannot carry a verdict.
    Undecided,
    /// It does not hold.
    Fail,
}

impl ProofVerdict {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Undecided => "undecided",
            Self::Fail => "fail",
        }
    }
}

/// A part of an experiment with a verdict of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The claim, as a sentence about a server.
    pub claim: Cow<'static, str>,
    /// Whether it holds.
    pub verdict: ProofVerdict,
    /// Why, as a sentence with figures.
    pub says: String,
    /// The figures.
    pub evidence: Map<String, Value>,
    /// The conversations that break it, each as a sentence; at most [`Claim::MOST_NAMED`].
    pub named: Vec<String>,
}

impl Claim {
    /// More conversations than this are only counted.
    pub const MOST_NAMED: usize = 20;

    /// A claim without figures.
    pub(super) fn new(claim: &'static str, verdict: ProofVerdict, says: impl Into<String>) -> Self {
        Self {
            claim: Cow::Borrowed(claim),
            verdict,
            says: says.into(),
            evidence: Map::new(),
            named: Vec::new(),
        }
    }

    /// A claim that takes channels which the target does not have.
    pub(super) fn without(claim: &'static str, topics: &str) -> Self {
        let says = format!("the target has no {topics} topics, which this takes");
        Self::new(claim, ProofVerdict::Skipped, says)
    }

    /// The claim with this figure.
    pub(super) fn with(mut self, name: &str, figure: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), figure.into());
        self
    }

    /// The claim with the conversations that break it.
    pub(super) fn naming(mut self, named: impl IntoIterator<Item = String>) -> Self {
        self.named = named.into_iter().take(Self::MOST_NAMED).collect();
        self
    }
}

/// One experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Which one.
    pub name: ExperimentName,
    /// Its claims.
    pub claims: Vec<Claim>,
    /// The method, as sentences.
    pub method: Vec<String>,
    /// Figures over time or over a variable, for pictures.
    pub pictures: Vec<Picture>,
    /// Its duration.
    pub took: Duration,
}

impl Experiment {
    /// An experiment that has not begun.
    pub(super) const fn new(name: ExperimentName) -> Self {
        Self {
            name,
            claims: Vec::new(),
            method: Vec::new(),
            pictures: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// The verdict over all claims: the worst one. Skipped claims count only if nothing else was tried.
    pub fn verdict(&self) -> ProofVerdict {
        let tried = self.claims.iter().map(|claim| claim.verdict);
        tried
            .filter(|verdict| *verdict != ProofVerdict::Skipped)
            .max()
            .unwrap_or(ProofVerdict::Skipped)
    }

    /// The sentence of the claim that decides the verdict.
    pub fn says(&self) -> &str {
        let verdict = self.verdict();
        let decisive = self.claims.iter().find(|claim| claim.verdict == verdict);
        decisive.map_or("", |claim| &claim.says)
    }
}

/// Series over one variable, such as the time or the number of conversations.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Its title, as a sentence.
    pub title: String,
    /// The unit of the horizontal axis.
    pub x: String,
    /// The unit of the vertical axis.
    pub y: String,
    /// The drawing of its points.
    pub kind: PictureKind,
    /// The series.
    pub series: Vec<Series>,
}

/// The drawing of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// Joined by lines.
    Lines,
    /// As points with intervals, beside a line at zero. A series without intervals is a limit.
    Shifts,
    /// Joined by lines, both axes logarithmic.
    Logarithmic,
}

/// One series of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, by `x`.
    pub points: Vec<PicturePoint>,
}

/// One point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PicturePoint {
    /// Its place on the horizontal axis.
    pub x: f64,
    /// Its value.
    pub y: f64,
    /// The interval around the value, if there is one.
    pub interval: Option<(f64, f64)>,
}

/// All that was proved in one run.
#[derive(Clone, Debug, Default)]
pub struct ProveResult {
    /// The experiments, in the order in which they ran.
    pub experiments: Vec<Experiment>,
    /// Figures of connections.
    pub sockets: Sockets,
    /// Figures of messages.
    pub messages: Messages,
    /// The figures of all measured times.
    pub latency_us: Latencies,
    /// The lateness of this process.
    pub lateness_us: Figures,
    /// This process.
    pub generator: Generator,
    /// The server, if it is watched.
    pub server: Option<ServerUse>,
    /// The Erlang VM of the server, if it was asked.
    pub beam: Option<BeamUse>,
    /// The use of the server over time.
    pub server_pictures: Vec<Picture>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// Whether the run was ended early.
    pub cut_short: bool,
}

impl ProveResult {
    /// The verdict over all experiments: the worst one. Skipped experiments count only if nothing else was tried.
    pub fn verdict(&self) -> ProofVerdict {
        let tried = self.experiments.iter().map(Experiment::verdict);
        tried
            .filter(|verdict| *verdict != ProofVerdict::Skipped)
            .max()
            .unwrap_or(ProofVerdict::Skipped)
    }
}
