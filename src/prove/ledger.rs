//! The ledger of broadcasts: all sends, stays and arrivals. It says afterwards which broadcasts are missing, doubled,
//! out of order or misdelivered, and which ones Phoenix leaves in doubt. Without I/O.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use auditor::Auditor;

use super::oddity::Oddity;
use crate::clock::Time;

mod auditor;
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

/// The receivers of a broadcast.
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

/// The end of a stay.
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

/// The outcome of a comparison of promises and arrivals.
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
