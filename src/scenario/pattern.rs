//! Matches payloads against patterns, and describes mismatches.

use regex::Regex;
use serde_json::Value;

use super::shorten::shorten;
use super::template::{Data, Template, Values};

/// A pattern for a JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// `{ is: any }`
    Any,
    /// `{ is: absent }`; only as a member of a map.
    Absent,
    /// `{ is: integer }` and the like.
    Type(Type),
    /// `{ matches: "^SFM" }`
    Regex(Regex),
    /// `{ one-of: [a, b] }`
    OneOf(Vec<Self>),
    /// `{ not: a }`
    Not(Box<Self>),
    /// `{ exactly: … }`, and every scalar.
    Exactly(Data),
    /// A list: it must have as many items, and each must match its pattern.
    List(Vec<Self>),
    /// A map: these members must match their patterns; other members are ignored.
    Members(Vec<(Template, Self)>),
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Map,
}

impl Type {
    pub(crate) const NAMED: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("text", Self::Text),
        ("list", Self::List),
        ("map", Self::Map),
    ];

    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        Self::NAMED
            .iter()
            .find(|(_, it)| *it == self)
            .map_or("", |(name, _)| name)
    }
}

/// Where and how a value differs from its pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// A JSON pointer into the value.
    pub(crate) at: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

impl Mismatch {
    /// The actual value of a mismatch where there is no value.
    pub(crate) const ABSENT: &str = "nothing";
}

impl Pattern {
    /// Checks `value` against the pattern.
    pub(crate) fn check(&self, value: &Value, values: &Values) -> Result<(), Mismatch> {
        self.check_at(Some(value), values, &mut String::new())
    }

    fn check_at(&self, value: Option<&Value>, values: &Values, at: &mut String) -> Result<(), Mismatch> {
        let Some(value) = value else {
            return match self {
                Self::Absent => Ok(()),
                _ => Err(self.mismatch(at, Mismatch::ABSENT, values)),
            };
        };
        let held = match self {
            Self::Any => true,
            Self::Absent => false,
            Self::Type(kind) => kind.holds(value),
            Self::Regex(regex) => value.as_str().is_some_and(|text| regex.is_match(text)),
            Self::OneOf(patterns) => patterns.iter().any(|it| it.check(value, values).is_ok()),
            Self::Not(pattern) => pattern.check(value, values).is_err(),
            Self::Exactly(data) => same(&data.fill(values), value),
            Self::List(items) => return self.check_items(items, value, values, at),
            Self::Members(members) => return self.check_members(members, value, values, at),
        };
        if held {
            Ok(())
        } else {
            Err(self.mismatch(at, &brief(value), values))
        }
    }

    fn check_items(
        &self,
        items: &[Self],
        value: &Value,
        values: &Values,
        at: &mut String,
    ) -> Result<(), Mismatch> {
        let Some(found) = value.as_array().filter(|found| found.len() == items.len()) else {
            return Err(self.mismatch(at, &brief(value), values));
        };
        items
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(index, (pattern, item))| {
                inside(at, &index.to_string(), |at| {
                    pattern.check_at(Some(item), values, at)
                })
            })
    }

    fn check_members(
        &self,
        members: &[(Template, Self)],
        value: &Value,
        values: &Values,
        at: &mut String,
    ) -> Result<(), Mismatch> {
        let Some(found) = value.as_object() else {
            return Err(self.mismatch(at, &brief(value), values));
        };
        members.iter().try_for_each(|(key, pattern)| {
            let key = key.fill(values);
            inside(at, &key, |at| pattern.check_at(found.get(&key), values, at))
        })
    }

    fn mismatch(&self, at: &str, actual: &str, values: &Values) -> Mismatch {
        Mismatch {
            at: at.to_owned(),
            expected: self.describe(values),
            actual: actual.to_owned(),
        }
    }

    /// Describes the pattern in words.
    pub(crate) fn describe(&self, values: &Values) -> String {
        match self {
            Self::Any => "anything".to_owned(),
            Self::Absent => "nothing".to_owned(),
            Self::Type(kind) => format!("any {}", kind.name()),
            Self::Regex(regex) => format!("text that matches /{regex}/"),
            Self::OneOf(patterns) => patterns
                .iter()
                .map(|it| it.describe(values))
                .collect::<Vec<_>>()
                .join(" or "),
            Self::Not(pattern) => format!("anything but {}", pattern.describe(values)),
            Self::Exactly(data) => brief(&data.fill(values)),
            Self::List(items) => {
                format!(
                    "[{}]",
                    items
                        .iter()
                        .map(|it| it.describe(values))
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Self::Members(members) => {
                let members = members
                    .iter()
                    .map(|(k, v)| format!("{}: {}", k.fill(values), v.describe(values)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Checks one step deeper in a value. The pointer is extended only if there is a mismatch.
fn inside(
    at: &mut String,
    step: &str,
    check: impl FnOnce(&mut String) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    let before = at.len();
    at.push('/');
    at.push_str(&step.replace('~', "~0").replace('/', "~1"));
    let result = check(at);
    at.truncate(before);
    result
}

/// Equality of JSON values: 1 and 1.0 are the same number. Two integers are equal only if all digits are.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// A value as JSON, shortened if it is long.
pub(crate) fn brief(value: &Value) -> String {
    shorten(&value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(pattern: &Pattern, value: &Value) -> Result<(), (String, String, String)> {
        pattern
            .check(value, &Values::default())
            .map_err(|m| (m.at, m.expected, m.actual))
    }

    fn members(list: &[(&str, Pattern)]) -> Pattern {
        Pattern::Members(
            list.iter()
                .map(|(k, v)| (Template::text(*k), v.clone()))
                .collect(),
        )
    }

    #[test]
    fn a_map_says_what_must_be_there_and_a_list_all_of_it() {
        let pattern = members(&[("items", Pattern::List(vec![members(&[("body", Pattern::Any)])]))]);
        assert_eq!(
            check(&pattern, &json!({"items": [{"body": 1, "id": 2}], "more": 1})),
            Ok(())
        );
        let (at, _, actual) = check(&pattern, &json!({"items": [{"id": 2}]})).unwrap_err();
        assert_eq!((at.as_str(), actual.as_str()), ("/items/0/body", "nothing"));
        assert!(check(&pattern, &json!({"items": []})).is_err());
    }

    #[test]
    fn absent_holds_only_where_nothing_is() {
        let pattern = members(&[("evil", Pattern::Absent)]);
        assert_eq!(check(&pattern, &json!({"a": 1})), Ok(()));
        assert_eq!(
            check(&pattern, &json!({"evil": null})),
            Err(("/evil".into(), "nothing".into(), "null".into()))
        );
    }

    #[test]
    fn not_holds_for_what_is_there_and_is_something_else() {
        let pattern = members(&[(
            "ref",
            Pattern::Not(Box::new(Pattern::Exactly(Data::Value(json!("old"))))),
        )]);
        assert_eq!(check(&pattern, &json!({"ref": "new"})), Ok(()));
        assert_eq!(
            check(&pattern, &json!({"ref": "old"})),
            Err(("/ref".into(), "anything but \"old\"".into(), "\"old\"".into()))
        );
        assert!(check(&pattern, &json!({})).is_err());
    }

    #[test]
    fn big_integers_are_equal_in_all_their_digits() {
        let pattern = Pattern::Exactly(Data::Value(json!(9_007_199_254_740_993_u64)));
        assert!(check(&pattern, &json!(9_007_199_254_740_992_u64)).is_err());
        assert_eq!(check(&pattern, &json!(9_007_199_254_740_993_u64)), Ok(()));
    }

    #[test]
    fn integers_are_not_texts_and_one_equals_one_point_nought() {
        assert!(check(&Pattern::Type(Type::Integer), &json!("1")).is_err());
        assert!(check(&Pattern::Type(Type::Integer), &json!(1.5)).is_err());
        assert_eq!(
            check(
                &Pattern::Exactly(Data::Value(json!({"a": [1]}))),
                &json!({"a": [1.0]})
            ),
            Ok(())
        );
    }
}
