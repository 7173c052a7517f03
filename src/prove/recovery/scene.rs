//! The state that the clients and the disruptions share: the videos, the present disruption, and the clients that are back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::cause::Cause;
use super::video::Video;
use crate::clock::Time;

/// The state that all share.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) videos: Vec<RefCell<Video>>,
    /// Whether the target has presences, so that each client joins a room beside its video.
    pub(super) rooms: Option<u64>,
    /// How long a writer waits from one annotation to the next.
    pub(super) period: Duration,
    /// The present disruption, if the server ends connections because of it.
    pub(super) disrupts: Cell<Option<Cause>>,
    /// Whether writers write.
    pub(super) writes: Cell<bool>,
    /// How many clients have joined.
    pub(super) joined: Cell<usize>,
    /// How many annotations have no answer yet.
    pub(super) unanswered: Cell<usize>,
    /// When connections were opened again.
    pub(super) herd: RefCell<Vec<Time>>,
    /// How many attempts to connect failed.
    pub(super) refused: Cell<u64>,
    comebacks: RefCell<BTreeMap<Cause, Comebacks>>,
}

/// The clients that were cut off for one reason: how many, and how soon they came back.
#[derive(Clone, Debug)]
pub(super) struct Comebacks {
    pub(super) lost: u64,
    /// From the end of the connection until the join was answered, in microseconds.
    pub(super) times: Histogram<u64>,
}

impl Scene {
    pub(super) fn new(videos: Vec<Video>, rooms: Option<u64>, period: Duration) -> Self {
        Self {
            videos: videos.into_iter().map(RefCell::new).collect(),
            rooms,
            period,
            disrupts: Cell::new(None),
            writes: Cell::new(true),
            joined: Cell::new(0),
            unanswered: Cell::new(0),
            herd: RefCell::default(),
            refused: Cell::new(0),
            comebacks: RefCell::default(),
        }
    }

    /// The room beside a video.
    pub(super) fn room(&self, video: usize) -> Option<Rc<str>> {
        let run = self.rooms?;
        Some(format!("presence:{run}-beside-{video}").into())
    }

    /// A client lost its connection.
    pub(super) fn loses(&self, cause: Cause) {
        self.of(cause, |comebacks| comebacks.lost += 1);
    }

    /// A client is back.
    pub(super) fn is_back(&self, cause: Cause, after: Duration) {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.of(cause, |comebacks| {
            // It resizes itself, so this cannot fail.
            let _ = comebacks.times.record(micros);
        });
    }

    fn of(&self, cause: Cause, change: impl FnOnce(&mut Comebacks)) {
        let mut all = self.comebacks.borrow_mut();
        let none = || Comebacks {
            lost: 0,
            times: Histogram::new(3).expect("three digits are allowed"),
        };
        change(all.entry(cause).or_insert_with(none));
    }

    /// The clients that were cut off, by reason.
    pub(super) fn comebacks(&self) -> BTreeMap<Cause, Comebacks> {
        self.comebacks.borrow().clone()
    }

    /// How many annotations were acknowledged before this moment.
    pub(super) fn count_acknowledged(&self, until: Time) -> usize {
        let all = self.videos.iter();
        all.map(|video| video.borrow().count_acknowledged(until)).sum()
    }

    /// How many of the annotations that were sent between these moments never got an answer.
    pub(super) fn count_unanswered(&self, from: Time, until: Time) -> usize {
        let all = self.videos.iter();
        all.map(|video| video.borrow().count_unanswered(from, until))
            .sum()
    }

    /// How many annotations never got an answer.
    pub(super) fn count_unknown(&self) -> usize {
        self.videos
            .iter()
            .map(|video| video.borrow().count_unknown())
            .sum()
    }
}
