//! Chooses the cases that can be judged at a target, assigns their numbers, and says why the others are
//! skipped.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::catalogue::Case;
use super::offered::State;
use super::outcome::HeldTo;
use super::probe::{Offers, Speaks, lacks};
use super::rules;
use super::settings::{CheckSettings, Room, Safety};
use crate::driver::Restarts;
use crate::protocol::Vsn;
use crate::scenario::{Level, Offer};
use crate::transport::Transport;

/// The chosen and the skipped cases.
pub(super) struct Chosen {
    pub(super) run: Vec<Arc<Case>>,
    pub(super) alone: Vec<Arc<Case>>,
    pub(super) skipped: Vec<(Arc<Case>, String)>,
}

/// Chooses the cases that can be judged here.
pub(super) fn choose(
    settings: &CheckSettings,
    offers: &Offers,
    held_to: HeldTo,
    restarts: Restarts,
) -> Chosen {
    let mut chosen = Chosen {
        run: Vec::new(),
        alone: Vec::new(),
        skipped: Vec::new(),
    };
    for case in &settings.cases {
        let level = case.level();
        if let (Some(level), Some(wanted)) = (level, &settings.levels)
            && !wanted.contains(&level)
        {
            continue;
        }
        let case = Arc::clone(case);
        let promised = promised_elsewhere(&case, held_to).or_else(|| not_promised(&case, held_to));
        match promised.or_else(|| reason_to_skip(&case, settings, offers, restarts)) {
            Some(why) => chosen.skipped.push((case, why)),
            None if must_be_alone(&case, restarts) => chosen.alone.push(case),
            None => chosen.run.push(case),
        }
    }
    chosen
}

/// Why this case does not apply to a server that is not held to a Phoenix version.
fn promised_elsewhere(case: &Case, held_to: HeldTo) -> Option<String> {
    let why = case.program.phoenix_only.as_deref()?;
    match held_to {
        HeldTo::Profile(_) | HeldTo::Likeness(_) => None,
        HeldTo::TheLine => Some(format!("judged only with --profile NAME; {why}")),
    }
}

/// Why a case about long poll does not apply to the version that the server is held to. Over WebSocket each version has its
/// own fixture instead.
fn not_promised(case: &Case, held_to: HeldTo) -> Option<String> {
    let profile = held_to.profile()?;
    if case.program.bound_to() != Some(Transport::LongPoll) {
        return None;
    }
    let rules = case.rules().iter().filter_map(|rule| rules::find(rule));
    let mut missing = rules.filter(|rule| !rule.versions.hold(profile.phoenix()));
    let rule = missing.next()?;
    Some(format!("{profile} does not promise {}", rule.id))
}

/// Whether a case must not run beside others: it restarts the server that the others use, or compares with replies that
/// were recorded while nothing else was going on.
pub(super) fn must_be_alone(case: &Case, restarts: Restarts) -> bool {
    let restarts_server_of_others = case.program.restarts() && restarts != Restarts::OfItsOwn;
    restarts_server_of_others || case.program.offers().any(|offer| offer == Offer::FirstAnswer)
}

pub(super) fn reason_to_skip(
    case: &Case,
    settings: &CheckSettings,
    offers: &Offers,
    restarts: Restarts,
) -> Option<String> {
    if let Some(level) = case.level().filter(|level| !offers.levels.contains(level)) {
        return Some(missing_level(level).to_owned());
    }
    if let Some(why) = case
        .program
        .risky
        .as_deref()
        .filter(|_| settings.safety == Safety::Safe)
    {
        return Some(format!(
            "left out by --safe, which spares a server that others use; {why}"
        ));
    }
    if let Some(why) = case.program.not_carried_by(case.transport) {
        return Some(format!("cannot be played over {}: {why}", case.transport));
    }
    let needed = case.program.transports().chain([case.transport]);
    for transport in needed {
        if !offers.transports.contains(&transport) {
            return Some(format!("the server offers no {transport} at this mount"));
        }
    }
    if let Some(why) = lacks(&case.program, offers) {
        return Some(why);
    }
    if case.program.restarts() && restarts == Restarts::Never {
        return Some("needs --exec, so that phxproof can restart the server".to_owned());
    }
    if case.program.needs_v1() && offers.v1 == Speaks::No {
        return Some("the server does not speak 1.0.0".to_owned());
    }
    if settings.vsn == Vsn::V1 && case.program.needs_v2() {
        return Some("needs 2.0.0: binary or hand-made messages".to_owned());
    }
    case.program
        .offers()
        .find_map(|offer| missing_offer(offer, settings.room.as_ref(), offers).map(str::to_owned))
}

fn missing_level(level: Level) -> &'static str {
    match level {
        Level::Wire => "the server has no Phoenix socket",
        Level::Room => "no topic of yours is named: --topic T says one that may be joined",
        Level::Lab => "the server has no lab channel",
        Level::Presence => "the server has no presence channel",
        Level::Rumbl => "the server has no videos channel",
    }
}

fn missing_offer(offer: Offer, room: Option<&Room>, offers: &Offers) -> Option<&'static str> {
    if matches!(
        offer,
        Offer::FirstAnswer | Offer::SecondAnswer | Offer::ThirdAnswer
    ) {
        match offers.baseline.as_ref().map(|baseline| &baseline.state) {
            Some(State::Told(_)) => {}
            Some(State::Elsewhere) => {
                return Some(
                    "your --push is answered in another way after another join, so its answers do not show whose state they come from",
                );
            }
            Some(State::Untold) | None => {
                return Some(
                    "your --push always gets the same answer: name a push whose answer changes (a counter) to check that state is kept apart",
                );
            }
        }
    }
    let Some(room) = room else {
        let lab = offers.levels.contains(&Level::Lab)
            || matches!(
                offer,
                Offer::Mount | Offer::InventedTopic | Offer::Sender | Offer::Seq | Offer::Mark
            );
        return (!lab).then_some("no topic of yours is named: --topic T says one that may be joined");
    };
    match offer {
        Offer::OtherTopic | Offer::OtherJoinParams if room.other_topic.is_none() => {
            Some("no second topic of yours is named: --other-topic T")
        }
        Offer::UnknownTopic if room.unknown_topic.is_none() => {
            Some("no topic is named that may not be joined: --unknown-topic T")
        }
        Offer::PushEvent | Offer::PushPayload | Offer::PushStatus if room.push.is_none() => {
            Some("no push is named that your channel answers: --push EVENT=JSON")
        }
        _ => None,
    }
}

/// Generates the numbers for fresh names: nine digits, derived from the seed, without repetition within nine
/// million plays, or fewer if cases are retried.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    next: u64,
    /// The numbers for one case with all its attempts.
    step: u64,
}

/// How many numbers a play may use.
const FOR_EACH: u64 = 100;
/// Further attempts use the numbers of this one.
const LAST_ATTEMPT: u32 = 19;
const LEAST: u64 = 100_000_000;
const MOST: u64 = 999_999_999;

impl Fresh {
    pub(super) fn new(seed: u64, retries: u32) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let step = FOR_EACH * u64::from(retries.min(LAST_ATTEMPT) + 1);
        Self {
            next: random.random_range(LEAST..MOST - step),
            step,
        }
    }

    pub(super) fn of_probe(&self) -> u64 {
        self.next
    }

    /// The first number of the next play.
    pub(super) fn next_case(&mut self) -> u64 {
        self.next += self.step;
        if self.next + self.step > MOST {
            self.next = LEAST;
        }
        self.next
    }

    /// The first number for another attempt at the same case.
    pub(super) fn again(first: u64, attempt: u32) -> u64 {
        first + FOR_EACH * u64::from(attempt.min(LAST_ATTEMPT))
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::built_in;
    use super::*;

    #[test]
    fn a_case_that_restarts_a_server_runs_beside_others_only_on_one_of_its_own() {
        let case = |id: &str| built_in().iter().find(|case| &*case.id == id).expect("a case");
        let restart = case("lifetime/restart");
        assert!(must_be_alone(restart, Restarts::Alone));
        assert!(!must_be_alone(restart, Restarts::OfItsOwn));
        assert!(!must_be_alone(case("join/ok"), Restarts::Alone));
    }
}
