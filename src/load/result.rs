//! The result of a run: its figures, errors, lost messages and series of seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::by_event::ByEvent;
use super::control::Phase;
use super::counts::{Counts, counters};
use super::error_kind::ErrorKind;
use super::latency::{Figures, Histograms, Timing};
use super::losses::IdleCut;
use super::lost::Lost;
use super::role::{Deliveries, Sends};
use super::series::Point;
use super::server_meter::ServerUse;
use super::settings::Model;
use super::steering::RateChange;
use super::tally::Tally;
use super::validity::{Punctuality, Shortage};
use crate::beam::BeamUse;

/// The outcome of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadResult {
    /// Figures of connections.
    pub sockets: Sockets,
    /// Figures of messages: replies and broadcasts together.
    pub messages: Messages,
    /// Latencies.
    pub latency_us: Latencies,
    /// Latencies per scenario, if there are several.
    pub scenarios: Vec<Played>,
    /// How late the generator was; `None` in a closed model, which has no intended times.
    pub lateness_us: Option<Figures>,
    /// How long sends waited because the run had too few sockets; `None` in a closed model.
    pub waited_us: Option<Figures>,
    /// How many sockets the run needs, if it had too few.
    pub shortage: Option<Shortage>,
    /// The load generator.
    pub generator: Generator,
    /// The server, if it is watched.
    pub server: Option<ServerUse>,
    /// The Erlang VM of the server, if it was asked.
    pub beam: Option<BeamUse>,
    /// How the sends were scheduled.
    pub model: Model,
    /// The changes of the rate while the run went on.
    pub rate_changes: Vec<RateChange>,
    /// Errors by kind; kinds that did not occur are absent.
    pub troubles: BTreeMap<&'static str, u64>,
    /// What the server or the system said at the first error of each kind.
    pub first_answers: BTreeMap<&'static str, String>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// How broadcast deliveries were tracked.
    pub deliveries: Deliveries,
    /// Set if nearly all lost connections were cut after the same idle time.
    pub idle_cut: Option<IdleCut>,
    /// The first messages that never arrived, earliest first; at most twenty.
    pub lost: Vec<Lost>,
    /// Pushes from the server that no step waits for, by event.
    pub unasked: BTreeMap<String, u64>,
    /// Replies that arrived after their push had timed out, by event.
    pub late: BTreeMap<String, u64>,
    /// Replies and messages that did not match the scenario, by event.
    pub mismatches: BTreeMap<String, u64>,
    /// All counters.
    pub counts: Counts,
    /// How long each phase of the run took.
    pub took: Took,
    /// The figures of each second.
    pub series: Vec<Point>,
    /// The histograms of the whole run, for any percentile.
    pub histograms: Histograms,
    /// Whether the generator kept up, apart from having too few sockets.
    pub(crate) punctuality: Punctuality,
    /// Whether the scenario sends anything.
    pub(crate) sends: Sends,
    /// Whether the run was ended early.
    pub cut_short: bool,
}

/// Figures of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// How many sockets were requested.
    pub asked: u64,
    /// How many sockets have been open.
    pub opened: u64,
    /// How many sockets have joined all their topics.
    pub joined: u64,
    /// The most sockets that were joined at the same time.
    pub peak_joined: u64,
    /// Connections that ended although the client did not ask for it.
    pub lost: u64,
    /// Connections that were opened again.
    pub reconnects: u64,
}

counters! {
    /// Figures of replies and broadcasts.
    pub struct Messages {
        /// Pushes that were sent.
        pub sent: u64,
        /// Expected replies and broadcasts that arrived.
        pub received: u64,
        /// Replies and broadcasts that were expected.
        pub expected: u64,
        /// Expected replies and broadcasts that never arrived.
        pub missing: u64,
        /// Replies and broadcasts that arrived more than once.
        pub duplicated: u64,
        /// Broadcasts that arrived after a later one from the same sender.
        pub reordered: u64,
        /// Broadcasts that arrived at a socket that should not receive them.
        pub misdelivered: u64,
        /// Broadcasts under way while their receiver joined or left: neither expected nor missing.
        pub in_doubt: u64,
    }
}

/// Latencies, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latencies {
    /// [`Timing::Http`]
    pub http: Figures,
    /// [`Timing::Connect`]
    pub connect: Figures,
    /// [`Timing::Tls`]
    pub tls: Figures,
    /// [`Timing::Join`]
    pub join: Figures,
    /// [`Timing::Reply`]
    pub reply: Figures,
    /// [`Timing::Broadcast`]
    pub broadcast: Figures,
    /// [`Timing::Heartbeat`]
    pub heartbeat: Figures,
    /// [`Timing::Rejoin`]
    pub rejoin: Figures,
}

/// The results of one of several scenarios.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The name of the scenario, or the path of its file.
    pub name: String,
    /// The weight of the scenario.
    pub weight: u32,
    /// The number of sockets assigned to it.
    pub sockets: u32,
    /// Its latencies.
    pub latency_us: Latencies,
}

/// Figures of the load generator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generator {
    /// CPU seconds of the generator's threads, over the whole run.
    pub cpu_s: f64,
    /// CPU seconds while the load lasted.
    pub cpu_s_steady: f64,
    /// Resident memory of the process before the run.
    pub rss_bytes_start: u64,
    /// Peak resident memory of the process.
    pub rss_bytes_peak: u64,
    /// Whether the figures are valid statements about the server.
    pub valid: bool,
    /// The reason, if they are not.
    pub why_invalid: Option<String>,
}

/// The length of each phase, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Took {
    /// Until all sockets had joined, or no more joined.
    pub opening_s: f64,
    /// The load, with the moments before and after it.
    pub running_s: f64,
    /// The load alone: the requested duration, unless the run was cut short.
    pub load_s: f64,
    /// Until everything under way had arrived or was given up.
    pub draining_s: f64,
    /// Until all connections were closed.
    pub closing_s: f64,
}

impl LoadResult {
    /// The figures of one kind; `None` in a closed model for kinds that only an open model has.
    pub fn figures(&self, kind: Timing) -> Option<Figures> {
        match kind {
            Timing::Lateness => self.lateness_us,
            Timing::Waited => self.waited_us,
            _ => self.latency_us.figures(kind),
        }
    }

    /// Errors of all kinds.
    pub fn errors(&self) -> u64 {
        self.troubles.values().sum()
    }

    /// The number of connects, joins and pushes that were attempted.
    pub(super) fn tried(&self) -> u64 {
        let in_vain = ErrorKind::ALL.into_iter().filter(|it| it.is_an_attempt());
        let in_vain: u64 = in_vain.filter_map(|it| self.troubles.get(it.name())).sum();
        self.latency_us.connect.count + self.latency_us.join.count + self.messages.sent + in_vain
    }

    /// Memory growth of the generator per joined socket; `None` if there are few sockets.
    pub fn generator_bytes_per_socket(&self) -> Option<u64> {
        let it = &self.generator;
        self.per_socket(it.rss_bytes_start, it.rss_bytes_peak)
    }

    /// The same for the server, if it is watched.
    pub fn server_bytes_per_socket(&self) -> Option<u64> {
        let it = self.server.as_ref()?;
        self.per_socket(it.rss_bytes_start, it.rss_bytes_peak)
    }

    /// With few sockets, memory that does not depend on their number hides the growth per socket.
    fn per_socket(&self, start: u64, peak: u64) -> Option<u64> {
        const ENOUGH: u64 = 1_000;
        let joined = Some(self.sockets.peak_joined).filter(|joined| *joined >= ENOUGH)?;
        peak.saturating_sub(start).checked_div(joined)
    }

    /// Sends per second while the load lasted.
    pub fn sends_per_second(&self) -> f64 {
        self.messages.sent as f64 / self.took.load_s.max(0.001)
    }

    /// A result that contains only latencies.
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
    /// The figures of one kind; `None` for kinds that describe the generator.
    pub fn figures(&self, kind: Timing) -> Option<Figures> {
        Some(match kind {
            Timing::Http => self.http,
            Timing::Connect => self.connect,
            Timing::Tls => self.tls,
            Timing::Join => self.join,
            Timing::Reply => self.reply,
            Timing::Broadcast => self.broadcast,
            Timing::Heartbeat => self.heartbeat,
            Timing::Rejoin => self.rejoin,
            Timing::Lateness | Timing::Waited => return None,
        })
    }
}

impl Messages {
    /// Replies and broadcasts together.
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

    /// Whether the server delivered everything correctly.
    pub fn all_right(&self) -> bool {
        self.missing == 0 && self.duplicated == 0 && self.reordered == 0 && self.misdelivered == 0
    }
}

impl Latencies {
    pub(crate) fn of(histograms: &Histograms) -> Self {
        let of = |kind: Timing| histograms.figures(kind);
        Self {
            http: of(Timing::Http),
            connect: of(Timing::Connect),
            tls: of(Timing::Tls),
            join: of(Timing::Join),
            reply: of(Timing::Reply),
            broadcast: of(Timing::Broadcast),
            heartbeat: of(Timing::Heartbeat),
            rejoin: of(Timing::Rejoin),
        }
    }
}

/// The errors that occurred, by kind.
pub(super) fn troubles(tally: &Tally) -> BTreeMap<&'static str, u64> {
    let all = ErrorKind::ALL.into_iter().zip(tally.troubles);
    all.filter(|(_, count)| *count > 0)
        .map(|(trouble, count)| (trouble.name(), count))
        .collect()
}

/// The first answer of each error kind that occurred.
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
