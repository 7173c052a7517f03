//! Finds values that the server gave and a client sent later: they are saved where they came, and filled in where they are sent.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::heard::{Heard, HeardWhat};
use super::messages::Heeded;
use super::secrets::{is_secret_name, looks_like_token, variable_name};
use crate::protocol::LEAVE;

/// The shortest text that can be told from a word that both sides happen to use.
const SHORTEST: usize = 6;

/// Values that are carried from an answer to a later message.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// The values that are saved of each event, as names and JSON pointers; the pointer of a whole body is empty.
    pub(super) saves: BTreeMap<usize, Vec<(String, String)>>,
    /// The names that stand in what clients send, by event and JSON pointer.
    uses: HashMap<(usize, String), String>,
    /// Pointers to the same values in what the server sends; they differ in each run.
    pub(super) hidden: BTreeSet<Vec<String>>,
}

/// The place that a value came from.
struct Source {
    event: usize,
    path: Vec<String>,
    key: String,
}

impl Carried {
    /// Looks through all messages.
    pub(super) fn find(heard: &Heard, heeded: &[Heeded]) -> Self {
        let mut finder = Finder {
            carried: Self::default(),
            sources: HashMap::new(),
            own: HashSet::new(),
            names: HashMap::new(),
        };
        let leaves: HashSet<String> = leave_refs(heeded);
        for (event, what) in heeded.iter().enumerate() {
            match (what, &heard.events[event].what) {
                (Heeded::Sent(message), _) => {
                    if let Some(payload) = message.json() {
                        each_leaf(payload, &mut Vec::new(), "", &mut |path, key, value| {
                            finder.sent(event, path, key, value);
                        });
                    }
                }
                (Heeded::Came(message), _) => {
                    let is_of_leave = message
                        .reference
                        .as_ref()
                        .is_some_and(|it| leaves.contains(&format!("{} {it}", message.link)));
                    if let (Some(payload), false) = (message.json(), is_of_leave) {
                        each_leaf(payload, &mut Vec::new(), "", &mut |path, key, value| {
                            finder.came(event, path, key, value);
                        });
                    }
                }
                (_, HeardWhat::Fetched(fetch)) => finder.fetched(event, &fetch.body),
                (_, HeardWhat::Opened(link) | HeardWhat::Refused(link, _)) => {
                    let opening = &heard.links[*link].opening;
                    for (kind, pairs) in [("params", &opening.params), ("headers", &opening.headers)] {
                        for (name, value) in pairs {
                            let path = [kind.to_owned(), name.clone()];
                            finder.sent(event, &path, name, &Value::from(value.as_str()));
                        }
                    }
                }
                _ => {}
            }
        }
        finder.carried
    }

    /// The name that stands for a value that a client sends.
    pub(super) fn name(&self, event: usize, path: &[String]) -> Option<&String> {
        self.uses.get(&(event, pointer(path)))
    }

    /// The events of which something is saved.
    pub(super) fn sources(&self) -> BTreeSet<usize> {
        self.saves.keys().copied().collect()
    }
}

/// The refs of leaves, whose answers cannot be saved.
fn leave_refs(heeded: &[Heeded]) -> HashSet<String> {
    let refs = heeded.iter().filter_map(|what| match what {
        Heeded::Sent(message) if message.event == LEAVE => {
            Some(format!("{} {}", message.link, message.reference.as_deref()?))
        }
        _ => None,
    });
    refs.collect()
}

struct Finder {
    carried: Carried,
    /// The place where each value came first.
    sources: HashMap<String, Source>,
    /// The values that clients sent before the server did.
    own: HashSet<String>,
    /// The names of values that are saved already.
    names: HashMap<String, String>,
}

impl Finder {
    fn came(&mut self, event: usize, path: &[String], key: &str, value: &Value) {
        let text = value.to_string();
        if !is_distinct(value, key) || self.own.contains(&text) {
            return;
        }
        if self.names.contains_key(&text) {
            self.carried.hidden.insert(general(path));
        }
        let (path, key) = (path.to_vec(), key.to_owned());
        self.sources.entry(text).or_insert(Source { event, path, key });
    }

    fn fetched(&mut self, event: usize, body: &str) {
        match serde_json::from_str::<Value>(body) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                each_leaf(&json, &mut Vec::new(), "", &mut |path, key, value| {
                    self.came(event, path, key, value);
                });
            }
            _ => self.came(event, &[], "token", &Value::from(body)),
        }
    }

    fn sent(&mut self, event: usize, path: &[String], key: &str, value: &Value) {
        let text = value.to_string();
        let Some(source) = self
            .sources
            .get(&text)
            .filter(|source| belong(source, key, value))
        else {
            self.own.insert(text);
            return;
        };
        let name = match self.names.get(&text) {
            Some(name) => name.clone(),
            None => {
                let name = free_name(key, &self.names);
                let save = (name.clone(), pointer(&source.path));
                self.carried.saves.entry(source.event).or_default().push(save);
                if !source.path.is_empty() {
                    self.carried.hidden.insert(general(&source.path));
                }
                self.names.insert(text, name.clone());
                name
            }
        };
        self.carried.uses.insert((event, pointer(path)), name);
    }
}

/// Whether a value is so particular that it is no coincidence if both sides have it.
fn is_distinct(value: &Value, key: &str) -> bool {
    match value {
        Value::String(text) => {
            text.len() >= SHORTEST
                && (text.chars().any(|c| c.is_ascii_digit()) || is_id(key) || is_secret_name(key))
        }
        Value::Number(number) => number.is_u64() && is_id(key),
        _ => false,
    }
}

/// Whether what a client sends under this key is meant to be what came from the source.
fn belong(source: &Source, key: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            looks_like_token(text)
                || is_id(key)
                || is_secret_name(key)
                || key.eq_ignore_ascii_case(&source.key)
        }
        _ => is_id(key),
    }
}

/// Whether a key names an identifier or a position.
fn is_id(key: &str) -> bool {
    const WORDS: [&str; 10] = [
        "id", "uuid", "seq", "cursor", "version", "revision", "etag", "since", "offset", "last",
    ];
    let lower = key.to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
        || lower.ends_with("_id")
        || lower.ends_with("-id")
        || key.ends_with("Id")
        || key.ends_with("ID")
}

fn free_name(key: &str, taken: &HashMap<String, String>) -> String {
    let plain = format!("saved_{}", variable_name(key));
    let is_free = |name: &String| !taken.values().any(|known| known == name);
    let mut names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}_{number}")));
    names.find(is_free).unwrap_or(plain)
}

/// Calls `each` for every leaf with its path and the nearest name of a member.
pub(super) fn each_leaf(
    value: &Value,
    path: &mut Vec<String>,
    key: &str,
    each: &mut dyn FnMut(&[String], &str, &Value),
) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                path.push(name.clone());
                each_leaf(value, path, name, each);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                each_leaf(item, path, key, each);
                path.pop();
            }
        }
        _ => each(path, key, value),
    }
}

/// A JSON pointer.
pub(super) fn pointer(path: &[String]) -> String {
    let escaped = path
        .iter()
        .map(|segment| segment.replace('~', "~0").replace('/', "~1"));
    escaped.map(|segment| format!("/{segment}")).collect()
}

/// The path for all items of a list.
pub(super) fn general(path: &[String]) -> Vec<String> {
    let is_index =
        |segment: &String| segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.is_empty();
    let star = |segment: &String| match is_index(segment) {
        true => "*".to_owned(),
        false => segment.clone(),
    };
    path.iter().map(star).collect()
}
