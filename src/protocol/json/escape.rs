//! Decodes the escapes of JSON strings.

use super::Error;

/// The character of the escape at `at`, and its length in bytes: 2, 6, or 12 for a surrogate pair.
pub(super) fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Error> {
    let character = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b't') => '\t',
        Some(b'n') => '\n',
        Some(b'f') => '\u{c}',
        Some(b'r') => '\r',
        Some(b'u') => return unicode(bytes, at),
        _ => return Err(Error::new(at + 1, "one of `\"\\/bfnrtu` after a backslash")),
    };
    Ok((character, 2))
}

/// The character of a `\u` escape, or of two that make a surrogate pair.
fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), Error> {
    let high = code_unit(bytes, at)?;
    if let Some(character) = char::from_u32(high) {
        return Ok((character, 6));
    }
    let pair = Error::new(at, "two surrogates that make a pair");
    if high >= 0xdc00 {
        return Err(pair);
    }
    if bytes.get(at + 6..at + 8) != Some(b"\\u") {
        return Err(Error::new(at + 6, "the second surrogate of a pair"));
    }
    match code_unit(bytes, at + 6)? {
        low @ 0xdc00..=0xdfff => char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            .map(|found| (found, 12))
            .ok_or(pair),
        _ => Err(pair),
    }
}

/// The four hexadecimal digits after the `\u` at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Result<u32, Error> {
    let digits = bytes.get(at + 2..at + 6).unwrap_or_default();
    let value = digits.iter().try_fold(0, |value, &byte| {
        Some(value << 4 | char::from(byte).to_digit(16)?)
    });
    value
        .filter(|_| digits.len() == 4)
        .ok_or(Error::new(at, "four hexadecimal digits after `\\u`"))
}
