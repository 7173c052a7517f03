//! The charts of the page: the load of each trial, the latency by load, and the throughput by operations in flight.

use super::super::words::{latency, load, purpose, time_us, told_time, verdict};
use super::scatter::{Axis, Dot, Scatter, Unit};
use crate::capacity::{CapacityResult, Dimension, Fit, Trial, TrialVerdict};
use crate::load::ObjectiveUnit;
use crate::report::load::words::rate;

/// So many points draw the curve of a fit.
const CURVE: u32 = 60;

/// All charts that have something to show.
pub(super) fn all(page: &mut String, result: &CapacityResult) {
    let charts = [
        Some(trials(result)),
        Some(latencies(result)),
        result.fit.as_ref().ok().map(|fit| throughput(result, fit)),
    ];
    let figures: Vec<String> = charts
        .into_iter()
        .flatten()
        .filter_map(|it| it.render())
        .collect();
    if figures.is_empty() {
        return;
    }
    page.push_str("<h2>Every trial</h2>\n<section class=\"charts\">\n");
    figures.iter().for_each(|figure| page.push_str(figure));
    page.push_str("</section>\n");
}

fn about(result: &CapacityResult, trial: &Trial) -> String {
    format!(
        "trial {} ({}): {}, {} {}, {}",
        trial.number,
        purpose(trial.purpose),
        load(result.dimension, trial.load),
        told_time(result.dimension, Some(trial)),
        latency(result.dimension, trial),
        verdict(trial.verdict)
    )
}

/// The load of each trial, in the order of the trials.
fn trials(result: &CapacityResult) -> Scatter {
    let dots = result.trials.iter().map(|it| Dot {
        at: (it.number as f64, it.load as f64),
        verdict: it.verdict,
        about: about(result, it),
    });
    let answer = result.value().map(|value| {
        let about = format!("the answer: {}", load(result.dimension, value));
        (value as f64, about)
    });
    Scatter {
        title: "Load of each trial",
        across: Axis {
            name: "trial".to_owned(),
            unit: Unit::Ordinal,
        },
        up: Axis {
            name: result.dimension.unit().to_owned(),
            unit: Unit::Count,
        },
        dots: dots.collect(),
        curve: Vec::new(),
        rules: answer.into_iter().collect(),
    }
}

/// The latency by load, with the limits of the objectives.
fn latencies(result: &CapacityResult) -> Scatter {
    let told = told_time(result.dimension, result.trials.first());
    let measured = result.trials.iter().filter_map(|it| {
        let time = time_us(result.dimension, it)?;
        Some(Dot {
            at: (it.load as f64, time.max(1.0)),
            verdict: it.verdict,
            about: about(result, it),
        })
    });
    let objectives = result.trials.first().map_or(&[][..], |it| &it.objectives);
    let of_timing = objectives
        .iter()
        .filter(|it| it.unit == ObjectiveUnit::Us && it.figure == told);
    Scatter {
        title: "Latency by load",
        across: Axis {
            name: result.dimension.unit().to_owned(),
            unit: Unit::Count,
        },
        up: Axis {
            name: told.clone(),
            unit: Unit::Micros,
        },
        dots: measured.collect(),
        curve: Vec::new(),
        rules: of_timing.map(|it| (it.limit, it.text.clone())).collect(),
    }
}

/// The throughput, and the law that was fitted to it.
fn throughput(result: &CapacityResult, fit: &Fit) -> Scatter {
    let sizes = || fit.points.iter().map(|it| it.in_flight);
    let (least, most) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    let curve = (0..=CURVE).map(|it| {
        let n = least * (most / least).powf(f64::from(it) / f64::from(CURVE));
        (n, fit.throughput(n))
    });
    let dots = fit.points.iter().map(|it| Dot {
        at: (it.in_flight, it.per_second),
        verdict: if it.held {
            TrialVerdict::Held
        } else {
            TrialVerdict::Missed
        },
        about: format!(
            "{} in flight, {} a second",
            rate(it.in_flight),
            rate(it.per_second)
        ),
    });
    Scatter {
        title: "Throughput by operations in flight, with the fitted law",
        across: Axis {
            name: match result.dimension {
                Dimension::Fanout => "deliveries in flight",
                Dimension::Joins => "joins in progress",
                Dimension::Sockets | Dimension::Rate => "pushes in flight",
            }
            .to_owned(),
            unit: Unit::Count,
        },
        up: Axis {
            name: "a second".to_owned(),
            unit: Unit::Count,
        },
        dots: dots.collect(),
        curve: curve.collect(),
        rules: Vec::new(),
    }
}
