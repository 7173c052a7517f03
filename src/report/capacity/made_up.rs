//! An invented search for the tests of the reporters.

use std::time::Duration;

use super::super::made_up::ABOUT;
use super::CapacityFinished;
use crate::capacity::{
    Bounds, CapacityResult, Dimension, Ended, Inversion, Limit, Little, Most, NoFit, Soak, Trial,
    TrialPurpose, TrialVerdict,
};
use crate::load::{Figures, ObjectiveOutcome, ObjectiveUnit};

fn trial(number: usize, load: u64, (purpose, verdict): (TrialPurpose, TrialVerdict), p99: u64) -> Trial {
    let mut trial = Trial::example(load, verdict, Duration::from_secs(3));
    trial.number = number;
    trial.purpose = purpose;
    trial.rate = 200.0;
    trial.latency_us.reply = Figures {
        count: 600,
        min: p99 / 4,
        mean: p99 as f64 / 3.0,
        p50: p99 / 3,
        p90: p99 / 2,
        p95: p99 / 2,
        p99,
        p999: p99,
        max: p99,
    };
    trial.objectives = vec![ObjectiveOutcome {
        text: "reply.p99<100ms".to_owned(),
        value: Some(p99 as f64),
        held: p99 < 100_000,
        figure: "reply.p99".to_owned(),
        unit: ObjectiveUnit::Us,
        limit: 100_000.0,
        source: "default".to_owned(),
        only: None,
    }];
    trial.little = Some(Little {
        in_flight: 1.5,
        from_latency: 1.52,
        from_latency_least: 1.4,
    });
    match verdict {
        TrialVerdict::Held => {}
        TrialVerdict::Missed => trial
            .reasons
            .push("the objective reply.p99<100ms was missed".to_owned()),
        TrialVerdict::Undecided | TrialVerdict::Impossible => {
            trial.reasons.push("this process was late: <12 ms>".to_owned());
        }
    }
    trial
}

/// A search that found its answer.
pub(super) fn result() -> CapacityResult {
    use TrialPurpose::{Search, Share, Soak as ASoak};
    use TrialVerdict::{Held, Missed, Undecided};
    CapacityResult {
        dimension: Dimension::Sockets,
        trials: vec![
            trial(1, 100, (Search, Held), 900),
            trial(2, 200, (Search, Missed), 204_000),
            trial(3, 141, (Search, Undecided), 12_000),
            trial(4, 198, (Search, Held), 2_000),
            trial(5, 198, (ASoak, Held), 2_400),
            trial(6, 99, (Share(50), Held), 800),
        ],
        bounds: Bounds {
            lower: Some(198),
            upper: Some(200),
            undecided: None,
        },
        limited_by: Limit::Latency,
        inversions: vec![Inversion {
            missed: 150,
            held: 198,
        }],
        soak: Soak::Held,
        ended: Ended::Goal,
        at_capacity: None,
        fit: Err(NoFit::TooFew(2)),
        forecasts: Vec::new(),
        most: Most::Usual,
    }
}

/// Calls `look` with the search and everything that reports need.
pub(super) fn with_run<T>(result: &CapacityResult, look: impl FnOnce(&CapacityFinished<'_>) -> T) -> T {
    look(&CapacityFinished {
        result: Some(result),
        conclusion: &result.conclusion(),
        about: &ABOUT,
        target: "ws://127.0.0.1:4000/<socket>",
        profile: None,
        setup: None,
        duration: Duration::from_millis(24_300),
        cut_short: false,
        exit_code: 0,
        trouble: None,
    })
}
