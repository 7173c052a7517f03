//! Fields as JSON values, as both text serializers carry them.

use std::borrow::Cow;

use super::Field;
use super::json::{self, Escapes, Rigour};

/// The field that begins at `at`, and the offset after it.
pub(super) fn field<R: Rigour>(text: &str, at: usize) -> Result<(Field<'_>, usize), json::Error> {
    let bytes = text.as_bytes();
    if bytes.get(at) == Some(&b'"') {
        let string = R::string(bytes, at)?;
        return Ok((Field::Text(string_text(text, at, string)?), string.end));
    }
    let end = R::value(bytes, at)?;
    let field = match &text[at..end] {
        "null" => Field::Null,
        other => Field::Other(other),
    };
    Ok((field, end))
}

/// What the string says that stands from `at` on.
pub(super) fn string_text(
    text: &str,
    at: usize,
    string: json::StringEnd,
) -> Result<Cow<'_, str>, json::Error> {
    match string.escapes {
        Escapes::None => Ok(Cow::Borrowed(&text[at + 1..string.end - 1])),
        Escapes::Some => json::unescape(&text[at..string.end]).map_err(|error| json::Error {
            at: at + error.at,
            ..error
        }),
    }
}

/// Appends a field as a JSON value.
pub(super) fn write_field(field: &Field<'_>, out: &mut Vec<u8>) {
    match field {
        Field::Null => out.extend_from_slice(b"null"),
        Field::Text(text) => json::write_string(text, out),
        Field::Other(raw) => out.extend_from_slice(raw.as_bytes()),
    }
}
