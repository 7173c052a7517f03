//! The values of the server that differ from run to run: known from the start, or found by comparing two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::carried::{Carried, each_leaf, general};
use super::messages::Heeded;
use super::secrets::{Secrets, is_secret};

/// Members of presence that are new in each run.
const PRESENCE_REFS: [&str; 2] = ["phx_ref", "phx_ref_prev"];

/// The places in payloads whose values are not compared, each with the type that they have, if it is always the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loosened {
    places: BTreeMap<Vec<String>, &'static str>,
    /// Events that came in another order in the second run.
    pub(super) any_order: BTreeSet<String>,
}

/// A type that every value has.
const ANY: &str = "any";

impl Loosened {
    /// The values that one run tells: the refs of presence, secrets that are no variable, and values that are saved.
    pub(super) fn of_one_run(heeded: &[Heeded], secrets: &Secrets, carried: &Carried) -> Self {
        let mut loosened = Self::default();
        let is_variable = |text: &str| secrets.all.iter().any(|secret| secret.value == text);
        for what in heeded {
            let Heeded::Came(message) = what else { continue };
            let Some(payload) = message.json() else { continue };
            each_leaf(payload, &mut Vec::new(), "", &mut |path, key, value| {
                if PRESENCE_REFS.contains(&key) {
                    loosened.add(of_presence(path), value);
                } else if let Some(text) = value.as_str()
                    && is_secret(key, text)
                    && !is_variable(text)
                {
                    loosened.add(general(path), value);
                } else if carried.hidden.contains(&general(path)) {
                    loosened.add(general(path), value);
                }
            });
        }
        loosened
    }

    fn add(&mut self, place: Vec<String>, value: &Value) {
        let kind = kind_of(value);
        let known = self.places.entry(place).or_insert(kind);
        if *known != kind {
            *known = ANY;
        }
    }

    /// The type that stands in place of the value at this path.
    pub(super) fn kind_at(&self, path: &[String]) -> Option<&'static str> {
        let holds = |place: &&Vec<String>| {
            place.len() == path.len()
                && place
                    .iter()
                    .zip(path)
                    .all(|(place, path)| place == "*" || place == path)
        };
        let mut found = self.places.keys().filter(holds).map(|place| self.places[place]);
        let first = found.next()?;
        Some(found.fold(first, |kind, other| if kind == other { kind } else { ANY }))
    }

    /// The pointers for `hide`.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = String> {
        self.places.keys().map(|place| super::carried::pointer(place))
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Adds the places where two payloads differ.
    pub(super) fn compare(&mut self, first: &Value, second: &Value, path: &mut Vec<String>) {
        if first == second || self.kind_at(path).is_some() {
            return;
        }
        match (first, second) {
            (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
                for (key, value) in a {
                    path.push(key.clone());
                    self.compare(value, &b[key], path);
                    path.pop();
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (a, b) in a.iter().zip(b) {
                    path.push("*".to_owned());
                    self.compare(a, b, path);
                    path.pop();
                }
            }
            // A payload as a whole has no place of its own, but its members have.
            _ if path.is_empty() => {
                for value in [first, second] {
                    for (key, value) in value.as_object().into_iter().flatten() {
                        self.add(general(std::slice::from_ref(key)), value);
                    }
                }
            }
            _ => {
                self.add(general(path), first);
                self.add(general(path), second);
            }
        }
    }
}

/// The same place for every user: the member above `metas` is a name that may be new in each run.
fn of_presence(path: &[String]) -> Vec<String> {
    let mut place = general(path);
    if let Some(at) = path.iter().position(|segment| segment == "metas")
        && at > 0
    {
        place[at - 1] = "*".to_owned();
    }
    place
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differing(first: &Value, second: &Value) -> Vec<(String, &'static str)> {
        let mut loosened = Loosened::default();
        loosened.compare(first, second, &mut Vec::new());
        let pointers = loosened.pointers().collect::<Vec<_>>();
        pointers
            .into_iter()
            .zip(loosened.places.values().copied())
            .collect()
    }

    #[test]
    fn only_what_differs_is_loosened_and_its_type_stays() {
        let found = differing(
            &json!({"id": 1, "at": "a", "list": [{"n": 1, "same": 2}], "both": 1}),
            &json!({"id": 2, "at": "b", "list": [{"n": "1", "same": 2}], "both": 1}),
        );
        assert_eq!(
            found,
            [
                ("/at".to_owned(), "text"),
                ("/id".to_owned(), "integer"),
                ("/list/*/n".to_owned(), "any")
            ]
        );
    }

    #[test]
    fn lists_of_other_lengths_and_maps_of_other_names_are_loosened_as_a_whole() {
        let found = differing(
            &json!({"a": [1], "b": {"x": 1}}),
            &json!({"a": [1, 2], "b": {"y": 1}}),
        );
        assert_eq!(found, [("/a".to_owned(), "list"), ("/b".to_owned(), "map")]);
        let found = differing(&json!({"x": 1}), &json!({"y": 1}));
        assert_eq!(
            found,
            [("/x".to_owned(), "integer"), ("/y".to_owned(), "integer")]
        );
    }

    #[test]
    fn a_star_holds_for_every_item() {
        let mut loosened = Loosened::default();
        loosened.add(
            vec!["list".to_owned(), "*".to_owned(), "id".to_owned()],
            &json!(1),
        );
        let path = |path: &[&str]| path.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(loosened.kind_at(&path(&["list", "7", "id"])), Some("integer"));
        assert_eq!(loosened.kind_at(&path(&["list", "7"])), None);
    }
}
