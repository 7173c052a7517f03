//! `result.json` of `prove`. Names of fields are a promise; more may come.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::json::{Head, millis, pretty};
use super::super::object::Shown;
use super::{ProveFinished, ProveSetup};
use crate::beam::BeamUse;
use crate::load::{Figures, Generator, Latencies, Messages, ServerUse, Sockets};
use crate::prove::{Claim, Experiment, Picture, PictureKind};
use crate::stream::Certificates;

/// The content of the file.
pub(super) fn render(run: &ProveFinished<'_>) -> Vec<u8> {
    pretty(&Document::new(run))
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as they stand in the file")]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    cut_short: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    verdict: &'static str,
    /// The description of the run.
    run: Shown<'a, ProveSetup>,
    experiments: Vec<OneExperiment<'a>>,
    sockets: Shown<'a, Sockets>,
    messages: Shown<'a, Messages>,
    latency_us: Shown<'a, Latencies>,
    lateness_us: Shown<'a, Figures>,
    generator: Shown<'a, Generator>,
    server: Shown<'a, Option<ServerUse>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beam: Option<Shown<'a, BeamUse>>,
    server_pictures: Vec<OnePicture<'a>>,
    notes: &'a [String],
    objectives: [(); 0],
}

#[derive(Serialize)]
struct OneExperiment<'a> {
    name: &'static str,
    claim: &'static str,
    verdict: &'static str,
    says: &'a str,
    duration_ms: u64,
    /// The figures of all claims, by the name of the figure.
    evidence: Map<String, Value>,
    claims: Vec<OneClaim<'a>>,
    method: &'a [String],
    pictures: Vec<OnePicture<'a>>,
}

#[derive(Serialize)]
struct OneClaim<'a> {
    claim: &'a str,
    verdict: &'static str,
    says: &'a str,
    evidence: &'a Map<String, Value>,
    named: &'a [String],
}

#[derive(Serialize)]
struct OnePicture<'a> {
    title: &'a str,
    x: &'a str,
    y: &'a str,
    kind: &'static str,
    series: Vec<OneSeries<'a>>,
}

#[derive(Serialize)]
struct OneSeries<'a> {
    name: &'a str,
    points: Vec<OnePoint>,
}

#[derive(Serialize)]
struct OnePoint {
    x: f64,
    y: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
}

impl<'a> Document<'a> {
    fn new(run: &ProveFinished<'a>) -> Self {
        let result = run.result;
        Self {
            head: Head::new("prove", run.about, run.duration, (run.target, run.profile)),
            seed: run.about.seed,
            insecure: run.about.certificates == Certificates::Insecure,
            exit_code: run.exit_code,
            cut_short: result.cut_short,
            trouble: run.trouble,
            verdict: result.verdict().name(),
            run: Shown(run.setup),
            experiments: result.experiments.iter().map(OneExperiment::new).collect(),
            sockets: Shown(&result.sockets),
            messages: Shown(&result.messages),
            latency_us: Shown(&result.latency_us),
            lateness_us: Shown(&result.lateness_us),
            generator: Shown(&result.generator),
            server: Shown(&result.server),
            beam: result.beam.as_ref().map(Shown),
            server_pictures: result.server_pictures.iter().map(OnePicture::new).collect(),
            notes: &result.notes,
            objectives: [],
        }
    }
}

impl<'a> OneExperiment<'a> {
    fn new(experiment: &'a Experiment) -> Self {
        let figures = experiment.claims.iter().flat_map(|claim| &claim.evidence);
        Self {
            name: experiment.name.name(),
            claim: experiment.name.claim(),
            verdict: experiment.verdict().name(),
            says: experiment.says(),
            duration_ms: millis(experiment.took),
            evidence: figures
                .map(|(name, figure)| (name.clone(), figure.clone()))
                .collect(),
            claims: experiment.claims.iter().map(OneClaim::new).collect(),
            method: &experiment.method,
            pictures: experiment.pictures.iter().map(OnePicture::new).collect(),
        }
    }
}

impl<'a> OneClaim<'a> {
    fn new(claim: &'a Claim) -> Self {
        Self {
            claim: &claim.claim,
            verdict: claim.verdict.name(),
            says: &claim.says,
            evidence: &claim.evidence,
            named: &claim.named,
        }
    }
}

impl<'a> OnePicture<'a> {
    fn new(picture: &'a Picture) -> Self {
        let series = picture.series.iter().map(|series| OneSeries {
            name: &series.name,
            points: series
                .points
                .iter()
                .map(|point| OnePoint {
                    x: point.x,
                    y: point.y,
                    interval: point.interval,
                })
                .collect(),
        });
        Self {
            title: &picture.title,
            x: &picture.x,
            y: &picture.y,
            kind: match picture.kind {
                PictureKind::Lines => "lines",
                PictureKind::Shifts => "shifts",
                PictureKind::Logarithmic => "logarithmic",
            },
            series: series.collect(),
        }
    }
}
