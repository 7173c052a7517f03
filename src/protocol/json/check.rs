//! The full JSON check: accepts exactly what Jason 1.4 accepts, which is RFC 8259 with two limits (integers
//! of at most 1,024 characters, floats that fit 64 bits). Depth is limited only by memory, at one bit a
//! level.

use super::Error;
use super::escape::escape;
use super::scan::{Escapes, Rigour, StringEnd, skip_blanks};
use super::stops::{QuotesAndControls, next_stop};

/// Jason's `decoding_integer_digit_limit`: the length of an integer, including its sign.
const INTEGER_LIMIT: usize = 1024;

/// Checks every byte, as Jason does.
pub(in crate::protocol) enum Checked {}

impl Rigour for Checked {
    #[inline(always)]
    fn string(bytes: &[u8], at: usize) -> Result<StringEnd, Error> {
        let mut escapes = Escapes::None;
        let mut at = at + 1;
        loop {
            at = next_stop::<QuotesAndControls>(bytes, at);
            match bytes.get(at) {
                Some(b'"') => return Ok(StringEnd { end: at + 1, escapes }),
                Some(b'\\') => {
                    escapes = Escapes::Some;
                    at += escape(bytes, at)?.1;
                }
                Some(_) => return Err(Error::new(at, "a character that is no control character")),
                None => return Err(Error::new(bytes.len(), "the closing quote of a string")),
            }
        }
    }

    fn value(bytes: &[u8], mut at: usize) -> Result<usize, Error> {
        let mut open = Open::default();
        loop {
            at = match bytes.get(at) {
                Some(b'"') => Self::string(bytes, at)?.end,
                Some(b'{') => {
                    let inside = skip_blanks(bytes, at + 1);
                    if bytes.get(inside) != Some(&b'}') {
                        open.push(Container::Object);
                        at = key(bytes, inside)?;
                        continue;
                    }
                    inside + 1
                }
                Some(b'[') => {
                    at = skip_blanks(bytes, at + 1);
                    if bytes.get(at) != Some(&b']') {
                        open.push(Container::Array);
                        continue;
                    }
                    at + 1
                }
                Some(b'-' | b'0'..=b'9') => number(bytes, at)?,
                Some(b't') => name(bytes, at, b"true")?,
                Some(b'f') => name(bytes, at, b"false")?,
                Some(b'n') => name(bytes, at, b"null")?,
                _ => return Err(Error::new(at, "a value")),
            };
            match after_value(bytes, at, &mut open)? {
                After::End(end) => return Ok(end),
                After::Value(next) => at = next,
            }
        }
    }
}

/// Checks that the text is one JSON value with nothing but whitespace around it.
///
/// # Errors
/// At the first byte that Jason refuses.
pub fn check(text: &str) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let end = skip_blanks(bytes, Checked::value(bytes, skip_blanks(bytes, 0))?);
    if end == bytes.len() {
        Ok(())
    } else {
        Err(Error::new(end, "the end of the text"))
    }
}

/// What follows a value inside a container.
enum After {
    /// The outermost value ended here.
    End(usize),
    /// Another value begins here.
    Value(usize),
}

/// Closes the containers that end at `at`, and finds the next value.
fn after_value(bytes: &[u8], mut at: usize, open: &mut Open) -> Result<After, Error> {
    while let Some(container) = open.innermost() {
        at = skip_blanks(bytes, at);
        match (container, bytes.get(at)) {
            (Container::Array, Some(b',')) => return Ok(After::Value(skip_blanks(bytes, at + 1))),
            (Container::Object, Some(b',')) => {
                return key(bytes, skip_blanks(bytes, at + 1)).map(After::Value);
            }
            (Container::Array, Some(b']')) | (Container::Object, Some(b'}')) => open.pop(),
            (Container::Array, _) => return Err(Error::new(at, "`,` or `]`")),
            (Container::Object, _) => return Err(Error::new(at, "`,` or `}`")),
        }
        at += 1;
    }
    Ok(After::End(at))
}

/// The start of the value that belongs to the key at `at`.
fn key(bytes: &[u8], at: usize) -> Result<usize, Error> {
    if bytes.get(at) != Some(&b'"') {
        return Err(Error::new(at, "a key"));
    }
    let colon = skip_blanks(bytes, Checked::string(bytes, at)?.end);
    if bytes.get(colon) != Some(&b':') {
        return Err(Error::new(colon, "`:`"));
    }
    Ok(skip_blanks(bytes, colon + 1))
}

/// The end of the name at `at`, if it is this one.
fn name(bytes: &[u8], at: usize, name: &'static [u8]) -> Result<usize, Error> {
    let end = at + name.len();
    if bytes.get(at..end) == Some(name) {
        Ok(end)
    } else {
        Err(Error::new(at, "`true`, `false` or `null`"))
    }
}

/// The end of the number at `at`.
fn number(bytes: &[u8], start: usize) -> Result<usize, Error> {
    let first = if bytes[start] == b'-' { start + 1 } else { start };
    let mut at = digits(bytes, first)?;
    if bytes[first] == b'0' {
        at = first + 1;
    }
    if !matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
        return match at - start {
            0..=INTEGER_LIMIT => Ok(at),
            _ => Err(Error::new(start, "an integer of at most 1024 characters")),
        };
    }
    if bytes[at] == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits(bytes, at + 1 + usize::from(sign))?;
    }
    fits_a_float(&bytes[start..at])
        .then_some(at)
        .ok_or(Error::new(start, "a number that fits a 64-bit float"))
}

/// The end of the digits at `at`; there must be at least one.
fn digits(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(rest.len())
    {
        0 => Err(Error::new(at, "a digit")),
        len => Ok(at + len),
    }
}

/// Whether this well-formed number with a fraction or an exponent is finite (Jason refuses `1e999`).
fn fits_a_float(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|text| text.parse().is_ok_and(f64::is_finite))
}

/// The kind of an open container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

/// The open containers, one bit each: the innermost 64 in a word, the outer ones on the heap.
#[derive(Default)]
struct Open {
    depth: usize,
    inner: u64,
    outer: Vec<u64>,
}

impl Open {
    fn push(&mut self, container: Container) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(container == Container::Object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    fn innermost(&self) -> Option<Container> {
        match (self.depth, self.inner & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::Array),
            _ => Some(Container::Object),
        }
    }
}
