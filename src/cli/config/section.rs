//! Reads one table of a settings file: each key is taken with its type, and keys that are left over are
//! errors.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::super::{args::push, units};
use super::{kind, typed};
use crate::scenario::{Problem, nearest};

/// The problems of a file, which are reported in the order of the file.
#[derive(Default)]
pub(super) struct Problems(Vec<(usize, Problem)>);

impl Problems {
    pub(super) fn add(&mut self, place: Range<usize>, title: impl Into<String>, expected: impl Into<String>) {
        self.0
            .push((place.start, Problem::at(place, title).expected(expected)));
    }

    fn add_near(&mut self, place: Range<usize>, title: String, expected: String, near: Option<String>) {
        let help = near.map(|name| format!("did you mean {name}?"));
        self.0.push((
            place.start,
            Problem::at(place, title).expected(expected).help(help),
        ));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|(at, _)| *at);
        self.0.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// A table that is being read.
pub(super) struct Section<'t, 'p> {
    table: DeTable<'t>,
    /// All keys that were read, for suggestions.
    known: Vec<&'static str>,
    /// The place of the table.
    span: Range<usize>,
    /// The places of the keys that were taken.
    taken: Vec<(&'static str, Range<usize>)>,
    problems: &'p mut Problems,
}

impl<'t, 'p> Section<'t, 'p> {
    pub(super) fn new(table: DeTable<'t>, problems: &'p mut Problems) -> Self {
        Self {
            table,
            known: Vec::new(),
            span: 0..0,
            taken: Vec::new(),
            problems,
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(key);
        let (found, value) = self.table.remove_entry(key)?;
        self.taken.push((key, found.span()));
        Some(value)
    }

    fn mismatch<T>(&mut self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
        let title = format!("`{key}` is {}", kind(value.get_ref()));
        self.problems.add(value.span(), title, expected);
        None
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<String> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => self.mismatch(key, &value, "a string"),
        }
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(it) => Some(*it),
            _ => self.mismatch(key, &value, "true or false"),
        }
    }

    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(key)?;
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(integer) = value.get_ref() else {
            return self.mismatch(key, &value, &expected);
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let title = format!("`{key}` is out of range");
                self.problems.add(value.span(), title, expected);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let value = self.take(key)?;
        let DeValue::String(text) = value.get_ref() else {
            return self.mismatch(
                key,
                &value,
                "a number with its unit in quotes, as in \"500ms\", \"30s\" or \"5m\"",
            );
        };
        match units::duration(text) {
            Ok(duration) => Some(duration),
            Err(why) => {
                let expected = why.trim_start_matches("expected ");
                self.problems
                    .add(value.span(), format!("`{key}` cannot be {text:?}"), expected);
                None
            }
        }
    }

    /// A number or a text, parsed like the flag of the same name.
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.read(key, &value, parse)
    }

    /// A list of such values.
    pub(super) fn all_parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        self.list(key)
            .iter()
            .filter_map(|value| self.read(key, value, &parse))
            .collect()
    }

    fn read<T, E: fmt::Display>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return self.mismatch(key, value, "a number or a text"),
        };
        parse(text)
            .map_err(|why| {
                let why = why.to_string();
                let expected = why.split_once("expected ").map_or(why.as_str(), |(_, it)| it);
                let title = format!("`{key}` cannot be {text:?}");
                self.problems.add(value.span(), title, expected);
            })
            .ok()
    }

    pub(super) fn one_of<T: ValueEnum>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        self.choose(key, &value)
    }

    pub(super) fn several_of<T: ValueEnum>(&mut self, key: &'static str) -> Vec<T> {
        self.list(key)
            .iter()
            .filter_map(|value| self.choose(key, value))
            .collect()
    }

    fn choose<T: ValueEnum>(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<T> {
        let names: Vec<String> = T::value_variants().iter().filter_map(typed).collect();
        let expected = format!("one of {}", names.join(", "));
        let DeValue::String(text) = value.get_ref() else {
            return self.mismatch(key, value, &expected);
        };
        if let Ok(chosen) = T::from_str(text, false) {
            return Some(chosen);
        }
        let near = nearest(text, names.iter().map(String::as_str)).map(|name| format!("{name:?}"));
        self.problems.add_near(
            value.span(),
            format!("`{key}` cannot be {text:?}"),
            expected,
            near,
        );
        None
    }

    fn list(&mut self, key: &'static str) -> Vec<Spanned<DeValue<'t>>> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().cloned().collect(),
            _ => self
                .mismatch(key, &value, "a list, as [\"a\", \"b\"]")
                .unwrap_or_default(),
        }
    }

    pub(super) fn strings(&mut self, key: &'static str) -> Vec<String> {
        let items = self.list(key);
        let text = |value: &Spanned<DeValue<'t>>| match value.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => self.mismatch(key, value, "a string"),
        };
        items.iter().filter_map(text).collect()
    }

    pub(super) fn strings_by_name(&mut self, key: &'static str) -> Vec<(String, String)> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            return self
                .mismatch(key, &value, "a table, as { name = \"value\" }")
                .unwrap_or_default();
        };
        let pair = |(name, value): (&Spanned<DeString<'t>>, &Spanned<DeValue<'t>>)| match value.get_ref() {
            DeValue::String(text) => Some((name.get_ref().to_string(), text.clone().into_owned())),
            _ => self.mismatch(name.get_ref(), value, "a string"),
        };
        table.iter().filter_map(pair).collect()
    }

    pub(super) fn json(&mut self, key: &'static str) -> Option<Value> {
        let value = self.take(key)?;
        Some(to_json(value.get_ref()))
    }

    /// `{ event = payload }`, or the form of the flag: `"event=payload"`.
    pub(super) fn push(&mut self, key: &'static str) -> Option<(String, Value)> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Table(table) if table.len() == 1 => table
                .iter()
                .next()
                .map(|(event, payload)| (event.get_ref().to_string(), to_json(payload.get_ref()))),
            DeValue::String(text) => match push(text) {
                Ok(push) => Some(push),
                Err(why) => {
                    let title = format!("`{key}` cannot be {text:?}");
                    let expected = why.trim_start_matches("expected ");
                    self.problems.add(value.span(), title, expected);
                    None
                }
            },
            _ => self.mismatch(
                key,
                &value,
                "one event and its payload, as { ping = { a = 1 } } or 'ping={}'",
            ),
        }
    }

    /// A table within this one.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'t, '_>> {
        let value = self.take(key)?;
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Section {
                span,
                ..Section::new(table, self.problems)
            }),
            other => self.mismatch(key, &Spanned::new(span, other), "a table"),
        }
    }

    /// Reads each table of a list, as `[[key]]` has them, or of a table, as `[key]` with a name each has them.
    pub(super) fn each_table(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(Option<String>, Section<'t, '_>),
    ) {
        if let Some((_, value)) = self.table.get_key_value(key)
            && matches!(value.get_ref(), DeValue::Table(_))
        {
            return self.each_section(key, |name, section| read(Some(name), section));
        }
        for value in self.list(key) {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(table) => read(
                    None,
                    Section {
                        span,
                        ..Section::new(table, self.problems)
                    },
                ),
                other => {
                    let title = format!("`{key}` holds {}", kind(&other));
                    self.problems.add(span, title, format!("tables, as [[{key}]]"));
                }
            }
        }
    }

    /// Reads each table within a table of this one, with its name.
    pub(super) fn each_section(&mut self, key: &'static str, mut read: impl FnMut(String, Section<'t, '_>)) {
        let Some(tables) = self.section(key) else {
            return;
        };
        let problems = tables.problems;
        for (name, value) in tables.table {
            let span = name.span();
            if let DeValue::Table(table) = value.into_inner() {
                read(
                    name.into_inner().into_owned(),
                    Section {
                        span,
                        ..Section::new(table, problems)
                    },
                );
            } else {
                problems.add(span, format!("`{key}` holds tables only"), "a table");
            }
        }
    }

    /// Whether a key that was read is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.taken.iter().any(|(taken, _)| *taken == key)
    }

    /// Reports a missing key.
    pub(super) fn missing(&mut self, key: &str, expected: &str) {
        let title = format!("`{key}` is missing");
        self.problems
            .add(self.span.clone(), title, format!("{key} = {expected}"));
    }

    /// Reports a key with an invalid value.
    pub(super) fn wrong(&mut self, key: &str, expected: &str) {
        let place = self
            .taken
            .iter()
            .find(|(taken, _)| *taken == key)
            .map_or(0..0, |(_, span)| span.clone());
        self.problems
            .add(place, format!("`{key}` cannot be that"), expected);
    }

    /// Reports the keys that were not taken as unknown.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let near = nearest(key.get_ref(), self.known.iter().copied());
            self.problems.add_near(
                key.span(),
                format!("unknown setting `{}`", key.get_ref()),
                format!("one of {}", self.known.join(", ")),
                near.map(|name| format!("`{name}`")),
            );
        }
    }
}

fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(it) => Value::from(*it),
        DeValue::Integer(it) => {
            i64::from_str_radix(it.as_str(), it.radix()).map_or_else(|_| it.to_string().into(), Value::from)
        }
        DeValue::Float(it) => it.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Datetime(it) => Value::from(it.to_string()),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(name, value)| (name.get_ref().to_string(), to_json(value.get_ref())))
            .collect(),
    }
}
