//! The settings of a run.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::catalogue::Case;
use super::known::KnownDeviation;
use super::outcome::{HeldTo, Strictness};
use super::silence::IdleSettings;
use crate::protocol::Vsn;
use crate::scenario::{Level, Offer};
use crate::transport::Target;

/// The time limit of a run: this time plus this many round trips, at most the last value.
const RUN: Duration = Duration::from_secs(60);
const FOR_EACH_RUN: u32 = 200;
const LONGEST_RUN: Duration = Duration::from_secs(6 * 60);
/// The time limit is at least this many timeouts.
const TIMEOUTS_OF_A_RUN: u32 = 11;

/// The default number of cases that run side by side, as they mostly wait for replies. It is lower for a
/// server that others use, too.
const JOBS: usize = 16;
const JOBS_WHERE_SAFE: usize = 8;

/// The settings of one run.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// The server under test.
    pub target: Target,
    /// The serializer, unless a case names one.
    pub vsn: Vsn,
    /// Connect params of every connection.
    pub params: Vec<(String, String)>,
    /// Request headers of every connection.
    pub headers: Vec<(String, String)>,
    /// The timeout of each wait, beyond what the case asks the server to wait; more on a slow connection.
    pub timeout: Duration,
    /// The time limit of the whole run. The default is a minute and two hundred round trips, or eleven timeouts if that
    /// is longer, but at most six minutes; and all of that for each repetition. On a machine that keeps this process waiting, a
    /// run without a limit of its own may take the six minutes.
    pub max_time: Option<Duration>,
    /// How many cases run side by side; by default sixteen, or eight on a server that others use.
    pub jobs: Option<usize>,
    /// How often a case that did not pass is retried.
    pub retries: u32,
    /// How many times each case runs, unless it fails to pass earlier.
    pub repeat: u32,
    /// When to stop.
    pub stop: StopAt,
    /// The levels to run; by default all that the target offers.
    pub levels: Option<Vec<Level>>,
    /// What the server is held to; by default it is detected.
    pub held_to: Option<HeldTo>,
    /// Whether `non-strict` counts as `fail`.
    pub strict: Strictness,
    /// Whether to leave out cases that could harm other users of the server.
    pub safety: Safety,
    /// The topics that clients may join, for the level room.
    pub room: Option<Room>,
    /// The seed of all random choices.
    pub seed: u64,
    /// The cases to run.
    pub cases: Vec<Arc<Case>>,
    /// Whether to write fixtures.
    pub update: Update,
    /// The deviations that the user expects.
    pub known: Arc<[KnownDeviation]>,
    /// The measurement of idle time-outs, if the user asked for it.
    pub idle: Option<IdleSettings>,
}

impl CheckSettings {
    /// The default settings.
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
            known: Arc::new([]),
            idle: None,
        }
    }
}

impl CheckSettings {
    /// The time limit of the whole run for this round trip, and the limit where this machine is late all the time.
    pub(super) fn run_limits(&self, round_trip: Duration) -> (Duration, Duration) {
        match self.max_time {
            Some(longest) => (longest, longest),
            None => {
                let usual = self.longest_repetition(round_trip);
                (
                    usual.saturating_mul(self.repeat),
                    LONGEST_RUN.max(usual).saturating_mul(self.repeat),
                )
            }
        }
    }

    /// The time limit if each case runs once.
    pub(super) fn longest_repetition(&self, round_trip: Duration) -> Duration {
        self.max_time.unwrap_or_else(|| {
            let usual = RUN + round_trip * FOR_EACH_RUN;
            usual.max(self.timeout * TIMEOUTS_OF_A_RUN).min(LONGEST_RUN)
        })
    }

    /// How many cases run side by side. There are fewer on a server that others use.
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

/// When a run should stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopAt {
    /// When all cases are done.
    #[default]
    End,
    /// At the first failure.
    FirstFailure,
}

/// Whether others use the server, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Leave out cases that could harm them.
    Safe,
    /// Run everything.
    All,
}

/// Which cases get a pending fixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None.
    #[default]
    No,
    /// Cases without a fixture.
    Missing,
    /// All cases whose answers differ.
    All,
}

/// The topics and push from the user, for any application.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// A topic.
    pub topic: String,
    /// The params for its join.
    pub join_params: Value,
    /// A second topic.
    pub other_topic: Option<String>,
    /// The params for the join of that; by default the same.
    pub other_join_params: Option<Value>,
    /// A push that the server replies to: event and payload.
    pub push: Option<(String, Value)>,
    /// A topic that clients may not join.
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
        assert_eq!(settings.run_limits(Duration::ZERO).0, ms(60_000));
        assert_eq!(settings.run_limits(ms(300)).0, ms(120_000));
        assert_eq!(settings.run_limits(ms(2000)).0, ms(360_000));
        settings.timeout = ms(10_000);
        assert_eq!(settings.run_limits(Duration::ZERO).0, ms(110_000));
        assert_eq!(settings.run_limits(Duration::ZERO).1, ms(360_000));
        settings.max_time = Some(ms(900_000));
        assert_eq!(settings.run_limits(ms(300)).0, ms(900_000));
        settings.max_time = Some(ms(1000));
        assert_eq!(settings.run_limits(ms(300)), (ms(1000), ms(1000)));
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
