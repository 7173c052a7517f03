//! A step of a scenario, as it is written.

use serde_json::Value;

use super::conversation::Client;
use crate::scenario::write::{self, AsItIs};

/// A step of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScenarioStep {
    clients: Vec<Client>,
    /// The verb and the options, with their values as YAML.
    parts: Vec<(&'static str, String)>,
    wanted: Wanted,
    /// The steps that are done together, if this is a group of them.
    together: Vec<ScenarioStep>,
}

/// The conversations that have a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Always,
    /// In a conversation with a step that names the id of an annotation.
    WithIds,
    /// In a conversation without such a step.
    WithoutIds,
}

/// Whether a conversation names ids of annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedIds {
    Named,
    Unnamed,
}

/// The prefix of the names of ids of annotations.
pub(crate) const NOTE: &str = "note_";

/// How long Phoenix may take to forget a channel that has ended, with much room.
const PAUSE: &str = "50ms";

impl ScenarioStep {
    /// A step of one client: a verb with its value.
    pub(crate) fn new(client: Client, verb: &'static str, value: &str) -> Self {
        Self::all(&[client], verb, value)
    }

    /// The same step of several clients.
    pub(crate) fn all(clients: &[Client], verb: &'static str, value: &str) -> Self {
        let value = if value.is_empty() {
            String::new()
        } else {
            named(value)
        };
        Self {
            clients: clients.to_vec(),
            parts: vec![(verb, value)],
            wanted: Wanted::Always,
            together: Vec::new(),
        }
    }

    /// A pause of everybody.
    pub(crate) fn pause() -> Self {
        Self {
            clients: Vec::new(),
            parts: vec![("sleep", PAUSE.to_owned())],
            wanted: Wanted::Always,
            together: Vec::new(),
        }
    }

    /// Steps that are done together.
    pub(crate) fn together(steps: Vec<Self>) -> Self {
        Self {
            clients: Vec::new(),
            parts: Vec::new(),
            wanted: Wanted::Always,
            together: steps,
        }
    }

    /// With an option that is a text.
    pub(crate) fn with(self, option: &'static str, text: &str) -> Self {
        let text = named(text);
        self.bare(option, &text)
    }

    /// With an option that is YAML already.
    pub(crate) fn bare(mut self, option: &'static str, yaml: &str) -> Self {
        self.parts.push((option, yaml.to_owned()));
        self
    }

    /// With YAML as the value of the verb.
    pub(crate) fn bare_value(mut self, yaml: &str) -> Self {
        yaml.clone_into(&mut self.parts[0].1);
        self
    }

    /// With a payload or a pattern.
    pub(crate) fn data(self, payload: &Value) -> Self {
        let written = filled(&write::data(payload, &mut Vec::new(), &AsItIs));
        self.bare("with", &written)
    }

    /// With bytes as the payload.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let written = write::bytes(bytes);
        self.bare("binary", &written)
    }

    /// With the reply that the step waits for.
    pub(crate) fn expecting(self, reply: &'static str) -> Self {
        match reply {
            "ok" => self,
            other => self.bare("reply", other),
        }
    }

    /// A step that is there only in these conversations.
    pub(crate) const fn wanted(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// The step in a conversation that names ids of annotations, or that names none; nothing if it is not there.
    pub(crate) fn among(&self, ids: NamedIds) -> Option<Self> {
        let is_there = match (self.wanted, ids) {
            (Wanted::Always, _)
            | (Wanted::WithIds, NamedIds::Named)
            | (Wanted::WithoutIds, NamedIds::Unnamed) => true,
            (Wanted::WithIds, NamedIds::Unnamed) | (Wanted::WithoutIds, NamedIds::Named) => false,
        };
        let together: Vec<Self> = self.together.iter().filter_map(|step| step.among(ids)).collect();
        let is_empty_group = together.is_empty() && !self.together.is_empty();
        (is_there && !is_empty_group).then(|| Self {
            together,
            ..self.clone()
        })
    }

    pub(super) fn names_a_note(&self) -> bool {
        let hole = format!("{{{{{NOTE}");
        self.parts.iter().any(|(_, value)| value.contains(&hole))
    }

    pub(super) fn text(&self) -> String {
        if !self.together.is_empty() {
            let steps = self
                .together
                .iter()
                .map(|step| format!("\n      - {}", step.text()));
            return format!("together:{}", steps.collect::<String>());
        }
        let [(verb, value), options @ ..] = self.parts.as_slice() else {
            return String::new();
        };
        let names: Vec<&str> = self.clients.iter().map(|client| client.name()).collect();
        let names = names.join(", ");
        match (names.is_empty(), options.is_empty(), value.is_empty()) {
            (true, ..) => format!("{verb}: {value}"),
            (false, true, true) => format!("{names}: {verb}"),
            _ => {
                let parts = self.parts.iter().map(|(key, value)| match value.is_empty() {
                    true => format!("{key}:"),
                    false => format!("{key}: {value}"),
                });
                format!("{names}: {{ {} }}", parts.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A text with its holes, as YAML.
fn named(text: &str) -> String {
    filled(&write::text(text))
}

/// The holes of the names of this module, which the writer of texts has taken for braces that are sent.
fn filled(written: &str) -> String {
    written.replace("{{'{{' * 1}}", "{{")
}

/// Cuts a text into so many pieces.
pub(crate) fn pieces(text: &str, count: usize) -> Vec<&str> {
    let length = text.len().div_ceil(count.clamp(1, text.len()));
    text.as_bytes()
        .chunks(length)
        .map(|piece| std::str::from_utf8(piece).unwrap_or_default())
        .collect()
}
