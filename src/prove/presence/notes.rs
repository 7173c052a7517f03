//! The notes that guests take for the claims: counts of their deeds, and the mistakes that they saw.

use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::super::result::Claim;
use super::room::{How, Mistold, Way};

/// Mistakes of one kind: all are counted, and the first ones are kept as sentences.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) count: u64,
    pub(super) first: Vec<String>,
}

impl Named {
    pub(super) fn push(&mut self, told: String) {
        self.count += 1;
        if self.first.len() < Claim::MOST_NAMED {
            self.first.push(told);
        }
    }
}

/// Counts of the guests' deeds, and the mistakes that they saw.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) joins: u64,
    pub(super) leaves: u64,
    pub(super) crashes: u64,
    pub(super) cuts: u64,
    pub(super) updates: u64,
    /// States and diffs that came.
    pub(super) messages: u64,
    /// Lists that were looked at, of all rounds.
    pub(super) lists: u64,
    pub(super) rounds: u32,
    /// Lists that were not right in time, and never were.
    pub(super) wrong: Named,
    /// Lists that were right too late.
    pub(super) late: Named,
    /// Lists that were not right in time, at a server that was slow to answer at all.
    pub(super) behind: Named,
    /// Payloads that are no presences.
    pub(super) malformed: Named,
    /// Presences of other rooms.
    pub(super) strangers: Named,
    /// How many tellings were due: one for each change and each guest that was there.
    pub(super) told_due: u64,
    /// Comings and goings that were not told, or were told more than once.
    pub(super) untold: Named,
    /// Updates that were not told, were told more than once, or were told without the leave of the status before.
    pub(super) updates_mistold: Named,
    /// From rest until a list was right, in microseconds.
    pub(super) until_right: Histogram<u64>,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self {
            joins: 0,
            leaves: 0,
            crashes: 0,
            cuts: 0,
            updates: 0,
            messages: 0,
            lists: 0,
            rounds: 0,
            wrong: Named::default(),
            late: Named::default(),
            behind: Named::default(),
            malformed: Named::default(),
            strangers: Named::default(),
            told_due: 0,
            untold: Named::default(),
            updates_mistold: Named::default(),
            until_right: Histogram::new(3).expect("three digits are allowed"),
        }
    }

    /// A list was right so long after rest.
    pub(super) fn right_after(&mut self, time: Duration) {
        self.lists += 1;
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        // It resizes itself, so this cannot fail.
        let _ = self.until_right.record(micros);
    }

    /// A change was not told as it should have been.
    pub(super) fn mistold(&mut self, socket: u32, topic: &Rc<str>, mistold: Mistold) {
        let Mistold { change, how } = mistold;
        let what = match change.way {
            Way::Came => "the coming of",
            Way::Went => "the going of",
            Way::Became => "the update to",
            Way::Ceased => "the update from",
        };
        let how = match how {
            How::Untold => "never",
            How::Twice => "more than once",
            How::Unpaired => "without the leave of the status before, in the same diff",
        };
        let told = format!(
            "socket {socket} on {topic} was told {how} of {what} \"{}\"",
            change.tag
        );
        match change.way {
            Way::Came | Way::Went => self.untold.push(told),
            Way::Became | Way::Ceased => self.updates_mistold.push(told),
        }
    }
}
