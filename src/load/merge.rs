//! Merges the results of several processes that loaded the same server at the same time into one result: counts are added,
//! histograms are added, and every figure is taken from the sums.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::latency::{Figures, Histograms, Timing};
use super::losses::IdleCut;
use super::lost;
use super::result::{Generator, Latencies, LoadResult, Played, Sockets, Took};
use super::role::{Deliveries, Sends};
use super::series::Point;
use super::server_meter::ServerUse;
use super::settings::Model;
use super::validity::{Punctuality, Shortage};

/// The measurements of one process.
#[derive(Debug)]
pub struct MergePart {
    /// The name of the process.
    pub name: String,
    /// The time by which it began later than the first process.
    pub after: Duration,
    /// Its result. The histograms are taken from the other fields.
    pub result: LoadResult,
    /// Its latencies in the order of time.
    pub measured: Vec<TimedLatencies>,
    /// The latencies of each scenario, if there are several.
    pub of_plays: BTreeMap<String, Histograms>,
    /// The reason why its measurements are incomplete, if they are.
    pub why_incomplete: Option<String>,
}

/// The latencies of one kind in a stretch of time.
#[derive(Clone, Debug)]
pub struct TimedLatencies {
    /// The kind.
    pub kind: Timing,
    /// The start of the stretch, since the start of the process's run.
    pub start: Duration,
    /// Its length.
    pub length: Duration,
    /// The latencies.
    pub histogram: Histogram<u64>,
}

impl TimedLatencies {
    /// The whole second at whose end the stretch ends, since the start of the first process.
    fn second(&self, after: Duration) -> u64 {
        whole_second((self.start + self.length + after).as_secs_f64())
    }
}

/// The result of all parts together.
pub fn merge(parts: &[MergePart]) -> LoadResult {
    let mut merged = added(parts);
    merged.histograms = Histograms::default();
    for measured in parts.iter().flat_map(|part| &part.measured) {
        merged.histograms.add_to(measured.kind, &measured.histogram);
    }
    merged.latency_us = Latencies::of(&merged.histograms);
    if merged.model == Model::Open {
        merged.lateness_us = Some(merged.histograms.figures(Timing::Lateness));
        merged.waited_us = Some(merged.histograms.figures(Timing::Waited));
    }
    merged.scenarios = scenarios(parts);
    merged.series = series(parts);
    let most = merged.series.iter().map(|point| point.joined).max();
    let most_of_one = parts.iter().map(|part| part.result.sockets.peak_joined).max();
    merged.sockets.peak_joined = most.max(most_of_one).unwrap_or_default();
    merged.generator = generator(parts);
    if parts.iter().any(|part| part.why_incomplete.is_some()) {
        // Messages that an incomplete process does not report may have arrived, so they count against nobody.
        merged.punctuality = merged.punctuality.max(Punctuality::Late);
    }
    merged
}

/// The fields that are added up one by one.
fn added(parts: &[MergePart]) -> LoadResult {
    let mut sum = LoadResult {
        punctuality: Punctuality::InTime,
        ..LoadResult::default()
    };
    if let Some(first) = parts.first() {
        (sum.model, sum.deliveries) = (first.result.model, first.result.deliveries);
        sum.beam = parts.iter().find_map(|part| part.result.beam.clone());
    }
    for part in parts {
        let it = &part.result;
        add_sockets(&mut sum.sockets, &it.sockets);
        sum.messages += it.messages;
        sum.counts += it.counts;
        add_all(&mut sum.troubles, &it.troubles);
        add_all(&mut sum.unasked, &it.unasked);
        add_all(&mut sum.late, &it.late);
        add_all(&mut sum.mismatches, &it.mismatches);
        for (kind, answer) in &it.first_answers {
            sum.first_answers.entry(*kind).or_insert_with(|| answer.clone());
        }
        for note in &it.notes {
            if !sum.notes.contains(note) {
                sum.notes.push(note.clone());
            }
        }
        if it.deliveries != sum.deliveries {
            sum.deliveries = Deliveries::NotFollowed;
        }
        sum.took = longer(&sum.took, &it.took);
        sum.server = add_server(sum.server, it.server);
        sum.shortage = add_shortage(sum.shortage, it.shortage);
        sum.punctuality = sum.punctuality.max(it.punctuality);
        if it.sends == Sends::Something {
            sum.sends = Sends::Something;
        }
        sum.cut_short |= it.cut_short;
        sum.lost.extend(it.lost.iter().map(|lost| lost::Lost {
            at_s: lost.at_s.map(|at_s| at_s + part.after.as_secs_f64()),
            ..lost.clone()
        }));
    }
    sum.idle_cut = idle_cut(parts);
    sum.lost = lost::earliest(sum.lost);
    sum
}

fn add_all<K: Ord + Clone>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *sum.entry(key.clone()).or_default() += count;
    }
}

fn add_sockets(sum: &mut Sockets, more: &Sockets) {
    sum.asked += more.asked;
    sum.opened += more.opened;
    sum.joined += more.joined;
    sum.lost += more.lost;
    sum.reconnects += more.reconnects;
}

fn longer(one: &Took, other: &Took) -> Took {
    Took {
        opening_s: one.opening_s.max(other.opening_s),
        running_s: one.running_s.max(other.running_s),
        load_s: one.load_s.max(other.load_s),
        draining_s: one.draining_s.max(other.draining_s),
        closing_s: one.closing_s.max(other.closing_s),
    }
}

fn add_server(sum: Option<ServerUse>, more: Option<ServerUse>) -> Option<ServerUse> {
    let (Some(sum), Some(more)) = (sum, more) else {
        return sum.or(more);
    };
    Some(ServerUse {
        cpu_s: sum.cpu_s + more.cpu_s,
        rss_bytes_start: sum.rss_bytes_start + more.rss_bytes_start,
        rss_bytes_peak: sum.rss_bytes_peak + more.rss_bytes_peak,
        threads_peak: sum.threads_peak + more.threads_peak,
        descriptors_peak: sum.descriptors_peak + more.descriptors_peak,
    })
}

/// The shortages of both; the round and the waits are those of the worse one.
fn add_shortage(sum: Option<Shortage>, more: Option<Shortage>) -> Option<Shortage> {
    let (Some(sum), Some(more)) = (sum, more) else {
        return sum.or(more);
    };
    let worse = if sum.waited_us >= more.waited_us {
        sum
    } else {
        more
    };
    Some(Shortage {
        sockets: sum.sockets + more.sockets,
        had: sum.had + more.had,
        never_sent: sum.never_sent + more.never_sent,
        ..worse
    })
}

/// The common idle time of the losses, if every process that lost connections saw about the same.
fn idle_cut(parts: &[MergePart]) -> Option<IdleCut> {
    let lossy = parts.iter().filter(|part| part.result.sockets.lost > 0);
    let cuts: Option<Vec<IdleCut>> = lossy.map(|part| part.result.idle_cut).collect();
    let cuts = cuts?;
    let first = cuts.first()?;
    let is_same = |cut: &IdleCut| (cut.quiet_s - first.quiet_s).abs() <= (first.quiet_s / 20.0).max(0.5);
    cuts.iter().all(is_same).then(|| IdleCut {
        losses: cuts.iter().map(|cut| cut.losses).sum(),
        same: cuts.iter().map(|cut| cut.same).sum(),
        ..*first
    })
}

fn generator(parts: &[MergePart]) -> Generator {
    let sum = |of: fn(&Generator) -> u64| parts.iter().map(|part| of(&part.result.generator)).sum();
    let seconds = |of: fn(&Generator) -> f64| parts.iter().map(|part| of(&part.result.generator)).sum();
    let why = parts.iter().filter_map(|part| {
        let why = part
            .why_incomplete
            .as_ref()
            .or(part.result.generator.why_invalid.as_ref())?;
        Some(format!("{}: {why}", part.name))
    });
    let why: Vec<String> = why.collect();
    let why_invalid = (!why.is_empty()).then(|| why.join("; "));
    Generator {
        cpu_s: seconds(|it| it.cpu_s),
        cpu_s_steady: seconds(|it| it.cpu_s_steady),
        rss_bytes_start: sum(|it| it.rss_bytes_start),
        rss_bytes_peak: sum(|it| it.rss_bytes_peak),
        valid: why_invalid.is_none(),
        why_invalid,
    }
}

/// The scenarios, in the order of the first process.
fn scenarios(parts: &[MergePart]) -> Vec<Played> {
    let mut played: Vec<(Played, Histograms)> = Vec::new();
    for part in parts {
        for it in &part.result.scenarios {
            let at = played.iter().position(|(known, _)| known.name == it.name);
            let at = at.unwrap_or_else(|| {
                let new = Played {
                    sockets: 0,
                    ..it.clone()
                };
                played.push((new, Histograms::default()));
                played.len() - 1
            });
            played[at].0.sockets += it.sockets;
            if let Some(more) = part.of_plays.get(&it.name) {
                played[at].1.add(more);
            }
        }
    }
    let figures = played.into_iter().map(|(it, histograms)| Played {
        latency_us: Latencies::of(&histograms),
        ..it
    });
    figures.collect()
}

fn whole_second(at_s: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times of a run are small and not negative"
    )]
    let second = at_s.round().max(1.0) as u64;
    second
}

/// The seconds of all processes on one line of time.
fn series(parts: &[MergePart]) -> Vec<Point> {
    let mut seconds: BTreeMap<u64, Point> = BTreeMap::new();
    for part in parts {
        for point in &part.result.series {
            let second = whole_second(point.at_s + part.after.as_secs_f64());
            add_point(seconds.entry(second).or_default(), point);
        }
    }
    let mut latencies: BTreeMap<u64, Histograms> = BTreeMap::new();
    for part in parts {
        for measured in &part.measured {
            let of_second = latencies.entry(measured.second(part.after)).or_default();
            of_second.add_to(measured.kind, &measured.histogram);
        }
    }
    let points = seconds.into_iter().map(|(second, mut point)| {
        point.at_s = second as f64;
        if let Some(latencies) = latencies.get(&second) {
            set_latencies(&mut point, latencies);
        }
        point
    });
    points.collect()
}

fn add_point(sum: &mut Point, more: &Point) {
    if sum.phase.is_empty() {
        sum.phase = more.phase;
    }
    for (sum, more) in [
        (&mut sum.open, more.open),
        (&mut sum.joined, more.joined),
        (&mut sum.sent, more.sent),
        (&mut sum.replies, more.replies),
        (&mut sum.broadcasts, more.broadcasts),
        (&mut sum.troubles, more.troubles),
        (&mut sum.lost, more.lost),
        (&mut sum.missing, more.missing),
        (&mut sum.generator_rss_bytes, more.generator_rss_bytes),
        (&mut sum.server_rss_bytes, more.server_rss_bytes),
        (&mut sum.server_threads, more.server_threads),
        (&mut sum.server_descriptors, more.server_descriptors),
    ] {
        *sum += more;
    }
    sum.rate += more.rate;
    sum.generator_cpu_s += more.generator_cpu_s;
    sum.server_cpu_s += more.server_cpu_s;
    sum.beam = sum.beam.or(more.beam);
}

fn set_latencies(point: &mut Point, latencies: &Histograms) {
    let of = |kind: Timing| -> Figures { latencies.figures(kind) };
    let (reply, broadcast) = (of(Timing::Reply), of(Timing::Broadcast));
    (point.reply_p50_us, point.reply_p95_us) = (reply.p50, reply.p95);
    (point.reply_p99_us, point.reply_max_us) = (reply.p99, reply.max);
    (point.broadcast_p50_us, point.broadcast_p95_us) = (broadcast.p50, broadcast.p95);
    (point.broadcast_p99_us, point.broadcast_max_us) = (broadcast.p99, broadcast.max);
    point.lateness_p99_us = of(Timing::Lateness).p99;
}

#[cfg(test)]
mod tests;
