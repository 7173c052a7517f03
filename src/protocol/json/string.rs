//! Decodes and encodes JSON strings as Jason does.

use std::borrow::Cow;

use super::Error;
use super::check::Checked;
use super::escape::escape;
use super::scan::{Escapes, Rigour};
use super::stops::{QuotesAndControls, next_stop};

/// The text of a JSON string, which is passed with its quotes. Borrowed if it contains no escape.
///
/// # Errors
/// If it is not a string, or if Jason refuses it.
pub fn unescape(raw: &str) -> Result<Cow<'_, str>, Error> {
    if !raw.starts_with('"') {
        return Err(Error::new(0, "a string"));
    }
    let string = Checked::string(raw.as_bytes(), 0)?;
    if string.end != raw.len() {
        return Err(Error::new(string.end, "the end of the text"));
    }
    let inside = &raw[1..raw.len() - 1];
    match string.escapes {
        Escapes::None => Ok(Cow::Borrowed(inside)),
        Escapes::Some => resolve(inside).map(Cow::Owned),
    }
}

/// Replaces every escape by its character.
fn resolve(inside: &str) -> Result<String, Error> {
    let bytes = inside.as_bytes();
    let mut out = String::with_capacity(inside.len());
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[from..]) {
        let at = from + found;
        out.push_str(&inside[from..at]);
        let (character, len) = escape(bytes, at)?;
        out.push(character);
        from = at + len;
    }
    out.push_str(&inside[from..]);
    Ok(out)
}

/// Appends a text as a JSON string with quotes. Escapes as Jason does: `\b \t \n \f \r \" \\`, other control
/// characters as `\u001F`, anything else unchanged.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    pieces(text, |piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}

/// [`write_string`] for text.
pub fn push_string(text: &str, out: &mut String) {
    out.push('"');
    pieces(text, |piece| out.push_str(piece));
    out.push('"');
}

/// Passes on the text in pieces that are as long as possible, with escapes in their written form.
#[inline]
fn pieces(text: &str, mut out: impl FnMut(&str)) {
    let mut from = 0;
    loop {
        let stop = next_stop::<QuotesAndControls>(text.as_bytes(), from);
        out(&text[from..stop]);
        let Some(&byte) = text.as_bytes().get(stop) else {
            return;
        };
        out(written(byte));
        from = stop + 1;
    }
}

/// The escape of a byte that a string cannot contain as it is.
#[cold]
fn written(byte: u8) -> &'static str {
    match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        control => CONTROLS[usize::from(control & 0x1f)],
    }
}

/// The escapes of the control characters.
const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b", "\\t",
    "\\n", "\\u000B", "\\f", "\\r", "\\u000E", "\\u000F", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
    "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001A", "\\u001B", "\\u001C",
    "\\u001D", "\\u001E", "\\u001F",
];
