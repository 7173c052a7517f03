//! Holds what was seen against what was recorded. Free are: presence refs, annotation ids, the order of keys, the order
//! between conversations, and one's own presence_diff before or after presence_state.

use std::collections::BTreeMap;

use serde_json::Value;

use super::transcript::{Content, Seen};

/// The ids that annotations have here, by those that they had there.
#[derive(Default)]
pub(super) struct Ids(BTreeMap<u64, u64>);

impl Ids {
    /// Pairs the ids of annotations that were seen with the recorded ones.
    pub(super) fn learn(&mut self, expected: &[&Seen], seen: &[Seen]) {
        let ids = |seen: &Seen| match seen {
            Seen::Message(Content::Text(text)) => {
                let message: Value = serde_json::from_str(text).unwrap_or_default();
                (message[3] == "new_annotation")
                    .then(|| message[4]["id"].as_u64())
                    .flatten()
            }
            _ => None,
        };
        let recorded = expected.iter().filter_map(|seen| ids(seen));
        self.0.extend(recorded.zip(seen.iter().filter_map(ids)));
    }

    /// A message to be sent, with the ids of today.
    pub(super) fn put_into(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once(r#""last_seen_id":"#) else {
            return text.to_owned();
        };
        let digits = rest
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        let id = digits.parse().ok().and_then(|id| self.0.get(&id).copied());
        match id {
            Some(id) => format!(r#"{before}"last_seen_id":{id}{}"#, &rest[digits.len()..]),
            None => text.to_owned(),
        }
    }
}

/// The first conversation that differs.
pub(super) fn differences(expected: &[&Seen], seen: &[Seen]) -> Option<String> {
    let recorded = conversations(expected.iter().copied());
    let played = conversations(seen.iter());
    let names: Vec<_> = recorded.keys().chain(played.keys()).collect();
    names.into_iter().find_map(|name| {
        let none = Vec::new();
        let (recorded, played) = (
            recorded.get(name).unwrap_or(&none),
            played.get(name).unwrap_or(&none),
        );
        let same = recorded.len() == played.len()
            && recorded.iter().zip(played).all(|(one, other)| same(one, other));
        (!same).then(|| {
            format!(
                "in {name:?}\n  recorded {}\n  played   {}",
                shown(recorded),
                shown(played)
            )
        })
    })
}

fn shown(seen: &[Seen]) -> String {
    seen.iter()
        .map(|seen| format!("{seen:?}").chars().take(300).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n           ")
}

fn same(recorded: &Seen, played: &Seen) -> bool {
    match (recorded, played) {
        (Seen::Head(head, length), Seen::Message(Content::Text(text))) => {
            text.len() == *length && text.starts_with(head.as_str())
        }
        _ => recorded == played,
    }
}

/// What was seen, by topic, with what is free made equal.
fn conversations<'a>(seen: impl Iterator<Item = &'a Seen>) -> BTreeMap<String, Vec<Seen>> {
    let mut found: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for seen in seen {
        let (name, seen) = match seen {
            Seen::Message(Content::Text(text)) => named(text),
            Seen::Head(head, _) => (topic_in(head), seen.clone()),
            Seen::Message(Content::Binary(bytes)) => (topic_in_binary(bytes), seen.clone()),
            other => (String::new(), other.clone()),
        };
        found.entry(name).or_default().push(seen);
    }
    found
}

fn named(text: &str) -> (String, Seen) {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else {
        // Deeper than this parser goes: such texts are compared by their heads.
        return (topic_in(text), Seen::Message(Content::Text(text.to_owned())));
    };
    forget(&mut message);
    let (topic, event) = match &message {
        Value::Array(parts) => (parts[2].to_string(), parts[3].to_string()),
        other => (other["topic"].to_string(), other["event"].to_string()),
    };
    let state = if event == r#""presence_state""# {
        " state"
    } else {
        ""
    };
    // A payload that is long is compared by its text.
    let text = if text.len() > 4096 {
        text.to_owned()
    } else {
        message.to_string()
    };
    (format!("{topic}{state}"), Seen::Message(Content::Text(text)))
}

fn topic_in(text: &str) -> String {
    text.split(',').nth(2).unwrap_or_default().to_owned()
}

/// Of kinds 0, 1 and 2 (`v2_json_serializer.ex`).
fn topic_in_binary(bytes: &[u8]) -> String {
    let size = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
    let (begin, length) = match bytes.first() {
        Some(0) => (4 + size(1), size(2)),
        Some(1) => (5 + size(1) + size(2), size(3)),
        _ => (3, size(1)),
    };
    let topic = bytes.get(begin..begin + length).unwrap_or_default();
    Value::from(String::from_utf8_lossy(topic)).to_string()
}

/// Takes out what is free.
fn forget(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forget),
        Value::Object(members) => {
            let is_annotation = members.contains_key("body") && members.contains_key("user");
            for (key, value) in members.iter_mut() {
                match key.as_str() {
                    "phx_ref" | "phx_ref_prev" => *value = Value::from("a ref"),
                    "id" if is_annotation => *value = Value::from("an id"),
                    _ => forget(value),
                }
            }
        }
        _ => {}
    }
}
