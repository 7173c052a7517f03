//! The log of one client: the annotations of each join reply, and the broadcasts in between. Compared with the annotations that were
//! written, it says which of them the client missed or has twice, and after which disruption. Without I/O.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::cause::Cause;
use super::video::{Video, Written};
use crate::clock::Time;

#[cfg(test)]
mod tests;

/// Phoenix subscribes after the join callback has read the store, and the reply may overtake the subscription. So an annotation that
/// is written around a join may come twice or not at all. The subscription is there for sure this long after the reply.
const GRACE: Duration = Duration::from_secs(1);

/// The log of one client on one video.
#[derive(Debug, Default)]
pub(super) struct Log {
    stays: Vec<Stay>,
}

/// The time between a join and the end of its connection.
#[derive(Clone, Debug)]
struct Stay {
    /// The reason why the stay before ended.
    cause: Cause,
    asked: Time,
    joined: Option<Time>,
    over: Option<Time>,
    /// The annotations of its join reply.
    list: Vec<usize>,
    /// The annotations that came by broadcasts, with their ids.
    heard: Vec<(usize, i64)>,
}

/// A mistake in the annotations that a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) annotation: usize,
    pub(super) kind: FlawKind,
    /// After which disruption; none if it happened while the client was joined all the time.
    pub(super) after: Option<Cause>,
}

/// The kinds of flaws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FlawKind {
    Missing,
    Doubled,
    Reordered,
}

/// The result of comparing a log with a video.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) flaws: Vec<Flaw>,
    /// Annotations that had to come, by the disruption before which they were written; none for those that came as broadcasts.
    pub(super) due: BTreeMap<Option<Cause>, u64>,
    /// Annotations that Phoenix leaves in doubt.
    pub(super) in_doubt: u64,
}

impl Log {
    /// The client asks to join, after its connection ended for this reason.
    pub(super) fn asks(&mut self, cause: Cause, now: Time) {
        self.stays.push(Stay {
            cause,
            asked: now,
            joined: None,
            over: None,
            list: Vec::new(),
            heard: Vec::new(),
        });
    }

    /// Its join was answered with these annotations.
    pub(super) fn joined(&mut self, list: &[(usize, i64)], now: Time) {
        if let Some(stay) = self.stays.last_mut() {
            stay.joined = Some(now);
            stay.list = list.iter().map(|(number, _)| *number).collect();
        }
    }

    /// It heard a broadcast.
    pub(super) fn hears(&mut self, number: usize, id: i64) {
        if let Some(stay) = self.stays.last_mut() {
            stay.heard.push((number, id));
        }
    }

    /// Its connection is over.
    pub(super) fn over(&mut self, now: Time) {
        if let Some(stay) = self.stays.last_mut() {
            stay.over.get_or_insert(now);
        }
    }

    /// Compares it with the annotations that were written.
    pub(super) fn audit(&self, video: &Video) -> Outcome {
        let mut outcome = Outcome::default();
        let mut came: HashMap<usize, Vec<Arrival>> = HashMap::new();
        for (index, stay) in self.stays.iter().enumerate() {
            let listed = stay.list.iter().map(|number| (*number, Arrival::Listed(index)));
            let heard = stay.heard.iter().map(|(number, _)| (*number, Arrival::Heard));
            for (number, arrival) in listed.chain(heard) {
                came.entry(number).or_default().push(arrival);
            }
        }
        for (number, written) in video.written.iter().enumerate() {
            let arrivals = came.remove(&number).unwrap_or_default();
            self.judge(video, (number, written), &arrivals, &mut outcome);
        }
        for stay in &self.stays {
            stay.order(video, &mut outcome);
        }
        outcome
    }

    fn judge(
        &self,
        video: &Video,
        (number, written): (usize, &Written),
        arrivals: &[Arrival],
        outcome: &mut Outcome,
    ) {
        let Some(acknowledged) = written.acknowledged else {
            outcome.in_doubt += 1;
            return;
        };
        // The newcomer's list tells once of an annotation that the server has lost.
        if written.is_lost {
            return;
        }
        let is_in_doubt = self.is_around_a_join(written, acknowledged) || is_overtaken(video, written);
        match arrivals {
            _ if is_in_doubt => outcome.in_doubt += 1,
            [arrival] => *outcome.due.entry(self.cause_of(*arrival)).or_default() += 1,
            [] => {
                if let Some(after) = self.cause_of_missing(written, acknowledged) {
                    outcome.flaws.push(Flaw {
                        annotation: number,
                        kind: FlawKind::Missing,
                        after,
                    });
                }
            }
            [_, again, ..] => outcome.flaws.push(Flaw {
                annotation: number,
                kind: FlawKind::Doubled,
                after: self.cause_of(*again),
            }),
        }
    }

    /// Whether it was written while this client joined.
    fn is_around_a_join(&self, written: &Written, acknowledged: Time) -> bool {
        self.stays.iter().any(|stay| {
            let until = stay.joined.or(stay.over).unwrap_or(Time::MAX) + GRACE;
            written.sent <= until && acknowledged >= stay.asked
        })
    }

    fn cause_of(&self, arrival: Arrival) -> Option<Cause> {
        match arrival {
            Arrival::Listed(index) => self.stays.get(index).map(|stay| stay.cause),
            Arrival::Heard => None,
        }
    }

    /// The disruption by which an annotation was missed; the outer none says that the client was not there any more to get it.
    fn cause_of_missing(&self, written: &Written, acknowledged: Time) -> Option<Option<Cause>> {
        let was_there = self.stays.iter().any(|stay| {
            let from = stay.joined.unwrap_or(Time::MAX);
            from <= written.sent && acknowledged <= stay.over.unwrap_or(Time::MAX)
        });
        if was_there {
            return Some(None);
        }
        let later = self
            .stays
            .iter()
            .find(|stay| stay.joined.is_some() && stay.asked > written.sent);
        later.map(|stay| Some(stay.cause))
    }
}

/// The way by which an annotation came.
#[derive(Clone, Copy, Debug)]
enum Arrival {
    /// In the join reply of this stay.
    Listed(usize),
    /// As a broadcast.
    Heard,
}

impl Stay {
    /// Broadcasts come in the order of their ids, unless one of them has no answer: it may have been written over a connection
    /// that was cut.
    fn order(&self, video: &Video, outcome: &mut Outcome) {
        let mut latest: Option<i64> = None;
        for (number, id) in &self.heard {
            let written = video.written.get(*number);
            if written.is_none_or(|it| it.acknowledged.is_none()) {
                continue;
            }
            if latest.is_some_and(|latest| *id < latest) {
                outcome.flaws.push(Flaw {
                    annotation: *number,
                    kind: FlawKind::Reordered,
                    after: None,
                });
            }
            latest = latest.max(Some(*id));
        }
    }
}

/// Whether an annotation without an answer was sent before this one, and has a greater id. A client that saw that one first does not
/// ask for this one any more.
fn is_overtaken(video: &Video, written: &Written) -> bool {
    let Some(id) = written.id else {
        return false;
    };
    video
        .written
        .iter()
        .take_while(|other| other.sent < written.sent)
        .any(|other| other.acknowledged.is_none() && other.id.is_some_and(|other| other > id))
}
