//! What a run is asked to do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::catalogue::Case;
use super::outcome::{HeldTo, Strictness};
use crate::protocol::Vsn;
use crate::scenario::{Level, Offer};
use crate::transport::Target;

/// A run ends after this long, and so many round trips, whatever the server does; at most after the longest.
const RUN: Duration = Duration::from_secs(60);
const FOR_EACH_RUN: u32 = 200;
const LONGEST_RUN: Duration = Duration::from_secs(6 * 60);
/// A run whose waits are long by the user's wish is longer, too.
const TIMEOUTS_OF_A_RUN: u32 = 11;

/// How many cases run side by side unless said: they spend their time waiting for answers. Fewer where others use the
/// server, too.
const JOBS: usize = 16;
const JOBS_WHERE_SAFE: usize = 8;

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
    /// How long the whole run may take on a line with this round trip.
    pub(super) fn longest_run(&self, round_trip: Duration) -> Duration {
        let longest = self.longest_repetition(round_trip);
        match self.max_time {
            Some(longest) => longest,
            None => longest.saturating_mul(self.repeat),
        }
    }

    /// How long it may take if each case runs once.
    pub(super) fn longest_repetition(&self, round_trip: Duration) -> Duration {
        self.max_time.unwrap_or_else(|| {
            let usual = RUN + round_trip * FOR_EACH_RUN;
            usual.max(self.timeout * TIMEOUTS_OF_A_RUN).min(LONGEST_RUN)
        })
    }

    /// How many cases run side by side. A server that others use is not hurried.
    pub(super) fn side_by_side(&self) -> usize {
        self.jobs.unwrap_or(match self.safety {
            Safety::All => JOBS,
            Safety::Safe => JOBS_WHERE_SAFE,
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn settings(url: &str) -> CheckSettings {
        CheckSettings::new(Target::parse(url).unwrap(), Vec::new())
    }

    #[test]
    fn a_run_takes_a_minute_and_two_hundred_round_trips_unless_said() {
        let mut settings = settings("ws://127.0.0.1/socket");
        assert_eq!(settings.longest_run(Duration::ZERO), ms(60_000));
        assert_eq!(settings.longest_run(ms(300)), ms(120_000));
        assert_eq!(settings.longest_run(ms(2000)), ms(360_000));
        settings.timeout = ms(10_000);
        assert_eq!(settings.longest_run(Duration::ZERO), ms(110_000));
        settings.max_time = Some(ms(900_000));
        assert_eq!(settings.longest_run(ms(300)), ms(900_000));
        settings.max_time = Some(ms(1000));
        assert_eq!(settings.longest_run(ms(300)), ms(1000));
    }

    #[test]
    fn fewer_cases_run_side_by_side_where_others_use_the_server() {
        let mut here = settings("ws://127.0.0.1/socket");
        assert_eq!(here.side_by_side(), 16);
        assert_eq!(settings("ws://10.0.0.1/socket").side_by_side(), 8);
        here.jobs = Some(3);
        assert_eq!(here.side_by_side(), 3);
    }
}
