//! The result of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::by_event::ByEvent;
use super::control::Phase;
use super::counts::Counts;
use super::error_kind::ErrorKind;
use super::latency::{Figures, Histograms, Kind};
use super::losses::IdleCut;
use super::lost::Lost;
use super::role::{Deliveries, Sends};
use super::series::Point;
use super::settings::Model;
use super::tally::Tally;
use super::validity::{Punctuality, Shortage};

/// The outcome of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadResult {
    /// Connections.
    pub sockets: Sockets,
    /// Messages: answers and broadcasts together.
    pub messages: Messages,
    /// How long things took.
    pub latency_us: Latencies,
    /// The same for each scenario, where there are several.
    pub scenarios: Vec<Played>,
    /// How late the generator itself was; nothing in a closed model, which has no intended times.
    pub lateness_us: Option<Figures>,
    /// How long sends waited because the swarm had too few sockets; nothing in a closed model.
    pub waited_us: Option<Figures>,
    /// How many sockets it wants, if it had too few.
    pub shortage: Option<Shortage>,
    /// The process that made the load.
    pub generator: Generator,
    /// The server, where it can be watched.
    pub server: Option<ServerUse>,
    /// How the sends were scheduled.
    pub model: Model,
    /// What went wrong, by kind; nothing that did not happen.
    pub troubles: BTreeMap<&'static str, u64>,
    /// What the server, or the system, said at the first of each kind.
    pub first_answers: BTreeMap<&'static str, String>,
    /// What the user must know of the run, beside the figures.
    pub notes: Vec<String>,
    /// How deliveries of broadcasts were followed.
    pub deliveries: Deliveries,
    /// Where nearly all connections were lost after the same silence.
    pub idle_cut: Option<IdleCut>,
    /// The first messages that never came, earliest first; at most twenty.
    pub lost: Vec<Lost>,
    /// Pushes from the server that no step waits for, by event.
    pub unasked: BTreeMap<String, u64>,
    /// Answers that came after they were given up, by event.
    pub late: BTreeMap<String, u64>,
    /// Answers and messages that were not as the scenario says, by event.
    pub mismatches: BTreeMap<String, u64>,
    /// All counts.
    pub counts: Counts,
    /// How long each part of the run took.
    pub took: Took,
    /// What happened in each second.
    pub series: Vec<Point>,
    /// The times of the whole run, for any percentile.
    pub histograms: Histograms,
    /// Whether this process was in time, and lacked nothing but sockets.
    pub punctuality: Punctuality,
    /// Whether the scenario sends anything at all.
    pub sends: Sends,
    /// Whether the run was ended before its time.
    pub cut_short: bool,
}

/// Connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// How many were wanted.
    pub asked: u64,
    /// How many have been open.
    pub opened: u64,
    /// How many have joined all their topics.
    pub joined: u64,
    /// The most that were joined at a time.
    pub peak_joined: u64,
    /// Connections that ended without being asked to.
    pub lost: u64,
    /// Connections that were opened again.
    pub reconnects: u64,
}

/// Answers and broadcasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Pushes that went out.
    pub sent: u64,
    /// Answers and broadcasts that came and were due.
    pub received: u64,
    /// Answers and broadcasts that were due.
    pub expected: u64,
    /// Those of them that never came.
    pub missing: u64,
    /// Those that came once more.
    pub duplicated: u64,
    /// Broadcasts that came after a later one of the same sender.
    pub reordered: u64,
    /// Broadcasts that came to somebody else.
    pub misdelivered: u64,
    /// Under way while their receiver joined or left: neither expected nor missing.
    pub in_doubt: u64,
}

/// How long things took, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latencies {
    /// [`Kind::Connect`]
    pub connect: Figures,
    /// [`Kind::Join`]
    pub join: Figures,
    /// [`Kind::Reply`]
    pub reply: Figures,
    /// [`Kind::Broadcast`]
    pub broadcast: Figures,
    /// [`Kind::Heartbeat`]
    pub heartbeat: Figures,
    /// [`Kind::Rejoin`]
    pub rejoin: Figures,
}

/// One of several scenarios.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Its name, or the path of its file.
    pub name: String,
    /// Its weight among them.
    pub weight: u32,
    /// How many sockets were to play it.
    pub sockets: u32,
    /// How long things took there.
    pub latency_us: Latencies,
}

/// The process that made the load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generator {
    /// CPU seconds of its threads, over the whole run.
    pub cpu_s: f64,
    /// The same while the load lasted.
    pub cpu_s_steady: f64,
    /// Resident memory of the process before the run.
    pub rss_bytes_start: u64,
    /// The most resident memory of the process.
    pub rss_bytes_peak: u64,
    /// Whether the figures say something about the server.
    pub valid: bool,
    /// If not, why.
    pub why_invalid: Option<String>,
}

/// The server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServerUse {
    /// CPU seconds during the run.
    pub cpu_s: f64,
    /// Resident memory before the run.
    pub rss_bytes_start: u64,
    /// The most resident memory.
    pub rss_bytes_peak: u64,
}

/// How long each part took, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Took {
    /// Until all had come and joined, or no more did.
    pub opening_s: f64,
    /// The load, and the moments around it.
    pub running_s: f64,
    /// The load itself: as long as was asked for, unless it was cut short.
    pub load_s: f64,
    /// Until all that was under way had come, or was given up.
    pub draining_s: f64,
    /// Until all connections were closed.
    pub closing_s: f64,
}

impl LoadResult {
    /// The figures of one kind; nothing for what only an open model has.
    pub fn figures(&self, kind: Kind) -> Option<Figures> {
        match kind {
            Kind::Lateness => self.lateness_us,
            Kind::Waited => self.waited_us,
            _ => self.latency_us.figures(kind),
        }
    }

    /// Errors of all kinds.
    pub fn errors(&self) -> u64 {
        self.troubles.values().sum()
    }

    /// Connects, joins and pushes that were tried, with or without success.
    pub(super) fn tried(&self) -> u64 {
        let in_vain = ErrorKind::ALL.into_iter().filter(|it| it.is_an_attempt());
        let in_vain: u64 = in_vain.filter_map(|it| self.troubles.get(it.name())).sum();
        self.latency_us.connect.count + self.latency_us.join.count + self.messages.sent + in_vain
    }

    /// By how much the memory of the generator grew for each joined socket; nothing where sockets are few.
    pub fn generator_bytes_per_socket(&self) -> Option<u64> {
        let it = &self.generator;
        self.per_socket(it.rss_bytes_start, it.rss_bytes_peak)
    }

    /// The same of the server, where it is watched.
    pub fn server_bytes_per_socket(&self) -> Option<u64> {
        let it = self.server.as_ref()?;
        self.per_socket(it.rss_bytes_start, it.rss_bytes_peak)
    }

    /// Where sockets are few, what does not grow with them hides what does.
    fn per_socket(&self, start: u64, peak: u64) -> Option<u64> {
        const ENOUGH: u64 = 1_000;
        let joined = Some(self.sockets.peak_joined).filter(|joined| *joined >= ENOUGH)?;
        peak.saturating_sub(start).checked_div(joined)
    }

    /// Sends a second, over the time in which there was load.
    pub fn sends_per_second(&self) -> f64 {
        self.messages.sent as f64 / self.took.load_s.max(0.001)
    }

    /// A result of nothing but times.
    #[cfg(test)]
    pub(super) fn of_latencies(histograms: &Histograms) -> Self {
        Self {
            latency_us: Latencies::of(histograms),
            histograms: histograms.clone(),
            ..Self::default()
        }
    }
}

impl Latencies {
    /// The figures of one kind; nothing for those that are the generator's own.
    pub fn figures(&self, kind: Kind) -> Option<Figures> {
        Some(match kind {
            Kind::Connect => self.connect,
            Kind::Join => self.join,
            Kind::Reply => self.reply,
            Kind::Broadcast => self.broadcast,
            Kind::Heartbeat => self.heartbeat,
            Kind::Rejoin => self.rejoin,
            Kind::Lateness | Kind::Waited => return None,
        })
    }
}

impl Messages {
    /// Answers and broadcasts together.
    pub(super) fn of(counts: &Counts) -> Self {
        let expected_replies = counts.replies_expected - counts.replies_expected.min(counts.replies_in_doubt);
        Self {
            sent: counts.sent,
            received: counts.replies.min(expected_replies) + counts.broadcasts,
            expected: expected_replies + counts.broadcasts + counts.broadcasts_missing,
            missing: counts.replies_missing + counts.broadcasts_missing,
            duplicated: counts.replies_duplicated + counts.broadcasts_duplicated,
            reordered: counts.broadcasts_reordered,
            misdelivered: counts.broadcasts_misdelivered,
            in_doubt: counts.replies_in_doubt + counts.broadcasts_in_doubt,
        }
    }

    /// Whether the server kept all it promised.
    pub fn all_right(&self) -> bool {
        self.missing == 0 && self.duplicated == 0 && self.reordered == 0 && self.misdelivered == 0
    }
}

impl Latencies {
    pub(super) fn of(histograms: &Histograms) -> Self {
        let of = |kind: Kind| histograms.figures(kind);
        Self {
            connect: of(Kind::Connect),
            join: of(Kind::Join),
            reply: of(Kind::Reply),
            broadcast: of(Kind::Broadcast),
            heartbeat: of(Kind::Heartbeat),
            rejoin: of(Kind::Rejoin),
        }
    }
}

/// The troubles that happened.
pub(super) fn troubles(tally: &Tally) -> BTreeMap<&'static str, u64> {
    let all = ErrorKind::ALL.into_iter().zip(tally.troubles);
    all.filter(|(_, count)| *count > 0)
        .map(|(trouble, count)| (trouble.name(), count))
        .collect()
}

/// What was heard of the first error of each kind that happened.
pub(super) fn first_answers(tally: &Tally) -> BTreeMap<&'static str, String> {
    let happened = |trouble: &ErrorKind| tally.troubles[*trouble as usize] > 0;
    let first = tally.first.iter().filter(|(trouble, _)| happened(trouble));
    first
        .map(|(trouble, told)| (trouble.name(), told.to_string()))
        .collect()
}

pub(super) fn by_event(events: &ByEvent) -> BTreeMap<String, u64> {
    events
        .iter()
        .map(|(event, count)| (event.to_owned(), count))
        .collect()
}

impl Took {
    pub(super) fn set(&mut self, phase: Phase, took: Duration) {
        match phase {
            Phase::Opening => self.opening_s = took.as_secs_f64(),
            Phase::Running => self.running_s = took.as_secs_f64(),
            Phase::Draining => self.draining_s = took.as_secs_f64(),
            Phase::Stopped | Phase::Closing | Phase::Over => self.closing_s += took.as_secs_f64(),
        }
    }
}
