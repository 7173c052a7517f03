//! `result.json` of a swarm. Names of fields are a promise; more may come.

use serde::Serialize;

use super::super::json::{millis, timestamp};
use super::{LoadRun, Setup};
use crate::load::{Conclusion, LoadResult, Outcome};

/// The whole text.
pub(super) fn render(run: &LoadRun<'_>) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(&Document::new(run)).unwrap_or_default();
    text.push(b'\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    command: &'static str,
    version: &'static str,
    started_at: String,
    duration_ms: u64,
    target: &'a str,
    profile: Option<&'static str>,
    scenario: &'a str,
    seed: u64,
    exit_code: u8,
    verdict: &'static str,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    /// What was run.
    run: Option<&'a Setup>,
    #[serde(flatten)]
    result: &'a LoadResult,
    objectives: &'a [Outcome],
}

impl<'a> Document<'a> {
    fn new(run: &LoadRun<'a>) -> Self {
        let (verdict, reasons): (_, &[String]) = match run.conclusion {
            Conclusion::Held => ("held", &[]),
            Conclusion::FellShort(reasons) => ("fell-short", reasons),
            Conclusion::Undecided(reasons) => ("undecided", reasons),
        };
        Self {
            schema: 1,
            command: "load",
            version: env!("CARGO_PKG_VERSION"),
            started_at: timestamp(run.about.started_at),
            duration_ms: millis(run.duration),
            target: run.target,
            profile: run.profile,
            scenario: run.scenario,
            seed: run.about.seed,
            exit_code: run.exit_code,
            verdict,
            reasons,
            trouble: run.trouble,
            run: run.setup,
            result: run.result,
            objectives: run.objectives,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn everything_that_was_promised_is_there() {
        let text = made_up::with_run(|run| String::from_utf8(render(run)).unwrap());
        insta::assert_snapshot!(text);
    }
}
