//! Whether a client has done what a step of a situation expects of it.

use std::time::Duration;

use super::connection::{ClientConnection, JoinStage};
use super::history::{Fact, shown};
use super::limits::{GIVE_UP_LIMIT, HEARTBEAT_LIMIT, JudgeLimits};
use super::situations::ClientExpectation;
use crate::clock::Time;

/// More connects than this in a second are a storm.
const MOST_A_SECOND: usize = 20;
/// So many attempts show how the waits grow, if they take a second or more.
const ENOUGH: usize = 8;
const SECOND: Duration = Duration::from_secs(1);
/// Waits as long as this need not grow.
const LONG_WAIT: Duration = Duration::from_millis(250);
/// Shorter waits are taken for this one, as they are mostly the work of both ends.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// How far an expectation has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StepProgress {
    /// It may still be fulfilled, or must be watched until then.
    Waits(Time),
    /// The client did what was expected.
    Kept(String),
    /// The client did something else.
    Broken {
        /// The expected action.
        expected: String,
        /// The action of the client.
        saw: String,
    },
    /// There was nothing to do.
    Moot(String),
}

/// How quick a client is, as measured on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClientPace {
    /// The longest time that it took to rejoin.
    pub(super) rejoin: Duration,
    /// The longest time between two heartbeats.
    pub(super) heartbeat: Duration,
}

/// The state that a step looks at.
pub(super) struct StepView<'a> {
    pub(super) limits: JudgeLimits,
    pub(super) pace: ClientPace,
    /// When the step began.
    pub(super) since: Time,
    /// The actions of the client since then.
    pub(super) facts: &'a [(Time, Fact)],
    /// The topic under trial.
    pub(super) topic: &'a str,
    /// The topics that the client has joined and not left.
    pub(super) wanted: &'a [String],
    pub(super) connection: Option<&'a ClientConnection>,
}

impl StepView<'_> {
    /// How far the client has come.
    pub(super) fn progress(&self, expectation: ClientExpectation, now: Time) -> StepProgress {
        match expectation {
            ClientExpectation::Rejoin => self.rejoin(now),
            ClientExpectation::Reopen => self.reopen(now),
            ClientExpectation::RejoinAll => self.rejoin_all(now),
            ClientExpectation::Quiet => self.quiet(now),
            ClientExpectation::StayClosed => self.stay_closed(now),
            ClientExpectation::GiveUp => self.give_up(now),
            ClientExpectation::NotUse => self.not_use(now),
            ClientExpectation::Heartbeat => self.heartbeat(now),
            ClientExpectation::Replace => self.replace(now),
            ClientExpectation::Backoff => self.backoff(now),
        }
    }

    fn rejoin(&self, now: Time) -> StepProgress {
        let limit = self.limits.rejoin();
        if let Some(at) = self.when(|fact| self.is_join(fact)) {
            return StepProgress::Kept(format!("phx_join of `{}` {}", self.topic, self.after(at)));
        }
        let expected = format!("phx_join of `{}` within {}", self.topic, shown(limit));
        self.until(self.since + limit, now, expected, self.what_else())
    }

    fn reopen(&self, now: Time) -> StepProgress {
        let opened = self.last_when(|fact| *fact == Fact::Opened);
        if let (Some(at), Some(_)) = (opened, self.connection) {
            return StepProgress::Kept(format!("a new connection {}", self.after(at)));
        }
        let limit = self.limits.reopen();
        let expected = format!("a new connection within {}", shown(limit));
        self.until(
            opened.unwrap_or(self.since) + limit,
            now,
            expected,
            "none".to_owned(),
        )
    }

    fn rejoin_all(&self, now: Time) -> StepProgress {
        let missing: Vec<_> = self
            .wanted
            .iter()
            .filter(|topic| !self.connection.is_some_and(|it| it.has_asked_for(topic)))
            .map(|topic| format!("`{topic}`"))
            .collect();
        if self.wanted.is_empty() {
            return StepProgress::Moot("the client has joined no topic".to_owned());
        }
        if missing.is_empty() {
            let number = self.wanted.len();
            let topics = if number == 1 { "topic" } else { "topics" };
            return StepProgress::Kept(format!("{number} {topics} rejoined"));
        }
        let limit = self.limits.rejoin();
        let missing = missing.join(", ");
        let expected = format!(
            "phx_join of {missing} on the new connection within {}",
            shown(limit)
        );
        self.until(self.since + limit, now, expected, "none".to_owned())
    }

    fn quiet(&self, now: Time) -> StepProgress {
        // A client that takes some other event for its own reacts as quickly as it does to its own.
        let limit = self
            .limits
            .quiet()
            .max(self.pace.rejoin * 2)
            .min(self.limits.rejoin());
        for (at, fact) in self.facts {
            let saw = match fact {
                Fact::Joined(topic) if topic == self.topic => format!("phx_join of `{topic}`"),
                Fact::Left(topic) if topic == self.topic => format!("phx_leave of `{topic}`"),
                Fact::Closed { code: Some(code) } => format!("the connection closed with {code}"),
                Fact::Closed { code: None } => "the connection cut".to_owned(),
                _ => continue,
            };
            return StepProgress::Broken {
                expected: "no reaction".to_owned(),
                saw: format!("{saw} {}", self.after(*at)),
            };
        }
        self.unless(
            self.since + limit,
            now,
            format!("no reaction in {}", shown(limit)),
        )
    }

    fn stay_closed(&self, now: Time) -> StepProgress {
        let limit = self.limits.quiet();
        if let Some(at) = self.when(|fact| self.is_join(fact)) {
            return StepProgress::Broken {
                expected: format!("`{}`, which was closed, not to be joined", self.topic),
                saw: format!("phx_join on the new connection {}", self.after(at)),
            };
        }
        self.unless(
            self.since + limit,
            now,
            format!("`{}` was not rejoined", self.topic),
        )
    }

    fn give_up(&self, now: Time) -> StepProgress {
        let given_up = |fact: &Fact| self.is_join(fact) || *fact == Fact::Left(self.topic.to_owned());
        if let Some(at) = self.when(given_up) {
            return StepProgress::Kept(format!("the join given up {}", self.after(at)));
        }
        let expected = format!(
            "phx_leave or a new phx_join of `{}` within {}, as its join was not answered",
            self.topic,
            shown(GIVE_UP_LIMIT)
        );
        self.until(self.since + GIVE_UP_LIMIT, now, expected, self.what_else())
    }

    fn not_use(&self, now: Time) -> StepProgress {
        let expected = format!(
            "a new phx_join of `{}` within {}",
            self.topic,
            shown(self.limits.rejoin())
        );
        let is_waiting = |it: &ClientConnection| it.is(self.topic, JoinStage::Unanswered);
        let joined = self.when(|fact| self.is_join(fact));
        let joined = joined.or_else(|| self.connection.is_some_and(is_waiting).then_some(self.since));
        if let Some(at) = joined {
            return self.unless(
                at + self.limits.quiet(),
                now,
                "the late reply was not used".to_owned(),
            );
        }
        self.until(
            self.since + self.limits.rejoin(),
            now,
            expected,
            "no phx_join: the client takes the late reply for the answer".to_owned(),
        )
    }

    fn heartbeat(&self, now: Time) -> StepProgress {
        if let Some(at) = self.when(|fact| *fact == Fact::Heartbeat) {
            return StepProgress::Kept(format!("a heartbeat {}", self.after(at)));
        }
        let limit = HEARTBEAT_LIMIT + self.limits.margin();
        let expected = format!("a heartbeat within {}", shown(limit));
        self.until(self.since + limit, now, expected, "none".to_owned())
    }

    fn replace(&self, now: Time) -> StepProgress {
        let closed = self.when(|fact| matches!(fact, Fact::Closed { .. }));
        let opened = self.when(|fact| *fact == Fact::Opened);
        if let (Some(closed), Some(opened)) = (closed, opened) {
            let at = closed.max(opened);
            return StepProgress::Kept(format!("the connection replaced {}", self.after(at)));
        }
        let interval = self.pace.heartbeat;
        let limit = interval * 2 + self.limits.margin();
        let expected = format!(
            "the connection closed and a new one within two heartbeat intervals of {}",
            shown(interval)
        );
        let saw = match (closed, opened) {
            (None, None) => "the connection still in use",
            (Some(_), _) => "the connection closed and no new one",
            (None, Some(_)) => "a new connection beside the old one, which stayed open",
        };
        self.until(self.since + limit, now, expected, saw.to_owned())
    }

    fn backoff(&self, now: Time) -> StepProgress {
        let asked: Vec<_> = self
            .facts
            .iter()
            .filter(|(_, fact)| *fact == Fact::Asked)
            .map(|(at, _)| *at)
            .collect();
        let took = match (asked.first(), asked.last()) {
            (Some(first), Some(last)) => last.since(*first),
            _ => Duration::ZERO,
        };
        let end = self.since + self.limits.reopen();
        let is_storm = asked.len() > MOST_A_SECOND && took < SECOND;
        let is_enough = asked.len() >= ENOUGH && took >= SECOND;
        if !is_storm && !is_enough && now < end {
            return StepProgress::Waits(end);
        }
        if asked.is_empty() {
            return StepProgress::Moot("the client asked for no connection".to_owned());
        }
        let saw = format!("{} attempts in {}", asked.len(), shown(took));
        if is_storm || !grow(&asked) {
            return StepProgress::Broken {
                expected: "waits that grow to 250 ms while the connection is refused, and at most 20 attempts a second"
                    .to_owned(),
                saw,
            };
        }
        StepProgress::Kept(saw)
    }

    /// When the first such thing happened.
    fn when(&self, is_it: impl Fn(&Fact) -> bool) -> Option<Time> {
        self.facts.iter().find(|(_, fact)| is_it(fact)).map(|(at, _)| *at)
    }

    fn last_when(&self, is_it: impl Fn(&Fact) -> bool) -> Option<Time> {
        self.facts
            .iter()
            .rfind(|(_, fact)| is_it(fact))
            .map(|(at, _)| *at)
    }

    fn is_join(&self, fact: &Fact) -> bool {
        matches!(fact, Fact::Joined(topic) if topic == self.topic)
    }

    fn after(&self, at: Time) -> String {
        format!("after {}", shown(at.since(self.since)))
    }

    /// The action that came instead.
    fn what_else(&self) -> String {
        if self.when(|fact| matches!(fact, Fact::Closed { .. })).is_some() {
            "the connection closed by the client".to_owned()
        } else {
            "none".to_owned()
        }
    }

    /// Broken if it is not there at the deadline.
    fn until(&self, deadline: Time, now: Time, expected: String, saw: String) -> StepProgress {
        if now < deadline {
            StepProgress::Waits(deadline)
        } else {
            StepProgress::Broken { expected, saw }
        }
    }

    /// Kept if nothing happened until the deadline.
    fn unless(&self, deadline: Time, now: Time, saw: String) -> StepProgress {
        if now < deadline {
            StepProgress::Waits(deadline)
        } else {
            StepProgress::Kept(saw)
        }
    }
}

/// Whether the waits between attempts are long at the end, or grow. Medians, as jitter and a busy machine make single waits differ.
fn grow(asked: &[Time]) -> bool {
    let mut waits: Vec<_> = asked.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    if waits.len() < 4 {
        return true;
    }
    let mut last = waits.split_off(waits.len() / 2);
    let (first, last) = (median(&mut waits), median(&mut last));
    last >= LONG_WAIT || last >= first.max(SHORTEST_WAIT) * 2
}

/// The middle one.
fn median(waits: &mut [Duration]) -> Duration {
    waits.sort_unstable();
    waits.get(waits.len() / 2).copied().unwrap_or_default()
}
