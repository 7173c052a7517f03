//! From a play to a verdict: its steps first, then the fixtures of whom the server is held to.

mod describe;

use describe::describe;

use super::attribution;
use super::catalogue::{Case, FixturePlace};
use super::compare::{Deviation, compare};
use super::log::Log;
use super::outcome::{Finding, HeldTo, Verdict};
use crate::profile::Profile;
use crate::scenario::{Blame, Failure};

/// What was judged.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) finding: Option<Finding>,
    pub(super) close_verdict: Verdict,
    pub(super) close_finding: Option<Finding>,
    pub(super) note: Option<String>,
}

/// A step that did not hold.
pub(super) fn failed(case: &Case, failure: &Failure) -> Judgement {
    let verdict = match failure.blame {
        Blame::Server => Verdict::Fail,
        Blame::Nobody => Verdict::Undecided,
    };
    let actor = failure
        .actor
        .as_ref()
        .map_or_else(String::new, |actor| format!(", actor {actor}"));
    let finding = Finding {
        what: failure.what.clone(),
        expected: failure.expected.clone(),
        actual: failure.actual.clone(),
        place: format!("{}{actor}", failure.at),
        // The dash of the list says nothing of the step.
        step: Some(failure.line.trim_start_matches("- ").to_owned()).filter(|line| !line.is_empty()),
        kind: failure.kind,
        broken: match verdict {
            Verdict::Fail => attribution::of_failure(case.rules(), failure),
            _ => None,
        },
    };
    let note = (verdict == Verdict::Undecided)
        .then(|| "setup (given:) failed, so the case was not judged".to_owned());
    Judgement {
        verdict,
        finding: Some(finding),
        close_verdict: Verdict::Undecided,
        close_finding: None,
        note,
    }
}

/// Something did not hold that must hold in every conversation.
pub(super) fn breached(finding: Option<Finding>) -> Judgement {
    let (verdict, close_verdict) = (Verdict::Fail, Verdict::Undecided);
    Judgement {
        verdict,
        finding,
        close_verdict,
        close_finding: None,
        note: None,
    }
}

/// The logs that the server is held to, each with whose it is.
fn allowed(case: &Case, held_to: HeldTo) -> Vec<(Profile, &Log)> {
    let profiles = match held_to {
        HeldTo::Profile(profile) => vec![profile],
        HeldTo::AnyRecorded | HeldTo::TheLine => Profile::ALL.to_vec(),
    };
    profiles
        .into_iter()
        .filter_map(|it| Some((it, case.fixtures.of(it)?)))
        .collect()
}

/// Whether all that is awaited has come, so that nothing more needs to be waited for.
pub(super) fn complete(case: &Case, held_to: HeldTo, log: &Log) -> bool {
    let allowed = allowed(case, held_to);
    let waiting = |(_, expected): &(Profile, &Log)| {
        compare(expected, log, &case.program)
            .iter()
            .any(Deviation::may_mend)
    };
    allowed.is_empty() || !allowed.iter().all(waiting)
}

/// All steps held: what was said is compared with what should have been said.
pub(super) fn held(case: &Case, held_to: HeldTo, log: &Log) -> Judgement {
    let allowed = allowed(case, held_to);
    let compared = allowed
        .iter()
        .map(|(profile, expected)| (*profile, compare(expected, log, &case.program)));
    let Some((profile, deviations)) = compared.min_by_key(|(_, found)| found.len()) else {
        // Whoever writes a scenario may miss a fixture; what is built in has one where it makes sense.
        let note = match case.place {
            FixturePlace::BuiltIn => None,
            FixturePlace::Beside(_) => Some("there is no fixture, so only its steps judged".to_owned()),
        };
        let pass = Verdict::Pass;
        let (finding, close_finding) = (None, None);
        return Judgement {
            verdict: pass,
            finding,
            close_verdict: pass,
            close_finding,
            note,
        };
    };
    let (endings, said): (Vec<_>, Vec<_>) = deviations.into_iter().partition(Deviation::is_ending);
    let graded = |found: &[Deviation]| match held_to {
        _ if found.is_empty() => Verdict::Pass,
        HeldTo::Profile(_) | HeldTo::AnyRecorded => Verdict::Fail,
        HeldTo::TheLine if found.iter().any(Deviation::crosses_the_line) => Verdict::Fail,
        HeldTo::TheLine => Verdict::NonStrict,
    };
    let fixture = case.fixture_path(profile);
    let described = |found: &[Deviation]| {
        let finding = describe(found, &fixture)?;
        let broken = attribution::of_deviations(case.rules(), found);
        Some(Finding { broken, ..finding })
    };
    Judgement {
        verdict: graded(&said),
        finding: described(&said),
        close_verdict: graded(&endings),
        close_finding: described(&endings),
        note: None,
    }
}
