//! The deviations that a user knows of (`[[expect]]` in `phxproof.toml`): a case that deviates as expected does not make the
//! run fail, and an expectation that no case meets is told.

use std::sync::Arc;

use globset::GlobMatcher;

use super::catalogue::{self, SelectError};
use super::outcome::{CaseResult, HeldTo, Strictness, Verdict};
use crate::transport::Transport;

/// One expectation of the user.
#[derive(Clone, Debug)]
pub struct KnownDeviation {
    pattern: String,
    matcher: GlobMatcher,
    transport: Option<Transport>,
    verdict: Verdict,
    reason: Arc<str>,
}

impl KnownDeviation {
    /// The verdicts that can be expected.
    pub const VERDICTS: [Verdict; 3] = [Verdict::Fail, Verdict::NonStrict, Verdict::Undecided];

    /// Expects this verdict of the cases that `pattern` names: an id, a glob, a family, or the path of a scenario file; over
    /// one transport, or over any.
    ///
    /// # Errors
    /// If the pattern is not a glob.
    pub fn new(
        pattern: &str,
        transport: Option<Transport>,
        verdict: Verdict,
        reason: &str,
    ) -> Result<Self, SelectError> {
        Ok(Self {
            matcher: catalogue::matcher(pattern)?,
            pattern: pattern.to_owned(),
            transport,
            verdict,
            reason: reason.into(),
        })
    }

    fn names(&self, id: &str) -> bool {
        catalogue::matches(&self.matcher, &self.pattern, id) || self.pattern == id
    }

    fn is_about(&self, case: &CaseResult) -> bool {
        self.names(&case.id) && self.transport.is_none_or(|only| only == case.transport)
    }

    /// Why no case of a run meets this expectation; nothing if one does, or if the run had none of its cases.
    fn unmet(&self, cases: &[CaseResult]) -> Option<String> {
        let mut played = cases
            .iter()
            .filter(|case| self.is_about(case) && !matches!(case.verdict, Verdict::NotRun | Verdict::Skipped))
            .peekable();
        if played.peek().is_none() {
            let exists = catalogue::built_in().iter().any(|case| self.names(&case.id))
                || cases.iter().any(|case| self.names(&case.id));
            return (!exists).then(|| format!("no case is named `{}`", self.pattern));
        }
        let (mut all, mut passed, mut met) = (0, 0, false);
        for case in played {
            all += 1;
            passed += usize::from(case.verdict == Verdict::Pass);
            met |= case.known.is_some();
        }
        let verdict = self.verdict.name();
        match () {
            () if met => None,
            () if passed == all => Some(format!(
                "`{}` was expected to be {verdict} and passes: remove the entry",
                self.pattern
            )),
            () => Some(format!(
                "`{}` was expected to be {verdict}, and no case is",
                self.pattern
            )),
        }
    }
}

/// Notes the user's reason on a result that deviates as expected.
pub(super) fn recognise(
    known: &[KnownDeviation],
    case: &mut CaseResult,
    held_to: HeldTo,
    strict: Strictness,
) {
    let verdict = match case.failed(held_to, strict) {
        true => Verdict::Fail,
        false => case.verdict,
    };
    // Under `--strict`, an expected `non-strict` counts as `fail`. It does not excuse a wrong close of the connection.
    let closes_well = held_to == HeldTo::TheLine || case.close_verdict != Verdict::Fail;
    let is_strict = case.verdict == Verdict::NonStrict && closes_well;
    let same = |expected| expected == verdict || (expected == case.verdict && is_strict);
    let found = known.iter().find(|one| one.is_about(case) && same(one.verdict));
    case.known = found.map(|one| Arc::clone(&one.reason));
}

/// The expectations that no case of the run met, one sentence each.
pub(super) fn unmet(known: &[KnownDeviation], cases: &[CaseResult]) -> Vec<String> {
    known.iter().filter_map(|one| one.unmet(cases)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::single::undecided;
    use super::*;

    const HELD_TO: HeldTo = HeldTo::TheLine;

    fn result(verdict: Verdict) -> CaseResult {
        let case = catalogue::built_in()
            .iter()
            .find(|case| &*case.id == "join/ok")
            .unwrap();
        CaseResult {
            verdict,
            close_verdict: Verdict::Pass,
            ..undecided(case, String::new())
        }
    }

    fn known(pattern: &str, verdict: Verdict) -> Vec<KnownDeviation> {
        vec![KnownDeviation::new(pattern, None, verdict, "issue 7").unwrap()]
    }

    /// Whether a result makes the run fail, and what is told of the expectation.
    fn judged(pattern: &str, expected: Verdict, verdict: Verdict, strict: Strictness) -> (bool, Vec<String>) {
        let known = known(pattern, expected);
        let mut case = result(verdict);
        recognise(&known, &mut case, HELD_TO, strict);
        let fails = case.failed(HELD_TO, strict);
        (fails, unmet(&known, &[case]))
    }

    #[test]
    fn only_the_expected_verdict_of_the_named_case_is_let_pass() {
        use Strictness::{Lenient, Strict};
        use Verdict::{Fail, NonStrict, Pass};
        assert_eq!(judged("join/*", Fail, Fail, Lenient), (false, vec![]));
        assert_eq!(judged("join", NonStrict, NonStrict, Strict), (false, vec![]));
        let (fails, told) = judged("join/ok", NonStrict, Fail, Lenient);
        assert!(fails && told[0].contains("no case is"), "{told:?}");
        let (fails, told) = judged("broadcast/*", Fail, Fail, Lenient);
        assert!(fails && told.is_empty(), "{told:?}");
        let (_, told) = judged("join/ok", Fail, Pass, Lenient);
        assert!(told[0].contains("passes: remove the entry"), "{told:?}");
        let (_, told) = judged("joins/ok", Fail, Pass, Lenient);
        assert!(told[0].contains("no case is named `joins/ok`"), "{told:?}");
    }

    #[test]
    fn an_expected_deviation_does_not_excuse_a_wrong_close() {
        let held_to = HeldTo::Profile(crate::profile::Profile::DEFAULT);
        for verdict in [Verdict::NonStrict, Verdict::Undecided] {
            let mut case = CaseResult {
                close_verdict: Verdict::Fail,
                ..result(verdict)
            };
            recognise(
                &known("join/ok", verdict),
                &mut case,
                held_to,
                Strictness::Lenient,
            );
            assert!(case.failed(held_to, Strictness::Lenient), "{verdict:?}");
        }
    }

    #[test]
    fn an_expectation_for_one_transport_does_not_cover_the_other() {
        let only = KnownDeviation::new("join/ok", Some(Transport::LongPoll), Verdict::Fail, "why").unwrap();
        let mut case = result(Verdict::Fail);
        recognise(
            std::slice::from_ref(&only),
            &mut case,
            HELD_TO,
            Strictness::Lenient,
        );
        assert_eq!(case.known, None);
        case.transport = Transport::LongPoll;
        recognise(&[only], &mut case, HELD_TO, Strictness::Lenient);
        assert_eq!(case.known.as_deref(), Some("why"));
    }
}
