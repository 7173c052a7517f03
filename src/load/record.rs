//! Combines the readings of the shards into the series of seconds and the total result.

use std::collections::BTreeMap;
use std::time::Duration;

use super::beam_point::BeamPoint;
use super::control::Phase;
use super::counts::Counts;
use super::error_kind::ErrorKind;
use super::event::Second;
use super::latency::Timing;
use super::left_out::Replies;
use super::lost::LostMessages;
use super::plan::Plan;
use super::result::{Generator, Latencies, LoadResult, Messages, Played, Sockets, Took};
use super::result::{by_event, first_answers, troubles};
use super::role::{CompiledScenarios, Deliveries, Sends};
use super::series::{Moment, Point, add_moments};
use super::server_meter::ServerMeter;
use super::settings::{LoadSettings, Model};
use super::shard::Reading;
use super::steering::{self, NewRate, RateChange};
use super::stepped::SteppedScenarios;
use super::tally::Tally;
use super::validity::{Demand, Punctuality, Shortage, demands, judge, shortage};
use crate::beam::BeamMeter;
use crate::clock::Time;
use crate::process::{Usage, own_usage};

/// Everything that has been measured in a run.
pub(super) struct Record {
    /// The total without the current second.
    whole: Tally,
    /// The current second.
    second: Tally,
    series: Vec<Point>,
    /// When the last second ended.
    last: Time,
    took: Took,
    rate_changes: Vec<RateChange>,
    cut_short: bool,
    peak_joined: u64,
    /// Per shard: CPU time so far, at the start of the load, and at its end.
    cpu: Vec<[Duration; 3]>,
    cpu_told: Duration,
    own: OwnMemory,
    server: Option<ServerMeter>,
    beam: Option<BeamMeter>,
    meant: Meant,
}

/// What is known about a run before it begins.
pub(super) struct Meant {
    /// The send rate that each scenario demands of its sockets.
    demands: Vec<Demand>,
    /// The highest rate of the run; infinite in a closed model.
    highest_rate: f64,
    deliveries: Deliveries,
    /// Events without a declared reply in any scenario.
    left_out: Vec<Box<str>>,
    notes: Vec<String>,
    /// How many sockets play each scenario: the most at a time, where that changes.
    divided: Vec<u32>,
    /// The number of sockets that were asked for one after another, where that changes.
    scaled: Option<u64>,
}

impl Meant {
    pub(super) fn new(settings: &LoadSettings, cast: &CompiledScenarios, notes: Vec<String>) -> Self {
        Self {
            demands: demands(settings, cast),
            highest_rate: settings.schedule.highest_rate().unwrap_or(f64::INFINITY),
            deliveries: cast.deliveries,
            left_out: cast.left_out.to_vec(),
            notes,
            divided: match settings.scaling {
                Some(_) => vec![0; settings.shares.len()],
                None => settings.divided(),
            },
            scaled: settings.scaling.as_ref().map(|_| 0),
        }
    }

    /// The same for scenarios that are played step by step.
    pub(super) fn stepped(settings: &LoadSettings, scenarios: &SteppedScenarios) -> Self {
        let rate = settings.schedule.highest_rate();
        Self {
            demands: rate.map_or_else(Vec::new, |rate| scenarios.demands(rate)),
            highest_rate: rate.unwrap_or(f64::INFINITY),
            deliveries: scenarios.deliveries(),
            left_out: Vec::new(),
            notes: scenarios.notes(settings),
            divided: scenarios.divided(),
            scaled: None,
        }
    }

    /// Demands this rate as well.
    fn demand(&mut self, sends_per_s: f64) {
        let times = (sends_per_s / self.highest_rate).max(1.0);
        self.highest_rate *= times;
        for demand in &mut self.demands {
            demand.rate *= times;
        }
    }

    /// The number of sockets to open.
    pub(super) fn sockets(&self) -> u64 {
        self.divided.iter().copied().map(u64::from).sum()
    }

    /// The number of sockets that were asked for, apart from those that were called off.
    fn asked(&self, counts: &Counts) -> u64 {
        let scaled = self.scaled.map(|asked| asked.saturating_sub(counts.called_off));
        scaled.unwrap_or_else(|| self.sockets())
    }

    /// Notes for the user. Events that never got a reply are included once that is known.
    fn notes(&self, whole: &Tally, counts: &mut Counts) -> Vec<String> {
        let mut notes = self.notes.clone();
        for (event, left_out) in self.left_out.iter().zip(&whole.left_out) {
            if left_out.correct(counts) == Replies::Never {
                let crashed = whole.troubles[ErrorKind::Crashed as usize];
                notes.push(never_answered(event, left_out.sent, crashed));
            }
        }
        notes
    }
}

/// The note on an event that never got a reply. A channel that crashed may be the reason.
fn never_answered(event: &str, sent: u64, crashed: u64) -> String {
    let advice = match crashed {
        0 => "its handler does not reply; say `reply: none`, or --push-reply none with --push".to_owned(),
        _ => format!(
            "channels crashed meanwhile ({crashed} times), so the event may crash its channel; the log of the server says why"
        ),
    };
    format!("no push of `{event}` was ever answered ({sent} sent): {advice}")
}

/// The memory of this process over the run.
#[derive(Clone, Copy, Debug, Default)]
struct OwnMemory {
    start: u64,
    peak: u64,
}

impl OwnMemory {
    const fn new(first: Usage) -> Self {
        Self {
            start: first.rss_bytes,
            peak: first.rss_bytes,
        }
    }
}

impl Record {
    pub(super) fn new(settings: &LoadSettings, plan: &Plan, meant: Meant) -> Self {
        Self {
            whole: Tally::new(),
            second: Tally::new(),
            series: Vec::new(),
            last: Time::ZERO,
            took: Took::default(),
            rate_changes: Vec::new(),
            cut_short: false,
            peak_joined: 0,
            cpu: vec![[Duration::ZERO; 3]; plan.shards.len()],
            cpu_told: Duration::ZERO,
            own: OwnMemory::new(own_usage().unwrap_or_default()),
            server: settings.server_pid.and_then(ServerMeter::new),
            beam: settings.beam.clone().map(BeamMeter::new),
            meant,
        }
    }

    pub(super) fn take(&mut self, reading: &Reading) {
        self.second.merge(&reading.tally);
        let [now, begin, end] = &mut self.cpu[reading.shard];
        *now = reading.cpu;
        if reading.phase == Phase::Opening {
            *begin = reading.cpu;
        }
        if reading.phase <= Phase::Running {
            *end = reading.cpu;
        }
    }

    pub(super) fn took(&mut self, phase: Phase, took: Duration) {
        self.took.set(phase, took);
    }

    /// Sets how long the load has lasted.
    pub(super) fn loaded(&mut self, lasted: Duration) {
        self.took.load_s = lasted.as_secs_f64();
    }

    /// Notes another rate. A higher one demands more of the sockets.
    pub(super) fn changed(&mut self, new: NewRate) {
        self.rate_changes.push(new.change());
        self.meant.demand(new.sends_per_s);
    }

    /// Notes that so many sockets of each scenario are wanted, instead of `before`.
    pub(super) fn scaled(&mut self, before: &[u32], wanted: &[u32]) {
        let before = before.iter().chain(std::iter::repeat(&0));
        for ((most, before), wanted) in self.meant.divided.iter_mut().zip(before).zip(wanted) {
            *most = (*most).max(*wanted);
            if let Some(asked) = &mut self.meant.scaled {
                *asked += u64::from(wanted.saturating_sub(*before));
            }
        }
    }

    /// How many sockets were asked for so far.
    pub(super) fn asked(&self) -> u64 {
        self.meant.asked(&self.whole.counts)
    }

    /// Marks that the run was ended early.
    pub(super) fn cut_short(&mut self) {
        self.cut_short = true;
    }

    pub(super) fn saw(&mut self, joined: u64) {
        self.peak_joined = self.peak_joined.max(joined);
    }

    /// Ends a second; `sockets` are the numbers of open and of joined sockets, `rate` that of the sends that are asked for.
    pub(super) fn second(&mut self, at: Time, phase: Phase, sockets: (u64, u64), rate: f64) -> Second {
        self.saw(sockets.1);
        let own = own_usage().unwrap_or_default();
        self.own.peak = self.own.peak.max(own.rss_bytes);
        let server = self.server.as_mut().and_then(ServerMeter::read);
        let cpu: Duration = self.cpu.iter().map(|it| it[0]).sum();
        let moment = Moment {
            at,
            phase,
            open: sockets.0,
            joined: sockets.1,
            rate,
            cpu: cpu.saturating_sub(self.cpu_told),
            own,
            server: server.unwrap_or_default(),
            beam: self.beam.as_mut().and_then(BeamMeter::read).map(BeamPoint::of),
        };
        self.cpu_told = cpu;
        let point = Point::new(&moment, &self.second);
        self.series.push(point);
        let second = std::mem::replace(&mut self.second, Tally::new());
        self.whole.merge(&second);
        let last = std::mem::replace(&mut self.last, at);
        Second {
            point,
            start: last.since(Time::ZERO),
            length: at.since(last),
            histograms: second.latencies,
            of_plays: second.of_plays,
        }
    }

    pub(super) fn finish(mut self, settings: &LoadSettings, sends: Sends) -> LoadResult {
        let mut series = std::mem::take(&mut self.series);
        let lost = self.lost();
        add_moments(&mut series, lost.moments(), |point| &mut point.missing);
        add_moments(&mut series, &self.whole.lost_connections, |point| &mut point.lost);
        LoadResult {
            series,
            lost: lost.first().to_vec(),
            cut_short: self.cut_short,
            ..self.so_far(settings, sends)
        }
    }

    /// All messages that never arrived. An event that never gets replies has no lost replies.
    fn lost(&self) -> LostMessages {
        let mut lost = self.whole.lost.clone();
        let of_left_out = self.whole.left_out.iter().zip(&self.whole.lost_of_left_out);
        let answered = of_left_out.filter(|(left_out, _)| left_out.replies() == Replies::Some);
        answered.for_each(|(_, replies)| lost.merge(replies));
        lost
    }

    /// The results per scenario, if there are several.
    fn scenarios(&self, settings: &LoadSettings) -> Vec<Played> {
        let parts = settings.shares.iter().zip(self.meant.divided.iter().copied());
        let figures = self.whole.of_plays.iter();
        parts
            .zip(figures)
            .map(|((share, sockets), histograms)| Played {
                name: share.name.to_string(),
                weight: share.weight,
                sockets,
                latency_us: Latencies::of(histograms),
            })
            .collect()
    }

    /// CPU seconds of all shards: so far, at the start of the load, or at its end.
    fn cpu(&self, which: usize) -> f64 {
        let sum: Duration = self.cpu.iter().map(|it| it[which]).sum();
        sum.as_secs_f64()
    }

    /// Errors by kind, and the first answer of each kind. A push timeout is no error if its event never gets a reply.
    fn errors(&self, counts: &Counts) -> (BTreeMap<&'static str, u64>, BTreeMap<&'static str, String>) {
        let mut troubles = troubles(&self.whole);
        let mut first_answers = first_answers(&self.whole);
        match counts.replies_missing {
            0 => drop(troubles.remove(ErrorKind::PushTimeout.name())),
            missing => drop(troubles.insert(ErrorKind::PushTimeout.name(), missing)),
        }
        first_answers.retain(|kind, _| troubles.contains_key(kind));
        (troubles, first_answers)
    }

    /// Whether the generator kept up; if not, why its figures say nothing about the server.
    fn judge_generator(&self, model: Model, shortage: Option<Shortage>) -> (Punctuality, Option<String>) {
        let busy = || {
            let (cpu, threads) = (self.cpu(2) - self.cpu(1), self.cpu.len());
            format!(
                "{cpu:.2} s of CPU in {:.2} s by {threads} threads",
                self.took.running_s
            )
        };
        judge(&self.whole, model, shortage, &busy)
    }

    fn generator(&self, why_invalid: Option<String>) -> Generator {
        Generator {
            cpu_s: self.cpu(0),
            cpu_s_steady: self.cpu(2) - self.cpu(1),
            rss_bytes_start: self.own.start,
            rss_bytes_peak: self.own.peak,
            valid: why_invalid.is_none(),
            why_invalid,
        }
    }

    /// The result so far, without the series.
    pub(super) fn so_far(&self, settings: &LoadSettings, sends: Sends) -> LoadResult {
        let mut counts = self.whole.counts;
        let mut notes = self.meant.notes(&self.whole, &mut counts);
        notes.extend(steering::note(&self.rate_changes));
        notes.extend(self.beam.as_ref().and_then(|meter| meter.seen().note()));
        let (troubles, first_answers) = self.errors(&counts);
        let model = settings.schedule.model();
        let open = |kind: Timing| (model == Model::Open).then(|| self.whole.latencies.figures(kind));
        let shortage = shortage(&self.whole, &self.meant.demands, self.meant.sockets());
        let (punctuality, why_invalid) = self.judge_generator(model, shortage);
        LoadResult {
            sockets: Sockets {
                asked: self.meant.asked(&counts),
                opened: counts.first_opened,
                joined: counts.first_joined,
                peak_joined: self.peak_joined,
                lost: counts.lost,
                reconnects: counts.reconnects,
            },
            messages: Messages::of(&counts),
            latency_us: Latencies::of(&self.whole.latencies),
            scenarios: self.scenarios(settings),
            lateness_us: open(Timing::Lateness),
            waited_us: open(Timing::Waited),
            shortage,
            generator: self.generator(why_invalid),
            server: self.server.as_ref().map(ServerMeter::seen),
            beam: self.beam.as_ref().map(|meter| meter.seen().clone()),
            model,
            rate_changes: self.rate_changes.clone(),
            troubles,
            notes,
            deliveries: self.meant.deliveries,
            first_answers,
            idle_cut: self
                .whole
                .losses
                .idle(counts.lost - counts.lost_by_late_heartbeat, settings.heartbeat),
            lost: Vec::new(),
            unasked: by_event(&self.whole.unasked),
            late: by_event(&self.whole.late),
            mismatches: by_event(&self.whole.mismatches),
            counts,
            took: self.took,
            series: Vec::new(),
            histograms: self.whole.latencies.clone(),
            punctuality,
            sends,
            cut_short: true,
        }
    }
}
