//! Reads texts with holes, durations, numbers and bytes.

use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

use super::super::problem::{Problem, Span};
use super::super::template::{Data, Filter, Template, TemplatePart};
use super::super::yaml::{Node, Yaml};
use super::{Reader, entry};

/// The longest text that `{{'x' * N}}` may produce, in bytes.
const LONGEST_TEXT: usize = 16 << 20;

impl Reader {
    /// A text with placeholders; numbers are taken as written.
    pub(super) fn template(&mut self, node: &Node, what: &str) -> Option<Template> {
        match &node.value {
            Yaml::Text(text) => self.holes(text, &node.place),
            Yaml::Number(number) => Some(Template::text(number.to_string())),
            _ => self.wrong(node, what, "a text"),
        }
    }

    /// A plain word.
    pub(super) fn word<'n>(&mut self, node: &'n Node, what: &str, expected: &str) -> Option<&'n str> {
        match &node.value {
            Yaml::Text(text) => Some(text),
            _ => self.wrong(node, what, expected),
        }
    }

    /// A JSON value with placeholders.
    pub(super) fn data(&mut self, node: &Node) -> Option<Data> {
        Some(match &node.value {
            Yaml::Text(text) => {
                let template = self.holes(text, &node.place)?;
                match (template.only_hole(), template.0.as_slice()) {
                    (Some(name), _) => Data::Hole(name),
                    (None, []) => Data::Value(Value::from("")),
                    (None, [TemplatePart::Text(plain)]) => match self.counter_alone(text) {
                        Some(number) => Data::Value(number.into()),
                        None => Data::Value(Value::from(plain.as_str())),
                    },
                    (None, _) => Data::Text(template),
                }
            }
            Yaml::List(items) => Data::List(items.iter().map(|item| self.data(item)).collect::<Option<_>>()?),
            Yaml::Map(entries) => Data::Map(
                entries
                    .iter()
                    .map(|(key, value)| Some((self.holes(&key.name, &key.place)?, self.data(value)?)))
                    .collect::<Option<_>>()?,
            ),
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => Data::Value(node.to_json()),
        })
    }

    /// The value of a counter that is the whole text, so that it stays a number.
    fn counter_alone(&self, text: &str) -> Option<u64> {
        let name = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
        self.counters
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }

    /// Splits a text at its placeholders.
    pub(super) fn holes(&mut self, text: &str, place: &Span) -> Option<Template> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            push_text(&mut parts, &rest[..at]);
            let Some(end) = end_of_hole(&rest[at..]).map(|end| at + end) else {
                let problem = Problem::at(place.clone(), "a hole is opened with {{ and never closed");
                self.problem(problem.expected("}}"));
                return None;
            };
            self.hole(rest[at + 2..end].trim(), place, &mut parts)?;
            rest = &rest[end + 2..];
        }
        push_text(&mut parts, rest);
        Some(Template(parts))
    }

    fn hole(&mut self, inside: &str, place: &Span, parts: &mut Vec<TemplatePart>) -> Option<()> {
        if let Some(quoted) = inside.strip_prefix('\'') {
            push_text(parts, &self.repeated(quoted, place)?);
            return Some(());
        }
        if let Some((_, value)) = self.counters.iter().rev().find(|(name, _)| name == inside) {
            push_text(parts, &value.to_string());
            return Some(());
        }
        let (name, filter) = match inside.split_once(',') {
            None => (inside, Filter::AsItIs),
            Some((name, filter)) if filter.trim() == "one byte changed" => {
                (name.trim(), Filter::OneByteChanged)
            }
            Some((_, filter)) => {
                let title = format!("nothing known is done by `{}`", filter.trim());
                self.problem(Problem::at(place.clone(), title).expected("one byte changed"));
                return None;
            }
        };
        if let Some((_, value)) = self.variables.iter().find(|(known, _)| known == name) {
            push_text(parts, &filter.apply(value));
            return Some(());
        }
        if let Some(name) = name.strip_prefix("env.") {
            let value = self.environment_value(name, place)?;
            push_text(parts, &filter.apply(&value));
            return Some(());
        }
        let name = self.lookup(name, place)?;
        parts.push(TemplatePart::Hole(name, filter));
        Some(())
    }

    /// Reads `'text' * 1000`, without the first quote.
    fn repeated(&mut self, quoted: &str, place: &Span) -> Option<String> {
        let parsed = quoted.rsplit_once('\'').and_then(|(text, times)| {
            let times: usize = times.trim().strip_prefix('*')?.trim().parse().ok()?;
            Some((text, times)).filter(|_| text.len().saturating_mul(times) <= LONGEST_TEXT)
        });
        match parsed {
            Some((text, times)) => Some(text.repeat(times)),
            None => {
                let problem = Problem::at(place.clone(), "this is no repeated text");
                self.problem(
                    problem.expected(format!("'text' * TIMES, at most {LONGEST_TEXT} bytes in all")),
                );
                None
            }
        }
    }

    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_secs(3600);
        let parsed = match &node.value {
            Yaml::Text(text) => humantime::parse_duration(text).ok().filter(|it| *it <= LONGEST),
            _ => None,
        };
        if parsed.is_none() {
            let title = format!("`{what}` is no duration");
            self.problem(Problem::at(node.place.clone(), title).expected("200ms, 5s or 1m, at most an hour"));
        }
        parsed
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self, node: &Node, what: &str, expected: &str) -> Option<T> {
        let number = match &node.value {
            Yaml::Number(number) => number.as_u64(),
            Yaml::Text(text) => self.counter_alone(text),
            _ => None,
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let title = format!("`{what}` is not such a number");
            self.problem(Problem::at(node.place.clone(), title).expected(expected));
        }
        number
    }

    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.value {
            Yaml::Bool(flag) => Some(flag),
            _ => self.wrong(node, what, "true or false"),
        }
    }

    /// Bytes: hexadecimal text, `{ counting: N }` for 0, 1, 2 and so on, or `{ base64: TEXT }`.
    pub(super) fn bytes(&mut self, node: &Node, what: &str) -> Option<Vec<u8>> {
        let read = match &node.value {
            Yaml::Text(text) => hex(text),
            Yaml::Map(entries) => entry(entries, "counting")
                .and_then(|times| times.to_json().as_u64())
                .filter(|times| entries.len() == 1 && *times <= LONGEST_TEXT as u64)
                .map(|times| {
                    (0..=u8::MAX)
                        .cycle()
                        .take(usize::try_from(times).unwrap_or(0))
                        .collect()
                })
                .or_else(|| {
                    let text = entry(entries, "base64").filter(|_| entries.len() == 1)?.to_json();
                    base64::engine::general_purpose::STANDARD
                        .decode(text.as_str()?)
                        .ok()
                }),
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::List(_) => None,
        };
        if read.is_none() {
            let problem = Problem::at(node.place.clone(), format!("`{what}` says no bytes"));
            self.problem(
                problem
                    .expected("hexadecimal text such as \"01 fe ff\", { counting: 70000 }, or { base64: … }"),
            );
        }
        read
    }
}

/// The offset of the `}}` of a placeholder; quoted text in it may contain braces.
fn end_of_hole(text: &str) -> Option<usize> {
    let quoted = text[2..].trim_start().starts_with('\'');
    let from = if quoted {
        text.find("' *").or_else(|| text.find("'*"))?
    } else {
        0
    };
    text[from..].find("}}").map(|end| from + end)
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(TemplatePart::Text(before)) => before.push_str(text),
        _ => parts.push(TemplatePart::Text(text.to_owned())),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(high * 16 + low).ok())
        .collect()
}
