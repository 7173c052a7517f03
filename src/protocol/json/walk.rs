//! Finds the end of a JSON value by its brackets and strings. For well-formed text the result is that of the
//! full check; otherwise it is any offset inside the text, or an error.

use super::Error;
use super::scan::{Escapes, Rigour, StringEnd};
use super::stops::{Quotes, next_stop};

/// Counts brackets and skips strings, without checking the rest.
pub(in crate::protocol) enum Walked {}

impl Rigour for Walked {
    #[inline(always)]
    fn string(bytes: &[u8], at: usize) -> Result<StringEnd, Error> {
        let mut escapes = Escapes::None;
        let mut at = at + 1;
        loop {
            at = next_stop::<Quotes>(bytes, at);
            match bytes.get(at) {
                Some(b'"') => return Ok(StringEnd { end: at + 1, escapes }),
                Some(_) => escapes = Escapes::Some,
                None => return Err(Error::new(bytes.len(), "the closing quote of a string")),
            }
            at += 2;
        }
    }

    fn value(bytes: &[u8], at: usize) -> Result<usize, Error> {
        match bytes.get(at) {
            Some(b'"') => Self::string(bytes, at).map(|string| string.end),
            Some(b'{' | b'[') => container(bytes, at),
            _ => scalar(bytes, at),
        }
    }
}

/// The end of the object or array that starts at `at`.
fn container(bytes: &[u8], mut at: usize) -> Result<usize, Error> {
    let mut depth = 0usize;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = Walked::string(bytes, at - 1)?.end,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            _ => {}
        }
    }
    Err(Error::new(
        bytes.len(),
        "the closing bracket of an object or array",
    ))
}

/// The end of a number or a literal: the first byte that cannot belong to one.
fn scalar(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = rest
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
    match len.unwrap_or(rest.len()) {
        0 => Err(Error::new(at, "a value")),
        len => Ok(at + len),
    }
}
