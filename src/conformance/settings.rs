//! What a run is asked to do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::catalogue::Case;
use super::outcome::{HeldTo, Strictness};
use crate::protocol::Vsn;
use crate::scenario::{Level, Offer};
use crate::transport::Target;

/// The settings of one run.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// The server under test.
    pub target: Target,
    /// The serializer, where a case names none.
    pub vsn: Vsn,
    /// Connect params of every connection.
    pub params: Vec<(String, String)>,
    /// Request headers of every connection.
    pub headers: Vec<(String, String)>,
    /// How long each wait may take beyond what the case asks the server to sleep; more on a slow line.
    pub timeout: Duration,
    /// How long the whole run may take; if nothing is said, for each repetition a minute and two
    /// hundred round trips, at most six minutes.
    pub max_time: Option<Duration>,
    /// How many cases run side by side; if nothing is said, sixteen, or eight where others use the server.
    pub jobs: Option<usize>,
    /// How often a case that is no pass is tried again.
    pub retries: u32,
    /// How many times each case runs, unless it is no pass before.
    pub repeat: u32,
    /// When to stop.
    pub stop: StopAt,
    /// The levels to run; all that the target offers if none are named.
    pub levels: Option<Vec<Level>>,
    /// What the server is held to; found out by what it offers if nothing is said.
    pub held_to: Option<HeldTo>,
    /// Whether `non-strict` counts as `fail`.
    pub strict: Strictness,
    /// Whether cases that could hurt others are left out.
    pub safety: Safety,
    /// The topics that may be joined, for level room.
    pub room: Option<Room>,
    /// Every random choice follows from it.
    pub seed: u64,
    /// What to run.
    pub cases: Vec<Arc<Case>>,
    /// Whether fixtures are written.
    pub update: Update,
}

impl CheckSettings {
    /// The settings that hold where nobody says otherwise.
    pub fn new(target: Target, cases: Vec<Arc<Case>>) -> Self {
        let safety = if target.is_loopback() {
            Safety::All
        } else {
            Safety::Safe
        };
        Self {
            target,
            vsn: Vsn::V2,
            params: Vec::new(),
            headers: Vec::new(),
            timeout: Duration::from_secs(5),
            max_time: None,
            jobs: None,
            retries: 0,
            repeat: 1,
            stop: StopAt::End,
            levels: None,
            held_to: None,
            strict: Strictness::Lenient,
            safety,
            room: None,
            seed: 0,
            cases,
            update: Update::No,
        }
    }
}

impl CheckSettings {
    /// Whether a case that may run uses the topics of the room.
    pub(super) fn needs_room(&self) -> bool {
        self.cases.iter().any(|case| {
            let wanted = self
                .levels
                .as_ref()
                .is_none_or(|levels| case.level().is_none_or(|level| levels.contains(&level)));
            wanted && case.program.offers().any(Offer::is_of_a_room)
        })
    }
}

/// When a run stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopAt {
    /// When all cases are done.
    #[default]
    End,
    /// At the first failure.
    FirstFailure,
}

/// Whether the server is one that others use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Leave out what could hurt it.
    Safe,
    /// Run everything.
    All,
}

/// Which fixtures are written, as pending ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None.
    #[default]
    No,
    /// Of cases that have none.
    Missing,
    /// Of all cases whose answers differ.
    All,
}

/// What may be joined on any application.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// A topic.
    pub topic: String,
    /// What it is joined with.
    pub join_params: Value,
    /// A second topic.
    pub other_topic: Option<String>,
    /// What that is joined with; the same if nothing is said.
    pub other_join_params: Option<Value>,
    /// A push that is answered: event and payload.
    pub push: Option<(String, Value)>,
    /// A topic that may not be joined.
    pub unknown_topic: Option<String>,
}
