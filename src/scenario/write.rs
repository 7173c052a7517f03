//! Writes values as YAML in one line, as the reader of scenarios takes them: texts with names to fill in, data, patterns, bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Longer bytes are written as base64.
const LONGEST_HEX: usize = 64;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    /// A name to fill in.
    Name(String),
}

/// The maps of one key that are operators of a pattern.
const OPERATORS: [&str; 5] = ["is", "matches", "one-of", "not", "exactly"];

/// Decides about the parts of a value while it is written. A path has the segments of a JSON pointer.
pub(crate) trait Leaves {
    /// The name that stands in place of the value here.
    fn name(&self, path: &[String], value: &Value) -> Option<String>;
    /// The type that stands in place of the value here, in a pattern.
    fn loose(&self, path: &[String], value: &Value) -> Option<&'static str>;
    /// The pieces of a text.
    fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>>;
}

/// Writes every part of a value as it is.
pub(crate) struct AsItIs;

impl Leaves for AsItIs {
    fn name(&self, _: &[String], _: &Value) -> Option<String> {
        None
    }

    fn loose(&self, _: &[String], _: &Value) -> Option<&'static str> {
        None
    }

    fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        vec![Piece::Text(text)]
    }
}

/// A text, bare where YAML reads it as the same text.
pub(crate) fn text(text: &str) -> String {
    pieces(&[Piece::Text(text)])
}

/// A text with names to fill in.
pub(crate) fn pieces(pieces: &[Piece<'_>]) -> String {
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            // Braces that were sent are no hole.
            Piece::Text(text) => whole.push_str(&text.replace("{{", "{{'{{' * 1}}")),
            Piece::Name(name) => whole.push_str(&format!("{{{{{name}}}}}")),
        }
    }
    match is_bare(&whole) {
        true => whole,
        false => quoted(&whole),
    }
}

fn is_bare(text: &str) -> bool {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// A text in double quotes, without characters that YAML does not allow there.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) || c == '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            '\u{fffe}' | '\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Bytes.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    if bytes.len() > LONGEST_HEX {
        return format!("{{ base64: {} }}", quoted(&STANDARD.encode(bytes)));
    }
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    quoted(&hex.join(" "))
}

/// A map in one line.
pub(crate) fn map(entries: &[(String, String)]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    match entries.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", entries.join(", ")),
    }
}

/// A value that is sent.
pub(crate) fn data(value: &Value, path: &mut Vec<String>, leaves: &dyn Leaves) -> String {
    if let Some(name) = leaves.name(path, value) {
        return pieces(&[Piece::Name(name)]);
    }
    inside(value, path, leaves, &data)
}

/// A pattern that holds for a value.
pub(crate) fn pattern(value: &Value, path: &mut Vec<String>, leaves: &dyn Leaves) -> String {
    if let Some(kind) = leaves.loose(path, value) {
        return format!("{{ is: {kind} }}");
    }
    match value {
        Value::Object(members) if is_operator(members) => {
            format!("{{ exactly: {} }}", data(value, path, leaves))
        }
        _ => inside(value, path, leaves, &pattern),
    }
}

fn is_operator(members: &serde_json::Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().all(|key| OPERATORS.contains(&key.as_str()))
}

type Write = dyn Fn(&Value, &mut Vec<String>, &dyn Leaves) -> String;

fn inside(value: &Value, path: &mut Vec<String>, leaves: &dyn Leaves, write: &Write) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => pieces(&leaves.split(text)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let items: Vec<String> = items
                .map(|(index, item)| within(path, index.to_string(), |path| write(item, path, leaves)))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let entries = members.iter().map(|(key, value)| {
                let written = within(path, key.clone(), |path| write(value, path, leaves));
                (pieces(&leaves.split(key)), written)
            });
            map(&entries.collect::<Vec<_>>())
        }
    }
}

fn within(path: &mut Vec<String>, segment: String, write: impl FnOnce(&mut Vec<String>) -> String) -> String {
    path.push(segment);
    let written = write(path);
    path.pop();
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::scenario::{OutgoingPayload, Program, Values, What, read};

    fn scenario(step: &str) -> Program {
        let text = format!("about: x\nsteps:\n  - ana: connect\n  - ana: {step}\n");
        read("x.yaml", &text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    }

    /// The payload that a step sends, as it is read again.
    fn sent(program: &Program) -> Value {
        let found = program.acts().find_map(|act| match &act.what {
            What::Send(_, send) => match &send.payload {
                OutgoingPayload::Json(data) => Some(data.fill(&Values::default())),
                OutgoingPayload::Binary(_) => None,
            },
            _ => None,
        });
        found.unwrap()
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            "[{}':,#&*!|>%@`\\\\ \t\n\r\u{7f}\u{85}\u{2028}\u{feff}-]{0,8}".prop_map(Value::from),
            "(yes|null|1e3|0x1|1_0|~|\\{\\{a\\}\\}|\\{\\{'x' \\* 2\\}\\}|is|2026-01-01|.inf)"
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("(is|not|exactly|[a-z {}:\"-]{0,6})", inner, 0..4)
                    .prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in any_value()) {
            let written = data(&value, &mut Vec::new(), &AsItIs);
            let program = scenario(&format!("{{ join: a, with: {written} }}"));
            prop_assert_eq!(sent(&program), value);
        }

        #[test]
        fn a_pattern_holds_for_the_value_that_it_was_made_of(value in any_value()) {
            let written = pattern(&value, &mut Vec::new(), &AsItIs);
            let program = scenario(&format!("{{ receive: b, with: {written} }}"));
            let pattern = program.acts().find_map(|act| match &act.what {
                What::Receive(_, receive) => match &receive.content {
                    crate::scenario::Content::Json(pattern) => Some(pattern.clone()),
                    _ => None,
                },
                _ => None,
            });
            prop_assert!(pattern.unwrap().check(&value, &Values::default()).is_ok());
        }
    }

    #[test]
    fn simple_words_stand_without_quotes() {
        let value = json!({"greeting": "hello", "at": 1000, "text": "two words", "no": null});
        assert_eq!(
            data(&value, &mut Vec::new(), &AsItIs),
            r#"{ at: 1000, greeting: hello, "no": null, text: "two words" }"#
        );
        assert_eq!(bytes(&[0, 255]), r#""00 ff""#);
    }
}
