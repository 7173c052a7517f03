//! The state of one connection of a client: its joins, its last ref and its last heartbeat.

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::protocol::Vsn;

/// How far a join has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinStage {
    /// The server has not answered it.
    Unanswered,
    /// The server answered it with ok.
    Joined,
    /// The client left before it was answered.
    GivenUp,
    /// It was left, closed, errored or replaced.
    Over,
}

/// A join of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JoinRecord {
    pub(super) reference: String,
    pub(super) stage: JoinStage,
    /// The ref of a leave that is still to be answered.
    pub(super) leave: Option<String>,
}

/// An open connection.
#[derive(Clone, Debug)]
pub(super) struct ClientConnection {
    pub(super) vsn: Vsn,
    pub(super) opened_at: Time,
    pub(super) last_ref: Option<u64>,
    pub(super) last_heartbeat: Option<Time>,
    /// The joins of each topic, the newest last.
    joins: BTreeMap<String, Vec<JoinRecord>>,
}

impl ClientConnection {
    pub(super) fn new(vsn: Vsn, opened_at: Time) -> Self {
        Self {
            vsn,
            opened_at,
            last_ref: None,
            last_heartbeat: None,
            joins: BTreeMap::new(),
        }
    }

    /// The newest join of a topic.
    pub(super) fn present(&self, topic: &str) -> Option<&JoinRecord> {
        self.joins.get(topic)?.last()
    }

    pub(super) fn present_mut(&mut self, topic: &str) -> Option<&mut JoinRecord> {
        self.joins.get_mut(topic)?.last_mut()
    }

    /// The newest join of a topic has come so far.
    pub(super) fn set(&mut self, topic: &str, stage: JoinStage) {
        if let Some(join) = self.present_mut(topic) {
            join.stage = stage;
        }
    }

    /// The ref of the join before the newest one.
    pub(super) fn older(&self, topic: &str) -> Option<&str> {
        let [.., older, _] = self.joins.get(topic)?.as_slice() else {
            return None;
        };
        Some(&older.reference)
    }

    /// All joins of a topic.
    pub(super) fn joins_mut(&mut self, topic: &str) -> &mut [JoinRecord] {
        self.joins.get_mut(topic).map_or(&mut [], Vec::as_mut_slice)
    }

    /// Notes a join that is not answered yet.
    pub(super) fn join(&mut self, topic: &str, reference: &str) {
        let record = JoinRecord {
            reference: reference.to_owned(),
            stage: JoinStage::Unanswered,
            leave: None,
        };
        self.joins.entry(topic.to_owned()).or_default().push(record);
    }

    /// Whether the newest join of a topic is at this stage.
    pub(super) fn is(&self, topic: &str, stage: JoinStage) -> bool {
        self.present(topic).is_some_and(|join| join.stage == stage)
    }

    /// Whether the client has joined the topic, or asked to.
    pub(super) fn has_asked_for(&self, topic: &str) -> bool {
        self.is(topic, JoinStage::Joined) || self.is(topic, JoinStage::Unanswered)
    }
}
