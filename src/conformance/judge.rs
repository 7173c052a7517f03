//! Judges a play: first by its steps, then by the fixtures of the version that the server is held to.

mod describe;

use describe::describe;

use super::attribution;
use super::catalogue::Case;
use super::compare::{Deviation, compare};
use super::fixtures::{Fixture, FixturePlace};
use super::log::Log;
use super::outcome::{Finding, HeldTo, Verdict};
use crate::profile::{Difference, Gate, Profile, Side};
use crate::scenario::{Blame, Failure};

/// The verdict of a play with its reasons.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) finding: Option<Finding>,
    pub(super) close_verdict: Verdict,
    pub(super) close_finding: Option<Finding>,
    pub(super) note: Option<String>,
}

/// The verdict for a step that failed.
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
        // Skip the `- ` of the YAML list item.
        step: Some(failure.line.trim_start_matches("- ").to_owned()).filter(|line| !line.is_empty()),
        kind: failure.kind,
        broken: match verdict {
            Verdict::Fail => attribution::of_failure(case.rules(), failure),
            _ => None,
        },
        actor: failure.actor.clone(),
        before: failure
            .before
            .iter()
            .map(|line| line.trim_start_matches("- ").to_owned())
            .collect(),
        ..Finding::default()
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

/// The verdict for a violated invariant.
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

/// The fixtures that the server may match.
fn allowed(case: &Case, held_to: HeldTo) -> Vec<&Fixture> {
    let differs_by = case.differs_by();
    let (usual, profile) = match held_to {
        HeldTo::TheLine => return case.fixtures().iter().collect(),
        // A server that breaks this promise loses pushes, so it must keep it even if the version does not.
        HeldTo::Likeness(profile) if differs_by.contains(&MUST_HOLD) => {
            (case.fixture_where(kept(MUST_HOLD, profile)), profile)
        }
        HeldTo::Profile(profile) | HeldTo::Likeness(profile) => (case.fixture_of(profile), profile),
    };
    let also = differs_by
        .iter()
        .find(|it| it.side(profile) == Side::Otherwise && it.allows(profile, Side::Kept));
    let other = also.and_then(|it| case.fixture_where(kept(*it, profile)));
    usual.into_iter().chain(other).collect()
}

/// The promise that a server must keep even if the version that it behaves like does not.
const MUST_HOLD: Difference = Difference::Gate(Gate::NullJoinRef);

/// The sides of a profile, except that this promise is kept.
fn kept(promise: Difference, profile: Profile) -> impl Fn(Difference) -> Side {
    move |difference| {
        if difference == promise {
            Side::Kept
        } else {
            difference.side(profile)
        }
    }
}

/// Whether all expected messages have arrived, so that there is nothing to wait for.
pub(super) fn complete(case: &Case, held_to: HeldTo, log: &Log) -> bool {
    let allowed = allowed(case, held_to);
    let waiting = |expected: &&Fixture| {
        compare(&expected.log, log, &case.program)
            .iter()
            .any(Deviation::may_mend)
    };
    allowed.is_empty() || !allowed.iter().all(waiting)
}

/// The verdict if all steps held: compares the answers with the fixtures.
pub(super) fn held(case: &Case, held_to: HeldTo, log: &Log) -> Judgement {
    let allowed = allowed(case, held_to);
    let compared = allowed
        .iter()
        .map(|expected| (*expected, compare(&expected.log, log, &case.program)));
    let Some((fixture, deviations)) = compared.min_by_key(|(_, found)| found.len()) else {
        // A user's own scenario may lack a fixture; built-in cases have one if it makes sense.
        let note = match case.place {
            FixturePlace::BuiltIn => None,
            FixturePlace::Beside(_) => Some(format!(
                "only its steps were compared; `phxproof check {} --update missing` records the answers, to compare them too",
                case.id
            )),
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
        HeldTo::Profile(_) | HeldTo::Likeness(_) => Verdict::Fail,
        HeldTo::TheLine if found.iter().any(Deviation::crosses_the_line) => Verdict::Fail,
        HeldTo::TheLine => Verdict::NonStrict,
    };
    let whose = if said.is_empty() && endings.is_empty() {
        None
    } else {
        whose(case, held_to, log)
    };
    let path = case.fixture_path(fixture);
    let described = |found: &[Deviation]| {
        let mut finding = describe(found, &path)?;
        if let Some(whose) = &whose {
            finding.what = format!("{}; {whose}", finding.what);
        }
        finding.broken = attribution::of_deviations(case.rules(), found);
        Some(finding)
    };
    Judgement {
        verdict: graded(&said),
        finding: described(&said),
        close_verdict: graded(&endings),
        close_finding: described(&endings),
        note: None,
    }
}

/// The version or web server that answers like this, if there is one.
fn whose(case: &Case, held_to: HeldTo, log: &Log) -> Option<String> {
    let held = held_to.profile()?;
    let says_so = |other: &Profile| {
        let fixture = case.fixture_of(*other)?;
        compare(&fixture.log, log, &case.program)
            .is_empty()
            .then_some(*other)
    };
    let mut others: Vec<Profile> = Profile::candidates().collect();
    // The most similar first: the same web server, then the same version.
    others.sort_by_key(|it| (it.adapter() != held.adapter(), it.phoenix() != held.phoenix()));
    let other = others.iter().find_map(says_so)?;
    let (this, that) = (held.phoenix(), other.phoenix());
    Some(
        if case.fixture_of(held).is_some_and(|_| says_so(&held).is_some()) {
            format!("{this} does this, too, and loses pushes; 1.8.12 does not")
        } else if other.adapter() == held.adapter() {
            format!("{that} does this, {this} does not")
        } else if this == that {
            let (here, there) = (held.adapter().name(), other.adapter().name());
            format!("{that} on {there} does this, on {here} it does not")
        } else {
            let (here, there) = (held.adapter().name(), other.adapter().name());
            format!("{that} on {there} does this, {this} on {here} does not")
        },
    )
}
