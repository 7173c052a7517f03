//! Writes `junit.xml`, which CI systems display: one suite per family, one test per case.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{CheckFinished, CheckJob, Folder, ReportError, Reporter, summary};
use crate::conformance::{CaseResult, RunResult, Verdict};
use crate::stream::Certificates;

/// Writes the file when the run is over.
pub struct Junit {
    folder: Folder,
}

impl Junit {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl Reporter<CheckJob> for Junit {
    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        self.folder.write("junit.xml", render(finished)?.as_bytes())?;
        Ok(())
    }
}

fn render(finished: &CheckFinished<'_>) -> Result<String, ReportError> {
    let mut report = Report::new("phxproof check");
    report.set_time(finished.duration);
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for case in &finished.run.cases {
        let family = summary::family(&case.id);
        let suite = suites.entry(family).or_insert_with(|| {
            let mut suite = TestSuite::new(family);
            if finished.about.certificates == Certificates::Insecure {
                suite.add_property(("insecure", "true"));
            }
            suite
        });
        suite.add_test_case(test(case, finished.run));
    }
    for (_, mut suite) in suites {
        suite.set_time(suite.test_cases.iter().filter_map(|test| test.time).sum());
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

/// The test for a case. A case that makes the run fail is a failure, and an undecided one is an error;
/// everything else is a success or skipped. A deviation that the user expects is skipped, with the user's reason.
fn test(case: &CaseResult, run: &RunResult) -> TestCase {
    let mut status = if case.known.is_some() {
        TestCaseStatus::skipped()
    } else if case.failed(run.held_to, run.strict) {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        match case.verdict {
            Verdict::Skipped | Verdict::NotRun => TestCaseStatus::skipped(),
            Verdict::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
            Verdict::Pass | Verdict::NonStrict | Verdict::Fail => TestCaseStatus::success(),
        }
    };
    let text = summary::findings(case);
    let succeeded = matches!(status, TestCaseStatus::Success { .. });
    let message = match &case.known {
        Some(reason) => Some(format!("known {}: {reason}", case.verdict.name())),
        None => case.message(),
    };
    if let Some(message) = message.filter(|_| !succeeded) {
        status.set_message(message);
        status.set_type(if case.verdict == Verdict::Pass {
            "close"
        } else {
            case.verdict.name()
        });
        status.set_description(&*text);
    }
    let mut test = TestCase::new(&*case.name(), status);
    test.set_classname(summary::family(&case.id));
    test.set_time(case.duration);
    if succeeded && !text.is_empty() {
        test.set_system_out(text);
    }
    test
}

#[cfg(test)]
mod tests {
    use super::super::{About, made_up};
    use super::*;

    #[test]
    fn every_verdict_finds_its_place() {
        let (run, about) = (made_up::run(), made_up::ABOUT);
        insta::assert_snapshot!(render(&made_up::finished(&run, &about)).unwrap());
    }

    #[test]
    fn a_run_that_accepted_any_certificate_says_so() {
        let about = About {
            certificates: Certificates::Insecure,
            ..made_up::ABOUT
        };
        let text = render(&made_up::finished(&made_up::run(), &about)).unwrap();
        assert!(
            text.contains("<property name=\"insecure\" value=\"true\"/>"),
            "{text}"
        );
    }

    #[test]
    fn a_case_that_never_began_is_skipped_with_its_reason() {
        let mut run = made_up::run();
        let why = "the run was ended before this case began";
        run.cases = vec![made_up::noted("join/ok", Verdict::NotRun, why)];
        let text = render(&made_up::finished(&run, &made_up::ABOUT)).unwrap();
        assert!(
            text.contains(&format!("<skipped message=\"{why}\" type=\"not-run\">")),
            "{text}"
        );
    }
}
