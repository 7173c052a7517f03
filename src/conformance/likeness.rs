//! Finds the Phoenix version that a server resembles most, by cases that Phoenix versions answer differently.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::catalogue::{self, Case};
use super::choice;
use super::compare::{Deviation, compare};
use super::context::RunContext;
use super::fixtures::Fixture;
use super::offered::{offered, setting};
use super::outcome::Warning;
use super::probe::Offers;
use super::settings::{CheckSettings, Update};
use super::single::log;
use crate::driver::Restarts;
use crate::profile::{Difference, Gate, Profile, Side};
use crate::protocol::Vsn;
use crate::scenario::Play;
use crate::transport::Transport;

/// The cases that reveal the version, with the one difference that each depends on. Each waits for a reply
/// that comes in either case, so the result does not depend on the speed of the server.
const WITNESSES: [(Difference, &str); 10] = [
    (
        Difference::Gate(Gate::NullJoinRef),
        "join/push-null-join-ref-first",
    ),
    (
        Difference::Gate(Gate::LeaveNullJoinRef),
        "leave/null-join-ref-first",
    ),
    (Difference::Gate(Gate::CrashReason), "crash/crash"),
    (Difference::Gate(Gate::OriginPerMount), "handshake/origin-refused"),
    (Difference::Gate(Gate::ChannelLimit), "join/too-many"),
    (Difference::Gate(Gate::DisconnectCode), "lifetime/disconnect"),
    (Difference::Gate(Gate::VsnList), "handshake/vsn-list"),
    (Difference::Gate(Gate::StaleJoinRef), "join/push-stale-join-ref"),
    (Difference::Adapter, "frames/close-4001"),
    (Difference::Adapter, "frames/close-empty"),
];

/// The distance between the numbers of two of these cases, so that none uses a name of another.
const NUMBERS: u64 = 100;

/// The warnings for a server that behaves like a version without the promise.
const TRAPS: [(Gate, Warning); 2] = [
    (
        Gate::DisconnectCode,
        Warning {
            id: Cow::Borrowed(Gate::DisconnectCode.rule()),
            about: Cow::Borrowed(
                "`disconnect` closes with 1000, after which phoenix.js never comes back \
                 (phoenixframework/phoenix#6678)",
            ),
            mended_in: Cow::Borrowed("1.8.8"),
        },
    ),
    (
        Gate::OriginPerMount,
        Warning {
            id: Cow::Borrowed(Gate::OriginPerMount.rule()),
            about: Cow::Borrowed(
                "the mount that is reached first after the start decides which origins all mounts of its handler \
                 let in",
            ),
            mended_in: Cow::Borrowed("1.8.10"),
        },
    ),
];

/// The answers of a server, and the version that it behaves like.
#[derive(Debug)]
pub(super) struct Likeness {
    pub(super) profile: Profile,
    answers: Vec<(Difference, Side)>,
}

/// Plays all these cases at the same time, over WebSocket; `None` if the server does not offer it.
pub(super) async fn find(context: &Rc<RunContext>, offers: &Offers, first_fresh: u64) -> Option<Likeness> {
    if !offers.transports.contains(&Transport::WebSocket) {
        return None;
    }
    let settings = CheckSettings {
        vsn: Vsn::V2,
        update: Update::No,
        ..(*context.settings).clone()
    };
    let context = Rc::new(RunContext {
        target: context.target.over(Transport::WebSocket),
        settings: Rc::new(settings),
        ..(**context).clone()
    });
    let mut asked = JoinSet::new();
    for (number, (difference, case)) in (1..).zip(witnesses()) {
        if choice::reason_to_skip(case, &context.settings, offers, Restarts::Never).is_none() {
            let (context, fresh) = (Rc::clone(&context), first_fresh + number * NUMBERS);
            asked.spawn_local(async move {
                Some((number, difference, side(&context, case, difference, fresh).await?))
            });
        }
    }
    let mut answers: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
    answers.sort_by_key(|(number, ..)| *number);
    let answers = answers
        .into_iter()
        .map(|(_, difference, side)| (difference, side));
    Some(Likeness::of(answers.collect()))
}

fn witnesses() -> impl Iterator<Item = (Difference, &'static Arc<Case>)> {
    WITNESSES.into_iter().filter_map(|(difference, id)| {
        let case = catalogue::built_in().iter().find(|case| &*case.id == id)?;
        Some((difference, case))
    })
}

/// Plays one case. Returns the side of the difference that the answers match, if they match exactly one.
async fn side(context: &Rc<RunContext>, case: &Case, difference: Difference, fresh: u64) -> Option<Side> {
    let [kept, other] = [Side::Kept, Side::Otherwise].map(|side| {
        let profile = Profile::candidates().find(|it| difference.side(*it) == side)?;
        case.fixture_of(profile)
    });
    let sides = [kept?, other?];
    let offers = offered(&context.settings, None, fresh + 50);
    let mut play = Play::new(Arc::clone(&case.program), setting(context, offers, fresh));
    let apart = |play: &Play, it: &Fixture| compare(&it.log, &log(case, play), &case.program);
    let complete = |play: &Play| {
        sides
            .iter()
            .any(|it| !apart(play, it).iter().any(Deviation::may_mend))
    };
    context.drive(&mut play, None, complete, context.timeout).await;
    match sides.map(|it| apart(&play, it).is_empty()) {
        [true, false] => Some(Side::Kept),
        [false, true] => Some(Side::Otherwise),
        // If the answers match neither side, the case itself reports that.
        [true, true] | [false, false] => None,
    }
}

impl Likeness {
    /// The version with the fewest different answers; the newest one if there are several.
    fn of(answers: Vec<(Difference, Side)>) -> Self {
        let differ = |profile: &Profile| misfits(&answers, *profile).count();
        let profile = Profile::candidates().min_by_key(differ);
        Self {
            profile: profile.unwrap_or(Profile::DEFAULT),
            answers,
        }
    }

    /// The version that it behaves like, and the answers that show it.
    pub(super) fn sentence(&self) -> String {
        let Self { profile, answers } = self;
        if answers.is_empty() {
            return format!(
                "no answer told which Phoenix version it behaves like, so it is held to {profile}"
            );
        }
        let told = answers
            .iter()
            .filter(|(it, side)| it.allows(*profile, *side) && self.tells(*it));
        let mut told: Vec<&str> = told.map(|(it, side)| answer(*it, *side)).collect();
        told.dedup();
        let other: Vec<&str> = misfits(answers, *profile)
            .map(|(it, side)| answer(it, side))
            .collect();
        let mut text = format!(
            "behaves like {} on {}",
            profile.versions(),
            profile.adapter().name()
        );
        let all = answers.len();
        match other.len() {
            0 => text.push_str(&format!(": all {all} answers that tell versions apart fit it")),
            misfits => text.push_str(&format!(
                ": {} of the {all} answers that tell versions apart fit it",
                all - misfits
            )),
        }
        if !told.is_empty() {
            text.push_str(&format!(
                "; these answers tell it from the versions next to it and from the other web server: {}",
                told.join(", ")
            ));
        }
        if !other.is_empty() {
            text.push_str(&format!(
                "; these answers fit other versions only: {}",
                other.join(", ")
            ));
        }
        text
    }

    /// Whether the next older or newer version, or the other web server, would have answered differently.
    fn tells(&self, difference: Difference) -> bool {
        let here = self.profile;
        let mut groups: Vec<Profile> = Profile::candidates()
            .filter(|it| it.adapter() == here.adapter())
            .collect();
        groups.sort_by_key(|it| it.phoenix());
        let at = groups.iter().position(|it| *it == here);
        let near = |other: &Profile| difference.side(*other) != difference.side(here);
        match (difference, at) {
            (Difference::Adapter, _) | (_, None) => true,
            (Difference::Gate(_), Some(at)) => groups[at.saturating_sub(1)..].iter().take(3).any(near),
        }
    }

    /// The warnings that apply to it and to that version.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let fell_in = |gate: Gate| {
            let difference = Difference::Gate(gate);
            difference.side(self.profile) == Side::Otherwise
                && self.answers.contains(&(difference, Side::Otherwise))
        };
        let traps = TRAPS.into_iter().filter(|(gate, _)| fell_in(*gate));
        traps.map(|(_, warning)| warning).collect()
    }
}

/// The answers that a version would not give.
fn misfits(answers: &[(Difference, Side)], profile: Profile) -> impl Iterator<Item = (Difference, Side)> {
    let misfit = move |(difference, side): &&(Difference, Side)| !difference.allows(profile, *side);
    answers.iter().filter(misfit).copied()
}

fn answer(difference: Difference, side: Side) -> &'static str {
    match (difference, side) {
        (Difference::Gate(gate), side) => gate.answer(side),
        (Difference::Adapter, Side::Kept) => "close frames are answered as by Bandit",
        (Difference::Adapter, Side::Otherwise) => "close frames are answered as by Cowboy",
    }
}

#[cfg(test)]
mod tests;
