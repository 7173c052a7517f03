//! Decodes and encodes fields as JSON values for both text serializers.

use std::borrow::Cow;

use super::Field;
use super::json::{self, Checked, Escapes, Rigour};

/// The field that starts at `at`, and the offset after it.
#[inline(always)]
pub(super) fn field<R: Rigour>(text: &str, at: usize) -> Result<(Field<'_>, usize), json::Error> {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(b'"') => {
            let string = R::string(bytes, at)?;
            Ok((Field::Text(string_text(text, at, string)?), string.end))
        }
        Some(b'n') if bytes[at..].starts_with(b"null") => Ok((Field::Null, at + 4)),
        _ => {
            let end = R::value(bytes, at)?;
            Ok((Field::Other(&text[at..end]), end))
        }
    }
}

/// The text of the string that starts at `at`.
#[inline(always)]
pub(super) fn string_text(
    text: &str,
    at: usize,
    string: json::StringEnd,
) -> Result<Cow<'_, str>, json::Error> {
    match string.escapes {
        Escapes::None => Ok(Cow::Borrowed(&text[at + 1..string.end - 1])),
        Escapes::Some => unescaped(text, at, string.end),
    }
}

/// The same for a string with escapes.
#[cold]
fn unescaped(text: &str, at: usize, end: usize) -> Result<Cow<'_, str>, json::Error> {
    json::unescape(&text[at..end]).map_err(|error| json::Error {
        at: at + error.at,
        ..error
    })
}

impl<'a> Field<'a> {
    /// The field for this JSON value, which is passed without whitespace around it.
    ///
    /// # Errors
    /// If the text is not a JSON value.
    pub fn from_json(text: &'a str) -> Result<Self, json::Error> {
        match field::<Checked>(text, 0)? {
            (field, end) if end == text.len() => Ok(field),
            (_, end) => Err(json::Error::new(end, "the end of the text")),
        }
    }

    /// Appends the field as a JSON value.
    #[inline]
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Text(text) => json::write_string(text, out),
            Self::Other(raw) => out.extend_from_slice(raw.as_bytes()),
        }
    }
}
