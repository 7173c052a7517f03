//! Text and data with placeholders: `{{name}}` is filled when a step runs, `{{'x' * 1000}}` when the file is
//! read.

use serde_json::Value;

/// A name that can be filled in: an index into [`super::program::Program::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) usize);

/// The values of the names so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<Option<Value>>);

impl Values {
    pub(crate) fn new(names: usize) -> Self {
        Self(vec![None; names])
    }

    pub(crate) fn set(&mut self, name: Name, value: Value) {
        self.0[name.0] = Some(value);
    }

    /// The value of a name; the reader made sure that it is set before it is used.
    pub(crate) fn get(&self, name: Name) -> &Value {
        self.0[name.0].as_ref().unwrap_or(&Value::Null)
    }
}

/// Text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Vec<TemplatePart>);

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplatePart {
    Text(String),
    Hole(Name, Filter),
}

/// How a value is changed before it is inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    AsItIs,
    /// `{{token, one byte changed}}`
    OneByteChanged,
}

impl Template {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self(vec![TemplatePart::Text(text.into())])
    }

    /// The text with all placeholders filled. A value that is not a text is inserted as JSON.
    pub(crate) fn fill(&self, values: &Values) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Hole(name, filter) => out.push_str(&filter.apply(&plain(values.get(*name)))),
            }
        }
        out
    }

    /// The text, if it has no placeholders.
    pub(crate) fn as_fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text up to the first placeholder, and whether there is one.
    pub(crate) fn fixed_start(&self) -> (&str, bool) {
        match self.0.as_slice() {
            [TemplatePart::Text(text)] => (text, false),
            [TemplatePart::Text(text), ..] => (text, true),
            [] => ("", false),
            [..] => ("", true),
        }
    }

    /// Whether this stands in the text outside of its placeholders.
    pub(crate) fn has(&self, part: &str) -> bool {
        let is_in = |it: &TemplatePart| matches!(it, TemplatePart::Text(text) if text.contains(part));
        self.0.iter().any(is_in)
    }

    /// The name of the placeholder, if the text is a single one and nothing else.
    pub(crate) fn only_hole(&self) -> Option<Name> {
        match self.0.as_slice() {
            [TemplatePart::Hole(name, Filter::AsItIs)] => Some(*name),
            _ => None,
        }
    }

    /// The approximate length of the text, so that limits can be checked before it is filled.
    pub(crate) fn length(&self) -> usize {
        self.0
            .iter()
            .map(|part| {
                if let TemplatePart::Text(text) = part {
                    text.len()
                } else {
                    16
                }
            })
            .sum()
    }
}

impl Filter {
    pub(crate) fn apply(self, text: &str) -> String {
        match self {
            Self::AsItIs => text.to_owned(),
            Self::OneByteChanged => change_one(text),
        }
    }
}

/// Changes the character before the last tenth of a text into another letter. A token stays well-formed:
/// neither its header nor the unused bits of its last character are changed.
fn change_one(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = letters.len() - letters.len() / 10 - usize::from(!letters.is_empty());
    if let Some(letter) = letters.get_mut(at) {
        *letter = if *letter == 'A' { 'B' } else { 'A' };
    }
    letters.into_iter().collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A JSON value with placeholders in its texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    /// A value without placeholders.
    Value(Value),
    /// A text with placeholders.
    Text(Template),
    /// A text that is a single placeholder: the value keeps its type.
    Hole(Name),
    List(Vec<Self>),
    Map(Vec<(Template, Self)>),
}

impl Data {
    pub(crate) fn fill(&self, values: &Values) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Text(text) => Value::String(text.fill(values)),
            Self::Hole(name) => values.get(*name).clone(),
            Self::List(items) => items.iter().map(|item| item.fill(values)).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.fill(values), value.fill(values)))
                .collect(),
        }
    }

    /// The approximate length of its text.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Value(Value::String(text)) => text.len(),
            Self::Value(value) => value.to_string().len(),
            Self::Text(text) => text.length(),
            Self::Hole(_) => 16,
            Self::List(items) => items.iter().map(|item| item.length() + 1).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| key.length() + value.length() + 4)
                .sum(),
        }
    }

    pub(crate) fn empty_map() -> Self {
        Self::Value(Value::Object(serde_json::Map::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_alone_keeps_the_type_of_its_value() {
        let mut values = Values::new(1);
        values.set(Name(0), Value::from(7));
        assert_eq!(Data::Hole(Name(0)).fill(&values), Value::from(7));
        let text = Template(vec![
            TemplatePart::Text("videos:".into()),
            TemplatePart::Hole(Name(0), Filter::AsItIs),
        ]);
        assert_eq!(text.fill(&values), "videos:7");
    }

    #[test]
    fn one_byte_changed_changes_one_byte() {
        let token = "SFMyNTY.g2gDbQAAAAVhbGljZW4GAJ.Xw4zhhyZvElfC3503TaTcFOR86r";
        let changed = change_one(token);
        assert_eq!(
            token.chars().zip(changed.chars()).filter(|(a, b)| a != b).count(),
            1
        );
        assert_eq!(change_one(""), "");
    }
}
