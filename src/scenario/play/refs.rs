//! The ref and join_ref of a message as JSON texts, by which a reply is recognised.

use serde_json::Value;

use crate::protocol::Field;

/// The refs of a message that was sent, as JSON texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refs {
    pub(super) join_ref: String,
    pub(super) reference: String,
}

/// A field as JSON text.
pub(crate) fn json_of(field: &Field<'_>) -> String {
    match field {
        Field::Null => "null".to_owned(),
        Field::Text(text) => Value::from(text.as_ref()).to_string(),
        Field::Other(text) => (*text).to_owned(),
    }
}
