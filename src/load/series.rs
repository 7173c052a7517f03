//! The figures of each second of a run, for charts and tables.

use std::time::Duration;

use super::beam_point::BeamPoint;
use super::control::Phase;
use super::latency::Timing;
use super::lost::Moments;
use super::server_meter::ServerReading;
use super::tally::Tally;
use crate::clock::Time;
use crate::process::Usage;

/// The figures of one second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Seconds since the start of the run.
    pub at_s: f64,
    /// The phase of the run.
    pub phase: &'static str,
    /// Open connections at the end of the second.
    pub open: u64,
    /// Joined sockets at the end of the second.
    pub joined: u64,
    /// The rate that is asked for at the end of the second, in sends a second; 0 where none is.
    pub rate: f64,
    /// Pushes that were sent.
    pub sent: u64,
    /// Replies that arrived.
    pub replies: u64,
    /// Broadcasts that arrived.
    pub broadcasts: u64,
    /// Errors of all kinds.
    pub troubles: u64,
    /// Connections that were lost; known at the end of the run.
    pub lost: u64,
    /// Messages that never arrived, by the intended time of the push; known at the end of the run.
    pub missing: u64,
    /// Median reply latency, in microseconds.
    pub reply_p50_us: u64,
    /// 95th percentile of the reply latency.
    pub reply_p95_us: u64,
    /// 99th percentile of the reply latency.
    pub reply_p99_us: u64,
    /// Maximum reply latency, in microseconds.
    pub reply_max_us: u64,
    /// Median broadcast latency, in microseconds.
    pub broadcast_p50_us: u64,
    /// 95th percentile of the broadcast latency.
    pub broadcast_p95_us: u64,
    /// 99th percentile of the broadcast latency.
    pub broadcast_p99_us: u64,
    /// Maximum broadcast latency.
    pub broadcast_max_us: u64,
    /// 99th percentile of the generator's lateness, in microseconds.
    pub lateness_p99_us: u64,
    /// CPU seconds of the generator's threads.
    pub generator_cpu_s: f64,
    /// Resident memory of the generator at the end of the second.
    pub generator_rss_bytes: u64,
    /// CPU seconds of the server.
    pub server_cpu_s: f64,
    /// Resident memory of the server at the end of the second.
    pub server_rss_bytes: u64,
    /// Threads of the server at the end of the second.
    pub server_threads: u64,
    /// Open descriptors of the server at the end of the second.
    pub server_descriptors: u64,
    /// The Erlang VM of the server, if it answered.
    pub beam: Option<BeamPoint>,
}

/// The inputs of a point, apart from the tally of the second.
pub(super) struct Moment {
    pub(super) at: Time,
    pub(super) phase: Phase,
    pub(super) open: u64,
    pub(super) joined: u64,
    pub(super) rate: f64,
    pub(super) cpu: Duration,
    pub(super) own: Usage,
    pub(super) server: ServerReading,
    pub(super) beam: Option<BeamPoint>,
}

impl Point {
    pub(super) fn new(moment: &Moment, tally: &Tally) -> Self {
        let of = |kind: Timing| tally.latencies.figures(kind);
        let (reply, broadcast) = (of(Timing::Reply), of(Timing::Broadcast));
        Self {
            at_s: moment.at.since(Time::ZERO).as_secs_f64(),
            phase: name(moment.phase),
            open: moment.open,
            joined: moment.joined,
            rate: moment.rate,
            sent: tally.counts.sent,
            replies: tally.counts.replies,
            broadcasts: tally.counts.broadcasts,
            troubles: tally.troubles.iter().sum(),
            lost: 0,
            missing: 0,
            reply_p50_us: reply.p50,
            reply_p95_us: reply.p95,
            reply_p99_us: reply.p99,
            reply_max_us: reply.max,
            broadcast_p50_us: broadcast.p50,
            broadcast_p95_us: broadcast.p95,
            broadcast_p99_us: broadcast.p99,
            broadcast_max_us: broadcast.max,
            lateness_p99_us: of(Timing::Lateness).p99,
            generator_cpu_s: moment.cpu.as_secs_f64(),
            generator_rss_bytes: moment.own.rss_bytes,
            server_cpu_s: moment.server.cpu.as_secs_f64(),
            server_rss_bytes: moment.server.rss_bytes,
            server_threads: moment.server.threads,
            server_descriptors: moment.server.descriptors,
            beam: moment.beam,
        }
    }
}

/// The name of a phase.
pub(super) const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Opening => "opening",
        Phase::Running => "running",
        Phase::Draining => "draining",
        Phase::Stopped | Phase::Closing | Phase::Over => "closing",
    }
}

/// The names of the phases, in order.
pub(crate) fn phases() -> [&'static str; 4] {
    [Phase::Opening, Phase::Running, Phase::Draining, Phase::Closing].map(name)
}

/// The name of a phase, if it is one.
pub(crate) fn phase_named(found: &str) -> Option<&'static str> {
    phases().into_iter().find(|it| *it == found)
}

/// Adds the counts over time to the points of their seconds. Counts after the last point are added to the last point.
pub(super) fn add_moments(
    series: &mut [Point],
    moments: &Moments,
    count_of: impl Fn(&mut Point) -> &mut u64,
) {
    let mut index = 0;
    for (at_s, count) in moments.iter() {
        while index + 1 < series.len() && series[index].at_s <= at_s {
            index += 1;
        }
        if let Some(point) = series.get_mut(index) {
            *count_of(point) += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_belongs_to_the_second_in_which_it_was() {
        let mut series = [1.0, 2.1, 3.0].map(|at_s| Point {
            at_s,
            ..Point::default()
        });
        let mut moments = Moments::default();
        for millis in [0, 999, 1000, 2090, 2100, 9000] {
            moments.count(Time::from_micros(millis * 1000));
        }
        add_moments(&mut series, &moments, |point| &mut point.missing);
        assert_eq!(series.map(|it| it.missing), [2, 2, 2]);
        add_moments(&mut [], &moments, |point| &mut point.missing);
    }
}
