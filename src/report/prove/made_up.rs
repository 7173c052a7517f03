//! An invented run of experiments with every verdict and every kind of picture, for the tests of this folder.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::{ProveFinished, ProveSetup};
use crate::load::{Figures, Latencies, Machine, Messages, Sockets};
use crate::prove::{
    Claim, Experiment, ExperimentName, Picture, PictureKind, PicturePoint, ProofVerdict, ProveResult, Series,
};
use crate::report::About;
use crate::stream::Certificates;

/// A claim with this verdict.
pub(in crate::report) fn claim(verdict: ProofVerdict, says: &str, evidence: &Value) -> Claim {
    Claim {
        claim: Cow::Borrowed("Nobody else hears <it>."),
        verdict,
        says: says.to_owned(),
        evidence: evidence.as_object().map_or(Map::new(), Clone::clone),
        named: Vec::new(),
    }
}

/// A point and the ends of its interval.
type Point = (f64, f64, Option<(f64, f64)>);

fn series(name: &str, points: &[Point]) -> Series {
    let points = points
        .iter()
        .map(|&(x, y, interval)| PicturePoint { x, y, interval });
    Series {
        name: name.to_owned(),
        points: points.collect(),
    }
}

fn picture(kind: PictureKind, series: Vec<Series>) -> Picture {
    Picture {
        title: "How <late>".to_owned(),
        x: "percentile".to_owned(),
        y: "ms".to_owned(),
        kind,
        series,
    }
}

/// An experiment with these claims and pictures.
pub(in crate::report) fn experiment(
    name: ExperimentName,
    claims: Vec<Claim>,
    pictures: Vec<Picture>,
) -> Experiment {
    Experiment {
        name,
        claims,
        method: vec!["20 sockets & 4 rooms.".to_owned()],
        pictures,
        took: Duration::from_millis(12_300),
    }
}

/// The shift function of a run with this margin.
pub(in crate::report) fn shifts(margin: f64) -> Picture {
    let measured = series(
        "treated less control",
        &[
            (10.0, -0.2, Some((-0.5, 0.1))),
            (50.0, 0.4, Some((0.1, 0.8))),
            (90.0, 1.5, Some((0.5, 3.0))),
        ],
    );
    let limit = series("margin", &[(10.0, margin, None), (90.0, margin, None)]);
    picture(PictureKind::Shifts, vec![measured, limit])
}

/// A run of three experiments: one that passes, one that fails, one that is undecided.
pub(in crate::report) fn result() -> ProveResult {
    let reply = Figures {
        count: 1000,
        min: 50,
        mean: 120.5,
        p50: 100,
        p90: 200,
        p95: 300,
        p99: 500,
        p999: 900,
        max: 1000,
    };
    ProveResult {
        experiments: vec![isolation(), concurrency(), delivery()],
        sockets: Sockets {
            opened: 60,
            joined: 60,
            ..Sockets::default()
        },
        messages: Messages {
            sent: 1200,
            received: 1199,
            expected: 1000,
            missing: 1,
            ..Messages::default()
        },
        latency_us: Latencies {
            reply,
            ..Latencies::default()
        },
        notes: vec!["320 sockets were opened for a <hall>".to_owned()],
        ..ProveResult::default()
    }
}

fn isolation() -> Experiment {
    let shifted = json!({ "p99": { "difference_us": 1500.0, "interval_us": [-500.5, 3000.0], "verdict": "undecided" } });
    let longer = "not shown; it takes about 3 times as long";
    let claims = vec![
        claim(ProofVerdict::Pass, "nobody did", &json!({ "troubles": 120 })),
        claim(ProofVerdict::Undecided, longer, &shifted),
    ];
    experiment(ExperimentName::Isolation, claims, vec![shifts(15.0)])
}

fn concurrency() -> Experiment {
    let slept = json!({ "sleep_ms": 400 });
    let claims = vec![
        claim(ProofVerdict::Pass, "100 sleeps took 400 ms", &slept),
        claim(ProofVerdict::Skipped, "the target has no <topics>", &json!({})),
    ];
    let ideal = [(1.0, 1.0, None), (100.0, 100.0, None)];
    let reached = [(1.0, 1.0, None), (10.0, 9.5, None), (100.0, 61.0, None)];
    let parallel = vec![
        series("all at once", &ideal),
        series("topics of one socket", &reached),
    ];
    let peak = [(0.0, 0.0, None), (1.0, 40.0, None), (2.0, 3.0, None)];
    let pictures = vec![
        picture(PictureKind::Logarithmic, parallel),
        picture(PictureKind::Lines, vec![series("peak rate", &peak)]),
    ];
    experiment(ExperimentName::Concurrency, claims, pictures)
}

fn delivery() -> Experiment {
    let expected = json!({ "expected": 1000 });
    let mut broken = claim(ProofVerdict::Fail, "1 of 1,000 was <lost>", &expected);
    broken.named = (0..7)
        .map(|number| format!("socket {number} on `lab:<b>{number}</b>` lost n {number}"))
        .collect();
    experiment(ExperimentName::Delivery, vec![broken], Vec::new())
}

/// Calls `use_it` with the end of that run.
pub(in crate::report) fn with_run<T>(use_it: impl FnOnce(&ProveFinished<'_>) -> T) -> T {
    use_it(&ProveFinished {
        result: &result(),
        about: &About {
            started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
            seed: 7,
            certificates: Certificates::Insecure,
        },
        target: "ws://127.0.0.1:4000/<socket>",
        profile: None,
        setup: &ProveSetup {
            command_line: "phxproof prove all --param token=… --seed 7".to_owned(),
            experiments: ExperimentName::ALL.to_vec(),
            sockets: 24,
            max_time_s: 20.0,
            machine: Machine {
                processors: 2,
                memory_bytes: Some(24_000_000_000),
                os: "linux 6.1.0".to_owned(),
            },
        },
        duration: Duration::from_millis(36_900),
        exit_code: 1,
        trouble: None,
    })
}
