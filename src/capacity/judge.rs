//! Turns the result of a load test into a trial: whether the load was held, and what was measured.

use std::time::Duration;

use super::dimension::Dimension;
use super::goal::TrialVerdict;
use super::little::Little;
use super::settings::CapacitySettings;
use super::trial::{Asked, ProcessUse, Trial, TrialServer};
use crate::load::{LoadConclusion, LoadResult, Point};

/// The trial that this result is of.
pub(super) fn judge(asked: Asked, result: &LoadResult, settings: &CapacitySettings, took: Duration) -> Trial {
    let objectives: Vec<_> = settings.objectives.iter().map(|it| it.judge(result)).collect();
    let little = Little::of(result);
    let (mut verdict, mut reasons) = match result.conclusion(&objectives) {
        LoadConclusion::Held => (TrialVerdict::Held, Vec::new()),
        LoadConclusion::FellShort(reasons) => (TrialVerdict::Missed, reasons),
        LoadConclusion::Undecided(reasons) => (TrialVerdict::Undecided, reasons),
    };
    if let Some(little) = little.filter(|it| !it.holds())
        && result.messages.missing == 0
    {
        verdict = TrialVerdict::Undecided;
        reasons.push(little.to_string());
    }
    Trial {
        reasons,
        sockets: result.sockets.joined,
        rate: match settings.dimension {
            Dimension::Joins => result.sockets.joined as f64 / result.took.opening_s.max(0.001),
            Dimension::Sockets | Dimension::Rate | Dimension::Fanout => result.sends_per_second(),
        },
        objectives,
        latency_us: result.latency_us,
        little,
        generator: generator_use(result),
        server: result.server.map(|server| TrialServer {
            processors: busy(result, |point| point.server_cpu_s),
            rss_bytes: server.rss_bytes_peak,
            threads: server.threads_peak,
            descriptors: server.descriptors_peak,
        }),
        beam: result.beam.clone(),
        took,
        ..Trial::unmeasured(asked, verdict)
    }
}

/// A trial that did not take place, because this machine cannot make the load.
pub(super) fn impossible(asked: Asked, why: String) -> Trial {
    Trial {
        reasons: vec![why],
        ..Trial::unmeasured(asked, TrialVerdict::Impossible)
    }
}

fn generator_use(result: &LoadResult) -> ProcessUse {
    ProcessUse {
        processors: busy(result, |point| point.generator_cpu_s),
        rss_bytes: result.generator.rss_bytes_peak,
    }
}

/// Processors in use while the load lasted; over the whole run if the load was shorter than a second of the series.
fn busy(result: &LoadResult, cpu: impl Fn(&Point) -> f64) -> f64 {
    let mut begin = 0.0;
    let (mut whole, mut load) = ((0.0, 0.0), (0.0, 0.0));
    for point in &result.series {
        let (used, length) = (cpu(point), point.at_s - begin);
        begin = point.at_s;
        whole = (whole.0 + used, whole.1 + length);
        if point.phase == "running" {
            load = (load.0 + used, load.1 + length);
        }
    }
    let (used, length) = if load.1 > 0.5 { load } else { whole };
    if length > 0.0 { used / length } else { 0.0 }
}
