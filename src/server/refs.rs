//! Refs that outlive the frame in which they came, as a reply carries them later.

use std::borrow::Cow;
use std::sync::Arc;

use super::elixir::Term;
use crate::protocol::{Field, Message};

/// An owned [`Field`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ref {
    /// `null`, or not there.
    #[default]
    Null,
    /// A string.
    Text(Arc<str>),
    /// Any other JSON value, as Jason writes it.
    Other(Arc<str>),
}

impl Ref {
    /// Whether a field begins as this one does, or this one as the field.
    pub(crate) fn begins_as(&self, said: &Field<'_>) -> bool {
        match (self, said) {
            (Self::Text(own), Field::Text(said)) => own.starts_with(&**said) || said.starts_with(&**own),
            _ => self.is(said),
        }
    }

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
            (Self::Other(own), Field::Other(other)) => **own == **other,
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

/// What those fields of a message become that are JSON values but not strings: numbers in their shortest form, objects with
/// their keys in order. Two texts of one value are the same from here on.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    join_ref: Option<String>,
    reference: Option<String>,
    topic: Option<String>,
}

impl Parsed {
    /// The values of such fields, `None` if the message has none of them.
    pub(crate) fn of(message: &Message<'_>) -> Option<Self> {
        let parse = |field: &Field<'_>| match field {
            Field::Other(text) => Some(Term::of_json(text).json()),
            Field::Null | Field::Text(_) => None,
        };
        let parsed = Self {
            join_ref: parse(&message.join_ref),
            reference: parse(&message.reference),
            topic: parse(&message.topic),
        };
        let found = parsed.join_ref.is_some() || parsed.reference.is_some() || parsed.topic.is_some();
        found.then_some(parsed)
    }

    /// The message with these values.
    pub(crate) fn message<'a>(&'a self, message: &'a Message<'_>) -> Message<'a> {
        fn field<'a>(parsed: Option<&'a String>, field: &'a Field<'_>) -> Field<'a> {
            parsed.map_or_else(|| borrowed(field), |text| Field::Other(text))
        }
        Message {
            join_ref: field(self.join_ref.as_ref(), &message.join_ref),
            reference: field(self.reference.as_ref(), &message.reference),
            topic: field(self.topic.as_ref(), &message.topic),
            event: borrowed(&message.event),
            payload: message.payload,
        }
    }
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
    fn fields_are_read_as_the_values_they_are() {
        let message = Message::push(
            Field::Other(r#"{ "b": 2, "a": 1.50 }"#),
            Field::Other("1e3"),
            "lab:room",
            "ack",
            crate::protocol::Payload::EMPTY,
        );
        let parsed = Parsed::of(&message).expect("two of them");
        let message = parsed.message(&message);
        assert_eq!(message.join_ref, Field::Other(r#"{"a":1.5,"b":2}"#));
        assert_eq!(message.reference, Field::Other("1.0e3"));
        assert_eq!(message.topic, Field::from("lab:room"));
    }

    #[test]
    fn nothing_is_made_of_texts() {
        assert!(Parsed::of(&Message::heartbeat("1")).is_none());
    }

    #[test]
    fn a_join_without_join_ref_takes_its_ref() {
        let reference = Ref::from(&Field::from("7"));
        assert_eq!(Ref::Null.or(&reference), &reference);
        assert_eq!(reference.or(&Ref::Null), &reference);
    }
}
