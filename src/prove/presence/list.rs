//! The list of a room as phoenix.js keeps it: `presence_state` and `presence_diff` are merged by `phx_ref`, and diffs wait until
//! the state of their join is there. Without I/O.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::account::Content;

#[cfg(test)]
mod tests;

/// One entry of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Meta {
    pub(in super::super) reference: String,
    pub(in super::super) status: String,
}

/// Names with their metas.
pub(in super::super) type Presences = BTreeMap<String, Vec<Meta>>;

/// The content of a `presence_diff`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Diff {
    pub(in super::super) joins: Presences,
    pub(in super::super) leaves: Presences,
}

/// A message about presences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Message {
    /// A `presence_state`.
    State(Presences),
    /// A `presence_diff`.
    Diff(Diff),
}

/// Presences that are not as Phoenix writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in super::super) struct Malformed(&'static str);

/// The list of one room at one client.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct PresenceList {
    state: Presences,
    /// Diffs that came before the state of the present join.
    pending: Vec<Diff>,
    has_state: bool,
}

impl PresenceList {
    /// Begins a new join: diffs wait until its state comes.
    pub(in super::super) fn joins(&mut self) {
        self.has_state = false;
        self.pending.clear();
    }

    /// Takes a message.
    pub(in super::super) fn take(&mut self, message: Message) {
        match message {
            Message::State(state) => self.take_state(state),
            Message::Diff(diff) => self.take_diff(diff),
        }
    }

    fn take_state(&mut self, state: Presences) {
        self.sync_state(state);
        self.has_state = true;
        for diff in std::mem::take(&mut self.pending) {
            self.sync_diff(diff);
        }
    }

    fn take_diff(&mut self, diff: Diff) {
        if self.has_state {
            self.sync_diff(diff);
        } else {
            self.pending.push(diff);
        }
    }

    /// Whether the state of the present join has come.
    pub(in super::super) const fn has_state(&self) -> bool {
        self.has_state
    }

    /// The list.
    pub(in super::super) const fn shown(&self) -> &Presences {
        &self.state
    }

    /// `Presence.syncState` of phoenix.js: the difference between the new state and this one is merged as a diff.
    fn sync_state(&mut self, new: Presences) {
        let mut diff = Diff::default();
        for (key, metas) in &self.state {
            if !new.contains_key(key) {
                diff.leaves.insert(key.clone(), metas.clone());
            }
        }
        for (key, metas) in new {
            let Some(current) = self.state.get(&key) else {
                diff.joins.insert(key, metas);
                continue;
            };
            let left: Vec<Meta> = without(current, &metas);
            let joined: Vec<Meta> = without(&metas, current);
            if !joined.is_empty() {
                diff.joins.insert(key.clone(), joined);
            }
            if !left.is_empty() {
                diff.leaves.insert(key, left);
            }
        }
        self.sync_diff(diff);
    }

    /// `Presence.syncDiff` of phoenix.js.
    fn sync_diff(&mut self, diff: Diff) {
        for (key, joined) in diff.joins {
            let current = self.state.remove(&key).unwrap_or_default();
            let mut metas = without(&current, &joined);
            metas.extend(joined);
            self.state.insert(key, metas);
        }
        for (key, left) in diff.leaves {
            let Some(current) = self.state.get_mut(&key) else {
                continue;
            };
            *current = without(current, &left);
            if current.is_empty() {
                self.state.remove(&key);
            }
        }
    }
}

impl Message {
    /// Reads the content of an event; nothing if the event is not about presences.
    pub(in super::super) fn read(event: &str, content: &Content) -> Result<Option<Self>, Malformed> {
        let value = content.json();
        Ok(match event {
            "presence_state" => Some(Self::State(presences(value)?)),
            "presence_diff" => Some(Self::Diff(diff(value)?)),
            _ => None,
        })
    }

    /// All entries.
    pub(super) fn metas(&self) -> impl Iterator<Item = &Meta> {
        let (first, second) = match self {
            Self::State(state) => (state, None),
            Self::Diff(diff) => (&diff.joins, Some(&diff.leaves)),
        };
        first
            .values()
            .chain(second.into_iter().flat_map(BTreeMap::values))
            .flatten()
    }
}

/// The metas whose `phx_ref` none of the others has.
fn without(metas: &[Meta], others: &[Meta]) -> Vec<Meta> {
    let is_kept = |meta: &&Meta| others.iter().all(|other| other.reference != meta.reference);
    metas.iter().filter(is_kept).cloned().collect()
}

/// Reads `{"name":{"metas":[{"phx_ref":…,"status":…}]}}`.
fn presences(value: &Value) -> Result<Presences, Malformed> {
    let object = value.as_object().ok_or(Malformed("presences are no object"))?;
    let mut presences = Presences::new();
    for (key, presence) in object {
        let metas = presence["metas"]
            .as_array()
            .ok_or(Malformed("a name has no list of metas"))?;
        let metas: Result<Vec<Meta>, Malformed> = metas.iter().map(meta).collect();
        presences.insert(key.clone(), metas?);
    }
    Ok(presences)
}

/// Reads `{"joins":…,"leaves":…}`.
fn diff(value: &Value) -> Result<Diff, Malformed> {
    Ok(Diff {
        joins: presences(&value["joins"])?,
        leaves: presences(&value["leaves"])?,
    })
}

fn meta(value: &Value) -> Result<Meta, Malformed> {
    let reference = value["phx_ref"]
        .as_str()
        .ok_or(Malformed("a meta has no phx_ref"))?;
    let status = match &value["status"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(Meta {
        reference: reference.to_owned(),
        status,
    })
}
