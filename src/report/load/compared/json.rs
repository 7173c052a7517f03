//! `result.json` of a comparison of two runs. Names of fields are a promise; more may come.

use serde::Serialize;

use super::settings::Matters;
use super::words::{condition, lacking, percent};
use super::{ComparisonEnd, RunComparison};
use crate::load::{Change, ConditionOutcome, ConditionVerdict, TimingDifference};
use crate::profile::Profile;
use crate::report::json::{Head, pretty, timestamp};
use crate::report::load::past::PastLoad;
use crate::statistics::{Inferiority, QuantileTest};

/// The content of the file.
pub(super) fn render(comparison: &RunComparison<'_>, end: &ComparisonEnd<'_>) -> Vec<u8> {
    pretty(&Document::new(comparison, end))
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    seed: u64,
    exit_code: u8,
    cut_short: bool,
    base: Run<'a>,
    new: Run<'a>,
    settings: Vec<Setting<'a>>,
    doubts: &'a [String],
    timings: Vec<Timing>,
    conditions: Vec<Condition<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    folder: String,
    scenario: &'a str,
    target: &'a str,
    profile: Option<&'static str>,
    version: &'a str,
    started_at: String,
    seed: u64,
    exit_code: u8,
}

#[derive(Serialize)]
struct Setting<'a> {
    name: &'a str,
    base: &'a str,
    new: &'a str,
    matters: bool,
}

#[derive(Serialize)]
struct Timing {
    figure: String,
    verdict: &'static str,
    base_us: Option<f64>,
    new_us: Option<f64>,
    difference_us: Option<f64>,
    difference_percent: Option<f64>,
    low_us: Option<f64>,
    high_us: Option<f64>,
    why: Option<String>,
}

#[derive(Serialize)]
struct Condition<'a> {
    text: &'a str,
    verdict: &'static str,
    why: String,
    limit_us: Option<f64>,
    times_longer: Option<f64>,
}

impl<'a> Document<'a> {
    fn new(comparison: &'a RunComparison<'_>, end: &ComparisonEnd<'_>) -> Self {
        let settings = comparison.settings.iter().map(|it| Setting {
            name: it.name,
            base: &it.base,
            new: &it.new,
            matters: it.matters == Matters::ToLatencies,
        });
        let newer = (&*comparison.new.target, comparison.new.profile.map(Profile::name));
        Self {
            head: Head::new("compare", end.about, end.duration, newer),
            seed: end.about.seed,
            exit_code: end.exit_code,
            cut_short: false,
            base: Run::new(comparison.base),
            new: Run::new(comparison.new),
            settings: settings.collect(),
            doubts: &comparison.doubts,
            timings: comparison.timings.iter().map(Timing::new).collect(),
            conditions: comparison.conditions.iter().map(Condition::new).collect(),
        }
    }
}

impl<'a> Run<'a> {
    fn new(run: &'a PastLoad) -> Self {
        Self {
            folder: run.folder.display().to_string(),
            scenario: &run.scenario,
            target: &run.target,
            profile: run.profile.map(Profile::name),
            version: &run.version,
            started_at: timestamp(run.about.started_at),
            seed: run.about.seed,
            exit_code: run.finished().exit_code,
        }
    }
}

impl Timing {
    fn new(it: &TimingDifference) -> Self {
        let shift = it.shift.as_ref().ok();
        Self {
            figure: it.figure(),
            verdict: match it.change() {
                Change::Slower => "slower",
                Change::Faster => "faster",
                Change::NotShown => "no-difference-shown",
                Change::NotEnoughData => "not-enough-data",
            },
            base_us: shift.map(|it| it.control_us),
            new_us: shift.map(|it| it.treated_us),
            difference_us: shift.map(|it| it.difference_us),
            difference_percent: shift.and_then(percent),
            low_us: shift.map(|it| it.interval_us.low),
            high_us: shift.map(|it| it.interval_us.high),
            why: it.shift.as_ref().err().map(lacking),
        }
    }
}

impl<'a> Condition<'a> {
    fn new(it: &'a ConditionOutcome) -> Self {
        let (verdict, why) = condition(&it.verdict);
        let limit = |test: &QuantileTest| Some(test.margin_us);
        let (limit_us, times_longer) = match &it.verdict {
            ConditionVerdict::Shown(test) | ConditionVerdict::Excluded(test) => (limit(test), None),
            ConditionVerdict::Open(test) => match test.verdict {
                Inferiority::NotShown { times_longer } => (limit(test), times_longer),
                Inferiority::Pass | Inferiority::Fail => (limit(test), None),
            },
            ConditionVerdict::TooFew(few) => (None, Some(few.times_longer())),
            ConditionVerdict::NotMeasured | ConditionVerdict::Incomparable(_) => (None, None),
        };
        Self {
            text: &it.text,
            verdict,
            why,
            limit_us,
            times_longer,
        }
    }
}
