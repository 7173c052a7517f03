//! Reads what is expected of payloads: patterns, replies, saved parts.

use regex::{Regex, RegexBuilder};

use super::super::pattern::{Pattern, Type};
use super::super::problem::Problem;
use super::super::program::{Content, ExpectedReply, Save};
use super::super::template::{Data, Template};
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{Reader, entry};

/// The keys that make a map an operator, if it has no other key.
pub(crate) const OPERATORS: [&str; 5] = ["is", "matches", "one-of", "not", "exactly"];

impl Reader {
    pub(super) fn pattern(&mut self, node: &Node) -> Option<Pattern> {
        match &node.value {
            Yaml::List(items) => Some(Pattern::List(
                items
                    .iter()
                    .map(|item| self.pattern(item))
                    .collect::<Option<_>>()?,
            )),
            Yaml::Map(entries) => match entries.as_slice() {
                [(key, operand)] if OPERATORS.contains(&key.name.as_str()) => self.operator(key, operand),
                _ => Some(Pattern::Members(
                    entries
                        .iter()
                        .map(|(key, value)| Some((self.holes(&key.name, &key.place)?, self.pattern(value)?)))
                        .collect::<Option<_>>()?,
                )),
            },
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => {
                Some(Pattern::Exactly(self.data(node)?))
            }
        }
    }

    fn operator(&mut self, key: &YamlKey, operand: &Node) -> Option<Pattern> {
        match key.name.as_str() {
            "is" => self.type_of(operand),
            "matches" => Some(Pattern::Regex(self.regex(operand, "matches")?)),
            "one-of" => {
                let items = self.list(operand, "one-of", "a list of patterns")?;
                Some(Pattern::OneOf(
                    items
                        .iter()
                        .map(|item| self.pattern(item))
                        .collect::<Option<_>>()?,
                ))
            }
            "not" => Some(Pattern::Not(Box::new(self.pattern(operand)?))),
            _ => Some(Pattern::Exactly(self.data(operand)?)),
        }
    }

    /// A regular expression.
    pub(super) fn regex(&mut self, node: &Node, what: &str) -> Option<Regex> {
        let text = self.word(node, what, "a regular expression")?;
        match RegexBuilder::new(text).size_limit(1 << 20).build() {
            Ok(regex) => Some(regex),
            Err(error) => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default();
                let title = format!("no regular expression: {why}");
                self.problem(Problem::at(node.place.clone(), title));
                None
            }
        }
    }

    fn type_of(&mut self, operand: &Node) -> Option<Pattern> {
        let word = self.word(operand, "is", "the name of a type")?;
        match word {
            "any" => return Some(Pattern::Any),
            "absent" => return Some(Pattern::Absent),
            _ => {}
        }
        if let Some((_, found)) = Type::NAMED.iter().find(|(name, _)| *name == word) {
            return Some(Pattern::Type(*found));
        }
        let known: Vec<&str> = ["any", "absent"]
            .into_iter()
            .chain(Type::NAMED.iter().map(|it| it.0))
            .collect();
        self.unknown(&operand.place, &format!("`{word}` is no type"), word, &known);
        None
    }

    /// `ok`, `error`, `any`, `none`, or `{ ok: PATTERN }`.
    pub(super) fn reply(&mut self, node: Option<&Node>) -> Option<ExpectedReply> {
        const EXPECTED: &str = "ok, error, any, none, or a status with a pattern such as { ok: { id: 1 } }";
        let Some(node) = node else {
            return Some(ExpectedReply::Status(Template::text("ok"), Content::Unjudged));
        };
        match &node.value {
            Yaml::Text(word) if word == "none" => Some(ExpectedReply::None),
            Yaml::Text(word) if word == "any" => Some(ExpectedReply::Any),
            Yaml::Text(word) if word == "ok" || word == "error" => {
                Some(ExpectedReply::Status(Template::text(word), Content::Unjudged))
            }
            Yaml::Text(word) if word.starts_with("{{") => Some(ExpectedReply::Status(
                self.holes(word, &node.place)?,
                Content::Unjudged,
            )),
            Yaml::Map(entries) => match entries.as_slice() {
                [(status, response)] if is_status(&status.name) => {
                    let content = match &response.value {
                        Yaml::Map(inner) if inner.len() == 1 && inner[0].0.name == "binary" => {
                            Content::Binary(self.bytes(&inner[0].1, "binary")?)
                        }
                        _ => Content::Json(self.pattern(response)?),
                    };
                    Some(ExpectedReply::Status(
                        self.holes(&status.name, &status.place)?,
                        content,
                    ))
                }
                _ => self.wrong(node, "reply", EXPECTED),
            },
            Yaml::Text(word) => {
                self.unknown(
                    &node.place,
                    &format!("`{word}` is no reply"),
                    word,
                    &["ok", "error", "any", "none"],
                );
                None
            }
            _ => self.wrong(node, "reply", EXPECTED),
        }
    }

    /// The expected content of a received message.
    pub(super) fn content(&mut self, entries: &[(YamlKey, Node)]) -> Option<Content> {
        match (entry(entries, "with"), entry(entries, "binary")) {
            (None, None) => Some(Content::Unjudged),
            (Some(with), None) => Some(Content::Json(self.pattern(with)?)),
            (None, Some(binary)) => Some(Content::Binary(self.bytes(binary, "binary")?)),
            (Some(_), Some(binary)) => {
                let title = "a payload is either JSON (`with`) or `binary`";
                self.problem(Problem::at(binary.place.clone(), title));
                None
            }
        }
    }

    /// `{ seen: /id }`
    pub(super) fn save(&mut self, node: Option<&Node>) -> Option<Vec<Save>> {
        let Some(node) = node else { return Some(Vec::new()) };
        let entries = self.map(node, "save", "names and JSON pointers, such as { seen: /id }")?;
        let mut saves = Vec::new();
        for (key, value) in entries {
            let pointer = self.pointer(value)?;
            saves.push(Save {
                name: self.define(&key.name),
                pointer,
            });
        }
        Some(saves)
    }

    /// A JSON pointer.
    pub(super) fn pointer(&mut self, node: &Node) -> Option<Template> {
        let pointer = self.word(node, "save", "a JSON pointer such as /id")?;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let title = format!("`{pointer}` is no JSON pointer");
            let problem = Problem::at(node.place.clone(), title).expected("a text that begins with /");
            self.problem(problem.help(format!("write /{pointer}")));
            return None;
        }
        self.holes(pointer, &node.place)
    }

    /// The payload of a message to send.
    pub(super) fn outgoing(
        &mut self,
        entries: &[(YamlKey, Node)],
    ) -> Option<super::super::program::OutgoingPayload> {
        use super::super::program::OutgoingPayload;
        match (entry(entries, "with"), entry(entries, "binary")) {
            (None, None) => Some(OutgoingPayload::Json(Data::empty_map())),
            (Some(with), None) => Some(OutgoingPayload::Json(self.data(with)?)),
            (None, Some(binary)) => Some(OutgoingPayload::Binary(self.bytes(binary, "binary")?)),
            (Some(_), Some(binary)) => {
                let title = "a payload is either JSON (`with`) or `binary`";
                self.problem(Problem::at(binary.place.clone(), title));
                None
            }
        }
    }
}

/// A status name, or one with placeholders.
fn is_status(name: &str) -> bool {
    name == "ok" || name == "error" || name.starts_with("{{")
}
