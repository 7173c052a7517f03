//! A ref that outlives its frame: what a reply is going to carry.

use std::borrow::Cow;
use std::sync::Arc;

use crate::protocol::Field;

/// An owned [`Field`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ref {
    /// `null`, or not there.
    #[default]
    Null,
    /// A string.
    Text(Arc<str>),
    /// Any other JSON value, as its text.
    Other(Arc<str>),
}

impl Ref {
    /// The field as messages have it.
    pub(crate) fn field(&self) -> Field<'_> {
        match self {
            Self::Null => Field::Null,
            Self::Text(text) => Field::Text(Cow::Borrowed(text)),
            Self::Other(text) => Field::Other(text),
        }
    }

    /// `join_ref || ref`
    pub(crate) fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        match self {
            Self::Null => other,
            Self::Other(text) if **text == *"false" => other,
            _ => self,
        }
    }

    /// Whether the field is this ref, as Erlang's `=:=` has it: 1 is neither "1" nor 1.0.
    pub(crate) fn is(&self, field: &Field<'_>) -> bool {
        match (self, field) {
            (Self::Null, Field::Null) => true,
            (Self::Text(own), Field::Text(other)) => **own == **other,
            (Self::Other(own), Field::Other(other)) => **own == **other || same_value(own, other),
            _ => false,
        }
    }
}

/// The same field, borrowed from it.
pub(crate) fn borrowed<'a>(field: &'a Field<'_>) -> Field<'a> {
    match field {
        Field::Null => Field::Null,
        Field::Text(text) => Field::Text(Cow::Borrowed(text)),
        Field::Other(text) => Field::Other(text),
    }
}

impl From<&Field<'_>> for Ref {
    fn from(field: &Field<'_>) -> Self {
        match field {
            Field::Null => Self::Null,
            Field::Text(text) => Self::Text(text.as_ref().into()),
            Field::Other(text) => Self::Other((*text).into()),
        }
    }
}

/// Two texts of one JSON value: blanks and the order of keys do not count.
fn same_value(one: &str, other: &str) -> bool {
    let parse = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    parse(one).is_some_and(|value| parse(other) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_the_string_of_it() {
        let number = Ref::from(&Field::Other("1"));
        assert!(number.is(&Field::Other("1")));
        assert!(!number.is(&Field::from("1")));
        assert!(!number.is(&Field::Other("1.0")));
    }

    #[test]
    fn objects_are_compared_as_values() {
        let object = Ref::from(&Field::Other(r#"{"a":1,"b":2}"#));
        assert!(object.is(&Field::Other(r#"{ "b": 2, "a": 1 }"#)));
        assert!(!object.is(&Field::Other(r#"{"a":1}"#)));
    }

    #[test]
    fn a_join_without_join_ref_takes_its_ref() {
        let reference = Ref::from(&Field::from("7"));
        assert_eq!(Ref::Null.or(&reference), &reference);
        assert_eq!(reference.or(&Ref::Null), &reference);
    }
}
