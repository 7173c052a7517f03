//! The actions of a client since a situation began, with the time of each action.

use std::time::Duration;

use crate::clock::Time;

/// Something that a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// It asked for a connection.
    Asked,
    /// A connection opened.
    Opened,
    /// It closed or cut the connection.
    Closed {
        /// The code, if it sent one.
        code: Option<u16>,
    },
    /// It joined a topic.
    Joined(String),
    /// It left a topic.
    Left(String),
    /// It sent a heartbeat.
    Heartbeat,
}

/// The facts of a situation.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    facts: Vec<(Time, Fact)>,
}

impl History {
    /// Forgets all facts; a situation begins.
    pub(super) fn clear(&mut self) {
        self.facts.clear();
    }

    pub(super) fn note(&mut self, fact: Fact, now: Time) {
        self.facts.push((now, fact));
    }

    /// How many facts there are: the place from which a step looks at them.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// The facts from a place on.
    pub(super) fn from(&self, place: usize) -> &[(Time, Fact)] {
        self.facts.get(place..).unwrap_or_default()
    }
}

/// A duration as people read it: `12 ms`, `1.0 s`.
pub(super) fn shown(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
