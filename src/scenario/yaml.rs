//! YAML as a tree in which every key and value knows its place, so that mistakes can be shown where they stand. The
//! only file that uses the parser.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::problem::{Problem, Span};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Span,
    pub(crate) value: Yaml,
}

/// A YAML value, with the types of JSON.
#[derive(Clone, Debug)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(YamlKey, Node)>),
}

/// A key of a map and its place.
#[derive(Clone, Debug)]
pub(crate) struct YamlKey {
    pub(crate) place: Span,
    pub(crate) name: String,
}

impl Yaml {
    /// The kind of value, for a message: `a list`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// The JSON value, unchanged.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Yaml::Null => serde_json::Value::Null,
            Yaml::Bool(it) => (*it).into(),
            Yaml::Number(it) => serde_json::Value::Number(it.clone()),
            Yaml::Text(it) => it.as_str().into(),
            Yaml::List(items) => items.iter().map(Self::to_json).collect(),
            Yaml::Map(entries) => entries
                .iter()
                .map(|(k, v)| (k.name.clone(), v.to_json()))
                .collect(),
        }
    }
}

/// The largest file that is read, in bytes.
pub(crate) const LARGEST_FILE: usize = 4 << 20;

/// The stack of the parser thread: parser and tree recurse as deep as the document is nested, which needs
/// more stack than a test thread has.
const STACK_BYTES: usize = 16 << 20;

/// Reads a document.
pub(crate) fn parse(source: &str) -> Result<Node, Problem> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let parsing = thread.spawn_scoped(scope, || parse_here(source));
        let failed = |what: &str| Problem::at(0..0, format!("the file cannot be read: {what}"));
        match parsing {
            Ok(parsing) => parsing
                .join()
                .unwrap_or_else(|_| Err(failed("the parser gave up"))),
            Err(error) => Err(failed(&error.to_string())),
        }
    })
}

fn parse_here(source: &str) -> Result<Node, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 1_000_000,
            max_events: 2_000_000,
            max_aliases: 1_000,
            max_recorded_anchor_events: 50_000,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000, },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    let tree: Spanned<Raw> =
        serde_saphyr::from_str_with_options(source, options).map_err(|error| describe(&error, source))?;
    Ok(tree.into_node())
}

/// Describes a parser error at its place, and explains the usual mistake.
fn describe(error: &serde_saphyr::Error, source: &str) -> Problem {
    let place = error
        .location()
        .map_or(0..0, |location| place_of(location, source));
    let said = error.without_snippet().to_string();
    let said = said.lines().next().unwrap_or("this is no YAML");
    let said = said.split_once(" at line ").map_or(said, |(said, _)| said);
    if said.contains("budget") || said.contains("limit") {
        return Problem::at(
            place,
            "the file is nested too deep here, or repeats itself too often",
        );
    }
    let said = match said
        .strip_prefix("duplicate mapping key: ")
        .and_then(|rest| rest.split_once(','))
    {
        Some((key, _)) => format!("the key `{key}` stands twice"),
        None => said.to_owned(),
    };
    let line = source[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let written = source[line..].lines().next().unwrap_or("");
    match unquoted_hole(written) {
        Some(text) => Problem::at(place, "a text with {{ }} in it needs quotes here")
            .help(format!("quote it: \"{text}\"")),
        None => Problem::at(place, said),
    }
}

/// The first unquoted text of a line that contains a placeholder.
fn unquoted_hole(line: &str) -> Option<&str> {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if line[at..].starts_with("{{") => {
                let start = line[..at].rfind([' ', ',', '[']).map_or(0, |before| before + 1);
                let inside = at + line[at..].find("}}")? + 2;
                let end = line[inside..]
                    .find([' ', ',', '}', ']'])
                    .map_or(line.len(), |after| inside + after);
                return Some(&line[start..end]);
            }
            _ => {}
        }
    }
    None
}

fn place_of(location: Location, source: &str) -> Span {
    let span = location.span();
    let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) else {
        return place_of_line(location, source);
    };
    let start = usize::try_from(start).unwrap_or(0).min(source.len());
    let end = start
        .saturating_add(usize::try_from(length).unwrap_or(0))
        .min(source.len());
    boundary(source, start)..boundary(source, end)
}

fn place_of_line(location: Location, source: &str) -> Span {
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    let at = boundary(source, (start + column - 1).min(source.len()));
    at..at
}

fn boundary(source: &str, mut at: usize) -> usize {
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What the parser produces; [`Spanned`] around it adds the places.
enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

trait IntoNode {
    fn into_node(self) -> Node;
}

impl IntoNode for Spanned<Raw> {
    fn into_node(self) -> Node {
        let place = place(self.referenced);
        let value = match self.value {
            Raw::Null => Yaml::Null,
            Raw::Bool(it) => Yaml::Bool(it),
            Raw::Number(it) => Yaml::Number(it),
            Raw::Text(it) => Yaml::Text(it),
            Raw::List(items) => Yaml::List(items.into_iter().map(Self::into_node).collect()),
            Raw::Map(entries) => Yaml::Map(
                entries
                    .into_iter()
                    .map(|(k, v)| {
                        (
                            YamlKey {
                                place: self::place(k.referenced),
                                name: k.value,
                            },
                            v.into_node(),
                        )
                    })
                    .collect(),
            ),
        };
        Node { place, value }
    }
}

fn place(location: Location) -> Span {
    let span = location.span();
    let start = span
        .byte_offset()
        .and_then(|it| usize::try_from(it).ok())
        .unwrap_or(0);
    let length = span
        .byte_len()
        .and_then(|it| usize::try_from(it).ok())
        .unwrap_or(0);
    start..start + length
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: de::Error>(self, it: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(it))
    }

    fn visit_i64<E: de::Error>(self, it: i64) -> Result<Raw, E> {
        Ok(Raw::Number(it.into()))
    }

    fn visit_u64<E: de::Error>(self, it: u64) -> Result<Raw, E> {
        Ok(Raw::Number(it.into()))
    }

    fn visit_f64<E: de::Error>(self, it: f64) -> Result<Raw, E> {
        serde_json::Number::from_f64(it)
            .map(Raw::Number)
            .ok_or_else(|| E::custom("a number that JSON can carry was expected, not an infinite one"))
    }

    fn visit_str<E: de::Error>(self, it: &str) -> Result<Raw, E> {
        Ok(Raw::Text(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
