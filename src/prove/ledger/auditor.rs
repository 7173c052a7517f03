//! Compares the broadcasts that one socket was promised on one topic with those that it received.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::super::oddity::{Oddity, OddityKind};
use super::{Audience, Audit, Receiver, Sending, Stay, StayEnd};
use crate::clock::Time;

/// One socket on one topic.
pub(super) struct Auditor<'l> {
    /// A channel that has ended may still get broadcasts for this long.
    pub(super) grace: Duration,
    pub(super) topic: &'l Rc<str>,
    pub(super) socket: u32,
    pub(super) receiver: &'l Receiver,
    pub(super) sends: &'l [Sending],
}

/// The promise that a receiver has of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    /// It has to come.
    Due,
    /// It may come.
    InDoubt,
    /// It must not come.
    None,
}

impl Auditor<'_> {
    pub(super) fn deliveries(&self, audit: &mut Audit) {
        let mut came: HashMap<(u32, u32), (u32, Time)> = HashMap::new();
        for arrival in &self.receiver.arrivals {
            came.entry((arrival.sender, arrival.number))
                .or_insert((0, arrival.at))
                .0 += 1;
        }
        for sending in self.sends {
            let times = came.remove(&(sending.sender, sending.number));
            self.delivery(sending, times, audit);
        }
        for ((sender, number), (_, at)) in came {
            let what =
                format!("it received broadcast {number} of socket {sender}, which nobody sent on this topic");
            audit
                .oddities
                .push(self.oddity(OddityKind::Misdelivered, at, what));
        }
    }

    fn delivery(&self, sending: &Sending, came: Option<(u32, Time)>, audit: &mut Audit) {
        let Sending {
            sender, number, sent, ..
        } = *sending;
        let promise = self.promise(sending);
        let name = format!("broadcast {number} of socket {sender}");
        match promise {
            Promise::Due => audit.sums.expected += 1,
            Promise::InDoubt => audit.sums.in_doubt += 1,
            Promise::None => {}
        }
        let Some((times, at)) = came else {
            if promise == Promise::Due {
                let what = format!("{name} never came; {}", self.around(sent));
                audit.oddities.push(self.oddity(OddityKind::Lost, sent, what));
            }
            return;
        };
        match promise {
            Promise::Due => audit.sums.arrived += 1,
            Promise::InDoubt => {}
            Promise::None => {
                let what = format!("{name} came, which was not meant for it; {}", self.around(sent));
                audit
                    .oddities
                    .push(self.oddity(OddityKind::Misdelivered, at, what));
            }
        }
        if times > 1 && !self.may_be_doubled(sending) {
            let what = format!("{name} came {times} times; {}", self.around(sent));
            audit.oddities.push(self.oddity(OddityKind::Doubled, at, what));
        }
    }

    fn promise(&self, sending: &Sending) -> Promise {
        if sending.audience == Audience::Others && sending.sender == self.socket {
            return Promise::None;
        }
        let is_due = |stay: &Stay| {
            let was_there = stay.joined.is_some_and(|joined| joined <= sending.sent);
            let until = stay.ending.unwrap_or(Time::MAX);
            let in_time = sending
                .acknowledged
                .is_some_and(|acknowledged| acknowledged <= until);
            let had_arrived = || stay.end == StayEnd::Told || self.later_one_came(sending, until);
            was_there && in_time && had_arrived()
        };
        let may_come = |stay: &Stay| {
            let end = stay.over.map_or(Time::MAX, |over| over + self.grace);
            let under_way = sending.acknowledged.unwrap_or(Time::MAX);
            sending.sent <= end && under_way >= stay.asked
        };
        let stays = &self.receiver.stays;
        if stays.iter().any(is_due) {
            Promise::Due
        } else if stays.iter().any(may_come) {
            Promise::InDoubt
        } else {
            Promise::None
        }
    }

    /// Whether a later broadcast of the same sender came by then; a connection keeps their order.
    fn later_one_came(&self, sending: &Sending, until: Time) -> bool {
        self.receiver
            .arrivals
            .iter()
            .any(|it| it.sender == sending.sender && it.number > sending.number && it.at <= until)
    }

    /// A socket that rejoins at once gets a broadcast over the dead and over the new subscription.
    fn may_be_doubled(&self, sending: &Sending) -> bool {
        self.receiver.stays.windows(2).any(|pair| {
            let [before, after] = pair else { return false };
            let over = before.over.or(before.ending).unwrap_or(after.asked);
            let until = after.joined.unwrap_or(after.asked) + self.grace;
            after.asked.since(over) < self.grace && sending.sent <= until && sending.sent + self.grace >= over
        })
    }

    /// Broadcasts of one sender come in the order in which it sent them.
    pub(super) fn order(&self, audit: &mut Audit) {
        let mut latest: HashMap<u32, u32> = HashMap::new();
        for arrival in &self.receiver.arrivals {
            let known = latest.entry(arrival.sender).or_insert(arrival.number);
            if arrival.number >= *known {
                *known = arrival.number;
                continue;
            }
            let sending = self.sends.get(arrival.number as usize);
            let came_again = self
                .receiver
                .arrivals
                .iter()
                .filter(|it| (it.sender, it.number) == (arrival.sender, arrival.number))
                .count()
                > 1;
            if came_again || sending.is_some_and(|sending| self.may_be_doubled(sending)) {
                continue;
            }
            let what = format!(
                "broadcast {} of socket {} came after its broadcast {known}; {}",
                arrival.number,
                arrival.sender,
                self.around(arrival.at)
            );
            audit
                .oddities
                .push(self.oddity(OddityKind::Reordered, arrival.at, what));
        }
    }

    /// The last event of the socket before this moment, and the first one after it.
    fn around(&self, at: Time) -> String {
        let mut events: Vec<(Time, &str)> = Vec::new();
        for stay in &self.receiver.stays {
            events.push((stay.asked, "asked to join"));
            events.extend(stay.joined.map(|at| (at, "had joined")));
            events.extend(stay.ending.map(|at| (at, "began to leave")));
            events.extend(stay.over.map(|at| (at, "was gone")));
        }
        let before = events.iter().rev().find(|(when, _)| *when <= at);
        let after = events.iter().find(|(when, _)| *when > at);
        let told_before =
            before.map(|(when, what)| format!("it {what} {:.3} s before", at.since(*when).as_secs_f64()));
        let told_after =
            after.map(|(when, what)| format!("it {what} {:.3} s after", when.since(at).as_secs_f64()));
        match (told_before, told_after) {
            (Some(before), Some(after)) => format!("{before} and {}", after.trim_start_matches("it ")),
            (Some(only), None) => format!("{only} and stayed so"),
            (None, Some(only)) => only,
            (None, None) => "it never asked to join".to_owned(),
        }
    }

    fn oddity(&self, kind: OddityKind, at: Time, what: String) -> Oddity {
        Oddity {
            kind,
            socket: self.socket,
            topic: Rc::clone(self.topic),
            at,
            what,
        }
    }
}
