//! The ledger of broadcasts: who sent what, who was there, and what came where. It says afterwards what is missing, doubled,
//! out of order or misdelivered, and what Phoenix leaves in doubt. Without I/O.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::oddity::{Oddity, OddityKind};
use crate::clock::Time;

#[cfg(test)]
mod tests;

/// `phx_close` and `phx_error` leave before PubSub has forgotten the dead channel, so for about a millisecond it still gets
/// broadcasts. A server that goes on for longer than this delivers to somebody who left.
const GRACE: Duration = Duration::from_secs(1);

/// All broadcasts of an experiment.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    topics: HashMap<Rc<str>, TopicLedger>,
    /// The longest time between a broadcast and its reply.
    slowest: Duration,
    /// The longest time between a broadcast and its arrival.
    slowest_delivery: Duration,
}

#[derive(Debug, Default)]
struct TopicLedger {
    sends: Vec<Sending>,
    receivers: HashMap<u32, Receiver>,
}

/// A broadcast that was asked for.
#[derive(Clone, Copy, Debug)]
struct Sending {
    sender: u32,
    number: u32,
    sent: Time,
    /// When its reply came; none if it never did.
    acknowledged: Option<Time>,
    audience: Audience,
}

/// Who is to receive a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody who has joined, the sender too.
    All,
    /// Everybody but the sender.
    Others,
}

#[derive(Debug, Default)]
struct Receiver {
    stays: Vec<Stay>,
    arrivals: Vec<Arrival>,
}

/// The time between a join and its end.
#[derive(Clone, Copy, Debug)]
struct Stay {
    asked: Time,
    joined: Option<Time>,
    /// When the client began to end it, or learned that it had ended.
    ending: Option<Time>,
    over: Option<Time>,
    end: StayEnd,
}

/// How a stay ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StayEnd {
    /// By a message of the server, behind which nothing more comes.
    Told,
    /// The client cut the connection: what the server had sent may not have arrived.
    Cut,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    sender: u32,
    number: u32,
    at: Time,
}

/// The sums of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Deliveries that were promised.
    pub(super) expected: u64,
    /// Those that came.
    pub(super) arrived: u64,
    /// Deliveries to sockets that were just joining or leaving: neither promised nor forbidden.
    pub(super) in_doubt: u64,
}

/// What a ledger proves.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) sums: Sums,
    /// The longest time between a broadcast and its reply.
    pub(super) slowest_reply: Duration,
    /// The longest time between a broadcast and its arrival.
    pub(super) slowest_delivery: Duration,
    pub(super) oddities: Vec<Oddity>,
}

impl Ledger {
    /// A socket asked to join.
    pub(super) fn asks(&mut self, topic: &Rc<str>, socket: u32, at: Time) {
        let stay = Stay {
            asked: at,
            joined: None,
            ending: None,
            over: None,
            end: StayEnd::Told,
        };
        self.receiver(topic, socket).stays.push(stay);
    }

    /// The reply to its join came.
    pub(super) fn joined(&mut self, topic: &Rc<str>, socket: u32, at: Time) {
        if let Some(stay) = self.receiver(topic, socket).stays.last_mut() {
            stay.joined = Some(at);
        }
    }

    /// It does something that ends its stay.
    pub(super) fn leaves(&mut self, topic: &Rc<str>, socket: u32, at: Time) {
        if let Some(stay) = self.receiver(topic, socket).stays.last_mut() {
            stay.ending.get_or_insert(at);
        }
    }

    /// It cuts its connection.
    pub(super) fn cuts(&mut self, topic: &Rc<str>, socket: u32, at: Time) {
        if let Some(stay) = self.receiver(topic, socket).stays.last_mut() {
            stay.end = StayEnd::Cut;
        }
        self.left(topic, socket, at);
    }

    /// Its stay has ended.
    pub(super) fn left(&mut self, topic: &Rc<str>, socket: u32, at: Time) {
        if let Some(stay) = self.receiver(topic, socket).stays.last_mut() {
            stay.ending.get_or_insert(at);
            stay.over.get_or_insert(at);
        }
    }

    /// A socket sends its next broadcast; returns its number on this topic.
    pub(super) fn sends(&mut self, topic: &Rc<str>, sender: u32, audience: Audience, at: Time) -> u32 {
        let sends = &mut self.topics.entry(Rc::clone(topic)).or_default().sends;
        let number = u32::try_from(sends.len()).unwrap_or(u32::MAX);
        sends.push(Sending {
            sender,
            number,
            sent: at,
            acknowledged: None,
            audience,
        });
        number
    }

    /// The reply to a broadcast came.
    pub(super) fn acknowledged(&mut self, topic: &Rc<str>, number: u32, at: Time) {
        let sends = &mut self.topics.entry(Rc::clone(topic)).or_default().sends;
        if let Some(sending) = sends.get_mut(number as usize) {
            sending.acknowledged = Some(at);
            self.slowest = self.slowest.max(at.since(sending.sent));
        }
    }

    /// A broadcast came; returns when it was sent, if anybody sent it.
    pub(super) fn came(
        &mut self,
        topic: &Rc<str>,
        socket: u32,
        (sender, number): (u32, u32),
        at: Time,
    ) -> Option<Time> {
        let arrival = Arrival { sender, number, at };
        self.receiver(topic, socket).arrivals.push(arrival);
        let sends = &self.topics.get(topic)?.sends;
        let sent = sends.get(number as usize).filter(|it| it.sender == sender)?.sent;
        self.slowest_delivery = self.slowest_delivery.max(at.since(sent));
        Some(sent)
    }

    fn receiver(&mut self, topic: &Rc<str>, socket: u32) -> &mut Receiver {
        let of_topic = self.topics.entry(Rc::clone(topic)).or_default();
        of_topic.receivers.entry(socket).or_default()
    }

    /// Compares what was promised with what came. To be called once all that is under way has had its time.
    pub(super) fn audit(&self) -> Audit {
        let mut audit = Audit {
            slowest_reply: self.slowest,
            slowest_delivery: self.slowest_delivery,
            ..Audit::default()
        };
        for (topic, of_topic) in &self.topics {
            for (socket, receiver) in &of_topic.receivers {
                let auditor = Auditor {
                    // A server that takes long for everything takes long to forget a channel.
                    grace: GRACE.max(self.slowest * 2),
                    topic,
                    socket: *socket,
                    receiver,
                    sends: &of_topic.sends,
                };
                auditor.deliveries(&mut audit);
                auditor.order(&mut audit);
            }
        }
        audit.oddities.sort_by_key(|it| it.at);
        audit
    }
}

/// Looks at what one socket received on one topic.
struct Auditor<'l> {
    /// How long a channel that has ended may still get broadcasts.
    grace: Duration,
    topic: &'l Rc<str>,
    socket: u32,
    receiver: &'l Receiver,
    sends: &'l [Sending],
}

/// What a broadcast is to a receiver.
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
    fn deliveries(&self, audit: &mut Audit) {
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

    /// Who rejoins at once hears a broadcast over the dead and over the new subscription.
    fn may_be_doubled(&self, sending: &Sending) -> bool {
        self.receiver.stays.windows(2).any(|pair| {
            let [before, after] = pair else { return false };
            let over = before.over.or(before.ending).unwrap_or(after.asked);
            let until = after.joined.unwrap_or(after.asked) + self.grace;
            after.asked.since(over) < self.grace && sending.sent <= until && sending.sent + self.grace >= over
        })
    }

    /// Broadcasts of one sender come in the order in which it sent them.
    fn order(&self, audit: &mut Audit) {
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

    /// What happened to the socket before and after this moment.
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
