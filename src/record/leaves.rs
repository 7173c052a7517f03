//! The texts that are written in place of values: names of saved values and secrets, and types where the value may differ.

use serde_json::Value;

use super::differ::Loosened;
use super::draft::Draft;
use crate::scenario::write::Leaves;
use crate::scenario::write::Piece;

/// The leaves of a message of a client.
pub(super) struct SentLeaves<'d> {
    pub(super) draft: &'d Draft<'d>,
    pub(super) event: usize,
}

impl Leaves for SentLeaves<'_> {
    fn name(&self, path: &[String], _: &Value) -> Option<String> {
        self.draft.carried.name(self.event, path).cloned()
    }

    fn loose(&self, _: &[String], _: &Value) -> Option<&'static str> {
        None
    }

    fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        self.draft.secrets.split(text)
    }
}

/// The leaves of a message of the server.
pub(super) struct CameLeaves<'d> {
    pub(super) draft: &'d Draft<'d>,
    pub(super) loosened: &'d Loosened,
}

impl Leaves for CameLeaves<'_> {
    fn name(&self, _: &[String], _: &Value) -> Option<String> {
        None
    }

    fn loose(&self, path: &[String], _: &Value) -> Option<&'static str> {
        self.loosened.kind_at(path)
    }

    fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        self.draft.secrets.split(text)
    }
}

/// How deep a value is nested.
pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
