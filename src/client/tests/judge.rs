//! A test oracle that sees only the frames and events of a client, keeps a simple model of it, and reports
//! violations.

use std::collections::{BTreeMap, BTreeSet};

use super::wire;
use crate::client::{ChannelId, ErrorCause, Event, Outbox, Ref};
use crate::protocol::{ERROR, Field, JOIN, LEAVE, Message};

/// A frame that the client sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) join_ref: Option<String>,
    pub(super) reference: String,
    pub(super) topic: String,
    pub(super) event: String,
    payload: String,
}

/// Checks everything that the client does.
pub(super) struct Judge {
    /// The first ref of the test.
    first_ref: u64,
    last_rank: Option<u64>,
    pub(super) open: bool,
    pub(super) sent: Vec<Sent>,
    unanswered_joins: BTreeSet<String>,
    joined: BTreeSet<String>,
    /// Channels that must not join any more.
    pub(super) over: BTreeSet<ChannelId>,
    /// Pushes by their payload, and how often each was settled.
    pub(super) settled: BTreeMap<String, u32>,
    /// The payload of the push with this ref.
    said: BTreeMap<Ref, String>,
    /// The reply that is being delivered, and its status.
    pub(super) answered: Option<(String, &'static str)>,
}

impl Judge {
    pub(super) fn new(first_ref: Ref) -> Self {
        Self {
            first_ref: first_ref.number(),
            last_rank: None,
            open: false,
            sent: Vec::new(),
            unanswered_joins: BTreeSet::new(),
            joined: BTreeSet::new(),
            over: BTreeSet::new(),
            settled: BTreeMap::new(),
            said: BTreeMap::new(),
            answered: None,
        }
    }

    pub(super) fn expect_push(&mut self, push: Ref, says: String) {
        self.settled.insert(says.clone(), 0);
        let known = self.said.insert(push, says);
        assert_eq!(known, None, "two pushes with the same ref");
    }

    /// Expects a join to succeed once the server replied ok, unless the client had given it up.
    pub(super) fn expect_answer(&mut self, frame: &Sent, status: &'static str) {
        self.answered = Some((frame.payload.clone(), status));
        if self.open && status != "maybe" && self.unanswered_joins.remove(&frame.reference) && status == "ok"
        {
            self.joined.insert(frame.reference.clone());
        }
    }

    /// Expects this join, or every join of the topic, to end, because the server said so.
    pub(super) fn expect_end(&mut self, topic: &str, join_ref: Option<&str>) {
        if self.open {
            let of_topic = self
                .sent
                .iter()
                .filter(|frame| frame.event == JOIN && frame.topic == topic);
            let ended = of_topic.map(|frame| frame.reference.as_str());
            for join in ended.filter(|&join| join_ref.is_none_or(|named| named == join)) {
                self.joined.remove(join);
                self.unanswered_joins.remove(join);
            }
        }
    }

    pub(super) fn disconnected(&mut self) {
        self.open = false;
        self.joined.clear();
        self.unanswered_joins.clear();
    }

    /// How many refs came before this one; they restart after the last.
    fn rank(&self, reference: &str) -> u64 {
        let number = Ref::parse(reference).expect("a ref").number();
        (number + Ref::LAST.number() + 1 - self.first_ref) % (Ref::LAST.number() + 1)
    }

    fn settle(&mut self, push: Ref) {
        let said = self.said.get(&push).expect("a push that was made");
        let count = self.settled.get_mut(said).expect("a push that was made");
        *count += 1;
        assert_eq!(*count, 1, "{said} was settled twice");
    }

    fn check_join(&mut self, frame: &Sent) {
        assert_eq!(frame.join_ref.as_deref(), Some(&*frame.reference));
        let channel = frame.payload.trim_start_matches("{\"k\":").trim_end_matches('}');
        let channel = ChannelId(channel.parse().expect("the channel in its params"));
        assert!(!self.over.contains(&channel), "{channel:?} is over and joins");
        self.unanswered_joins.insert(frame.reference.clone());
    }
}

impl Outbox for Judge {
    fn connect(&mut self) {
        assert!(!self.open);
    }

    fn close(&mut self, _: Option<u16>, _: &str) {
        self.disconnected();
    }

    fn transmit(&mut self, message: &Message<'_>) {
        assert!(self.open, "a frame without a connection");
        let text = |field: &Field<'_>| field.as_str().map(str::to_owned);
        let frame = Sent {
            join_ref: text(&message.join_ref),
            reference: text(&message.reference).expect("a ref"),
            topic: text(&message.topic).expect("a topic"),
            event: text(&message.event).expect("an event"),
            payload: wire::json(message.payload),
        };
        let rank = self.rank(&frame.reference);
        // Joins that waited for the connection are sent with the refs that they got earlier.
        let waited = frame.event == JOIN && self.last_rank.is_some_and(|last| rank < last);
        assert!(
            waited || self.last_rank.is_none_or(|last| rank > last),
            "refs must grow: {frame:?}"
        );
        self.last_rank = self.last_rank.max(Some(rank));
        let same = |other: &Sent| other.reference == frame.reference;
        assert!(!self.sent.iter().any(same), "a ref was used twice: {frame:?}");
        match &*frame.event {
            JOIN => self.check_join(&frame),
            LEAVE => {
                let join_ref = frame.join_ref.clone().unwrap_or_default();
                self.joined.remove(&join_ref);
                self.unanswered_joins.remove(&join_ref);
            }
            "heartbeat" => assert_eq!((frame.join_ref.as_deref(), &*frame.topic), (None, "phoenix")),
            _ => assert!(
                self.joined
                    .contains(frame.join_ref.as_deref().unwrap_or_default()),
                "{frame:?}"
            ),
        }
        self.sent.push(frame);
    }

    fn event(&mut self, event: Event<'_>) {
        let about = match event {
            Event::Joined { channel, .. }
            | Event::JoinRefused { channel, .. }
            | Event::JoinTimedOut { channel, .. }
            | Event::Message { channel, .. }
            | Event::Reply { channel, .. }
            | Event::Errored { channel, .. } => Some(channel),
            Event::Opened
            | Event::Disconnected { .. }
            | Event::HeartbeatAnswered { .. }
            | Event::HeartbeatTimedOut { .. }
            | Event::Closed { .. }
            | Event::PushTimedOut { .. }
            | Event::Dropped { .. } => None,
        };
        match event {
            Event::Closed { channel, .. } => drop(self.over.insert(channel)),
            Event::Reply { push, status, .. } => {
                let (says, said_status) = self.answered.as_ref().expect("an answer");
                assert_eq!(self.said.get(&push), Some(says), "the answer to another push");
                assert_eq!(status, *said_status);
                self.settle(push);
            }
            Event::PushTimedOut { push, .. } => self.settle(push),
            Event::Errored {
                cause: ErrorCause::Server(message),
                ..
            } => assert_eq!(message.event, ERROR.into()),
            _ => {}
        }
        assert!(
            about.is_none_or(|channel| !self.over.contains(&channel)) || matches!(event, Event::Reply { .. })
        );
    }
}
