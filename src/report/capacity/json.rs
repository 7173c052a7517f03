//! `result.json` of `capacity`. Names of fields are a promise; more may come.

use serde::Serialize;

use super::super::json::{Head, pretty};
use super::super::object::{Shown, object};
use super::words::{purpose, verdict};
use super::{CapacityFinished, CapacitySetup};
use crate::beam::BeamUse;
use crate::capacity::{
    Bounds, CapacityConclusion, CapacityResult, Estimate, Forecast, Inversion, Little, ProcessUse, Resource,
    Soak, Trial, TrialServer, TrialVerdict,
};
use crate::load::{Latencies, LoadResult, ObjectiveOutcome};
use crate::stream::Certificates;

/// The content of the file.
pub(super) fn render(run: &CapacityFinished<'_>) -> Vec<u8> {
    // The figures of the load test at the answer stand at the top, as those of a load do.
    let at_capacity = LoadResult {
        cut_short: run.cut_short,
        ..run
            .result
            .and_then(|it| it.at_capacity.clone())
            .unwrap_or_default()
    };
    pretty(&Document::new(run, &at_capacity))
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    verdict: &'static str,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    /// The description of the search.
    run: Option<&'a CapacitySetup>,
    capacity: Option<Capacity>,
    steps: Vec<Step<'a>>,
    inversions: Shown<'a, [Inversion]>,
    fit: Option<LawFit>,
    forecast: Vec<ForecastOf<'a>>,
    #[serde(flatten)]
    result: Shown<'a, LoadResult>,
    objectives: Shown<'a, [ObjectiveOutcome]>,
}

/// The answer.
#[derive(Serialize)]
struct Capacity {
    /// The largest load that is held.
    value: Option<u64>,
    unit: &'static str,
    limited_by: &'static str,
    /// The smallest load above `value` that is not held.
    upper: Option<u64>,
    /// The smallest load above `value` whose trials stay undecided, if that keeps the bounds apart.
    undecided: Option<u64>,
    /// The outcome of the soak.
    soak: &'static str,
}

/// The Universal Scalability Law, fitted to the trials.
#[derive(Serialize)]
struct LawFit {
    model: &'static str,
    /// Nothing if the law was not fitted.
    parameters: Option<Parameters>,
    r2: Option<f64>,
    /// How many trials it was fitted to.
    points: usize,
    peak: Option<PeakOf>,
    /// The reason why there is no fit, or no peak.
    refused: Option<String>,
}

#[derive(Serialize)]
struct Parameters {
    lambda: Interval,
    sigma: Interval,
    kappa: Interval,
}

/// A value with its 95 % interval.
#[derive(Serialize)]
struct Interval {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct PeakOf {
    in_flight: f64,
    per_second: f64,
}

/// The load that one resource of the machine would allow.
#[derive(Serialize)]
struct ForecastOf<'a> {
    by: &'static str,
    value: u64,
    unit: &'static str,
    each: f64,
    assumption: &'a str,
}

/// A trial.
#[derive(Serialize)]
struct Step<'a> {
    number: usize,
    purpose: String,
    load: u64,
    sockets: u64,
    rate: f64,
    /// Nothing if the trial is undecided.
    held: Option<bool>,
    verdict: &'static str,
    reasons: &'a [String],
    duration_s: f64,
    took_s: f64,
    objectives: Shown<'a, [ObjectiveOutcome]>,
    latency_us: Shown<'a, Latencies>,
    little: Shown<'a, Option<Little>>,
    generator: Shown<'a, ProcessUse>,
    server: Shown<'a, Option<TrialServer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beam: Option<Shown<'a, BeamUse>>,
}

object! { Inversion { missed, held } }
object! { Little { in_flight, from_latency, from_latency_least } }
object! { ProcessUse { processors, rss_bytes } }
object! { TrialServer { processors, rss_bytes, threads, descriptors } }

impl Capacity {
    fn of(result: &CapacityResult) -> Self {
        let Bounds {
            lower,
            upper,
            undecided,
        } = result.bounds;
        Self {
            value: lower,
            unit: result.dimension.unit(),
            limited_by: result.limited_by.name(),
            upper,
            undecided,
            soak: match result.soak {
                Soak::Held => "held",
                Soak::Undecided => "undecided",
                Soak::NotTried => "not-tried",
            },
        }
    }
}

impl LawFit {
    fn of(result: &CapacityResult) -> Self {
        let fit = match &result.fit {
            Ok(fit) => fit,
            Err(why) => {
                return Self {
                    model: "usl",
                    parameters: None,
                    r2: None,
                    points: 0,
                    peak: None,
                    refused: Some(why.to_string()),
                };
            }
        };
        let interval = |it: &Estimate| Interval {
            value: it.value,
            low: it.low,
            high: it.high,
        };
        Self {
            model: "usl",
            parameters: Some(Parameters {
                lambda: interval(&fit.lambda),
                sigma: interval(&fit.sigma),
                kappa: interval(&fit.kappa),
            }),
            r2: Some(fit.r2),
            points: fit.points.len(),
            peak: fit.peak.ok().map(|it| PeakOf {
                in_flight: it.in_flight,
                per_second: it.per_second,
            }),
            refused: fit.peak.err().map(|it| it.to_string()),
        }
    }
}

impl<'a> ForecastOf<'a> {
    fn of(it: &'a Forecast, unit: &'static str) -> Self {
        Self {
            by: match it.by {
                Resource::Memory => "memory",
                Resource::Processors => "processors",
            },
            value: it.load,
            unit,
            each: it.each,
            assumption: &it.assumption,
        }
    }
}

impl<'a> Step<'a> {
    fn of(trial: &'a Trial) -> Self {
        Self {
            number: trial.number,
            purpose: purpose(trial.purpose),
            load: trial.load,
            sockets: trial.sockets,
            rate: trial.rate,
            held: match trial.verdict {
                TrialVerdict::Held => Some(true),
                TrialVerdict::Missed => Some(false),
                TrialVerdict::Undecided | TrialVerdict::Impossible => None,
            },
            verdict: verdict(trial.verdict),
            reasons: &trial.reasons,
            duration_s: trial.duration.as_secs_f64(),
            took_s: trial.took.as_secs_f64(),
            objectives: Shown(&trial.objectives),
            latency_us: Shown(&trial.latency_us),
            little: Shown(&trial.little),
            generator: Shown(&trial.generator),
            server: Shown(&trial.server),
            beam: trial.beam.as_ref().map(Shown),
        }
    }
}

impl<'a> Document<'a> {
    fn new(run: &CapacityFinished<'a>, at_capacity: &'a LoadResult) -> Self {
        let (verdict, reasons): (_, &[String]) = match run.conclusion {
            CapacityConclusion::Found => ("found", &[]),
            CapacityConclusion::FellShort(reasons) => ("fell-short", reasons),
            CapacityConclusion::Undecided(reasons) => ("undecided", reasons),
        };
        let trials = run.result.map_or(&[][..], |it| &it.trials);
        let lower = run.result.and_then(CapacityResult::value);
        let at_answer = trials.iter().filter(|it| Some(it.load) == lower);
        let at_answer = at_answer.filter(|it| it.verdict == TrialVerdict::Held);
        let last = at_answer.max_by_key(|it| it.duration);
        Self {
            head: Head::new("capacity", run.about, run.duration, (run.target, run.profile)),
            seed: run.about.seed,
            insecure: run.about.certificates == Certificates::Insecure,
            exit_code: run.exit_code,
            verdict,
            reasons,
            trouble: run.trouble,
            run: run.setup,
            capacity: run.result.map(Capacity::of),
            steps: trials.iter().map(Step::of).collect(),
            fit: run.result.map(LawFit::of),
            forecast: run.result.map_or_else(Vec::new, |result| {
                let unit = result.dimension.unit();
                result
                    .forecasts
                    .iter()
                    .map(|it| ForecastOf::of(it, unit))
                    .collect()
            }),
            inversions: Shown(run.result.map_or(&[], |it| &it.inversions)),
            result: Shown(at_capacity),
            objectives: Shown(last.map_or(&[], |it| &it.objectives)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn everything_that_was_promised_is_there() {
        let result = made_up::result();
        let text = made_up::with_run(&result, render);
        let written: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let names = [
            "schema",
            "command",
            "capacity",
            "steps",
            "fit",
            "forecast",
            "sockets",
            "messages",
            "latency_us",
            "objectives",
            "generator",
            "cut_short",
        ];
        assert!(names.iter().all(|name| written.get(name).is_some()), "{written}");
        let answer = &written["capacity"];
        assert_eq!((&answer["value"], &answer["upper"]), (&198.into(), &200.into()));
        assert_eq!(
            (&answer["unit"], &answer["limited_by"]),
            (&"sockets".into(), &"latency".into())
        );
        let held: Vec<_> = written["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["held"])
            .collect();
        let unknown = serde_json::Value::Null;
        assert_eq!(held[..3], [&true.into(), &false.into(), &unknown]);
        assert_eq!(written["steps"][0]["sockets"], 100);
        assert_eq!(written["fit"]["model"], "usl");
        assert!(written["fit"]["parameters"].is_null() && written["fit"]["refused"].is_string());
    }
}
