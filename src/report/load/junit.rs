//! `junit.xml` of `load`: a test for each objective, for each promise about messages and connections, and for the verdict.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::LoadFinished;
use super::summary::value_of;
use super::words::things;
use crate::load::{Deliveries, LoadConclusion, ObjectiveOutcome};
use crate::report::ReportError;
use crate::stream::Certificates;

/// The content of the file.
pub(super) fn render(run: &LoadFinished<'_>) -> Result<Vec<u8>, ReportError> {
    let mut report = Report::new("phxproof load");
    report.set_time(run.duration);
    let objectives = run.objectives.iter().map(|it| objective(it, run));
    for (name, tests) in [
        ("run", vec![verdict(run)]),
        ("objectives", objectives.collect()),
        ("promises", promises(run)),
    ] {
        if tests.is_empty() {
            continue;
        }
        let mut suite = TestSuite::new(name);
        if run.about.certificates == Certificates::Insecure {
            suite.add_property(("insecure", "true"));
        }
        suite.add_test_cases(tests.into_iter().map(|mut test| {
            test.set_classname(name);
            test
        }));
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?.into_bytes())
}

/// The test for the whole run. A run that proves nothing is an error.
fn verdict(run: &LoadFinished<'_>) -> TestCase {
    let mut test = match run.conclusion {
        LoadConclusion::Held => TestCase::new(run.scenario, TestCaseStatus::success()),
        LoadConclusion::FellShort(reasons) => {
            wrong(run.scenario, NonSuccessKind::Failure, &reasons.join("; "))
        }
        LoadConclusion::Undecided(reasons) => {
            let reasons: Vec<&str> = reasons.iter().map(String::as_str).chain(run.trouble).collect();
            wrong(run.scenario, NonSuccessKind::Error, &reasons.join("; "))
        }
    };
    test.set_time(run.duration);
    test
}

/// The test for an objective. One that was missed while the generator was too slow to judge it is an error.
fn objective(it: &ObjectiveOutcome, run: &LoadFinished<'_>) -> TestCase {
    let kind = match (it.value, run.conclusion) {
        _ if it.held => return TestCase::new(&*it.text, TestCaseStatus::success()),
        (Some(_), LoadConclusion::FellShort(_)) => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    let told = match it.value {
        Some(_) => format!("it was {}", value_of(it)),
        None => value_of(it),
    };
    wrong(&it.text, kind, &told)
}

/// The tests for what the ledger counts; none if nobody joined, and those that need marks are skipped without them.
fn promises(run: &LoadFinished<'_>) -> Vec<TestCase> {
    let result = run.result;
    if result.sockets.joined == 0 {
        return Vec::new();
    }
    let messages = &result.messages;
    let is_followed = result.deliveries != Deliveries::NotFollowed;
    // A reply that came after its time-out proves nothing if this process was late itself.
    let is_in_time = result.generator.valid;
    [
        ("no message is missing", messages.missing, true, is_in_time),
        ("no message comes twice", messages.duplicated, true, true),
        (
            "messages of a sender come in order",
            messages.reordered,
            is_followed,
            true,
        ),
        (
            "no message comes to somebody else",
            messages.misdelivered,
            is_followed,
            true,
        ),
    ]
    .into_iter()
    .map(
        |(name, count, is_followed, is_proof)| match (count, run.conclusion) {
            (0, _) if !is_followed => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("the deliveries of broadcasts were not followed");
                TestCase::new(name, status)
            }
            (0, _) => TestCase::new(name, TestCaseStatus::success()),
            (_, LoadConclusion::FellShort(_)) if is_proof => {
                wrong(name, NonSuccessKind::Failure, &things(count, "message"))
            }
            _ => wrong(name, NonSuccessKind::Error, &things(count, "message")),
        },
    )
    .collect()
}

fn wrong(name: &str, kind: NonSuccessKind, message: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    TestCase::new(name, status)
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::load::LoadResult;

    fn text(run: &LoadFinished<'_>) -> String {
        String::from_utf8(render(run).unwrap()).unwrap()
    }

    #[test]
    fn a_run_that_fell_short_fails_what_it_missed() {
        insta::assert_snapshot!(made_up::with_run(text));
    }

    #[test]
    fn a_run_in_which_nobody_joined_is_an_error_and_judges_nothing() {
        let text = made_up::with_run(|run| {
            text(&LoadFinished {
                result: &LoadResult::default(),
                objectives: &[],
                conclusion: &LoadConclusion::Undecided(Vec::new()),
                trouble: Some("nothing listens there"),
                ..*run
            })
        });
        assert!(
            text.contains("<error message=\"nothing listens there\"/>"),
            "{text}"
        );
        assert!(
            !text.contains("promises") && !text.contains("objectives"),
            "{text}"
        );
    }
}
